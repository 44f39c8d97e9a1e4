//! Hands a learned model to the registry: files, model, candidate version. Every call may be repeated.

use bytes::Bytes;
use helder_platform::{
    calls::{Peer, Peers},
    jobs::JobContext,
    problem::{Problem, Result},
};
use helder_types::Digest;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::wire::{TrainingFile, TrainingOutcome};
use crate::{
    frames::lineage::{Lineage, Node, node_id},
    learn::{Learned, NewTrainingRun},
};

#[derive(Deserialize)]
struct Artifact {
    digest: Digest,
}

#[derive(Deserialize)]
struct Made {
    id: Uuid,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Model {
    id: Uuid,
    project_id: Uuid,
}

#[derive(Deserialize)]
struct Found {
    items: Vec<Model>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewVersion<'a> {
    files: &'a [TrainingFile],
    lineage: &'a Lineage,
    project_id: Uuid,
}

/// Registers what was learned; answers where it stands.
pub(crate) fn register(
    peers: &Peers,
    job: &JobContext,
    run: Uuid,
    plan: &NewTrainingRun,
    learned: Learned,
    mut lineage: Lineage,
    frame: String,
) -> Result<TrainingOutcome> {
    let registry = peers.peer("registry");
    let model_id = model(&registry, job, plan)?;
    let evaluation = serde_json::from_slice(&learned.evaluation).map_err(Problem::internal)?;
    let fairness = serde_json::from_slice(&learned.fairness).map_err(Problem::internal)?;
    let mut files = Vec::new();
    let mut produced = vec![
        ("model.json", "application/json", learned.model),
        ("evaluation.json", "application/json", learned.evaluation),
        ("fairness.json", "application/json", learned.fairness),
        ("provenance.json", "application/json", learned.provenance),
        ("card.html", "text/html", learned.card),
    ];
    let page = |name, bytes: Option<Vec<u8>>| bytes.map(|bytes| (name, "text/html", bytes));
    produced.extend(page("evaluation.html", learned.evaluation_page));
    produced.extend(page("fairness.html", learned.fairness_page));
    for (name, media_type, bytes) in produced {
        job.checkpoint()?;
        let expected = Digest::of(&bytes);
        let stored: Artifact = job.block_on(registry.post_bytes(
            job.caller(),
            "/registry/v1/artifacts",
            media_type,
            Bytes::from(bytes),
            None,
        ))?;
        if stored.digest != expected {
            return Err(Problem::internal(
                "the registry stored other bytes than were sent",
            ));
        }
        files.push(TrainingFile {
            name: name.to_owned(),
            digest: expected,
            media_type: media_type.to_owned(),
        });
    }
    let model_digest = files[0].digest;
    let training_run = Node {
        id: node_id("training-run", &run.simple().to_string()),
        kind: "training-run".to_owned(),
        label: "training run".to_owned(),
        digest: None,
        reference: Some(format!("/training/v1/training-runs/{run}")),
    };
    let model_node = Node {
        id: "model".to_owned(),
        kind: "model".to_owned(),
        label: plan.model.name.clone(),
        digest: Some(model_digest),
        reference: None,
    };
    let run_node = training_run.id.clone();
    lineage.grow(training_run, [frame]);
    lineage.grow(model_node, [run_node]);
    let version: Made = job.block_on(registry.post_json(
        job.caller(),
        &format!("/registry/v1/models/{model_id}/model-versions"),
        &NewVersion {
            files: &files,
            lineage: &lineage,
            project_id: plan.project_id,
        },
        Some(&format!("{}-version", job.id())),
    ))?;
    Ok(TrainingOutcome {
        model_id,
        model_version_id: version.id,
        model_digest,
        files,
        evaluation,
        fairness,
    })
}

/// The model by name, made when there is none.
fn model(registry: &Peer, job: &JobContext, plan: &NewTrainingRun) -> Result<Uuid> {
    let name = &plan.model.name;
    // The name holds letters, digits and hyphens only; it needs no escaping.
    let known = format!("/registry/v1/models?name={name}");
    let found: Found = job.block_on(registry.get_json(job.caller(), &known))?;
    if let Some(model) = found.items.first() {
        if model.project_id != plan.project_id {
            return Err(Problem::conflict(
                "other-project",
                "a model of this name belongs to another project",
            ));
        }
        return Ok(model.id);
    }
    let new = serde_json::json!({
        "projectId": plan.project_id, "name": name, "title": plan.model.title, "description": plan.model.meaning.nl,
    });
    let key = format!("{}-model", job.id());
    let made: Made =
        job.block_on(registry.post_json(job.caller(), "/registry/v1/models", &new, Some(&key)))?;
    Ok(made.id)
}
