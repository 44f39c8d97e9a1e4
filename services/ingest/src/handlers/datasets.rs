//! Datasets.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::LOCATION,
    post,
    web::{Data, Json, Path, Query},
};
use helder_platform::{
    body::JsonBody,
    idempotency::Idempotency,
    identity::Allowed,
    paging::{ListQuery, Page},
    problem::{Problem, Problems, Result},
    store::Store,
};
use helder_types::{Fault, permission::needs};
use serde::Deserialize;

use uuid::Uuid;

use super::App;
use crate::{
    datasets, documents,
    upload::unknown,
    wire::{Dataset, NewDataset, NewSource, Origin},
};

/// Makes a dataset in a project.
///
/// The project must allow ingest now.
#[utoipa::path(
    tag = "datasets",
    operation_id = "createDataset",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe, 24 hours")),
    request_body = NewDataset,
    responses(
        (status = 201, description = "Made", body = Dataset, headers(("Location" = String, description = "The dataset"))),
        Problems
    ),
    security(("bearer" = ["ingest:write"]))
)]
#[post("/datasets")]
pub(crate) async fn create_dataset(
    caller: Allowed<needs::IngestWrite>,
    app: Data<App>,
    store: Data<Store>,
    idempotency: Idempotency,
    body: JsonBody<NewDataset>,
) -> Result<HttpResponse> {
    let new = body.into_inner();
    app.require_purpose(&caller, new.project_id).await?;
    let who = caller.caller();
    let made = store
        .create(&caller, &idempotency, move |conn| {
            if let Some(source) = new.source_id {
                documents::find::<NewSource>(conn, &who.organisation, source)
                    .map_err(|problem| absent(problem, "/sourceId", "source"))?;
            }
            datasets::insert(conn, &who, new, Origin::Uploaded)
        })
        .await?;
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("/ingest/v1/datasets/{}", made.id)))
        .json(made))
}

/// A reference to nothing is a fault of the body, not of the path.
pub(super) fn absent(problem: Problem, pointer: &str, what: &str) -> Problem {
    if problem.status() == 404 {
        unknown(pointer, what)
    } else {
        problem
    }
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct DatasetFilter {
    /// Only those of this project.
    project_id: Option<String>,
}

/// Lists datasets, newest first.
#[utoipa::path(
    tag = "datasets",
    operation_id = "listDatasets",
    params(ListQuery, DatasetFilter),
    responses((status = 200, description = "Some datasets", body = Page<Dataset>), Problems),
    security(("bearer" = ["ingest:read"]))
)]
#[get("/datasets")]
pub(crate) async fn list_datasets(
    caller: Allowed<needs::IngestRead>,
    store: Data<Store>,
    list: ListQuery,
    filter: Query<DatasetFilter>,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let (before, limit) = (list.after::<Uuid>()?, list.limit());
    let project = filter
        .project_id
        .as_deref()
        .map(str::parse::<Uuid>)
        .transpose();
    let project = project.map_err(|_| {
        Problem::invalid(vec![Fault::new(
            "?projectId",
            "uuid",
            "a project is named by its UUID",
        )])
    })?;
    let organisation = caller.organisation.clone();
    let found = store
        .of(&organisation)
        .read(move |conn| datasets::list(conn, &organisation, project, before, limit + 1))
        .await?;
    Ok(Page::cut(found, limit, |dataset| dataset.id).respond(&request))
}

/// Shows a dataset.
#[utoipa::path(
    tag = "datasets",
    operation_id = "getDataset",
    params(("id" = Uuid, Path, description = "Dataset")),
    responses((status = 200, description = "The dataset", body = Dataset), Problems),
    security(("bearer" = ["ingest:read"]))
)]
#[get("/datasets/{id}")]
pub(crate) async fn get_dataset(
    caller: Allowed<needs::IngestRead>,
    store: Data<Store>,
    id: Path<Uuid>,
) -> Result<Json<Dataset>> {
    let (organisation, id) = (caller.organisation.clone(), *id);
    Ok(Json(
        store
            .of(&organisation)
            .read(move |conn| datasets::find(conn, &organisation, id))
            .await?,
    ))
}
