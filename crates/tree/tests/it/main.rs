//! Tests of `helder-tree`: beside scikit-learn, on truth that was chosen, and on data it must refuse.
#![expect(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test that cannot go on must stop; sizes are small and equal numbers are equal"
)]

mod coverage;
mod degenerate;
mod households;
mod made;
mod parity;
mod rules;
mod splits;
#[path = "../../../ebm/tests/it/tasks.rs"]
mod tasks;
mod tree;
mod values;

use helder_tree::Column;
