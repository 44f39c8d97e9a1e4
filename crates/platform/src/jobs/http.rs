//! Jobs over HTTP. [`job_routes!`](crate::job_routes) gives a service its three operations under its own permissions.

use std::{convert::Infallible, time::Duration};

use actix_web::{HttpResponse, http::header};
use bytes::Bytes;
use futures_util::stream;
use helder_types::{Caller, job::Job};
use tokio::time::Instant;
use uuid::Uuid;

use super::row;
use crate::{audit, problem::Result, store::Store};

/// How often an event stream looks at the row.
const LOOK: Duration = Duration::from_millis(300);
/// How often a silent stream shows that it lives.
const KEEP_ALIVE: Duration = Duration::from_secs(5);
/// After this the stream ends and an `EventSource` connects again.
const STREAM: Duration = Duration::from_mins(1);

/// A job of the caller's organisation.
///
/// # Errors
/// 404 when absent or someone else's.
pub async fn get(store: &Store, caller: &Caller, id: Uuid) -> Result<Job> {
    let organisation = caller.organisation.clone();
    store
        .of(&organisation)
        .read(move |conn| row::find(conn, &organisation, id))
        .await
}

/// Asks a job to stop: a waiting one stops at once, a running one within a second.
///
/// # Errors
/// 404 when absent or someone else's, 409 when it has already ended.
pub async fn cancel(store: &Store, caller: &Caller, id: Uuid) -> Result<Job> {
    let caller = caller.clone();
    store
        .of(&caller.organisation)
        .write(move |conn| {
            let job = row::cancel(conn, &caller.organisation, id)?;
            audit::record(conn, &caller, "job.cancel", &format!("/jobs/{id}"))?;
            Ok(job)
        })
        .await
}

/// One server-sent event of a job's stream.
#[derive(utoipa::ToSchema)]
pub struct JobEvent {
    /// Always `job`.
    event: &'static str,
    /// The job, as JSON on one line.
    #[schema(content_media_type = "application/json")]
    data: String,
}

impl JobEvent {
    fn of(job: &Job) -> serde_json::Result<Self> {
        Ok(Self {
            event: "job",
            data: serde_json::to_string(job)?,
        })
    }

    fn into_bytes(self) -> Bytes {
        Bytes::from(format!("event: {}\ndata: {}\n\n", self.event, self.data))
    }
}

struct Watching {
    store: Store,
    caller: Caller,
    id: Uuid,
    shown: Option<Job>,
    ended: bool,
    since: Instant,
    spoke: Instant,
}

/// Server-sent events: one `job` event per change, the last when the job has ended.
///
/// # Errors
/// 404 when absent or someone else's.
pub async fn events(store: &Store, caller: &Caller, id: Uuid) -> Result<HttpResponse> {
    // Answers 404 before the stream starts.
    get(store, caller, id).await?;
    let now = Instant::now();
    let watching = Watching {
        store: store.clone(),
        caller: caller.clone(),
        id,
        shown: None,
        ended: false,
        since: now,
        spoke: now,
    };
    let events = stream::unfold(watching, |watching| async {
        let (event, watching) = watching.next().await?;
        Some((Ok::<_, Infallible>(event), watching))
    });
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/event-stream"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(events))
}

impl Watching {
    async fn next(mut self) -> Option<(Bytes, Self)> {
        if self.ended || self.since.elapsed() > STREAM || self.store.is_closing() {
            return None;
        }
        loop {
            // A database that is away for a moment does not end the stream; the client sees it by the silence.
            if let Ok(job) = get(&self.store, &self.caller, self.id).await
                && self.shown.as_ref() != Some(&job)
            {
                let event = JobEvent::of(&job).ok()?;
                self.ended = job.state.is_final();
                self.shown = Some(job);
                self.spoke = Instant::now();
                return Some((event.into_bytes(), self));
            }
            if self.store.is_closing() {
                return None;
            }
            if self.spoke.elapsed() > KEEP_ALIVE {
                self.spoke = Instant::now();
                return Some((Bytes::from_static(b": waiting\n\n"), self));
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// Declares module `job_routes` with `GET /jobs/{id}`, `GET /jobs/{id}/events` and `POST /jobs/{id}/_cancel` and a
/// function `configure(&mut utoipa_actix_web::service_config::ServiceConfig)` that mounts them.
///
/// The service keeps its [`Store`] as `web::Data<Store>`.
///
/// ```ignore
/// helder_platform::job_routes!(read = IngestRead, write = IngestWrite);
/// // … app.configure(job_routes::configure)
/// ```
#[macro_export]
macro_rules! job_routes {
    (read = $read:ident, write = $write:ident) => {
        /// Jobs of this service.
        mod job_routes {
            use $crate::__jobs::{
                Allowed, HttpResponse, Job, Needs, Path, Problems, Result, ServiceConfig, Store, Uuid, get, http,
                needs, post, web,
            };

            /// Shows where a job stands.
            #[$crate::__jobs::utoipa::path(
                tag = "jobs",
                params(("id" = Uuid, Path, description = "Job")),
                responses((status = 200, description = "The job", body = Job), Problems),
                security(("bearer" = [<needs::$read as Needs>::PERMISSION.as_str()]))
            )]
            #[get("/jobs/{id}")]
            pub(crate) async fn get_job(
                caller: Allowed<needs::$read>,
                store: web::Data<Store>,
                id: Path<Uuid>,
            ) -> Result<web::Json<Job>> {
                Ok(web::Json(http::get(&store, &caller, *id).await?))
            }

            /// Follows a job by server-sent events.
            ///
            /// One event named `job` per change, its data the job as JSON; the stream ends when the job has ended.
            #[$crate::__jobs::utoipa::path(
                tag = "jobs",
                params(("id" = Uuid, Path, description = "Job")),
                responses(
                    (status = 200, description = "Events", content_type = "text/event-stream", body = http::JobEvent),
                    Problems
                ),
                security(("bearer" = [<needs::$read as Needs>::PERMISSION.as_str()]))
            )]
            #[get("/jobs/{id}/events")]
            pub(crate) async fn follow_job(
                caller: Allowed<needs::$read>,
                store: web::Data<Store>,
                id: Path<Uuid>,
            ) -> Result<HttpResponse> {
                http::events(&store, &caller, *id).await
            }

            /// Stops a job.
            ///
            /// A waiting job stops at once, a running one within a second; a job that has ended answers 409.
            #[$crate::__jobs::utoipa::path(
                tag = "jobs",
                params(("id" = Uuid, Path, description = "Job")),
                responses((status = 200, description = "The job", body = Job), Problems),
                security(("bearer" = [<needs::$write as Needs>::PERMISSION.as_str()]))
            )]
            #[post("/jobs/{id}/_cancel")]
            pub(crate) async fn cancel_job(
                caller: Allowed<needs::$write>,
                store: web::Data<Store>,
                id: Path<Uuid>,
            ) -> Result<web::Json<Job>> {
                Ok(web::Json(http::cancel(&store, &caller, *id).await?))
            }

            /// Mounts the three operations.
            pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
                config.service(get_job).service(follow_job).service(cancel_job);
            }
        }
    };
}
