//! The report of a run.

use actix_web::{
    HttpResponse, get,
    web::{Data, Path},
};
use helder_platform::{
    identity::Allowed,
    problem::{Problems, Result},
    store::Store,
};
use helder_types::permission::needs;
use uuid::Uuid;

use super::html;
use crate::{page, runs};

/// Shows the report of a run as HTML.
///
/// Expected and measured error by threshold and by group, counts per step, blocking rules, match-weight and m/u charts. Dutch with
/// English beside it; holds no record.
#[utoipa::path(
    tag = "linkage runs",
    operation_id = "getLinkageReport",
    params(("id" = Uuid, Path, description = "Linkage run")),
    responses((status = 200, description = "The report", content_type = "text/html", body = String), Problems),
    security(("bearer" = ["linkage:read"]))
)]
#[get("/linkage-runs/{id}/report")]
pub(crate) async fn get_linkage_report(
    caller: Allowed<needs::LinkageRead>,
    store: Data<Store>,
    id: Path<Uuid>,
) -> Result<HttpResponse> {
    let (organisation, id) = (caller.organisation.clone(), *id);
    let (run, outcome) = store
        .of(&organisation)
        .read(move |conn| {
            let row = runs::find(conn, &organisation, id)?;
            let outcome = row.outcome()?;
            Ok((row.show(conn, &organisation)?, outcome))
        })
        .await?;
    Ok(html(page::render(&run, &outcome)))
}
