//! The invariants of `docs/architecture.md`, as tests.

mod calls;
mod dependencies;
mod documents;
mod files;
mod supply_chain;
mod workspace;
