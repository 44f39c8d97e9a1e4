//! What the analysis says of spells of which the truth is known, beside what R says.
#![expect(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test that panics has failed; equal numbers are equal"
)]

mod faults;
mod figures;
mod groups;
mod honesty;
mod reference;
mod support;
mod welfare;
