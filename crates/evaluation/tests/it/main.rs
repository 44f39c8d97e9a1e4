//! Measures of `helder-evaluation` against reference tools.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod parity;
#[path = "../../../glm/tests/it/support/mod.rs"]
mod support;
