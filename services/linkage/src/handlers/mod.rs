//! Operations over HTTP: parse, call, store, answer.

pub(crate) mod entities;
pub(crate) mod lists;
mod look;
pub(crate) mod matches;
pub(crate) mod reports;
pub(crate) mod runs;
pub(crate) mod specs;
pub(crate) mod waterfalls;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{ACCEPT, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
};
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

use crate::{
    check::Found, encodings::handlers as encodings, memory::Memory, online::Indexes,
    versions::Version,
};

helder_platform::job_routes!(read = LinkageRead, write = LinkageWrite);
helder_platform::logboek_routes!(read = LinkageAudit, service = "linkage", more = None);
helder_platform::log_removal_routes!(read = LinkageAudit);

/// What handlers work with, besides the store.
pub(crate) struct App {
    /// Where parts and results lie.
    pub(crate) objects: Objects,
    /// Opens identity parts.
    pub(crate) keyring: KeyRing,
    /// What one piece of work on versions may take.
    pub(crate) memory: Memory,
    /// Other services.
    pub(crate) peers: Peers,
    /// One explanation or count at a time: each reads two identity parts into memory.
    pub(crate) gate: Semaphore,
    /// One look at first values at a time: each lists everybody of two versions, but ends soon.
    pub(crate) looks: Semaphore,
    /// Indexes that new records are looked up in.
    pub(crate) indexes: Indexes,
}

impl App {
    /// Whether the project allows linkage now; its refusal if not.
    pub(crate) async fn require_purpose(&self, caller: &Caller, project: Uuid) -> Result<Purpose> {
        purpose::require(&self.peers, caller, project, ProjectStep::Linkage).await
    }

    /// Both versions as ingest describes them to this caller; without `right`, or with the same again, one.
    pub(crate) async fn versions(
        &self,
        caller: &Caller,
        left: Uuid,
        right: Option<Uuid>,
    ) -> Result<Found> {
        let right = right.filter(|right| *right != left);
        let (left, other) =
            tokio::join!(self.version(caller, left), self.version_of(caller, right));
        Ok(Found {
            left: left?,
            right: other?,
            is_within: right.is_none(),
            truth: None,
            previous: None,
        })
    }

    /// A version, where one is named.
    pub(crate) async fn version_of(
        &self,
        caller: &Caller,
        id: Option<Uuid>,
    ) -> Result<Option<Version>> {
        match id {
            Some(id) => self.version(caller, id).await,
            None => Ok(None),
        }
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
        .service(lists::list_links)
        .service(lists::list_unlinked)
        .service(lists::list_clusters)
        .service(lists::list_conflicts)
        .service(entities::list_entities)
        .service(entities::list_entity_changes)
        .service(waterfalls::explain_pair)
        .service(matches::match_record)
        .service(reports::get_linkage_report)
        .service(specs::suggest_linkage_spec)
        .service(specs::count_blocking_rules)
        .service(specs::suggest_blocking_rules)
        .service(encodings::offer_encoding)
        .service(encodings::list_encodings)
        .service(encodings::get_encoding)
        .service(encodings::withdraw_encoding)
        .service(encodings::link_encoding)
        .service(encodings::list_encoding_links)
        .configure(crate::review::configure)
        .configure(job_routes::configure)
        .configure(logboek_routes::configure)
        .configure(log_removal_routes::configure);
}

/// Whether the caller asks for this media type.
pub(crate) fn wants(request: &HttpRequest, media_type: &str) -> bool {
    let accept = request
        .headers()
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    accept.split(',').any(|media| {
        media
            .split(';')
            .next()
            .is_some_and(|media| media.trim().eq_ignore_ascii_case(media_type))
    })
}

/// A page for people.
pub(crate) fn html(page: String) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((
            CONTENT_SECURITY_POLICY,
            helder_report::CONTENT_SECURITY_POLICY,
        ))
        .body(page)
}
