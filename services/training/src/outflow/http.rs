//! Reports on outflow: start, show, list, page, analysis.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION},
    post,
    web::{Data, Json, Path},
};
use helder_outflow::OutflowAnalysis;
use helder_platform::{
    body::CheckedBody,
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
    rows,
    wire::{NewOutflowReport, OutflowReport},
};
use crate::{App, frames, json::parsed};

/// Makes a report on outflow.
///
/// From a frame with one row per spell: how long spells last, by which cause they end, what goes together with leaving sooner or later,
/// how well that tells of clients not seen, groups of clients or none, and provisions from the day they began. Nothing is told of fewer
/// spells than `smallestCell`. It makes no model and decides nothing.
#[utoipa::path(
    tag = "outflow-reports",
    operation_id = "createOutflowReport",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe, 24 hours")),
    request_body = NewOutflowReport,
    responses(
        (status = 202, description = "Queued; `Location` is its job", body = Job, headers(("Location" = String, description = "The job"))),
        Problems
    ),
    security(("bearer" = ["training:write"]))
)]
#[post("/outflow-reports")]
pub(crate) async fn create_outflow_report(
    caller: Allowed<needs::TrainingWrite>,
    app: Data<App>,
    store: Data<Store>,
    idempotency: Idempotency,
    body: CheckedBody<NewOutflowReport>,
) -> Result<HttpResponse> {
    let asked = body.into_inner();
    purpose::require(&app.peers, &caller, asked.project_id, ProjectStep::Training).await?;
    let asker = caller.caller();
    let job: Job = store
        .create(&caller, &idempotency, move |conn| {
            frames::rows::must_be_built(
                conn,
                &asker.organisation,
                (asked.frame_id, asked.project_id),
            )?;
            rows::insert(conn, &asker, &asked)
        })
        .await?;
    Ok(HttpResponse::Accepted()
        .insert_header((LOCATION, format!("/training/v1/jobs/{}", job.id)))
        .json(job))
}

/// Lists reports on outflow, newest first.
#[utoipa::path(
    tag = "outflow-reports",
    operation_id = "listOutflowReports",
    params(ListQuery),
    responses((status = 200, description = "Some reports", body = Page<OutflowReport>), Problems),
    security(("bearer" = ["training:read"]))
)]
#[get("/outflow-reports")]
pub(crate) async fn list_outflow_reports(
    caller: Allowed<needs::TrainingRead>,
    store: Data<Store>,
    list: ListQuery,
    request: HttpRequest,
) -> Result<HttpResponse> {
    list.listed(
        (&caller, &store, &request),
        rows::list,
        rows::OutflowRow::show,
        |shown| shown.id,
    )
    .await
}

/// Shows a report on outflow in short.
#[utoipa::path(
    tag = "outflow-reports",
    operation_id = "getOutflowReport",
    params(("id" = Uuid, Path, description = "Report")),
    responses((status = 200, description = "The report", body = OutflowReport), Problems),
    security(("bearer" = ["training:read"]))
)]
#[get("/outflow-reports/{id}")]
pub(crate) async fn get_outflow_report(
    caller: Allowed<needs::TrainingRead>,
    store: Data<Store>,
    id: Path<Uuid>,
) -> Result<Json<OutflowReport>> {
    let (organisation, id) = (caller.organisation.clone(), *id);
    let report = store
        .of(&organisation)
        .read(move |conn| rows::find(conn, &organisation, id)?.show(conn, &organisation))
        .await?;
    Ok(Json(report))
}

/// Shows a report on outflow as a page.
#[utoipa::path(
    tag = "outflow-reports",
    operation_id = "getOutflowReportPage",
    params(("id" = Uuid, Path, description = "Report")),
    responses((status = 200, description = "The page", body = String, content_type = "text/html"), Problems),
    security(("bearer" = ["training:read"]))
)]
#[get("/outflow-reports/{id}/report")]
pub(crate) async fn get_outflow_report_page(
    caller: Allowed<needs::TrainingRead>,
    store: Data<Store>,
    id: Path<Uuid>,
) -> Result<HttpResponse> {
    let analysis: OutflowAnalysis = parsed(&stored(&caller, &store, *id).await?)?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((
            CONTENT_SECURITY_POLICY,
            helder_report::CONTENT_SECURITY_POLICY,
        ))
        .body(helder_outflow::page(&analysis).render()))
}

/// Gives the whole analysis of a report on outflow.
///
/// `helder-outflow/1`: every figure of the page and more, with what was asked.
#[utoipa::path(
    tag = "outflow-reports",
    operation_id = "getOutflowReportAnalysis",
    params(("id" = Uuid, Path, description = "Report")),
    responses((status = 200, description = "The analysis", body = serde_json::Value), Problems),
    security(("bearer" = ["training:read"]))
)]
#[get("/outflow-reports/{id}/analysis")]
pub(crate) async fn get_outflow_report_analysis(
    caller: Allowed<needs::TrainingRead>,
    store: Data<Store>,
    id: Path<Uuid>,
) -> Result<HttpResponse> {
    let analysis = stored(&caller, &store, *id).await?;
    // The very bytes of which the outcome tells the digest.
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        .body(analysis))
}

async fn stored(caller: &Allowed<needs::TrainingRead>, store: &Store, id: Uuid) -> Result<String> {
    let organisation = caller.organisation.clone();
    store
        .of(&organisation)
        .read(move |conn| rows::analysis(conn, &organisation, id))
        .await
}
