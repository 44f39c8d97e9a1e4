//! Reading raw text into what linkage compares: names in parts, dates in parts, addresses in parts.
//!
//! Everything here is pure and runs once per distinct value, never once per pair.

pub mod address;
pub mod date;
pub mod given_names;
pub mod identifier;
pub mod sound;
pub mod spelling;
pub mod surname;
pub mod text;

pub use address::Address;
pub use date::PartialDate;
pub use given_names::GivenNames;
pub use surname::{PartKind, SurnamePart};
