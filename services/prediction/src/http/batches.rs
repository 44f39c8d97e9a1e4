//! Scoring a whole dataset version.

use actix_web::{HttpRequest, HttpResponse, get, http::header::LOCATION, post, web};
use helder_platform::{
    audit,
    body::JsonBody,
    calls::Peers,
    idempotency::Idempotency,
    identity::Allowed,
    jobs,
    logboek::{self, Act},
    objects::Objects,
    paging::{ListQuery, Page},
    problem::{Problem, Problems, Result},
    purpose::{self, Purpose},
    store::Store,
};
use helder_types::{
    Caller, Digest, Fault, ProjectStep,
    job::Job,
    permission::{Needs, needs},
};
use serde::Deserialize;
use uuid::Uuid;

use super::{BASE, control};
use crate::{
    active::Active,
    batch::{self, Control, KIND, NewRow, Payload},
    wire::{Batch, BatchResult, NewBatch},
};

/// The part of a dataset version that a batch needs.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DatasetVersion {
    project_id: Uuid,
    #[serde(default)]
    parts: Option<Parts>,
}

#[derive(Deserialize)]
struct Parts {
    analysis: Part,
}

#[derive(Deserialize)]
struct Part {
    digest: Digest,
}

/// Scores every row of a dataset version; answers a job.
///
/// The model must be in force and the dataset version of the same project, which must allow predictions now. Every scored row gets
/// its line in the processing log. A batch stops when its model is stopped.
#[utoipa::path(
    tag = "batches",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe")),
    request_body = NewBatch,
    responses(
        (status = 202, description = "The job; its result is the batch", body = Job,
            headers(("Location" = String, description = "The job"))),
        Problems
    ),
    security(("bearer" = [<needs::PredictionBatch as Needs>::PERMISSION.as_str()]))
)]
#[post("/batches")]
pub(super) async fn create_batch(
    caller: Allowed<needs::PredictionBatch>,
    active: web::Data<Active>,
    service: (web::Data<Peers>, web::Data<Store>),
    idempotency: Idempotency,
    body: JsonBody<NewBatch>,
) -> Result<HttpResponse> {
    let (peers, store) = service;
    let served = active
        .find_newest(&caller.organisation, &body.model)
        .await?;
    let version = served.version.clone();
    purpose::require(&peers, &caller, version.project_id, ProjectStep::Prediction).await?;
    let dataset_digest =
        dataset(&peers, &caller, body.dataset_version_id, version.project_id).await?;
    let new = NewRow {
        version,
        dataset_version_id: body.dataset_version_id,
        dataset_digest,
        control: body.control.clone().map(Control::draw),
    };
    let who = caller.caller();
    let job = store
        .create(&caller, &idempotency, move |conn| {
            let id = Uuid::now_v7();
            let job = jobs::enqueue(conn, &who, KIND, &Payload { batch_id: id })?;
            batch::insert(conn, &who, id, &new, job.id)?;
            audit::record(conn, &who, "batch.create", &format!("/batches/{id}"))?;
            Ok(job)
        })
        .await?;
    Ok(HttpResponse::Accepted()
        .insert_header((LOCATION, format!("{BASE}/jobs/{}", job.id)))
        .json(job))
}

/// Digest of the analysis part, if the version is of this project and complete.
async fn dataset(peers: &Peers, caller: &Caller, id: Uuid, project: Uuid) -> Result<Digest> {
    let fault = |code: &str, detail: &str| {
        Problem::invalid(vec![Fault::new("/datasetVersionId", code, detail)])
    };
    let path = format!("/ingest/v1/dataset-versions/{id}");
    let version: DatasetVersion =
        peers
            .peer("ingest")
            .get_json(caller, &path)
            .await
            .map_err(|problem| {
                if problem.status() == 404 {
                    fault("unknown", "your organisation has no such dataset version")
                } else {
                    problem
                }
            })?;
    if version.project_id != project {
        return Err(fault(
            "other-project",
            "the dataset version is of another project than the model",
        ));
    }
    let parts = version
        .parts
        .ok_or_else(|| fault("not-ready", "the dataset version is still being read"))?;
    Ok(parts.analysis.digest)
}

