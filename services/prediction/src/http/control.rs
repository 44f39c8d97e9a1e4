//! The work list of a batch with a control sample, and opening it.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use helder_platform::{
    audit,
    idempotency::Idempotency,
    identity::Allowed,
    logboek::{self, Act},
    objects::Objects,
    paging::{ListQuery, Page},
    problem::{Problem, Problems, Result},
    purpose::Purpose,
    store::Store,
};
use helder_types::permission::{Needs, needs};
use uuid::Uuid;

use crate::{
    batch,
    wire::{Batch, WorkItem},
};

/// Most bytes of a stored list: far more than its longest.
pub(super) const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// Lists whom to look at: those with the highest scores and a random sample, mixed, in random order.
///
/// Nothing says who is which until the batch is revealed (`_reveal`); then each item says it. 409 while the batch is not done, and for
/// a batch without a control sample. Reading it is itself written to the audit trail.
#[utoipa::path(
    tag = "batches",
    params(("id" = Uuid, Path, description = "Batch"), ListQuery),
    responses((status = 200, description = "Items in order of number", body = Page<WorkItem>), Problems),
    security(("bearer" = [<needs::PredictionBatch as Needs>::PERMISSION.as_str()]))
)]
#[get("/batches/{id}/work-list")]
pub(super) async fn list_work_items(
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
            let path = format!("/batches/{id}/work-list");
            audit::record(conn, &who, "batch-work-list.read", &path)?;
            let activity = logboek::activity_of(conn, &who.organisation, batch.project_id)?;
            Ok((batch, activity))
        })
        .await?;
    let control = batch.control.ok_or_else(no_control)?;
    let outcome = batch.outcome.ok_or_else(not_ready)?;
    let digest = outcome.work_list_digest.ok_or_else(no_list)?;
    let stored = objects
        .get_bytes(&caller.organisation, &digest, MOST_BYTES)
        .await?;
    let items = batch::work_list_page(&stored, (after as usize, limit as usize + 1), &control)?;
    let page = Page::cut(items, limit, |item: &WorkItem| item.number);
    let purpose = Purpose {
        project: batch.project_id,
        activity,
    };
    let mut act = Act::begin("prediction", &caller, &purpose, "batch work list shown");
    act.note("helder.batch_id", id.to_string());
    let dataset = batch.dataset_digest.to_string();
    for item in &page.items {
        let pseudonym = item.pseudonym.as_deref();
        if !pseudonym.is_some_and(|text| act.subjects.person_text(text)) {
            act.subjects.row(&dataset, item.row);
        }
    }
    logboek::on_record(&store, act, Ok(())).await?;
    Ok(page.respond(&request))
}

/// Opens a batch with a control sample, when the list has been worked through: seed, marks and ranked result can be read from now on.
///
/// It cannot be closed again. Who opened it, and when, stays with the batch. 409 while the batch is not done, and for a batch without
/// a control sample.
#[utoipa::path(
    tag = "batches",
    params(
        ("id" = Uuid, Path, description = "Batch"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe")
    ),
    responses((status = 200, description = "The batch, open", body = Batch), Problems),
    security(("bearer" = [<needs::PredictionBatch as Needs>::PERMISSION.as_str()]))
)]
#[post("/batches/{id}/_reveal")]
pub(super) async fn reveal_batch(
    caller: Allowed<needs::PredictionBatch>,
    store: web::Data<Store>,
    idempotency: Idempotency,
    id: web::Path<Uuid>,
) -> Result<web::Json<Batch>> {
    let (who, id) = (caller.caller(), *id);
    let batch = store
        .create(&caller, &idempotency, move |conn| {
            let found = batch::find(conn, &who.organisation, id)?;
            if found.control.is_none() {
                return Err(no_control());
            }
            if found.outcome.is_none() {
                return Err(not_ready());
            }
            audit::record(conn, &who, "batch.reveal", &format!("/batches/{id}"))?;
            batch::reveal(conn, &who, id)
        })
        .await?;
    Ok(web::Json(batch))
}

pub(super) fn no_list() -> Problem {
    Problem::conflict(
        "no-work-list",
        "a former version of the platform did this batch; ask it again",
    )
}

pub(super) fn no_control() -> Problem {
    Problem::conflict(
        "no-control-sample",
        "this batch has no control sample; ask one when the batch is made",
    )
}

pub(super) fn not_ready() -> Problem {
    Problem::conflict("not-ready", "the batch is not done, see its job")
}

/// Refuses ranks and scores of a batch whose list is being worked through.
pub(super) fn open(batch: &Batch) -> Result<()> {
    match &batch.control {
        Some(control) if control.seed.is_none() => Err(Problem::conflict(
            "sealed",
            "ranks would give away who is on the work list by score; reveal the batch first",
        )),
        _ => Ok(()),
    }
}
