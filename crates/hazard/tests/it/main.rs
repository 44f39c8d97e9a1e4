//! Hazards by interval beside R, beside the truth, and beside Cox.
#![expect(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test that panics has failed; equal numbers are equal"
)]

mod data;
mod faults;
mod made;
mod parity;
mod truth;
