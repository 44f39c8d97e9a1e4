//! The service from outside, on every database there is here.

mod artifacts;
mod catalogue;
mod decisions;
mod events;
mod fairness;
mod idempotency;
mod live;
mod privacy;
mod projects;
mod support;
mod versions;
