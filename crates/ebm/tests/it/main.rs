//! Tests of `helder-ebm`: beside the reference tool, on truth that was chosen, and on data it must refuse.
#![expect(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test that cannot go on must stop; sizes are small and equal numbers are equal"
)]

mod bands;
mod degenerate;
mod keep;
mod made;
mod model;
mod options;
mod parity;
mod private;
mod scores;
mod splits;
mod tasks;
mod threads;

use helder_ebm::Column;
