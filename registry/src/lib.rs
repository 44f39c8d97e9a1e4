#![doc = include_str!("../README.md")]

mod domain;
mod http;
mod pages;
mod schema;
mod store;
#[cfg(test)]
mod tests;

use diesel_migrations::embed_migrations;
use helder_platform::{
    openapi::{self, ServiceInfo},
    server::{RunningService, Service, ServiceContext, StartError},
    store::{Command, Guard, Migrations, Work},
};
use utoipa::openapi::OpenApi;

pub use store::{
    events::record as record_event,
    verify::{Verification, verify as verify_events},
};

/// What this service says about itself.
pub const INFO: ServiceInfo = ServiceInfo {
    name: "registry",
    title: "Helder registry",
    description: "Projects with their lawful basis, models, immutable versions, reviews and activation by different persons, \
                  a verifiable event log, and the catalogue that everybody may read.",
};

/// The registry's own tables.
pub const MIGRATIONS: Migrations = Migrations::new(embed_migrations!("migrations")).guarded(GUARDS);

/// Who is in force, and what everybody may know of it; only of versions that were ever activated.
pub(crate) const PUBLICATION: Work = Work::named("publication");

const GUARDS: &[Guard] = &[
    Guard::column("organisations", "id"),
    Guard::parent("version_files", "version_id", "model_versions"),
    Guard::parent("reviews", "version_id", "model_versions"),
    Guard::parent("aliases", "model_id", "models"),
    Guard::append_only("events"),
    Guard::across_where(
        "model_versions",
        PUBLICATION,
        Command::Select,
        "activated_at IS NOT NULL",
        "",
    ),
    Guard::across_where(
        "models",
        PUBLICATION,
        Command::Select,
        "EXISTS (SELECT 1 FROM model_versions AS version WHERE version.model_id = models.id)",
        "model_versions",
    ),
    Guard::across_where(
        "projects",
        PUBLICATION,
        Command::Select,
        "EXISTS (SELECT 1 FROM models AS model WHERE model.project_id = projects.id)",
        "models",
    ),
    Guard::across_where(
        "organisations",
        PUBLICATION,
        Command::Select,
        "EXISTS (SELECT 1 FROM projects AS project WHERE project.organisation = organisations.id)",
        "projects",
    ),
];

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
