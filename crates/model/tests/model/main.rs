//! Format, reader and scorer, seen from outside.
#![expect(
    clippy::unwrap_used,
    reason = "a model that cannot be made is a failed test"
)]

mod advice;
mod blocks;
mod boosting;
mod cards;
mod cases;
mod counterfactual;
mod curves;
mod edits;
mod examples;
mod formats;
mod groups;
mod hazards;
mod hostile;
mod intervals;
mod prepared;
mod printed;
mod provisions;
mod read_off;
mod reasons;
mod regressions;
mod schema;
mod scores;
mod trees;
mod values;
mod years;
