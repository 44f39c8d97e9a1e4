#![doc = include_str!("../README.md")]

mod check;
mod derived;
mod encodings;
mod explain;
mod figures;
mod follow;
mod handlers;
mod job;
mod memory;
mod online;
mod output;
mod page;
mod parts;
mod people;
mod review;
mod runs;
mod schema;
#[cfg(test)]
mod tests;
mod versions;
mod wire;

use std::{sync::Arc, time::Duration};

use actix_web::web::Data;
use diesel_migrations::embed_migrations;
use helder_platform::{
    jobs::{JobHandler, Runner},
    openapi::{self, ServiceInfo},
    server::{RunningService, Service, ServiceContext, StartError},
    store::{Guard, Migrations},
};
use tokio::sync::Semaphore;
use utoipa_actix_web::service_config::ServiceConfig;

use handlers::{App, configure};
use job::LinkageJob;
use memory::Memory;
use review::ReviewJob;

/// Tables of this service.
pub const MIGRATIONS: Migrations = Migrations::new(embed_migrations!("migrations")).guarded(GUARDS);

/// Who may see which rows, beyond each organisation its own.
const GUARDS: &[Guard] = &[
    encodings::GUARD,
    encodings::TERM_GUARD,
    review::GUARD,
    follow::GUARD,
];

const INFO: ServiceInfo = ServiceInfo {
    name: "linkage",
    title: "Helder linkage",
    description: "Finds records of the same person in two dataset versions: deterministic steps on pseudonyms, then Fellegi-Sunter over \
                  sealed identity parts. Answers hold row numbers, counts and weights, never a name or another identifier; only a \
                  reviewer (linkage:review) sees the pair that is leased to him.",
};

/// The document of this service's operations.
pub fn openapi() -> utoipa::openapi::OpenApi {
    openapi::document(&INFO, configure)
}

/// Starts the service: migrations, job workers, HTTP.
///
/// # Errors
/// [`StartError`] when the database or the address cannot be used.
pub async fn start(context: ServiceContext) -> Result<RunningService, StartError> {
    let store = context.open_store(MIGRATIONS).await?;
    // Jobs, and one request at a time that reads versions.
    let memory = Memory::of(context.limits.linkage_mib, context.job_workers + 1);
    let handler = LinkageJob {
        memory,
        objects: context.objects.clone(),
        keyring: context.keyring.clone(),
        peers: context.peers.clone(),
    };
    let encoded = encodings::job::EncodedLinkageJob {
        memory,
        store: store.clone(),
        objects: context.objects.clone(),
        keyring: context.keyring.clone(),
        peers: context.peers.clone(),
    };
    let reviews = ReviewJob {
        memory,
        objects: context.objects.clone(),
        keyring: context.keyring.clone(),
        peers: context.peers.clone(),
    };
    let handlers: Vec<Arc<dyn JobHandler>> =
        vec![Arc::new(handler), Arc::new(encoded), Arc::new(reviews)];
    let runner = Runner::start(&store, handlers, context.pace()).await?;
    let alive = Arc::new(());
    let term = follow::Term {
        store: store.clone(),
        objects: context.objects.clone(),
        mint: Arc::clone(&context.mint),
    };
    let every = Duration::from_secs(context.limits.retention_s);
    tokio::spawn(term.keep(every, Arc::downgrade(&alive)));
    let app = Data::new(App {
        memory,
        objects: context.objects.clone(),
        keyring: context.keyring.clone(),
        peers: context.peers.clone(),
        gate: Semaphore::new(1),
        looks: Semaphore::new(1),
        indexes: online::Indexes::default(),
    });
    let mount = move |config: &mut ServiceConfig<'_>| {
        // Lives as long as the server does; the looks end with it.
        let _ = &alive;
        config.app_data(app.clone());
        configure(config);
    };
    Service::new(INFO, store, mount)
        .with_jobs(runner)
        .serve(context)
}
