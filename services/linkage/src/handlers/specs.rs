//! Specifications: suggest one, count what its rules reach, find rules for a wanted recall.

use actix_web::{
    post,
    web::{Data, Json},
};
use helder_platform::{
    body::JsonBody,
    identity::Allowed,
    logboek::Act,
    problem::{Problem, Problems, Result},
    store::Store,
};
use helder_record_linkage::LinkageSpec;
use helder_types::{Caller, Fault, Permission, permission::needs};
use uuid::Uuid;

use super::{
    App,
    look::{by_values, looked_at, suggestion},
};
use crate::{
    check::Usable,
    explain,
    wire::{CountRequest, RuleCounts, RuleSuggestion, SuggestRules, VersionPair},
};

/// Suggests a linkage specification.
///
/// From the semantic types of both contracts; of columns that have none, from their names. No value is looked at, unless `projectId` is
/// given: then the first rows of those columns tell what the names mean, and which columns hold numbers, free text and lists.
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
    store: Data<Store>,
    body: JsonBody<VersionPair>,
) -> Result<Json<LinkageSpec>> {
    let found = app.versions(&caller, body.left, body.right).await?;
    let Some(project) = body.project_id else {
        return Ok(Json(found.usable(None)?.suggestion()));
    };
    if !caller.may(Permission::LinkageWrite) {
        return Err(Problem::forbidden(
            "not-permitted",
            "looking at values needs linkage:write; without projectId the contracts alone are used",
        ));
    }
    let purpose = app.require_purpose(&caller, project).await?;
    let usable = found.usable(Some(project))?;
    suggestion(&app, &store, &caller, &purpose, usable)
        .await
        .map(Json)
}

/// Counts the pairs of the blocking rules that a run would use, before anything is compared.
///
/// The declared rules come first, then those that a run would add because the versions can afford them. Each with what it adds to the
/// pairs of the rules before it.
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
    let act = act(&app, &caller, request.project_id, "count of blocking rules").await?;
    let found = app.versions(&caller, request.left, request.right).await?;
    let usable = found.usable(Some(request.project_id))?;
    let spec = without_faults(&usable, request.spec)?;
    looked_at(
        (&app, &app.gate),
        &store,
        &caller,
        act,
        usable.inputs,
        move |work| {
            explain::count(
                (work.objects, work.keyring),
                work.organisation,
                (&spec, work.inputs),
                work.subjects,
                &work.waits,
            )
        },
    )
    .await
    .map(Json)
}

/// Suggests blocking rules that reach a wanted recall at the least cost.
///
/// Probable pairs are sought with wide rules among a part of the left rows; of each possible rule it is then known which of them it
/// reaches, and how many pairs it costs. No label is used. The answer holds the specification with the chosen rules. Without `spec` that is
/// the one which `_suggest` gives for the project, by what the values look like.
#[utoipa::path(
    tag = "linkage specifications",
    operation_id = "suggestBlockingRules",
    request_body = SuggestRules,
    responses((status = 200, description = "The rules", body = RuleSuggestion), Problems),
    security(("bearer" = ["linkage:write"]))
)]
#[post("/linkage-specs/_suggest-rules")]
pub(crate) async fn suggest_blocking_rules(
    caller: Allowed<needs::LinkageWrite>,
    app: Data<App>,
    store: Data<Store>,
    body: JsonBody<SuggestRules>,
) -> Result<Json<RuleSuggestion>> {
    let request = body.into_inner();
    let act = act(
        &app,
        &caller,
        request.project_id,
        "choice of blocking rules",
    )
    .await?;
    let found = app.versions(&caller, request.left, request.right).await?;
    let usable = found.usable(Some(request.project_id))?;
    let recall = request.recall;
    let mut faults = Vec::new();
    if !(recall > 0.0 && recall < 1.0) {
        let detail = "a share between 0 and 1, both excluded";
        faults.push(Fault::new("/recall", "out-of-range", detail));
    }
    if let Some(spec) = &request.spec {
        faults.extend(usable.faults(spec));
    }
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    let inputs = usable.inputs.clone();
    looked_at(
        (&app, &app.gate),
        &store,
        &caller,
        act,
        inputs,
        move |mut work| {
            let spec = match request.spec {
                Some(spec) => spec,
                None => without_faults(&usable, by_values(&usable, &mut work)?)?,
            };
            explain::suggest_rules(
                (work.objects, work.keyring),
                work.organisation,
                (&spec, work.inputs, recall),
                work.subjects,
                &work.waits,
            )
        },
    )
    .await
    .map(Json)
}

async fn act(app: &App, caller: &Caller, project: Uuid, what: &'static str) -> Result<Act> {
    let purpose = app.require_purpose(caller, project).await?;
    Ok(Act::begin("linkage", caller, &purpose, what))
}

fn without_faults(usable: &Usable, spec: LinkageSpec) -> Result<LinkageSpec> {
    let faults = usable.faults(&spec);
    if faults.is_empty() {
        Ok(spec)
    } else {
        Err(Problem::invalid(faults))
    }
}
