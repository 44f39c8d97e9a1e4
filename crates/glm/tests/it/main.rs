//! Tests of `helder-glm` against reference tools and on data it must refuse.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on must stop"
)]

mod counts;
mod degenerate;
mod faults;
mod firth;
mod linear;
mod parity;
mod path;
mod support;
mod threads;
