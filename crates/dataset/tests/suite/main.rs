//! The way in, from bytes to parts.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod faults;
mod formats;
mod lies;
mod recipes;
mod support;
