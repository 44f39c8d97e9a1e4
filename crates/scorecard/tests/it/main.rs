//! Scorecards on real and on made data.
#![expect(clippy::unwrap_used, reason = "a test")]

mod card;
mod parity;
mod support;
mod tasks;
