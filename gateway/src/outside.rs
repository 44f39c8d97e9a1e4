//! Tokens from outside.

mod claims;
mod examine;
mod fetch;
mod fsc;
mod issuer;
mod keys;
mod once;
mod verifier;

pub use examine::{IssuerSeen, examine};
pub(crate) use fsc::{Fsc, Passage};
pub(crate) use keys::KeyError;
pub(crate) use verifier::{Refusal, Session, Sessions, Verifier};
