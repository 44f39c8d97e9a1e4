#![doc = include_str!("../README.md")]

mod domain;
mod http;
mod pages;
mod schema;
mod store;
#[cfg(test)]
mod tests;

use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use helder_platform::{
    openapi::{self, ServiceInfo},
    server::{RunningService, Service, ServiceContext, StartError},
};
use utoipa::openapi::OpenApi;

/// What this service says about itself.
pub const INFO: ServiceInfo = ServiceInfo {
    name: "registry",
    title: "Helder registry",
    description: "Projects with their lawful basis, models, immutable versions, reviews and activation by different persons, \
                  a verifiable event log, and the catalogue that everybody may read.",
};

/// The registry's own tables.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// The OpenAPI document, from the handlers themselves.
pub fn openapi() -> OpenApi {
    openapi::document(&INFO, http::configure)
}

/// Brings the database to this version and starts serving.
///
/// # Errors
/// [`StartError`] when the database or the address cannot be used.
pub async fn start(context: ServiceContext) -> Result<RunningService, StartError> {
    let store = context.open_store(MIGRATIONS).await?;
    Service::new(INFO, store, http::configure).serve(context)
}
