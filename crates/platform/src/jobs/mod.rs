//! Long work that outlives its process.
//!
//! A job is a row, written in the transaction of what it belongs to ([`enqueue`]). A [`Runner`] leases it for 15 seconds
//! at a time and hands it to the [`JobHandler`] of its kind on a thread of low priority; while that works, the lease is renewed
//! every 3 seconds. A worker that dies loses its lease and another takes the job up again from the start, so handlers
//! make nothing visible before [`JobContext::succeed`], which checks the lease and writes the effect and the end of the
//! job in one transaction: a worker that only seemed dead cannot write twice.
//!
//! A handler that answers with a client's fault (4xx) has failed for good. Any other fault is tried again with a growing
//! pause, at most [`MAX_FAULTS`] times; a job whose worker keeps dying is done last and alone after [`SUSPECT_AFTER`], so that it
//! takes no others with it, and given up after [`MAX_LEASES`] leases.

mod background;
mod context;
pub mod http;
mod lease;
mod numbers;
mod parts;
mod row;
mod runner;
#[cfg(test)]
mod tests;

pub use context::JobContext;
pub use numbers::JobNumbers;
pub use parts::{MOST_BYTES, Parts};
pub use row::{enqueue, find};
pub use runner::{JobHandler, Pace, Runner};

use std::time::Duration;

/// How long a lease holds without a heartbeat.
pub const LEASE: Duration = Duration::from_secs(15);
/// How often a held lease is renewed.
pub const HEARTBEAT: Duration = Duration::from_secs(3);
/// Faults of our own before a job has failed for good.
pub const MAX_FAULTS: i64 = 4;
/// Leases (first try, faults, and deaths of workers) before a job has failed for good.
pub const MAX_LEASES: i64 = 25;
/// Workers that a job may lose before it is done last and alone: one that ends its process takes no other with it, more often than
/// so. More than [`MAX_FAULTS`], as a fault ends no process.
pub const SUSPECT_AFTER: i64 = 5;
