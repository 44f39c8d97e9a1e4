//! Reading the processing log.

use actix_web::{HttpRequest, HttpResponse, get, web};
use helder_platform::{
    audit,
    identity::Allowed,
    paging::{ListQuery, Page},
    problem::{Problems, Result},
    store::Store,
};
use helder_types::permission::{Needs, needs};

use crate::{log, wire::LoggedRecord};

/// Lists the processing log of the caller's organisation, oldest first.
///
/// Reading it is itself written to the audit trail.
#[utoipa::path(
    tag = "processing-records",
    params(ListQuery),
    responses((status = 200, description = "Records", body = Page<LoggedRecord>), Problems),
    security(("bearer" = [<needs::PredictionAudit as Needs>::PERMISSION.as_str()]))
)]
#[get("/processing-records")]
pub(super) async fn list_processing_records(
    request: HttpRequest,
    caller: Allowed<needs::PredictionAudit>,
    store: web::Data<Store>,
    query: ListQuery,
) -> Result<HttpResponse> {
    let (after, limit) = (query.after::<String>()?.unwrap_or_default(), query.limit());
    let who = caller.caller();
    let records = store
        .of(&who.organisation)
        .write(move |conn| {
            audit::record(conn, &who, "processing-records.read", "/processing-records")?;
            log::page(conn, &who.organisation, &after, limit + 1)
        })
        .await?;
    Ok(Page::cut(records, limit, |logged: &LoggedRecord| logged.id.clone()).respond(&request))
}
