//! Every form beside the scorer, on rows made to trip it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may end in a panic"
)]

mod made;
mod points;
mod shape;
mod sheet;
mod sql;
