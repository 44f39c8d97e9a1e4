//! The whole platform from outside: the real binary, over HTTP, through the gateway.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may end in a panic"
)]

mod access;
mod attacks;
mod audit;
mod chain;
mod command;
mod crash;
mod http;
mod idempotency;
mod inner;
mod journey;
mod made;
mod municipality;
mod privacy;
mod support;
mod tenants;
mod tokens;
