//! Training runs: start, show, list, report.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION},
    post,
    web::{Data, Json, Path},
};
use helder_platform::{
    body::CheckedBody,
    idempotency::Idempotency,
    identity::Allowed,
    objects::Objects,
    paging::{ListQuery, Page},
    problem::{Problem, Problems, Result},
    purpose,
    store::Store,
};
use helder_types::{ProjectStep, job::Job, permission::needs};
use uuid::Uuid;

use super::{rows, wire::TrainingRun};
use crate::{App, frames, learn::NewTrainingRun, outflow};

/// Largest report read back, bytes.
const MAX_REPORT_BYTES: u64 = 32 << 20;

/// Trains a model on a frame.
///
/// The candidate version with its model, evaluation, fairness report, provenance and card goes to the registry. Sensitive
/// columns judge the model and are never looked at by it.
#[utoipa::path(
    tag = "training runs",
    operation_id = "createTrainingRun",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe, 24 hours")),
    request_body = NewTrainingRun,
    responses(
        (status = 202, description = "Queued; `Location` is its job", body = Job, headers(("Location" = String, description = "The job"))),
        Problems
    ),
    security(("bearer" = ["training:write"]))
)]
#[post("/training-runs")]
pub(crate) async fn create_training_run(
    caller: Allowed<needs::TrainingWrite>,
    app: Data<App>,
    store: Data<Store>,
    idempotency: Idempotency,
    body: CheckedBody<NewTrainingRun>,
) -> Result<HttpResponse> {
    let plan = body.into_inner();
    purpose::require(&app.peers, &caller, plan.project_id, ProjectStep::Training).await?;
    let asker = caller.caller();
    let job: Job = store
        .create(&caller, &idempotency, move |conn| {
            frames::rows::must_be_built(
                conn,
                &asker.organisation,
                (plan.frame_id, plan.project_id),
            )?;
            if let Some(report) = plan.outflow_report {
                let place = (plan.frame_id, plan.project_id);
                outflow::rows::must_be_of(conn, &asker.organisation, report, place)?;
            }
            rows::insert(conn, &asker, &plan, None)
        })
        .await?;
    Ok(HttpResponse::Accepted()
        .insert_header((LOCATION, format!("/training/v1/jobs/{}", job.id)))
        .json(job))
}

/// Lists training runs, newest first.
#[utoipa::path(
    tag = "training runs",
    operation_id = "listTrainingRuns",
    params(ListQuery),
    responses((status = 200, description = "Some runs", body = Page<TrainingRun>), Problems),
    security(("bearer" = ["training:read"]))
)]
#[get("/training-runs")]
pub(crate) async fn list_training_runs(
    caller: Allowed<needs::TrainingRead>,
    store: Data<Store>,
    list: ListQuery,
    request: HttpRequest,
) -> Result<HttpResponse> {
    list.listed(
        (&caller, &store, &request),
        rows::list,
        rows::RunRow::show,
        |shown| shown.id,
    )
    .await
}

/// Shows a training run with its evaluation and fairness figures.
#[utoipa::path(
    tag = "training runs",
    operation_id = "getTrainingRun",
    params(("id" = Uuid, Path, description = "Training run")),
    responses((status = 200, description = "The run", body = TrainingRun), Problems),
    security(("bearer" = ["training:read"]))
)]
#[get("/training-runs/{id}")]
pub(crate) async fn get_training_run(
    caller: Allowed<needs::TrainingRead>,
    store: Data<Store>,
    id: Path<Uuid>,
) -> Result<Json<TrainingRun>> {
    let (organisation, id) = (caller.organisation.clone(), *id);
    let run = store
        .of(&organisation)
        .read(move |conn| rows::find(conn, &organisation, id)?.show(conn, &organisation))
        .await?;
    Ok(Json(run))
}

/// Shows the report of a training run as a page.
#[utoipa::path(
    tag = "training runs",
    operation_id = "getTrainingReport",
    params(("id" = Uuid, Path, description = "Training run")),
    responses((status = 200, description = "The model card", body = String, content_type = "text/html"), Problems),
    security(("bearer" = ["training:read"]))
)]
#[get("/training-runs/{id}/report")]
pub(crate) async fn get_training_report(
    caller: Allowed<needs::TrainingRead>,
    store: Data<Store>,
    objects: Data<Objects>,
    id: Path<Uuid>,
) -> Result<HttpResponse> {
    let (organisation, id) = (caller.organisation.clone(), *id);
    let outcome = store
        .of(&organisation)
        .read(move |conn| rows::find(conn, &organisation, id)?.outcome())
        .await?;
    let card = outcome
        .file("card.html")
        .ok_or_else(|| Problem::internal("a run without a card"))?;
    let page = objects
        .get_bytes(&caller.organisation, &card.digest, MAX_REPORT_BYTES)
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((
            CONTENT_SECURITY_POLICY,
            helder_report::CONTENT_SECURITY_POLICY,
        ))
        .body(page))
}