/// Lists the batches of the caller's organisation, oldest first.
#[utoipa::path(
    tag = "batches",
    params(ListQuery),
    responses((status = 200, description = "Batches", body = Page<Batch>), Problems),
    security(("bearer" = [<needs::PredictionBatch as Needs>::PERMISSION.as_str()]))
)]
#[get("/batches")]
pub(super) async fn list_batches(
    request: HttpRequest,
    caller: Allowed<needs::PredictionBatch>,
    store: web::Data<Store>,
    query: ListQuery,
) -> Result<HttpResponse> {
    let after = query
        .after::<Uuid>()?
        .map(|id| id.to_string())
        .unwrap_or_default();
    let (organisation, limit) = (caller.organisation.clone(), query.limit());
    let batches = store
        .of(&organisation)
        .read(move |conn| batch::list(conn, &organisation, &after, limit + 1))
        .await?;
    Ok(Page::cut(batches, limit, |batch: &Batch| batch.id).respond(&request))
}

/// Shows a batch, and what it came to once it is done.
#[utoipa::path(
    tag = "batches",
    params(("id" = Uuid, Path, description = "Batch")),
    responses((status = 200, description = "The batch", body = Batch), Problems),
    security(("bearer" = [<needs::PredictionBatch as Needs>::PERMISSION.as_str()]))
)]
#[get("/batches/{id}")]
pub(super) async fn get_batch(
    caller: Allowed<needs::PredictionBatch>,
    store: web::Data<Store>,
    id: web::Path<Uuid>,
) -> Result<web::Json<Batch>> {
    let organisation = caller.organisation.clone();
    store
        .of(&organisation)
        .read(move |conn| batch::find(conn, &organisation, *id))
        .await
        .map(web::Json)
}

/// Lists the ranked result of a batch, highest score first.
///
/// 409 while the batch is not done, and while its work list is blind (see `control`). Reading it is itself written to the audit trail.
#[utoipa::path(
    tag = "batches",
    params(("id" = Uuid, Path, description = "Batch"), ListQuery),
    responses((status = 200, description = "Rows in order of rank", body = Page<BatchResult>), Problems),
    security(("bearer" = [<needs::PredictionBatch as Needs>::PERMISSION.as_str()]))
)]
#[get("/batches/{id}/results")]
pub(super) async fn list_results(
    request: HttpRequest,
    caller: Allowed<needs::PredictionBatch>,
    store: web::Data<Store>,
    objects: web::Data<Objects>,
    id: web::Path<Uuid>,
    query: ListQuery,
) -> Result<HttpResponse> {
    let (after, limit) = (query.after::<u32>()?.unwrap_or(0), query.limit());
    let (who, id) = (caller.caller(), *id);
    let (batch, activity) = store
        .of(&who.organisation)
        .write(move |conn| {
            let batch = batch::find(conn, &who.organisation, id)?;
            audit::record(
                conn,
                &who,
                "batch-results.read",
                &format!("/batches/{id}/results"),
            )?;
            let activity = logboek::activity_of(conn, &who.organisation, batch.project_id)?;
            Ok((batch, activity))
        })
        .await?;
    let purpose = Purpose {
        project: batch.project_id,
        activity,
    };
    let mut act = Act::begin("prediction", &caller, &purpose, "batch results shown");
    act.note("helder.batch_id", id.to_string());
    let dataset = batch.dataset_digest.to_string();
    control::open(&batch)?;
    let outcome = batch.outcome.ok_or_else(control::not_ready)?;
    let file = objects
        .get_to_file(&caller.organisation, &outcome.result_digest)
        .await?;
    let read = move || batch::results_page(&file, after as usize, limit as usize + 1);
    let results = web::block(read)
        .await
        .map_err(|error| Problem::internal(error.to_string()))??;
    let page = Page::cut(results, limit, |result: &BatchResult| result.rank);
    for result in &page.items {
        let pseudonym = result.pseudonym.as_deref();
        if !pseudonym.is_some_and(|text| act.subjects.person_text(text)) {
            act.subjects.row(&dataset, result.row);
        }
    }
    logboek::on_record(&store, act, Ok(())).await?;
    Ok(page.respond(&request))
}
