//! Proofs of what was removed at the end of its term.

use actix_web::{
    HttpRequest, HttpResponse, get,
    web::{Data, Path},
};
use helder_platform::{
    identity::Allowed,
    paging::{ListQuery, Page},
    problem::{Problems, Result},
    store::Store,
};
use helder_types::permission::needs;
use uuid::Uuid;

use crate::{
    retention,
    wire::{RemovedPart, RetentionProof},
};

/// Lists what was removed at the end of its term, oldest first.
///
/// A proof says how much, by which rule and when; it names nobody.
#[utoipa::path(
    tag = "retention",
    operation_id = "listRetentionProofs",
    params(ListQuery),
    responses((status = 200, description = "Some proofs", body = Page<RetentionProof>), Problems),
    security(("bearer" = ["ingest:audit"]))
)]
#[get("/retention-proofs")]
pub(crate) async fn list_retention_proofs(
    caller: Allowed<needs::IngestAudit>,
    store: Data<Store>,
    list: ListQuery,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let (after, limit) = (list.after::<Uuid>()?, list.limit());
    let organisation = caller.organisation.clone();
    let found = store
        .of(&organisation)
        .read(move |conn| retention::proofs(conn, &organisation, after, limit + 1))
        .await?;
    Ok(Page::cut(found, limit, |proof| proof.id).respond(&request))
}

/// Lists the parts of dataset versions that a proof is about.
#[utoipa::path(
    tag = "retention",
    operation_id = "listRemovedParts",
    params(("id" = Uuid, Path, description = "Proof"), ListQuery),
    responses((status = 200, description = "Some parts", body = Page<RemovedPart>), Problems),
    security(("bearer" = ["ingest:audit"]))
)]
#[get("/retention-proofs/{id}/removed-parts")]
pub(crate) async fn list_removed_parts(
    caller: Allowed<needs::IngestAudit>,
    store: Data<Store>,
    id: Path<Uuid>,
    list: ListQuery,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let (after, limit) = (list.after::<String>()?.unwrap_or_default(), list.limit());
    let (organisation, id) = (caller.organisation.clone(), *id);
    let found = store
        .of(&organisation)
        .read(move |conn| retention::removed(conn, &organisation, id, &after, limit + 1))
        .await?;
    Ok(Page::cut(found, limit, RemovedPart::key).respond(&request))
}
