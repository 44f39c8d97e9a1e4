//! The catalogue: what everybody may know, without a token.

use actix_web::{HttpRequest, HttpResponse, get, web};
use helder_platform::{
    paging::{ListQuery, Page},
    problem::{Problems, Result},
    store::Store,
};
use helder_types::Digest;

use super::common::{page, parse_digest, wants_html};
use crate::{
    PUBLICATION, pages,
    store::catalogue::{self, CatalogueEntry},
};

/// Lists the models that are or were in use, in order of digest. JSON, or a page by `Accept: text/html`.
#[utoipa::path(
    tag = "catalogue",
    params(ListQuery),
    responses(
        (status = 200, description = "Models", content(
            (Page<CatalogueEntry> = "application/json"),
            (String = "text/html")
        )),
        Problems
    ),
    security(())
)]
#[get("/catalogue-entries")]
pub(super) async fn list_catalogue_entries(
    request: HttpRequest,
    store: web::Data<Store>,
    query: ListQuery,
) -> Result<HttpResponse> {
    let (after, limit) = (query.after::<Digest>()?, query.limit());
    let rows = store
        .across(PUBLICATION)
        .read(move |conn| catalogue::list(conn, after, limit))
        .await?;
    let entries = Page::cut(rows, limit, |entry: &CatalogueEntry| entry.digest);
    if wants_html(&request) {
        return Ok(page(pages::entry::render_list(
            &entries.items,
            entries.next.as_deref(),
        )));
    }
    Ok(entries.respond(&request))
}

/// Shows a model as a citizen reads it: what it does, who uses it and why, from which facts. JSON, or a page by
/// `Accept: text/html`.
#[utoipa::path(
    tag = "catalogue",
    params(("digest" = Digest, Path, description = "Digest of model.json, as each prediction names it")),
    responses(
        (status = 200, description = "The model", content(
            (CatalogueEntry = "application/json"),
            (String = "text/html")
        )),
        Problems
    ),
    security(())
)]
#[get("/catalogue-entries/{digest}")]
pub(super) async fn get_catalogue_entry(
    request: HttpRequest,
    store: web::Data<Store>,
    digest: web::Path<String>,
) -> Result<HttpResponse> {
    let digest = parse_digest(&digest)?;
    let entry = store
        .across(PUBLICATION)
        .read(move |conn| catalogue::find(conn, &digest))
        .await?;
    if wants_html(&request) {
        return Ok(page(pages::entry::render(&entry)));
    }
    Ok(HttpResponse::Ok().json(entry))
}
