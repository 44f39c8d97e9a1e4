//! Uploading a file as the next version of a dataset.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::LOCATION,
    post,
    web::{Data, Path, Payload, Query},
};
use helder_platform::{
    idempotency::Idempotency,
    identity::Allowed,
    jobs,
    problem::{Problem, Problems, Result},
    store::Store,
};
use helder_types::{Fault, job::Job, permission::needs};
use serde::Deserialize;

use uuid::Uuid;

use super::{App, datasets::absent};
use crate::{
    datasets, documents, ingest_job, staging,
    upload::{self, Place},
    wire::{NewContract, Origin},
};

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct UploadQuery {
    /// The contract the file must keep; one is suggested and applied when absent.
    contract_id: Option<String>,
}

/// Uploads a file as the next version of a dataset.
///
/// The file streams through, is decompressed, checked against `Content-Digest` and sealed; a job then detects its dialect, checks
/// every value against the contract, sets broken records apart, replaces BSNs by pseudonyms and writes the parts and the quality
/// report. An upload that is cut off leaves nothing. Broken records do not fail the job: they are counted and listed.
#[utoipa::path(
    tag = "dataset versions",
    operation_id = "uploadDatasetVersion",
    params(
        ("id" = Uuid, Path, description = "Dataset"),
        UploadQuery,
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe, 24 hours"),
        ("Content-Digest" = Option<String>, Header, description = "SHA-256 of the bytes sent, RFC 9530"),
        ("Content-Encoding" = Option<String>, Header, description = "gzip or zstd")
    ),
    request_body(
        description = "The file",
        content(
            (String = "text/csv"),
            (String = "application/x-ndjson"),
            (upload::FileBytes = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (upload::FileBytes = "application/vnd.apache.parquet")
        )
    ),
    responses(
        (status = 202, description = "Queued; `Location` is its job, whose result is the version", body = Job,
            headers(("Location" = String, description = "The job"))),
        Problems
    ),
    security(("bearer" = ["ingest:write"]))
)]
#[post("/datasets/{id}/dataset-versions")]
#[expect(clippy::too_many_arguments, reason = "each is an extractor")]
pub(crate) async fn upload_dataset_version(
    caller: Allowed<needs::IngestWrite>,
    app: Data<App>,
    store: Data<Store>,
    id: Path<Uuid>,
    query: Query<UploadQuery>,
    idempotency: Idempotency,
    request: HttpRequest,
    body: Payload,
) -> Result<HttpResponse> {
    let (organisation, dataset_id) = (caller.organisation.clone(), *id);
    let contract_id = query
        .contract_id
        .as_deref()
        .map(str::parse::<Uuid>)
        .transpose();
    let contract_id = contract_id.map_err(|_| {
        Problem::invalid(vec![Fault::new(
            "?contractId",
            "uuid",
            "a contract is named by its UUID",
        )])
    })?;
    let announced = upload::announced(&request, app.upload_bytes)?;
    let dataset = store
        .of(&organisation)
        .read(move |conn| {
            let dataset = datasets::find(conn, &organisation, dataset_id)?;
            if let Some(contract) = contract_id {
                documents::find::<NewContract>(conn, &organisation, contract)
                    .map_err(|problem| absent(problem, "?contractId", "contract"))?;
            }
            Ok(dataset)
        })
        .await?;
    if dataset.origin == Origin::Derived {
        return Err(Problem::conflict(
            "derived-dataset",
            "versions of this dataset are made by another service",
        ));
    }
    app.require_purpose(&caller, dataset.project_id).await?;
    let place = Place {
        objects: &app.objects,
        sealer: app.keyring.sealer(&caller.organisation).await?,
        organisation: &caller.organisation,
        upload_bytes: app.upload_bytes,
        limits: app.limits.clone(),
    };
    let (staged, received) = upload::receive(place, announced, body).await?;
    idempotency.body_is(received);
    let object = staged.object;
    let payload = ingest_job::Payload {
        dataset_id,
        project_id: dataset.project_id,
        contract_id,
        staged,
    };
    let queued = Arc::new(AtomicBool::new(false));
    let (who, was_queued) = (caller.caller(), Arc::clone(&queued));
    let outcome = store
        .create(&caller, &idempotency, move |conn| {
            let job = jobs::enqueue(conn, &who, ingest_job::KIND, &payload)?;
            staging::note(conn, &who, job.id, &payload.staged.object)?;
            was_queued.store(true, Ordering::Release);
            Ok(job)
        })
        .await;
    // A repeat of an earlier request, or a fault: this copy belongs to no job.
    if (outcome.is_err() || !queued.load(Ordering::Acquire))
        && let Err(problem) = app.objects.delete(&caller.organisation, &object).await
    {
        problem.log();
    }
    let job: Job = outcome?;
    Ok(HttpResponse::Accepted()
        .insert_header((LOCATION, format!("/ingest/v1/jobs/{}", job.id)))
        .json(job))
}
