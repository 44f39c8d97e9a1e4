//! Comparisons of algorithms: start, show, list, report.

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
    paging::{ListQuery, Page},
    problem::{Problems, Result},
    purpose,
    store::Store,
};
use helder_types::{ProjectStep, job::Job, permission::needs};
use uuid::Uuid;

use super::{rows, wire::Selection};
use crate::{
    App, frames,
    json::parsed_value,
    learn::select::{self, NewSelection},
};

/// Compares algorithms on a frame.
///
/// Each candidate is judged on rows that neither it nor the choice of its settings has seen, beside the base rate, a simple rule and a
/// black box. The simplest that cannot be told from the best is proposed; a training run with it, or with another, is for a person to
/// ask. Rows that the split keeps apart take no part.
#[utoipa::path(
    tag = "selections",
    operation_id = "createSelection",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe, 24 hours")),
    request_body = NewSelection,
    responses(
        (status = 202, description = "Queued; `Location` is its job", body = Job, headers(("Location" = String, description = "The job"))),
        Problems
    ),
    security(("bearer" = ["training:write"]))
)]
#[post("/selections")]
pub(crate) async fn create_selection(
    caller: Allowed<needs::TrainingWrite>,
    app: Data<App>,
    store: Data<Store>,
    idempotency: Idempotency,
    body: CheckedBody<NewSelection>,
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
            rows::insert(conn, &asker, &plan)
        })
        .await?;
    Ok(HttpResponse::Accepted()
        .insert_header((LOCATION, format!("/training/v1/jobs/{}", job.id)))
        .json(job))
}

/// Lists comparisons, newest first.
#[utoipa::path(
    tag = "selections",
    operation_id = "listSelections",
    params(ListQuery),
    responses((status = 200, description = "Some comparisons", body = Page<Selection>), Problems),
    security(("bearer" = ["training:read"]))
)]
#[get("/selections")]
pub(crate) async fn list_selections(
    caller: Allowed<needs::TrainingRead>,
    store: Data<Store>,
    list: ListQuery,
    request: HttpRequest,
) -> Result<HttpResponse> {
    list.listed(
        (&caller, &store, &request),
        rows::list,
        rows::SelectionRow::show,
        |shown| shown.id,
    )
    .await
}

/// Shows a comparison with its figures and proposal.
#[utoipa::path(
    tag = "selections",
    operation_id = "getSelection",
    params(("id" = Uuid, Path, description = "Comparison")),
    responses((status = 200, description = "The comparison", body = Selection), Problems),
    security(("bearer" = ["training:read"]))
)]
#[get("/selections/{id}")]
pub(crate) async fn get_selection(
    caller: Allowed<needs::TrainingRead>,
    store: Data<Store>,
    id: Path<Uuid>,
) -> Result<Json<Selection>> {
    let (organisation, id) = (caller.organisation.clone(), *id);
    let selection = store
        .of(&organisation)
        .read(move |conn| rows::find(conn, &organisation, id)?.show(conn, &organisation))
        .await?;
    Ok(Json(selection))
}

/// Shows a comparison as a page.
#[utoipa::path(
    tag = "selections",
    operation_id = "getSelectionReport",
    params(("id" = Uuid, Path, description = "Comparison")),
    responses((status = 200, description = "The comparison", body = String, content_type = "text/html"), Problems),
    security(("bearer" = ["training:read"]))
)]
#[get("/selections/{id}/report")]
pub(crate) async fn get_selection_report(
    caller: Allowed<needs::TrainingRead>,
    store: Data<Store>,
    id: Path<Uuid>,
) -> Result<HttpResponse> {
    let (organisation, id) = (caller.organisation.clone(), *id);
    let outcome = store
        .of(&organisation)
        .read(move |conn| rows::find(conn, &organisation, id)?.outcome())
        .await?;
    let document = parsed_value(outcome.comparison)?;
    let page = select::page(&document, &outcome.seconds).render();
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((
            CONTENT_SECURITY_POLICY,
            helder_report::CONTENT_SECURITY_POLICY,
        ))
        .body(page))
}
