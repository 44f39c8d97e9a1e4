#![doc = include_str!("../README.md")]

mod frames;
mod json;
mod learn;
mod outflow;
mod people;
mod refused;
mod runs;
mod schema;
mod selections;

use std::sync::Arc;

use actix_web::web::Data;
use diesel_migrations::embed_migrations;
use helder_frames::FrameLimits;
use helder_platform::{
    calls::Peers,
    jobs::Runner,
    memory,
    openapi::{self, ServiceInfo},
    server::{RunningService, Service, ServiceContext, StartError},
    store::Migrations,
};
use utoipa_actix_web::service_config::ServiceConfig;

use frames::job::FrameJob;
use outflow::job::OutflowJob;
use runs::job::TrainingJob;
use selections::job::SelectionJob;

/// Tables of this service.
pub const MIGRATIONS: Migrations = Migrations::new(embed_migrations!("migrations"));

const INFO: ServiceInfo = ServiceInfo {
    name: "training",
    title: "Helder training",
    description: "Builds frames by SQL over dataset versions, as known on a reference date, and trains transparent models on them with \
                  evaluation and fairness report. Every trained model becomes a candidate in the registry; rows never leave.",
};

/// What handlers work with, besides the store.
pub(crate) struct App {
    pub(crate) peers: Peers,
}

helder_platform::job_routes!(read = TrainingRead, write = TrainingWrite);
helder_platform::logboek_routes!(read = TrainingAudit, service = "training", more = None);
helder_platform::log_removal_routes!(read = TrainingAudit);

fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(frames::http::create_frame)
        .service(frames::http::list_frames)
        .service(frames::http::get_frame)
        .service(runs::http::create_training_run)
        .service(runs::http::list_training_runs)
        .service(runs::http::get_training_run)
        .service(runs::http::get_training_report)
        .service(runs::exports::get_training_export)
        .service(selections::http::create_selection)
        .service(selections::http::list_selections)
        .service(selections::http::get_selection)
        .service(selections::http::get_selection_report)
        .service(outflow::http::create_outflow_report)
        .service(outflow::http::list_outflow_reports)
        .service(outflow::http::get_outflow_report)
        .service(outflow::http::get_outflow_report_page)
        .service(outflow::http::get_outflow_report_analysis)
        .service(runs::edits::create_training_run_edit)
        .configure(job_routes::configure)
        .configure(logboek_routes::configure)
        .configure(log_removal_routes::configure);
}

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
    let memory = memory::allowed(context.limits.training_mib, context.job_workers);
    let frames = FrameJob {
        objects: context.objects.clone(),
        peers: context.peers.clone(),
        scratch: context.scratch.clone(),
        limits: FrameLimits::default(),
    };
    let training = TrainingJob {
        memory,
        keyring: context.keyring.clone(),
        objects: context.objects.clone(),
        peers: context.peers.clone(),
    };
    let selection = SelectionJob {
        memory,
        objects: context.objects.clone(),
        peers: context.peers.clone(),
    };
    let outflow = OutflowJob {
        memory,
        objects: context.objects.clone(),
        peers: context.peers.clone(),
    };
    let runner = Runner::start(
        &store,
        vec![
            Arc::new(frames),
            Arc::new(training),
            Arc::new(selection),
            Arc::new(outflow),
        ],
        context.pace(),
    )
    .await?;
    let objects = Data::new(context.objects.clone());
    let app = Data::new(App {
        peers: context.peers.clone(),
    });
    let mount = move |config: &mut ServiceConfig<'_>| {
        config.app_data(app.clone()).app_data(objects.clone());
        configure(config);
    };
    Service::new(INFO, store, mount)
        .with_jobs(runner)
        .serve(context)
}
