//! The files of a version, in one spelling.

use helder_model::{Model, Parent};
use helder_types::Digest;
use serde::Serialize;

use super::{
    CODE_VERSION, FrameOrigin, LearnError, Learned, card, judge::Judged, plan::NewTrainingRun, size,
};

/// `provenance.json`: what went in and what came out, without time or place, so that a repeat gives the same bytes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Provenance<'a> {
    format: &'static str,
    code_version: &'static str,
    frame_digest: Digest,
    parents: &'a [Parent],
    plan: PlanAsLearned<'a>,
    /// The model file that an expert changed; absent for models as they were learned.
    #[serde(skip_serializing_if = "Option::is_none")]
    edited_from: Option<Digest>,
    outputs: Vec<OutputFile>,
}

/// The plan without identifiers, which differ between two equal runs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PlanAsLearned<'a> {
    model: &'a super::plan::NewModel,
    algorithm: super::AlgorithmName,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
    features: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exposure: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trials: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weights: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    causes: &'a [super::plan::NewCause],
    sensitive_features: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    truth: Option<&'a super::plan::Truth>,
    #[serde(skip_serializing_if = "Option::is_none")]
    privacy: Option<&'a super::plan::Privacy>,
    split: &'a super::plan::NewSplit,
    hyperparameters: &'a super::plan::Hyperparameters,
    #[serde(skip_serializing_if = "Option::is_none")]
    capacity: Option<u32>,
    seed: u32,
}

#[derive(Serialize)]
struct OutputFile {
    name: &'static str,
    digest: Digest,
}

/// Writes all files.
///
/// # Errors
/// [`LearnError::Invalid`] when the model is too large to be kept, [`LearnError::Internal`] when it does not hold together.
pub(super) fn write(
    plan: &NewTrainingRun,
    origin: &FrameOrigin,
    model: &Model,
    judged: &Judged,
) -> Result<Learned, LearnError> {
    let stored = size::stored(model)?;
    let evaluation = json(&judged.evaluation)?;
    let fairness = json(&judged.fairness)?;
    let digests = [
        ("model.json", Digest::of(&stored)),
        ("evaluation.json", Digest::of(&evaluation)),
        ("fairness.json", Digest::of(&fairness)),
    ];
    let provenance = json(&Provenance {
        format: "helder-provenance/1",
        code_version: CODE_VERSION,
        frame_digest: origin.digest,
        parents: &origin.parents,
        plan: PlanAsLearned {
            model: &plan.model,
            algorithm: plan.algorithm,
            target: plan.target.as_deref(),
            features: plan
                .features
                .iter()
                .map(|feature| feature.name.as_str())
                .collect(),
            offset: plan.offset.as_ref().map(|offset| offset.name.as_str()),
            exposure: plan.exposure.as_deref(),
            trials: plan.trials.as_deref(),
            weights: plan.weights.as_deref(),
            event: plan.event.as_deref(),
            entry: plan.entry.as_deref(),
            causes: &plan.causes,
            sensitive_features: &plan.sensitive_features,
            truth: plan.truth.as_ref(),
            privacy: plan.privacy.as_ref(),
            split: &plan.split,
            hyperparameters: &plan.hyperparameters,
            capacity: plan.capacity,
            seed: plan.seed,
        },
        edited_from: model.edits().last().map(|edit| edit.of),
        outputs: digests
            .iter()
            .map(|(name, digest)| OutputFile {
                name,
                digest: *digest,
            })
            .collect(),
    })?;
    let card = card::card(plan, model, &digests[0].1, judged)
        .render()
        .into_bytes();
    let render = |page: helder_report::Page| page.render().into_bytes();
    Ok(Learned {
        model: stored,
        evaluation,
        fairness,
        provenance,
        card,
        evaluation_page: card::evaluation_page::page(plan, &judged.evaluation).map(render),
        fairness_page: card::fairness_page::page(plan, &judged.fairness).map(render),
    })
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, LearnError> {
    serde_json::to_vec(value).map_err(LearnError::internal)
}
