//! Versions that other services made.

use std::sync::Arc;

use actix_web::{HttpResponse, http::header::LOCATION, post, web::Data};
use helder_dataset::{Contract, Field, write::read_part_batches};
use helder_platform::{
    body::JsonBody,
    idempotency::Idempotency,
    identity::Allowed,
    problem::{Problem, Problems, Result},
    store::{Conn, Store},
};
use helder_types::{Caller, Fault, permission::needs};
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::{App, datasets::absent};
use crate::{
    datasets::{self, NewVersion},
    fault::problem,
    wire::{DatasetVersion, NewDataset, NewDerivedVersion, Origin, PartInfo, Parts, VersionBody},
};

/// Registers a table that a service derived as a dataset version.
///
/// For services only. The table must lie in the object store already; its rows and columns are checked against the file.
#[utoipa::path(
    tag = "dataset versions",
    operation_id = "createDerivedVersion",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe, 24 hours")),
    request_body = NewDerivedVersion,
    responses(
        (status = 201, description = "Registered", body = DatasetVersion, headers(("Location" = String, description = "The version"))),
        Problems
    ),
    security(("bearer" = ["ingest:derive"]))
)]
#[post("/derived-versions")]
pub(crate) async fn create_derived_version(
    caller: Allowed<needs::IngestDerive>,
    app: Data<App>,
    store: Data<Store>,
    idempotency: Idempotency,
    body: JsonBody<NewDerivedVersion>,
) -> Result<HttpResponse> {
    let new = body.into_inner();
    let absent_table = |problem| absent(problem, "/digest", "stored table");
    let file = app
        .objects
        .get_to_file(&caller.organisation, &new.digest)
        .await
        .map_err(absent_table)?;
    let checked = new.clone();
    let faults = spawn_blocking(move || table_faults(&file, &checked))
        .await
        .map_err(Problem::internal)??;
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    let who = caller.caller();
    let made = store
        .create(&caller, &idempotency, move |conn| {
            register(conn, &who, &new)
        })
        .await?;
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("/ingest/v1/dataset-versions/{}", made.id)))
        .json(made))
}

/// Whether the table is what the request says.
fn table_faults(
    file: &helder_platform::objects::StoredFile,
    new: &NewDerivedVersion,
) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    let Ok((schema, _)) = read_part_batches(file.open()?, 1_024) else {
        faults.push(Fault::new(
            "/digest",
            "format",
            "the stored object is no Parquet table",
        ));
        return Ok(faults);
    };
    let rows = helder_dataset::write::part_rows(file.open()?).map_err(problem)?;
    if rows != new.rows {
        faults.push(Fault::new(
            "/rows",
            "mismatch",
            "the table has another number of rows",
        ));
    }
    for (at, column) in new.columns.iter().enumerate() {
        if schema.field_with_name(&column.name).is_err() {
            faults.push(Fault::new(
                format!("/columns/{at}/name"),
                "unknown-column",
                "the table has no such column",
            ));
        }
        if column
            .semantic_type
            .is_some_and(helder_types::SemanticType::identifies_directly)
        {
            faults.push(Fault::new(
                format!("/columns/{at}/semanticType"),
                "identifying",
                "a derived table holds no identifying column",
            ));
        }
    }
    Ok(faults)
}

fn register(
    conn: &mut Conn,
    caller: &Arc<Caller>,
    new: &NewDerivedVersion,
) -> Result<DatasetVersion> {
    let mut faults = Vec::new();
    for (at, parent) in new.parents.iter().enumerate() {
        match datasets::find_version(conn, &caller.organisation, *parent) {
            Ok((version, _)) if version.project_id == new.project_id => {}
            Ok(_) => faults.push(Fault::new(
                format!("/parents/{at}"),
                "other-project",
                "this version belongs to another project",
            )),
            Err(problem) if problem.status() == 404 => {
                faults.push(Fault::new(
                    format!("/parents/{at}"),
                    "unknown",
                    "your organisation has no such dataset version",
                ));
            }
            Err(problem) => return Err(problem),
        }
    }
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    let known = datasets::find_derived(conn, &caller.organisation, new.project_id, &new.name)?;
    let dataset = if let Some(dataset) = known {
        dataset
    } else {
        let description = String::new();
        let dataset = NewDataset {
            project_id: new.project_id,
            name: new.name.clone(),
            description,
            source_id: None,
        };
        datasets::insert(conn, caller, dataset, Origin::Derived)?
    };
    let fields = new.columns.iter().map(|column| Field {
        name: column.name.clone(),
        kind: column.kind,
        semantic_type: column.semantic_type,
        ..Field::default()
    });
    let body = VersionBody {
        source_digest: new.digest,
        rows_in: new.rows,
        rows_accepted: new.rows,
        rows_quarantined: 0,
        detected: None,
        contract: Contract {
            fields: fields.collect(),
            ..Contract::default()
        },
        contract_id: None,
        parts: Parts {
            analysis: PartInfo {
                digest: new.digest,
                size_bytes: new.size_bytes,
                rows: new.rows,
            },
            identity: None,
            quarantine: None,
            quarantined_records: None,
        },
        parents: new.parents.clone(),
        recipe_id: None,
        recipe_steps: Vec::new(),
        ignored_columns: Vec::new(),
    };
    let version = NewVersion {
        id: Uuid::now_v7(),
        dataset_id: dataset.id,
        body: &body,
        quality: None,
    };
    datasets::insert_version(conn, caller, &version)
}
