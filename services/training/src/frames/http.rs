//! Frames: build, show, list.

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
    purpose,
    store::Store,
};
use helder_types::{ProjectStep, job::Job, permission::needs};
use uuid::Uuid;

use super::{
    inputs, rows,
    wire::{Frame, NewFrame},
};
use crate::App;

/// Builds a frame.
///
/// Feature tables are shown as they were known on each reference date, outcome tables whole. The frame becomes a derived
/// dataset version, so that it can be read by name and scored.
#[utoipa::path(
    tag = "frames",
    operation_id = "createFrame",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe, 24 hours")),
    request_body = NewFrame,
    responses(
        (status = 202, description = "Queued; `Location` is its job", body = Job, headers(("Location" = String, description = "The job"))),
        Problems
    ),
    security(("bearer" = ["training:write"]))
)]
#[post("/frames")]
pub(crate) async fn create_frame(
    caller: Allowed<needs::TrainingWrite>,
    app: Data<App>,
    store: Data<Store>,
    idempotency: Idempotency,
    body: JsonBody<NewFrame>,
) -> Result<HttpResponse> {
    let frame = body.into_inner();
    purpose::require(&app.peers, &caller, frame.project_id, ProjectStep::Training).await?;
    let found = inputs::find(&app.peers, &caller, &frame).await?;
    let asker = caller.caller();
    let job: Job = store
        .create(&caller, &idempotency, move |conn| {
            rows::insert(conn, &asker, &frame, &found)
        })
        .await?;
    Ok(HttpResponse::Accepted()
        .insert_header((LOCATION, format!("/training/v1/jobs/{}", job.id)))
        .json(job))
}

/// Lists frames, newest first.
#[utoipa::path(
    tag = "frames",
    operation_id = "listFrames",
    params(ListQuery),
    responses((status = 200, description = "Some frames", body = Page<Frame>), Problems),
    security(("bearer" = ["training:read"]))
)]
#[get("/frames")]
pub(crate) async fn list_frames(
    caller: Allowed<needs::TrainingRead>,
    store: Data<Store>,
    list: ListQuery,
    request: HttpRequest,
) -> Result<HttpResponse> {
    list.listed(
        (&caller, &store, &request),
        rows::list,
        rows::FrameRow::show,
        |shown| shown.id,
    )
    .await
}

/// Shows a frame.
#[utoipa::path(
    tag = "frames",
    operation_id = "getFrame",
    params(("id" = Uuid, Path, description = "Frame")),
    responses((status = 200, description = "The frame", body = Frame), Problems),
    security(("bearer" = ["training:read"]))
)]
#[get("/frames/{id}")]
pub(crate) async fn get_frame(
    caller: Allowed<needs::TrainingRead>,
    store: Data<Store>,
    id: Path<Uuid>,
) -> Result<Json<Frame>> {
    let (organisation, id) = (caller.organisation.clone(), *id);
    let frame = store
        .of(&organisation)
        .read(move |conn| rows::find(conn, &organisation, id)?.show(conn, &organisation))
        .await?;
    Ok(Json(frame))
}
