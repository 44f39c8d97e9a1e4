//! Measures of `helder-evaluation` against reference tools.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on must stop"
)]

mod clustered;
mod conformal;
mod degenerate;
mod parity;
#[path = "../../../glm/tests/it/support/mod.rs"]
mod support;
