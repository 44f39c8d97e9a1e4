//! The invariants of `docs/architecture.md`, as tests.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may end in a panic"
)]

mod calls;
mod dependencies;
mod documents;
mod faults;
mod files;
mod mentions;
mod migrations;
mod schemas;
mod supply_chain;
mod workspace;
