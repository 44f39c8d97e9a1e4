//! Linkage runs: start, show, list.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::LOCATION,
    post,
    web::{Data, Json, Path},
};
use helder_platform::{
    body::JsonBody,
    idempotency::Idempotency,
    identity::Allowed,
    paging::{ListQuery, Page},
    problem::{Problems, Result},
    store::Store,
};
use helder_types::{job::Job, permission::needs};
use uuid::Uuid;

use super::{App, look::suggestion};
use crate::{
    check, follow,
    review::used,
    runs,
    wire::{LinkageRun, NewLinkageRun, Truth},
};

/// Starts a linkage run.
///
/// The dataset versions belong to the project, which must allow linkage now. Without `right` people are sought who are more than once in
/// the left version. Without `spec` the suggested one is used: from the contracts, and from the first values of columns that no contract
/// explains, which is put on record. With `truth` the links are judged, never made, by labels.
///
/// With `incremental` the run is one of a series: it gives persons numbers that last, and the next run links only what changed since. It
/// obeys what people decided about the previous run, in its reviews and before.
#[utoipa::path(
    tag = "linkage runs",
    operation_id = "createLinkageRun",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe, 24 hours")),
    request_body = NewLinkageRun,
    responses(
        (status = 202, description = "Queued; `Location` is its job", body = Job, headers(("Location" = String, description = "The job"))),
        Problems
    ),
    security(("bearer" = ["linkage:write"]))
)]
#[post("/linkage-runs")]
pub(crate) async fn create_linkage_run(
    caller: Allowed<needs::LinkageWrite>,
    app: Data<App>,
    store: Data<Store>,
    idempotency: Idempotency,
    body: JsonBody<NewLinkageRun>,
) -> Result<HttpResponse> {
    let request = body.into_inner();
    let purpose = app.require_purpose(&caller, request.project_id).await?;
    let mut found = app.versions(&caller, request.left, request.right).await?;
    if let Some(Truth::Pairs { version, .. }) = &request.truth {
        found.truth = app.version_of(&caller, Some(*version)).await?;
    }
    let previous = request.incremental.as_ref().and_then(|of| of.previous);
    if let Some(previous) = previous {
        let organisation = caller.organisation.clone();
        found.previous = store
            .of(&organisation.clone())
            .read(move |conn| follow::previous(conn, &organisation, previous))
            .await?;
    }
    let suggested = match check::to_link_on(&request, &found)? {
        Some(usable) => Some(suggestion(&app, &store, &caller, &purpose, usable).await?),
        None => None,
    };
    let checked = check::run(request, found, suggested)?;
    let asker = caller.caller();
    let job: Job = store
        .create(&caller, &idempotency, move |conn| {
            let (job, run) = runs::insert_named(conn, &asker, &checked)?;
            if let Some(previous) = previous {
                used::inherit(conn, &asker.organisation, run, previous)?;
            }
            Ok(job)
        })
        .await?;
    Ok(HttpResponse::Accepted()
        .insert_header((LOCATION, format!("/linkage/v1/jobs/{}", job.id)))
        .json(job))
}

/// Lists linkage runs, newest first.
#[utoipa::path(
    tag = "linkage runs",
    operation_id = "listLinkageRuns",
    params(ListQuery),
    responses((status = 200, description = "Some runs", body = Page<LinkageRun>), Problems),
    security(("bearer" = ["linkage:read"]))
)]
#[get("/linkage-runs")]
pub(crate) async fn list_linkage_runs(
    caller: Allowed<needs::LinkageRead>,
    store: Data<Store>,
    list: ListQuery,
    request: HttpRequest,
) -> Result<HttpResponse> {
    list.listed(
        (&caller, &store, &request),
        runs::list,
        runs::RunRow::show,
        |shown| shown.id,
    )
    .await
}

/// Shows a linkage run.
///
/// Counts per step and rule, the model with its convergence, and the digest of the linked dataset, once its job has succeeded.
#[utoipa::path(
    tag = "linkage runs",
    operation_id = "getLinkageRun",
    params(("id" = Uuid, Path, description = "Linkage run")),
    responses((status = 200, description = "The run", body = LinkageRun), Problems),
    security(("bearer" = ["linkage:read"]))
)]
#[get("/linkage-runs/{id}")]
pub(crate) async fn get_linkage_run(
    caller: Allowed<needs::LinkageRead>,
    store: Data<Store>,
    id: Path<Uuid>,
) -> Result<Json<LinkageRun>> {
    let (organisation, id) = (caller.organisation.clone(), *id);
    let run = store
        .of(&organisation)
        .read(move |conn| runs::find(conn, &organisation, id)?.show(conn, &organisation))
        .await?;
    Ok(Json(run))
}
