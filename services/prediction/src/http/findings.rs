//! What people found of those on a blind list, and what follows from it.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{ACCEPT, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    post, web,
};
use helder_platform::{
    audit,
    body::JsonBody,
    calls::Peers,
    idempotency::Idempotency,
    identity::Allowed,
    keyring::KeyRing,
    logboek::{self, Act, Status},
    objects::Objects,
    problem::{Problem, Problems, Result},
    purpose::{self, Purpose},
    store::Store,
};
use helder_types::{
    OrganisationId, ProjectStep,
    permission::{Needs, needs},
};
use uuid::Uuid;

use super::control::{MOST_BYTES, no_control, no_list, not_ready};
use crate::{
    batch,
    findings::{self, Writing},
    wire::{Batch, ControlResult, NewFindings, RecordedFindings, WorkItem},
};

/// Writes down what was found of people on a work list, by their numbers.
///
/// One at a time or many together, before the batch is revealed. What is known already may be sent again and changes nothing. What is to
/// change, and what comes after the batch was revealed, needs a `reason`; nothing is ever overwritten, and reasons are shown with the
/// result. Findings are sealed with the key of the organisation, and each is put on record for the person it is about.
#[utoipa::path(
    tag = "batches",
    params(
        ("id" = Uuid, Path, description = "Batch"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe")
    ),
    request_body = NewFindings,
    responses((status = 200, description = "What became of them", body = RecordedFindings), Problems),
    security(("bearer" = [<needs::PredictionFindings as Needs>::PERMISSION.as_str()]))
)]
#[post("/batches/{id}/findings")]
pub(super) async fn record_findings(
    caller: Allowed<needs::PredictionFindings>,
    (store, objects): (web::Data<Store>, web::Data<Objects>),
    (keyring, peers): (web::Data<KeyRing>, web::Data<Peers>),
    idempotency: Idempotency,
    id: web::Path<Uuid>,
    body: JsonBody<NewFindings>,
) -> Result<web::Json<RecordedFindings>> {
    let (who, id) = (caller.caller(), *id);
    let organisation = who.organisation.clone();
    let batch = store
        .of(&organisation)
        .read(move |conn| batch::find(conn, &organisation, id))
        .await?;
    let list = work_list(&objects, &caller.organisation, &batch).await?;
    let purpose =
        purpose::require(&peers, &caller, batch.project_id, ProjectStep::Prediction).await?;
    let sealer = keyring.sealer(&caller.organisation).await?;
    let new = body.into_inner();
    let mut act = Act::begin("prediction", &caller, &purpose, "findings written down");
    act.note("helder.batch_id", id.to_string());
    let numbers = new.findings.iter();
    let about = numbers.filter_map(|finding| list.get(finding.number.checked_sub(1)? as usize));
    name(&mut act, &batch, about);
    let recorded = store
        .create(&caller, &idempotency, move |conn| {
            findings::hold(conn, &who.organisation, id)?;
            let batch = batch::find(conn, &who.organisation, id)?;
            let is_revealed = batch.control.is_some_and(|control| control.seed.is_some());
            let writing = Writing {
                batch: id,
                rows_listed: list.len() as u64,
                is_revealed,
                sealer,
            };
            let recorded = findings::write(conn, &who, &writing, &new)?;
            let path = format!("/batches/{id}/findings");
            audit::record(conn, &who, "batch-findings.record", &path)?;
            act.record(conn, Status::Ok)?;
            Ok(recorded)
        })
        .await?;
    Ok(web::Json(recorded))
}

