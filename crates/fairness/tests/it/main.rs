//! Tests of `helder-fairness` against reference tools and on small groups.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on must stop"
)]

mod audit;
mod control;
mod degenerate;
mod honesty;
mod parity;
mod slimme_check;
#[path = "../../../glm/tests/it/support/mod.rs"]
mod support;
