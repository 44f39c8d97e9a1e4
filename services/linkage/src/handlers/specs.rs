//! Specifications: suggest one, count what its rules reach.

use actix_web::{
    post,
    web::{Data, Json},
};
use helder_platform::{
    body::JsonBody,
    identity::Allowed,
    logboek::{self, Act},
    problem::{Problem, Problems, Result},
    store::Store,
};
use helder_record_linkage::LinkageSpec;
use helder_types::permission::needs;
use tokio::{runtime::Handle, task::spawn_blocking};

use super::App;
use crate::{
    explain,
    wire::{CountRequest, RuleCounts, VersionPair},
};

/// Suggests a linkage specification.
///
/// From the semantic types of both contracts alone; no value is looked at.
#[utoipa::path(
    tag = "linkage specifications",
    operation_id = "suggestLinkageSpec",
    request_body = VersionPair,
    responses((status = 200, description = "The suggestion", body = LinkageSpec), Problems),
    security(("bearer" = ["linkage:read"]))
)]
#[post("/linkage-specs/_suggest")]
pub(crate) async fn suggest_linkage_spec(
    caller: Allowed<needs::LinkageRead>,
    app: Data<App>,
    body: JsonBody<VersionPair>,
) -> Result<Json<LinkageSpec>> {
    let found = app.versions(&caller, body.left, body.right).await?;
    Ok(Json(found.usable(None)?.suggestion()))
}

/// Counts the pairs of each blocking rule, before anything is compared.
#[utoipa::path(
    tag = "linkage specifications",
    operation_id = "countBlockingRules",
    request_body = CountRequest,
    responses((status = 200, description = "Pairs per rule", body = RuleCounts), Problems),
    security(("bearer" = ["linkage:write"]))
)]
#[post("/linkage-specs/_count")]
pub(crate) async fn count_blocking_rules(
    caller: Allowed<needs::LinkageWrite>,
    app: Data<App>,
    store: Data<Store>,
    body: JsonBody<CountRequest>,
) -> Result<Json<RuleCounts>> {
    let request = body.into_inner();
    let purpose = app.require_purpose(&caller, request.project_id).await?;
    let usable = app
        .versions(&caller, request.left, request.right)
        .await?
        .usable(Some(request.project_id))?;
    let faults = usable.faults(&request.spec);
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    let _one_at_a_time = app.gate.acquire().await.map_err(Problem::internal)?;
    let (objects, keyring, organisation) = (
        app.objects.clone(),
        app.keyring.clone(),
        caller.organisation.clone(),
    );
    let mut act = Act::begin("linkage", &caller, &purpose, "count of blocking rules");
    let counted = spawn_blocking(move || {
        let counts = explain::count(
            (&objects, &keyring),
            &organisation,
            (&request.spec, &usable.inputs),
            &mut act.subjects,
            &Handle::current(),
        );
        (act, counts)
    });
    let (act, counts) = counted.await.map_err(Problem::internal)?;
    logboek::on_record(&store, act, counts).await.map(Json)
}
