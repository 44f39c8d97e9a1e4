//! Reviews, activation, stops. Three different persons stand behind a version that answers.

use actix_web::{HttpResponse, post, web};
use helder_platform::{
    body::{Check, CheckedBody},
    idempotency::Idempotency,
    identity::Allowed,
    problem::{Problems, Result},
    store::Store,
};
use helder_types::{
    Caller, Fault,
    permission::{Needs, needs},
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::common::{BASE, made, today};
use crate::{
    domain::{
        fairness::FairnessConclusion,
        state::{SAME_PERSON, Verdict},
        text::{Faults, LONG, one_text},
    },
    store::{
        decisions::{self, Said},
        versions::ModelVersion,
    },
};

/// What a reviewer finds.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewReview {
    /// Objection or not.
    pub verdict: Verdict,
    /// Why, for whoever reads it later. It stays in the event log for good: name nobody in it.
    #[schema(min_length = 1, max_length = 4000)]
    pub remarks: String,
    /// What the reviewer concludes from the fairness report. Needed to approve a version whose report is not within bound.
    #[serde(default)]
    pub fairness_conclusion: Option<FairnessConclusion>,
}

/// Why a version stops.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StopReason {
    /// In plain words; shown with the version.
    #[schema(min_length = 1, max_length = 4000)]
    pub reason: String,
}

impl Check for NewReview {
    fn faults(&self) -> Vec<Fault> {
        let mut faults = Faults::default();
        faults.text("/remarks", &self.remarks, LONG);
        if let Some(conclusion) = &self.fairness_conclusion {
            conclusion.check(&mut faults);
        }
        faults.into_result().err().unwrap_or_default()
    }
}

impl Check for StopReason {
    fn faults(&self) -> Vec<Fault> {
        one_text("/reason", &self.reason, LONG)
    }
}

/// Reviews a version. Not by the person who made it.
///
/// Where the fairness report says `outsideBound` or `notEnoughData`, of everything or of one sensitive feature, an approval
/// needs a `fairnessConclusion`; without one it is refused (400) and each open verdict is named.
#[utoipa::path(
    tag = "decisions",
    params(
        ("id" = Uuid, Path, description = "Version"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe")
    ),
    request_body = NewReview,
    responses((status = 201, description = "The version, reviewed", body = ModelVersion, headers(("ETag" = String, description = "Tag of this state"))), Problems),
    security(("bearer" = [<needs::RegistryReview as Needs>::PERMISSION.as_str()]))
)]
#[post("/model-versions/{id}/reviews")]
pub(super) async fn review_model_version(
    caller: Allowed<needs::RegistryReview>,
    store: web::Data<Store>,
    idempotency: Idempotency,
    id: web::Path<Uuid>,
    body: CheckedBody<NewReview>,
) -> Result<HttpResponse> {
    let (id, who, review) = (*id, caller.caller(), body.into_inner());
    let outcome = store
        .create(&caller, &idempotency, move |conn| {
            let said = Said {
                verdict: review.verdict,
                remarks: &review.remarks,
                fairness_conclusion: review.fairness_conclusion.as_ref(),
            };
            decisions::review(conn, &who, id, &said)
        })
        .await;
    let version = remember(&store, &caller, id, "model-version.review", outcome).await?;
    Ok(made(
        &format!("{BASE}/model-versions/{id}"),
        version.revision,
        &version,
    ))
}

/// Lets an approved version answer, in place of the one that does now.
///
/// Not by the person who made it nor by one who reviewed it; not without a fairness report; not when that report is not within
/// bound and the last approval holds no conclusion on it; not when the project does not allow predictions now.
#[utoipa::path(
    tag = "decisions",
    params(
        ("id" = Uuid, Path, description = "Version"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe")
    ),
    responses((status = 200, description = "The version, active", body = ModelVersion), Problems),
    security(("bearer" = [<needs::RegistryActivate as Needs>::PERMISSION.as_str()]))
)]
#[post("/model-versions/{id}/_activate")]
pub(super) async fn activate_model_version(
    caller: Allowed<needs::RegistryActivate>,
    store: web::Data<Store>,
    idempotency: Idempotency,
    id: web::Path<Uuid>,
) -> Result<web::Json<ModelVersion>> {
    let (id, who) = (*id, caller.caller());
    let outcome = store
        .create(&caller, &idempotency, move |conn| {
            decisions::activate(conn, &who, id, today())
        })
        .await;
    Ok(web::Json(
        remember(&store, &caller, id, "model-version.activate", outcome).await?,
    ))
}

/// Stops a version; predictions end within seconds.
#[utoipa::path(
    tag = "decisions",
    params(
        ("id" = Uuid, Path, description = "Version"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe")
    ),
    request_body = StopReason,
    responses((status = 200, description = "The version, suspended", body = ModelVersion), Problems),
    security(("bearer" = [<needs::RegistrySuspend as Needs>::PERMISSION.as_str()]))
)]
#[post("/model-versions/{id}/_suspend")]
pub(super) async fn suspend_model_version(
    caller: Allowed<needs::RegistrySuspend>,
    store: web::Data<Store>,
    idempotency: Idempotency,
    id: web::Path<Uuid>,
    body: CheckedBody<StopReason>,
) -> Result<web::Json<ModelVersion>> {
    let (id, who, reason) = (*id, caller.caller(), body.into_inner().reason);
    let version = store
        .create(&caller, &idempotency, move |conn| {
            decisions::suspend(conn, &who, id, &reason)
        })
        .await?;
    Ok(web::Json(version))
}

/// Ends a version for good.
#[utoipa::path(
    tag = "decisions",
    params(
        ("id" = Uuid, Path, description = "Version"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe")
    ),
    request_body = StopReason,
    responses((status = 200, description = "The version, retired", body = ModelVersion), Problems),
    security(("bearer" = [<needs::RegistryActivate as Needs>::PERMISSION.as_str()]))
)]
#[post("/model-versions/{id}/_retire")]
pub(super) async fn retire_model_version(
    caller: Allowed<needs::RegistryActivate>,
    store: web::Data<Store>,
    idempotency: Idempotency,
    id: web::Path<Uuid>,
    body: CheckedBody<StopReason>,
) -> Result<web::Json<ModelVersion>> {
    let (id, who, reason) = (*id, caller.caller(), body.into_inner().reason);
    let version = store
        .create(&caller, &idempotency, move |conn| {
            decisions::retire(conn, &who, id, &reason)
        })
        .await?;
    Ok(web::Json(version))
}

/// An attempt to decide on own work changes nothing, but is written to the log.
async fn remember(
    store: &Store,
    caller: &Caller,
    id: Uuid,
    action: &'static str,
    outcome: Result<ModelVersion>,
) -> Result<ModelVersion> {
    if let Err(problem) = &outcome
        && problem.code() == SAME_PERSON
    {
        let caller = caller.clone();
        store
            .of(&caller.organisation)
            .write(move |conn| decisions::record_refusal(conn, &caller, id, action, SAME_PERSON))
            .await?;
    }
    outcome
}
