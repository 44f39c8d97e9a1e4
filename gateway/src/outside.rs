//! Tokens from outside.

mod claims;
mod keys;
mod verifier;

pub(crate) use verifier::{Session, Verifier};

pub(crate) use keys::KeyError;