/// Tells what a control sample came to: how often a pick was right, how often the model was wrong about those it passed over, and how
/// many cases it missed.
///
/// 409 until the batch is revealed. With `Accept: text/html` the answer is a page. Every share has its 95 % interval; where the numbers
/// cannot tell two shares apart the verdict is `not-enough-data`, with the smallest difference that would have shown. Figures behind which
/// fewer than ten people stand are left out. Reading it is itself written to the audit trail.
#[utoipa::path(
    tag = "batches",
    params(("id" = Uuid, Path, description = "Batch")),
    responses((status = 200, description = "The result", content((ControlResult = "application/json"), (String = "text/html"))), Problems),
    security(("bearer" = [<needs::PredictionBatch as Needs>::PERMISSION.as_str()]))
)]
#[get("/batches/{id}/control-result")]
pub(super) async fn get_control_result(
    request: HttpRequest,
    caller: Allowed<needs::PredictionBatch>,
    (store, objects): (web::Data<Store>, web::Data<Objects>),
    keyring: web::Data<KeyRing>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse> {
    let (who, id) = (caller.caller(), *id);
    let (batch, activity, deliveries) = store
        .of(&who.organisation)
        .write(move |conn| {
            let batch = batch::find(conn, &who.organisation, id)?;
            let path = format!("/batches/{id}/control-result");
            audit::record(conn, &who, "batch-control-result.read", &path)?;
            let activity = logboek::activity_of(conn, &who.organisation, batch.project_id)?;
            let deliveries = findings::list(conn, &who.organisation, id)?;
            Ok((batch, activity, deliveries))
        })
        .await?;
    let list = work_list(&objects, &caller.organisation, &batch).await?;
    super::control::open(&batch)?;
    let purpose = Purpose {
        project: batch.project_id,
        activity,
    };
    let mut act = Act::begin("prediction", &caller, &purpose, "findings counted");
    act.note("helder.batch_id", id.to_string());
    name(&mut act, &batch, list.iter());
    let sealer = keyring.sealer(&caller.organisation).await?;
    let known = findings::open(&deliveries, &sealer)?;
    let features = groups(&objects, &caller.organisation, &batch, &list).await?;
    let result = findings::result(&batch, &list, &known, &deliveries, &features)?;
    let result = logboek::on_record(&store, act, Ok(result)).await?;
    Ok(if wants_page(&request) {
        HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
            .insert_header((
                CONTENT_SECURITY_POLICY,
                helder_report::CONTENT_SECURITY_POLICY,
            ))
            .body(findings::page(&result).render())
    } else {
        HttpResponse::Ok().json(result)
    })
}

/// The list of a batch with its marks, which must not leave before the batch is revealed.
async fn work_list(
    objects: &Objects,
    organisation: &OrganisationId,
    batch: &Batch,
) -> Result<Vec<WorkItem>> {
    batch.control.as_ref().ok_or_else(no_control)?;
    let outcome = batch.outcome.as_ref().ok_or_else(not_ready)?;
    let digest = outcome.work_list_digest.as_ref().ok_or_else(no_list)?;
    let stored = objects.get_bytes(organisation, digest, MOST_BYTES).await?;
    serde_json::from_slice(&stored).map_err(Problem::internal)
}

/// Groups of the features that were named when the batch was asked.
async fn groups(
    objects: &Objects,
    organisation: &OrganisationId,
    batch: &Batch,
    list: &[WorkItem],
) -> Result<Vec<findings::Scored>> {
    let features = batch
        .control
        .iter()
        .flat_map(|control| control.sensitive_features.clone());
    let features: Vec<String> = features.collect();
    let Some(outcome) = batch.outcome.as_ref().filter(|_| !features.is_empty()) else {
        return Ok(Vec::new());
    };
    let dataset = objects
        .get_to_file(organisation, &batch.dataset_digest)
        .await;
    let dataset = match dataset {
        Err(problem) if problem.status() == 404 => {
            let gone = features
                .iter()
                .map(|feature| findings::Scored::gone(feature));
            return Ok(gone.collect());
        }
        dataset => dataset?,
    };
    let result = objects
        .get_to_file(organisation, &outcome.result_digest)
        .await?;
    let rows: Vec<i64> = list.iter().map(|item| item.row).collect();
    web::block(move || findings::scored_groups(&dataset, &result, &features, &rows))
        .await
        .map_err(|error| Problem::internal(error.to_string()))?
}

/// Puts on record whom it is about.
fn name<'a>(act: &mut Act, batch: &Batch, items: impl Iterator<Item = &'a WorkItem>) {
    let dataset = batch.dataset_digest.to_string();
    for item in items {
        let pseudonym = item.pseudonym.as_deref();
        if !pseudonym.is_some_and(|text| act.subjects.person_text(text)) {
            act.subjects.row(&dataset, item.row);
        }
    }
}

fn wants_page(request: &HttpRequest) -> bool {
    let accept = request.headers().get(ACCEPT);
    let accept = accept
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut media = accept
        .split(',')
        .filter_map(|media| media.split(';').next());
    media.any(|media| media.trim().eq_ignore_ascii_case("text/html"))
}
