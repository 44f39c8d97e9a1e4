//! Dataset versions.

use actix_web::{
    HttpRequest, HttpResponse, get,
    web::{Data, Path},
};
use helder_platform::{
    etag,
    identity::Allowed,
    paging::{ListQuery, Page},
    problem::{Problems, Result},
    store::Store,
};
use helder_types::permission::needs;
use uuid::Uuid;

use crate::{datasets, wire::DatasetVersion};

/// Lists the versions of a dataset, newest first.
#[utoipa::path(
    tag = "dataset versions",
    operation_id = "listDatasetVersions",
    params(("id" = Uuid, Path, description = "Dataset"), ListQuery),
    responses((status = 200, description = "Some versions", body = Page<DatasetVersion>), Problems),
    security(("bearer" = ["ingest:read"]))
)]
#[get("/datasets/{id}/dataset-versions")]
pub(crate) async fn list_dataset_versions(
    caller: Allowed<needs::IngestRead>,
    store: Data<Store>,
    id: Path<Uuid>,
    list: ListQuery,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let (before, limit) = (list.after::<i64>()?, list.limit());
    let (organisation, id) = (caller.organisation.clone(), *id);
    let found = store
        .of(&organisation)
        .read(move |conn| datasets::list_versions(conn, &organisation, id, before, limit + 1))
        .await?;
    Ok(Page::cut(found, limit, |version| version.number).respond(&request))
}

/// Shows a dataset version.
///
/// What was found in the file, the contract it keeps, counts of records, and the digests of its parts. A version never changes.
#[utoipa::path(
    tag = "dataset versions",
    operation_id = "getDatasetVersion",
    params(
        ("id" = Uuid, Path, description = "Dataset version"),
        ("If-None-Match" = Option<String>, Header, description = "ETag of what is known")
    ),
    responses(
        (status = 200, description = "The version", body = DatasetVersion, headers(("ETag" = String, description = "Tag of the version"))),
        (status = 304, description = "As known"),
        Problems
    ),
    security(("bearer" = ["ingest:read"]))
)]
#[get("/dataset-versions/{id}")]
pub(crate) async fn get_dataset_version(
    caller: Allowed<needs::IngestRead>,
    store: Data<Store>,
    id: Path<Uuid>,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let (organisation, id) = (caller.organisation.clone(), *id);
    let (version, _) = store
        .of(&organisation)
        .read(move |conn| datasets::find_version(conn, &organisation, id))
        .await?;
    Ok(etag::respond(
        &request,
        &format!("\"{}\"", version.id),
        &version,
    ))
}
