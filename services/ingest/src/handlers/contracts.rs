//! Contracts: declaring one, and having one suggested.

use std::io::Cursor;

use actix_web::{
    HttpRequest, HttpResponse, post,
    web::{Data, Json, Payload},
};
use futures_util::StreamExt;
use helder_dataset::{
    DatasetError, Detected, Limits,
    contract::{Suggestion, SuggestionReason, suggest},
    detect::{self, EncodingScan, Format},
    read::{jsonl, parquet, xlsx},
};
use helder_platform::{
    body::JsonBody,
    idempotency::Idempotency,
    identity::Allowed,
    logboek::{self, Act},
    problem::{Problem, Problems, Result},
    purpose::Purpose,
    store::Store,
};
use helder_types::{Digest, permission::needs};
use serde::Serialize;
use tokio::task::spawn_blocking;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{App, documents::create};
use crate::{
    fault::problem,
    ingest_job::is_about_people,
    people, upload,
    wire::{Declared, NewContract},
};

/// Largest sample, bytes.
const SAMPLE_BYTES: u64 = 8 << 20;

/// Declares a contract.
///
/// A contract never changes; all its faults are named at once.
#[utoipa::path(
    tag = "contracts",
    operation_id = "createContract",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe, 24 hours")),
    request_body = NewContract,
    responses(
        (status = 201, description = "Declared", body = Declared<NewContract>, headers(("Location" = String, description = "The contract"))),
        Problems
    ),
    security(("bearer" = ["ingest:write"]))
)]
#[post("/contracts")]
pub(crate) async fn create_contract(
    caller: Allowed<needs::IngestWrite>,
    store: Data<Store>,
    idempotency: Idempotency,
    body: JsonBody<NewContract>,
) -> Result<HttpResponse> {
    let new = body.into_inner();
    let mut faults = new.contract.faults();
    if !faults.is_empty() {
        for fault in &mut faults {
            fault.pointer.insert_str(0, "/contract");
        }
        return Err(Problem::invalid(faults));
    }
    create(&caller, &store, &idempotency, new).await
}

/// A suggested contract, with what was found in the sample.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SuggestedContract {
    /// The proposal.
    contract: helder_dataset::Contract,
    /// Why each field looks as it does.
    reasons: Vec<SuggestionReason>,
    /// What was found in the sample.
    detected: Detected,
}

/// Suggests a contract for a sample.
///
/// The body is the start of a file (8 MiB at most), or a whole spreadsheet or Parquet file of that size. Nothing of it is kept, and
/// no value of it is in the answer. That people's data was looked at is on record, by row of the sample.
#[utoipa::path(
    tag = "contracts",
    operation_id = "suggestContract",
    request_body(
        description = "The sample",
        content(
            (String = "text/csv"),
            (String = "application/x-ndjson"),
            (upload::FileBytes = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (upload::FileBytes = "application/vnd.apache.parquet")
        )
    ),
    responses((status = 200, description = "The proposal", body = SuggestedContract), Problems),
    security(("bearer" = ["ingest:write"]))
)]
#[post("/contracts/_suggest")]
pub(crate) async fn suggest_contract(
    caller: Allowed<needs::IngestWrite>,
    app: Data<App>,
    store: Data<Store>,
    request: HttpRequest,
    mut body: Payload,
) -> Result<Json<SuggestedContract>> {
    let announced = upload::announced(&request, SAMPLE_BYTES)?;
    let mut inflate = announced.into_memory(&app.limits, SAMPLE_BYTES)?;
    let mut sent = 0_u64;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| {
            Problem::bad_request("body-cut", "the body ended too early")
                .caused_by(error.to_string())
        })?;
        sent += chunk.len() as u64;
        if sent > SAMPLE_BYTES {
            return Err(Problem::too_large(SAMPLE_BYTES));
        }
        inflate.push(&chunk)?;
    }
    let (format, bytes) = inflate.finish()?;
    let limits = app.limits.clone();
    let purpose = Purpose {
        project: Uuid::nil(),
        activity: people::SUGGESTING.to_owned(),
    };
    let mut act = Act::begin(
        "ingest",
        &caller,
        &purpose,
        "contract suggested for a sample",
    );
    let looked = spawn_blocking(move || {
        let sample = Digest::of(&bytes);
        look(format, bytes, &limits).map(|found| (sample, found))
    });
    let looked = looked.await.unwrap_or_else(|error| {
        // Readers of foreign formats may panic on hostile bytes; that is a fault of the file.
        let damaged = DatasetError::refused("/file", "damaged", "the file is damaged");
        Err(problem(damaged).caused_by(error))
    });
    match looked {
        // About nobody: nothing is processed that has to be on record.
        Ok((_, (suggested, _))) if !is_about_people(&suggested.contract) => Ok(Json(suggested)),
        looked => {
            if let Ok((sample, (_, rows))) = &looked {
                let sample = sample.to_string();
                for row in 1..=*rows {
                    act.subjects.row(&sample, row);
                }
            }
            let suggested = looked.map(|(_, (suggested, _))| Json(suggested));
            logboek::on_record(&store, act, suggested).await
        }
    }
}

/// The proposal, and how many rows were looked at.
fn look(format: Format, bytes: Vec<u8>, limits: &Limits) -> Result<(SuggestedContract, i64)> {
    let (detected, sample) = match format {
        Format::Csv => {
            let mut scan = EncodingScan::default();
            scan.update(&bytes);
            let start = &bytes[..bytes.len().min(limits.sample_bytes)];
            let found = detect::csv(start, &scan, &[], limits).map_err(problem)?;
            (found.detected, found.sample)
        }
        Format::Jsonl => {
            let sample = jsonl::sample(&bytes, limits).map_err(problem)?;
            (detect::typed(format, &sample, None), sample)
        }
        Format::Xlsx => {
            let (sample, sheet) = xlsx::sample(Cursor::new(bytes), limits).map_err(problem)?;
            (detect::typed(format, &sample, Some(sheet)), sample)
        }
        Format::Parquet => {
            let sample = parquet::sample(bytes::Bytes::from(bytes), limits).map_err(problem)?;
            (detect::typed(format, &sample, None), sample)
        }
    };
    let Suggestion {
        mut contract,
        reasons,
    } = suggest(&sample, &detected.columns);
    contract.complete(&detected);
    let rows = sample.rows.len() as i64;
    let suggested = SuggestedContract {
        contract,
        reasons,
        detected,
    };
    Ok((suggested, rows))
}
