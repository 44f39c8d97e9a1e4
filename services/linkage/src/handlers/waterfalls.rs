//! Explanation of a pair.

use actix_web::{
    HttpRequest, HttpResponse, post,
    web::{Data, Path},
};
use helder_platform::{
    audit,
    body::JsonBody,
    identity::Allowed,
    logboek::{self, Act},
    problem::{Problem, Problems, Result},
    store::Store,
};
use helder_types::permission::needs;
use tokio::{runtime::Handle, task::spawn_blocking};
use uuid::Uuid;

use super::{App, html, wants};
use crate::{
    explain, page, runs,
    wire::{PairExplanation, PairRows},
};

/// Explains a pair.
///
/// Bars of prior, comparisons, rarity of the value, household and rivals, which sum exactly to the match weight. Any pair of rows may be
/// asked, linked or not. The answer shows levels, m, u and weights, never a name or another value; that it was asked is audited. With
/// `Accept: text/html` the answer is a page with a chart.
#[utoipa::path(
    tag = "linkage runs",
    operation_id = "explainPair",
    params(("id" = Uuid, Path, description = "Linkage run")),
    request_body = PairRows,
    responses((status = 200, description = "The explanation", content((PairExplanation = "application/json"), (String = "text/html"))), Problems),
    security(("bearer" = ["linkage:read"]))
)]
#[post("/linkage-runs/{id}/waterfalls")]
pub(crate) async fn explain_pair(
    caller: Allowed<needs::LinkageRead>,
    app: Data<App>,
    store: Data<Store>,
    id: Path<Uuid>,
    request: HttpRequest,
    body: JsonBody<PairRows>,
) -> Result<HttpResponse> {
    let (organisation, id, rows) = (caller.organisation.clone(), *id, body.into_inner());
    let run = store
        .of(&organisation)
        .read(move |conn| runs::find(conn, &organisation, id))
        .await?;
    let purpose = app.require_purpose(&caller, run.project_id()?).await?;
    let (spec, inputs, outcome) = (run.spec()?, run.inputs()?, run.outcome()?);
    let auditor = caller.caller();
    store
        .of(&auditor.organisation)
        .write(move |conn| {
            audit::record(
                conn,
                &auditor,
                "linkage-run.explain-pair",
                &format!("/linkage-runs/{id}"),
            )
        })
        .await?;
    let _one_at_a_time = app.gate.acquire().await.map_err(Problem::internal)?;
    let mut act = Act::begin("linkage", &caller, &purpose, "explanation of a pair");
    act.note("helder.linkage_run_id", id.to_string());
    let organisation = caller.organisation.clone();
    let (objects, keyring, memory) = (app.objects.clone(), app.keyring.clone(), app.memory);
    let shown = spawn_blocking(move || {
        let stores = (&objects, &keyring);
        let shown = explain::pair(
            stores,
            &organisation,
            (&spec, &inputs, &outcome),
            rows,
            &mut act.subjects,
            &memory.beside(0, &Handle::current()),
        );
        (act, shown)
    });
    let (act, shown) = shown.await.map_err(Problem::internal)?;
    let shown = logboek::on_record(&store, act, shown).await?;
    Ok(if wants(&request, "text/html") {
        html(page::pair(id, &shown))
    } else {
        HttpResponse::Ok().json(shown)
    })
}
