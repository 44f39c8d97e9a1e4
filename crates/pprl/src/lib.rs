#![doc = include_str!("../README.md")]

mod cells;
mod chance;
pub mod clk;
pub mod columns;
pub mod compare;
mod encode;
pub mod file;
pub mod key;
pub mod layout;
mod link;
mod prf;
mod record;
pub mod rules;
mod signs;
mod words;

pub use columns::Columns;
pub use encode::{EncodeError, Encoded, Options, encode};
pub use file::{Encoding, Header, ReadError, Start};
pub use key::{KeyError, ProjectKey};
pub use link::{LinkError, LinkOptions, LinkResult, TokenLink, fit, link};
