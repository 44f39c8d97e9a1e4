//! Operations over HTTP: parse, call, store, answer.

pub(crate) mod links;
pub(crate) mod reports;
pub(crate) mod runs;
pub(crate) mod specs;
pub(crate) mod waterfalls;

use helder_platform::{
    calls::Peers,
    keyring::KeyRing,
    objects::Objects,
    problem::Result,
    purpose::{self, Purpose},
};
use helder_types::{Caller, ProjectStep};
use tokio::sync::Semaphore;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::{check::Found, versions::Version};

helder_platform::job_routes!(read = LinkageRead, write = LinkageWrite);
helder_platform::logboek_routes!(read = LinkageAudit, service = "linkage", more = None);
helder_platform::log_removal_routes!(read = LinkageAudit);

/// What handlers work with, besides the store.
pub(crate) struct App {
    /// Where parts and results lie.
    pub(crate) objects: Objects,
    /// Opens identity parts.
    pub(crate) keyring: KeyRing,
    /// Other services.
    pub(crate) peers: Peers,
    /// One explanation or count at a time: each reads two identity parts into memory.
    pub(crate) gate: Semaphore,
}

impl App {
    /// Whether the project allows linkage now; its refusal if not.
    pub(crate) async fn require_purpose(&self, caller: &Caller, project: Uuid) -> Result<Purpose> {
        purpose::require(&self.peers, caller, project, ProjectStep::Linkage).await
    }

    /// Both versions as ingest describes them to this caller.
    pub(crate) async fn versions(&self, caller: &Caller, left: Uuid, right: Uuid) -> Result<Found> {
        let (left, right) = tokio::join!(self.version(caller, left), self.version(caller, right));
        Ok(Found {
            left: left?,
            right: right?,
        })
    }

    async fn version(&self, caller: &Caller, id: Uuid) -> Result<Option<Version>> {
        match self
            .peers
            .peer("ingest")
            .get_json(caller, &format!("/ingest/v1/dataset-versions/{id}"))
            .await
        {
            Ok(version) => Ok(Some(version)),
            Err(problem) if problem.status() == 404 => Ok(None),
            Err(problem) => Err(problem),
        }
    }
}

/// Mounts every operation of the service.
pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(runs::create_linkage_run)
        .service(runs::list_linkage_runs)
        .service(runs::get_linkage_run)
        .service(links::list_links)
        .service(waterfalls::explain_pair)
        .service(reports::get_linkage_report)
        .service(specs::suggest_linkage_spec)
        .service(specs::count_blocking_rules)
        .configure(job_routes::configure)
        .configure(logboek_routes::configure)
        .configure(log_removal_routes::configure);
}
