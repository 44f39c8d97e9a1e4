#![doc = include_str!("../README.md")]

mod csv;
mod datasets;
mod documents;
mod fault;
mod handlers;
mod ingest_job;
mod page;
mod people;
mod recipe_job;
mod retention;
mod schema;
mod staging;
mod stored;
#[cfg(test)]
mod tests;
mod upload;
mod wire;

use std::{sync::Arc, time::Duration};

use actix_web::web::Data;
use diesel_migrations::embed_migrations;
use helder_platform::{
    jobs::Runner,
    openapi::{self, ServiceInfo},
    retention::FINISHED_JOBS,
    server::{RunningService, Service, ServiceContext, StartError},
    store::{Command, Guard, Migrations, Work},
};
use utoipa_actix_web::service_config::ServiceConfig;

use handlers::{App, configure};
use ingest_job::IngestJob;
use recipe_job::RecipeJob;
use retention::{RETENTION, Retention};
use stored::Stores;

/// Tables of this service.
pub const MIGRATIONS: Migrations = Migrations::new(embed_migrations!("migrations")).guarded(GUARDS);

/// Finds the staged uploads of jobs that have ended.
const STAGING: Work = Work::named("staging");

const GUARDS: &[Guard] = &[
    Guard::across("staged_uploads", STAGING, Command::Select),
    Guard::across("jobs", STAGING, Command::Select),
    Guard::across("dataset_versions", RETENTION, Command::Select),
    Guard::append_only("retention_proofs"),
    Guard::append_only("removed_parts"),
];

const INFO: ServiceInfo = ServiceInfo {
    name: "ingest",
    title: "Helder ingest",
    description: "Turns extracts into dataset versions: dialect and types detected with evidence, every value checked against a contract, \
                  broken records set apart with line and reason, BSNs replaced by pseudonyms, a quality report, and cleaning recipes.",
};

/// The document of this service's operations.
pub fn openapi() -> utoipa::openapi::OpenApi {
    openapi::document(&INFO, configure)
}

/// Starts the service: migrations, job workers, the sweep of staged uploads, HTTP.
///
/// # Errors
/// [`StartError`] when the database or the address cannot be used.
pub async fn start(context: ServiceContext) -> Result<RunningService, StartError> {
    let store = context.open_store(MIGRATIONS).await?;
    let limits = helder_dataset::Limits {
        expanded_bytes: context.limits.expanded_bytes,
        ..helder_dataset::Limits::default()
    };
    let stores = Stores {
        objects: context.objects.clone(),
        keyring: context.keyring.clone(),
        scratch: context.scratch.clone(),
    };
    let upload = IngestJob {
        stores: stores.clone(),
        peers: context.peers.clone(),
        limits: limits.clone(),
    };
    let recipe = RecipeJob {
        stores,
        peers: context.peers.clone(),
        limits: limits.clone(),
    };
    let runner = Runner::start(
        &store,
        vec![Arc::new(upload), Arc::new(recipe)],
        context.pace(),
    )
    .await?;
    let alive = Arc::new(());
    tokio::spawn(staging::keep_clean(
        store.clone(),
        context.objects.clone(),
        Arc::downgrade(&alive),
    ));
    let retention = Retention {
        store: store.clone(),
        objects: context.objects.clone(),
        keyring: context.keyring.clone(),
        peers: context.peers.clone(),
        mint: Arc::clone(&context.mint),
        identity_days: context.limits.identity_days,
    };
    let every = Duration::from_secs(context.limits.retention_s);
    tokio::spawn(retention.keep(every, Arc::downgrade(&alive)));
    let app = Data::new(App {
        objects: context.objects.clone(),
        keyring: context.keyring.clone(),
        peers: context.peers.clone(),
        limits,
        upload_bytes: context.limits.upload_bytes,
    });
    let mount = move |config: &mut ServiceConfig<'_>| {
        // Lives as long as the server does; the sweep ends with it.
        let _ = &alive;
        config.app_data(app.clone());
        configure(config);
    };
    Service::new(INFO, store, mount)
        .with_jobs(runner)
        .with_log(FINISHED_JOBS)
        .serve(context)
}
