//! The linkage service.

mod check;
mod explain;
mod job;
mod output;
mod page;
mod parts;
mod runs;
mod schema;
#[cfg(test)]
mod tests;
mod versions;
mod wire;

use diesel_migrations::{EmbeddedMigrations, embed_migrations};

/// Tables of this service.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");
