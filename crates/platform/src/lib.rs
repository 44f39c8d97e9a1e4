//! What every Helder service stands on: web, identity, database, jobs, objects, keys, telemetry.

pub mod audit;
pub mod clock;
pub mod content_digest;
pub mod idempotency;
pub mod jobs;
pub mod keyring;
pub mod objects;
pub mod problem;
mod schema;
pub mod store;
pub mod testing;
