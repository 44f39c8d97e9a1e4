//! Editing: an expert changes curves of a model that a run made; a run of its own makes and judges the new version.

use actix_web::{
    HttpResponse,
    http::header::LOCATION,
    post,
    web::{Data, Path},
};
use helder_platform::{
    body::{Check as _, CheckedBody},
    idempotency::Idempotency,
    identity::Allowed,
    objects::Objects,
    problem::{Problem, Problems, Result},
    purpose,
    store::Store,
};
use helder_types::{Fault, ProjectStep, job::Job, permission::needs};
use uuid::Uuid;

use super::{rows, wire::RunEdit};
use crate::{
    App,
    learn::{AlgorithmName, LearnError, NewEdit, check_edit, plan_after},
};

/// Largest model file read back, bytes.
pub(super) const MAX_MODEL_BYTES: u64 = 16 << 20;

/// Changes curves of an explainable boosting.
///
/// For an expert who sees that a curve says what cannot be: set or level a stretch, let it only rise or fall, let categories count the
/// same, remove an input or a pair. A new run makes the edited model, judges it and the former one on the same test rows, and
/// registers a new candidate version with the effect on its card. It is reviewed and activated as any version, by others than
/// the one who edited; the former version stays as it is.
#[utoipa::path(
    tag = "training runs",
    operation_id = "createTrainingRunEdit",
    params(
        ("id" = Uuid, Path, description = "Training run whose model is changed"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe, 24 hours")
    ),
    request_body = NewEdit,
    responses(
        (status = 202, description = "Queued; `Location` is its job, whose result is a training run", body = Job, headers(("Location" = String, description = "The job"))),
        Problems
    ),
    security(("bearer" = ["training:write"]))
)]
#[post("/training-runs/{id}/edits")]
pub(crate) async fn create_training_run_edit(
    caller: Allowed<needs::TrainingWrite>,
    app: Data<App>,
    store: Data<Store>,
    objects: Data<Objects>,
    id: Path<Uuid>,
    idempotency: Idempotency,
    body: CheckedBody<NewEdit>,
) -> Result<HttpResponse> {
    let (edit, of) = (body.into_inner(), *id);
    let organisation = caller.organisation.clone();
    let (former, outcome) = store
        .of(&caller.organisation)
        .read(move |conn| {
            let run = rows::find(conn, &organisation, of)?;
            Ok((run.request()?, run.outcome()?))
        })
        .await?;
    purpose::require(
        &app.peers,
        &caller,
        former.project_id,
        ProjectStep::Training,
    )
    .await?;
    if former.algorithm != AlgorithmName::ExplainableBoosting {
        return Err(Problem::conflict(
            "not-editable",
            "only curves of explainable boosting can be edited",
        ));
    }
    let model = objects
        .get_bytes(&caller.organisation, &outcome.model_digest, MAX_MODEL_BYTES)
        .await?;
    check_edit(&model, &edit).map_err(|error| match error {
        LearnError::Invalid(faults) => Problem::invalid(faults),
        other => Problem::internal(other),
    })?;
    let plan = plan_after(&former, &edit.changes);
    // What the plan needs besides features: a split by group, a budget. An edit leaves all of it.
    if !plan.faults().is_empty() {
        return Err(Problem::invalid(vec![Fault::new(
            "/changes",
            "no-plan",
            "what is left is no model that could be learned",
        )]));
    }
    let asker = caller.caller();
    let kept = RunEdit {
        of,
        reason: edit.reason,
        changes: edit.changes,
    };
    let job: Job = store
        .create(&caller, &idempotency, move |conn| {
            rows::insert(conn, &asker, &plan, Some(&kept))
        })
        .await?;
    Ok(HttpResponse::Accepted()
        .insert_header((LOCATION, format!("/training/v1/jobs/{}", job.id)))
        .json(job))
}
