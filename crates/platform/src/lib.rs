//! What every Helder service stands on: web, identity, database, jobs, objects, keys, telemetry.

pub mod audit;
pub mod body;
pub mod clock;
pub mod config;
pub mod content_digest;
pub mod etag;
pub mod idempotency;
pub mod identity;
pub mod jobs;
pub mod keyring;
pub mod objects;
pub mod paging;
pub mod problem;
pub mod routes;
mod schema;
pub mod store;
pub mod testing;
