//! Prediction.

pub mod active;
pub mod answer;
pub mod batch;
pub mod log;
pub mod registry;
mod schema;
pub mod served;
pub mod subjects;
pub mod wire;

/// This service's tables, beside the platform's.
pub const MIGRATIONS: diesel_migrations::EmbeddedMigrations =
    diesel_migrations::embed_migrations!("migrations");
