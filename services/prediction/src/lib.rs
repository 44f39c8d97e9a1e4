#![doc = include_str!("../README.md")]

pub mod active;
pub mod answer;
mod asking;
mod batch;
mod budget;
pub mod extras;
mod findings;
mod groups;
mod http;
pub mod log;
mod news;
mod oip;
pub mod registry;
mod schema;
pub mod served;
pub mod subjects;
mod survival;
mod watch;
pub mod wire;

use std::{sync::Arc, time::Duration};

use actix_web::web::Data;
use diesel_migrations::embed_migrations;
use helder_platform::{
    jobs::{JobHandler, Runner},
    metrics,
    openapi::{ServiceInfo, document},
    retention::FINISHED_JOBS,
    server::{RunningService, Service, ServiceContext, StartError},
    store::{Command, Guard, Migrations, Work},
};
use utoipa_actix_web::service_config::ServiceConfig;

pub use batch::MAX_ROWS;

/// This service's tables, beside the platform's.
pub const MIGRATIONS: Migrations = Migrations::new(embed_migrations!("migrations")).guarded(GUARDS);

/// Writes the records of requests of several organisations in one transaction.
const PROCESSING_LOG: Work = Work::named("processing-log");

/// Moves the places of people together, and finds the segments that have none.
const SUBJECT_PLACES: Work = Work::named("subject-places");

const GUARDS: &[Guard] = &[
    Guard::across("processing_segments", PROCESSING_LOG, Command::Insert),
    Guard::across("subject_places_recent", PROCESSING_LOG, Command::Insert),
    Guard::across("subject_places_recent", SUBJECT_PLACES, Command::Select),
    Guard::across_where(
        "processing_segments",
        SUBJECT_PLACES,
        Command::Select,
        "project_id IS NULL",
        "",
    ),
    old("processing_segments", Command::Select),
    old("processing_segments", Command::Delete),
    old("subject_places_recent", Command::Select),
    old("subject_places_recent", Command::Update),
    old("subject_places_recent", Command::Delete),
    old_runs(Command::Select),
    old_runs(Command::Update),
    old_runs(Command::Delete),
];

/// Rows older than the least term that settings may give, as in the platform's own logs: keys begin with milliseconds.
const fn old(table: &'static str, command: Command) -> Guard {
    const OLD: &str =
        "id < lpad(to_hex((extract(epoch FROM now())::bigint - 184 * 86400) * 1000), 12, '0')";
    Guard::across_where(table, Work::LOG_TERM, command, OLD, "")
}

const fn old_runs(command: Command) -> Guard {
    const OLD: &str =
        "run < lpad(to_hex((extract(epoch FROM now())::bigint - 184 * 86400) * 1000), 12, '0')";
    Guard::across_where("subject_places", Work::LOG_TERM, command, OLD, "")
}

/// Name and purpose.
pub const INFO: ServiceInfo = ServiceInfo {
    name: "prediction",
    title: "Helder prediction",
    description: "Predictions with exact reasons, from model versions in force only. Every prediction is advice; each has its line in \
                  the processing log before it leaves.",
};

/// How long the last word of the registry holds; see [`active`].
pub const REGISTRY_PATIENCE: Duration = Duration::from_secs(90);

helder_platform::job_routes!(read = PredictionBatch, write = PredictionBatch);
helder_platform::log_removal_routes!(read = PredictionAudit);
helder_platform::logboek_routes!(
    read = PredictionAudit,
    service = "prediction",
    more = Some(http::Elsewhere {
        find: crate::log::more,
        projects: crate::log::projects,
    })
);

/// The document of this service.
pub fn openapi() -> utoipa::openapi::OpenApi {
    document(&INFO, http::configure)
}

/// The document of the Open Inference Protocol, which this service speaks too.
pub fn oip_openapi() -> utoipa::openapi::OpenApi {
    oip::openapi()
}

/// Starts the service: migrations, the watch on the registry, the writer of the processing log, job workers, HTTP.
///
/// # Errors
/// [`StartError`] says what is missing.
pub async fn start(context: ServiceContext) -> Result<RunningService, StartError> {
    start_with(context, REGISTRY_PATIENCE).await
}

/// [`start`] with another patience towards the registry.
///
/// # Errors
/// As [`start`].
pub async fn start_with(
    context: ServiceContext,
    patience: Duration,
) -> Result<RunningService, StartError> {
    let store = context.open_store(MIGRATIONS).await?;
    let active = active::Active::new(context.objects.clone(), context.keyring.clone(), patience);
    // Both end by themselves once the server and the workers have let go of what they serve.
    tokio::spawn(watch::run(
        active.downgrade(),
        context.peers.clone(),
        Arc::clone(&context.mint),
    ));
    let (log, _writer) = log::Log::start(store.clone(), log::LogSettings::default())?;
    let handler = batch::BatchJob {
        active: active.clone(),
        objects: context.objects.clone(),
    };
    let handlers: Vec<Arc<dyn JobHandler>> = vec![Arc::new(handler)];
    let runner = Runner::start(&store, handlers, context.pace()).await?;
    let budget = Data::new(budget::Budget::new(context.limits.subject_predictions));
    let numbers = (log.numbers(), Arc::new(active.clone()));
    metrics::register_for_good(Arc::clone(&numbers.0));
    metrics::register(Arc::clone(&numbers.1));
    let started = active.clone();
    let alive = Arc::new(());
    tokio::spawn(log::keep(store.clone(), Arc::downgrade(&alive)));
    let (active, log) = (Data::new(active), Data::new(log));
    let keyring = Data::new(context.keyring.clone());
    let give = move |config: &mut ServiceConfig<'_>| {
        // Asked for numbers for as long as this serves.
        let _ = (&numbers, &alive);
        let (active, log, budget) = (active.clone(), log.clone(), budget.clone());
        let keyring = keyring.clone();
        config.map(|config| {
            config
                .app_data(active)
                .app_data(log)
                .app_data(budget)
                .app_data(keyring)
        });
    };
    let give_oip = give.clone();
    let configure = move |config: &mut ServiceConfig<'_>| {
        give(config);
        http::configure(config);
    };
    let configure_oip = move |config: &mut ServiceConfig<'_>| {
        give_oip(config);
        oip::configure(config);
    };
    Service::new(INFO, store, configure)
        .with_jobs(runner)
        .with_log(log::PREDICTIONS)
        .with_log(FINISHED_JOBS)
        .beside(oip::BASE, configure_oip)
        .ready_when(move || started.has_started())
        .serve(context)
}
