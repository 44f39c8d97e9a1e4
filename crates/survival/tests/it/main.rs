//! The numbers of this crate beside those of R, on public and on made spells.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::float_cmp,
    reason = "a test that panics has failed; equal numbers are equal"
)]

mod aft;
mod cox;
mod curves;
mod episodes;
mod faults;
mod fine_gray;
mod influence;
mod made;
mod measures;
mod net;
mod passes;
mod person_period;
mod psplines;
mod recurrent;
mod splines;
mod support;
mod welfare;
