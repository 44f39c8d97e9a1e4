//! The event log.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use helder_platform::{
    identity::Allowed,
    paging::{ListQuery, Page},
    problem::{Problems, Result},
    store::Store,
};
use helder_types::permission::{Needs, needs};

use crate::store::{
    events::{self, Event},
    verify::{Verification, verify},
};

/// Lists what was done in the caller's organisation, oldest first.
#[utoipa::path(
    tag = "events",
    params(ListQuery),
    responses((status = 200, description = "Events", body = Page<Event>), Problems),
    security(("bearer" = [<needs::RegistryAudit as Needs>::PERMISSION.as_str()]))
)]
#[get("/events")]
pub(super) async fn list_events(
    request: HttpRequest,
    caller: Allowed<needs::RegistryAudit>,
    store: web::Data<Store>,
    query: ListQuery,
) -> Result<HttpResponse> {
    let (after, limit) = (query.after::<i64>()?.unwrap_or(0), query.limit());
    let organisation = caller.organisation.clone();
    let rows = store
        .of(&organisation)
        .read(move |conn| events::list(conn, &organisation, after, limit))
        .await?;
    Ok(Page::cut(rows, limit, |event: &Event| event.sequence).respond(&request))
}

/// Recomputes the whole log and names the first line that is not as written.
///
/// Keep the `head` of each verification somewhere else: a log that was rewritten as a whole no longer holds it.
#[utoipa::path(
    tag = "events",
    responses((status = 200, description = "What was found", body = Verification), Problems),
    security(("bearer" = [<needs::RegistryAudit as Needs>::PERMISSION.as_str()]))
)]
#[post("/events/_verify")]
pub(super) async fn verify_events(
    caller: Allowed<needs::RegistryAudit>,
    store: web::Data<Store>,
) -> Result<web::Json<Verification>> {
    let organisation = caller.organisation.clone();
    Ok(web::Json(
        store
            .of(&organisation)
            .read(move |conn| verify(conn, &organisation))
            .await?,
    ))
}
