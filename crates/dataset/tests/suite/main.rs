//! The way in, from bytes to parts.

mod faults;
mod formats;
mod recipes;
mod support;
