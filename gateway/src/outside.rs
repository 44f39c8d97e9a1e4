//! Tokens from outside.

mod claims;
mod fetch;
mod fsc;
mod issuer;
mod keys;
mod once;
mod verifier;

pub(crate) use fsc::{Fsc, Passage};
pub(crate) use keys::KeyError;
pub(crate) use verifier::{Refusal, Session, Verifier};
