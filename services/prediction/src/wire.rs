//! What goes over the wire, for the OpenAPI document and for tests. The hot path writes the same shape by hand (`answer`).

mod extras;
mod findings;
mod survival;

use std::collections::BTreeMap;

use helder_model::Meaning;
use helder_types::Digest;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub use extras::{
    CounterfactualAnswer, CounterfactualGoal, CounterfactualOutcome, InputChange,
    SimilarCasesAnswer,
};
pub use findings::{
    ControlContrast, ControlCounts, ControlEstimate, ControlFeature, ControlGroup, ControlMissed,
    ControlNotTold, ControlRatio, ControlResult, ControlVerdict, FindingOutcome,
    FindingsCorrection, NewFinding, NewFindings, RecordedFindings,
};
pub use survival::{
    BatchSurvival, CauseAnswer, CauseContribution, ChanceAnswer, ComparableAnswer, ComparableCurve,
    CurveAnswer, DifferenceAnswer, MedianAnswer, OverTimeAnswer, ProvisionAnswer, SurvivalAnswer,
};

/// One or many subjects to predict for.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PredictionRequest {
    /// The subjects; more than a thousand go as a batch.
    #[schema(min_items = 1, max_items = 1000)]
    pub subjects: Vec<SubjectValues>,
    /// Also says what would change each answer, for at most twenty subjects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counterfactual: Option<CounterfactualGoal>,
    /// Also says how many training rows resemble each subject.
    #[serde(default)]
    pub similar_cases: bool,
    /// Also gives the whole curve of each subject; of survival models only.
    #[serde(default)]
    pub survival_curve: bool,
}

/// A subject and what is known of it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubjectValues {
    /// How the caller names the subject; comes back in the answer. The processing log holds a pseudonym of it: for a
    /// burgerservicenummer the one of the project's datasets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 200)]
    pub id: Option<String>,
    /// A value for every input of the model, by name; null when it is not known.
    pub values: BTreeMap<String, InputValue>,
}

/// A number, a text (a category), true or false, or null.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum InputValue {
    /// Not known.
    Null,
    /// True or false.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// A category.
    Text(String),
}

/// Advice, with all that is needed to judge it.
#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PredictionAnswer {
    /// Always true: this is advice; a person decides.
    pub advice: bool,
    /// The same in words.
    pub notice: Meaning,
    /// Name of the model.
    pub model: String,
    /// The version that answered.
    pub model_version_id: Uuid,
    /// Digest of the file that answered.
    pub model_digest: Digest,
    /// Where everybody can read about that very file.
    pub catalogue_entry: String,
    /// One per subject, in the order asked.
    pub predictions: Vec<Prediction>,
}

/// What a version answered before, said again.
#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reproduction {
    /// Always false: this explains an earlier answer, it is no new advice.
    pub advice: bool,
    /// The same in words.
    pub notice: Meaning,
    /// Name of the model.
    pub model: String,
    /// The version that answers.
    pub model_version_id: Uuid,
    /// Digest of the file that answers.
    pub model_digest: Digest,
    /// Where the version stands now, for instance `retired`.
    pub state: String,
    /// Since when it answers predictions, or last did, UTC.
    pub activated_at: String,
    /// When it stopped, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// Where everybody can read about that very file.
    pub catalogue_entry: String,
    /// One per subject, in the order asked.
    pub predictions: Vec<Prediction>,
}

/// A prediction for one subject. `baseScore` and the contributions sum to `score`.
#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Prediction {
    /// As asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Probability of the event, 0 to 1; absent for models that name a group or estimate a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1)]
    pub probability: Option<f64>,
    /// Expected amount, count or share, per one of what the model says it is per; absent for models that give a probability or
    /// name a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// How well the training data fix the probability, or the expected value, of people like this: it is not about how one person
    /// will fare. From the covariance of the estimates, or from the spread of the models that explainable boosting averages; what
    /// these all smooth away is not in it. Absent where the model does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
    /// The group; absent for models that give a probability or a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Group>,
    /// Log odds before calibration, the margin between the nearest and the next group, what the value is made from (its
    /// logarithm for a count), or for survival the logarithm of how many times faster the first cause comes than for the average person.
    pub score: f64,
    /// Score of the average person in training.
    pub base_score: f64,
    /// Total of the points; of scorecards only, and it says everything: equal totals have equal probabilities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<u32>,
    /// What each input adds to the score, largest first; some models also say what two inputs add together.
    pub contributions: Vec<Contribution>,
    /// What to know about the values: outside training, missing, unknown.
    pub warnings: Vec<Warning>,
    /// What would change the answer; only when asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counterfactual: Option<CounterfactualAnswer>,
    /// Training rows like this one; only when asked, and absent where the model keeps no counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub similar_cases: Option<SimilarCasesAnswer>,
    /// How long it may take, and which cause may end it; of survival models only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub survival: Option<SurvivalAnswer>,
}

/// An interval of a probability or of a value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// Always 0.95.
    pub level: f64,
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

/// A group of a clustering.
#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Position in the model.
    pub number: u64,
    /// What it is called.
    pub name: Meaning,
    /// How certain it is that somebody like this belongs here, 0 to 1: for mixtures the probability of the group; for prototypes how often
    /// people with such a lead over the next group came into this one again when groups were made without them. Absent where the model
    /// does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1)]
    pub certainty: Option<f64>,
    /// What sets the group apart; the same for everybody in it. Absent where the answer was made before groups had cards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<GroupCard>,
}

/// A group at a glance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupCard {
    /// Training rows in it.
    pub rows: u64,
    /// How well it is found again in samples drawn from the training rows: mean overlap (Jaccard, 0 to 1). From 0.75 on a group can be
    /// relied on, below 0.6 it is an accident of the sample. Absent where that was not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1)]
    pub stability: Option<f64>,
    /// What differs most from everybody, the largest difference first; at most five.
    pub traits: Vec<GroupTrait>,
}

/// One input of a group beside everybody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupTrait {
    /// The input.
    pub input: String,
    /// Category or boolean: the most frequent value, whose share the figures are; absent for means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// In the group: the mean, or the share that has the level, 0 to 1.
    pub group: f64,
    /// Among all training rows.
    pub all: f64,
    /// The difference, in standard deviations of all training rows.
    pub difference: f64,
    /// The same in plain language.
    pub text: Meaning,
}

/// What one input adds, or two inputs together beyond what each adds alone.
#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Contribution {
    /// The input.
    pub input: String,
    /// The value the model worked with: as given, or the substitute for a missing one; 1 and 0 for true and false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<InputValue>,
    /// The second input where two count together: in models by explainable boosting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_input: Option<String>,
    /// Its value, as `value`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_value: Option<InputValue>,
    /// On the scale of the score, counted from the average person in training.
    pub contribution: f64,
    /// Points of the value; of scorecards only. Added up they are the `points` of the prediction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<u32>,
    /// The same in plain language.
    pub reason: Meaning,
}

/// Something to know about a value.
#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Warning {
    /// The input.
    pub input: String,
    /// `outside-training`, `missing` or `unknown-category`.
    pub code: String,
    /// The same in words.
    pub text: Meaning,
}

/// A line of the processing log.
#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoggedRecord {
    /// Key in this log; in the order of time.
    pub id: String,
    /// The record.
    pub record: ProcessingRecord,
}

/// A record, in the words of Logboek Dataverwerkingen.
#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProcessingRecord {
    /// 16 bytes as hex digits.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub trace_id: String,
    /// 8 bytes as hex digits.
    #[schema(pattern = "^[0-9a-f]{16}$")]
    pub span_id: String,
    /// The span that asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[0-9a-f]{16}$")]
    pub parent_span_id: Option<String>,
    /// `Unset`, `Ok` or `Error`.
    pub status: String,
    /// What was done.
    pub name: String,
    /// Milliseconds since 1970, UTC.
    pub start_time: u64,
    /// Milliseconds since 1970, UTC.
    pub end_time: u64,
    /// `dpl.core.processing_activity_id`, `dpl.core.data_subject_id`, `dpl.core.data_subject_id_type`.
    pub attributes: BTreeMap<String, String>,
    /// Organisation, project, model, version and digest, and who asked.
    pub resource: Resource,
}

/// What processed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// `helder.…`
    pub attributes: BTreeMap<String, String>,
}

/// What to score with what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewBatch {
    /// Name or id of a model with a version in force.
    #[schema(min_length = 1, max_length = 80)]
    pub model: String,
    /// A dataset version of the model's project.
    pub dataset_version_id: Uuid,
    /// Asks a work list in which a random sample is mixed with those picked by score. The ranked result stays sealed until the batch
    /// is revealed.
    #[serde(default)]
    pub control: Option<NewControl>,
}

/// How many are on a work list.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewControl {
    /// Rows with the highest scores.
    #[schema(minimum = 1, maximum = 20_000)]
    pub picked: u32,
    /// Rows drawn at random from all rows scored, those with the highest scores among them.
    #[schema(minimum = 1, maximum = 20_000)]
    pub sample: u32,
    /// Columns of the dataset version by whose groups the result is told too. They are named now, so that nobody looks for a group
    /// afterwards; they hold texts, whole numbers or truth values.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub sensitive_features: Vec<String>,
}

/// A control sample: what was asked of it, and once it is revealed what it was drawn with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BatchControl {
    /// Rows with the highest scores.
    pub picked: u32,
    /// Rows drawn at random from all rows scored.
    pub sample: u32,
    /// Columns by whose groups the result is told too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sensitive_features: Vec<String>,
    /// SHA-256 of the seed as it is written, stored before anything was scored.
    pub commitment: Digest,
    /// 64 hexadecimal digits. The sample are the rows whose SHA-256 of `{seed} sample {row}` is smallest; the list stands in the order
    /// of SHA-256 of `{seed} order {row}`. Absent until the batch is revealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<String>,
    /// Who revealed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revealed_by: Option<String>,
    /// When it was revealed, UTC. What is found after this was not found blind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revealed_at: Option<String>,
}

/// Somebody to look at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkItem {
    /// 1, 2, 3 … in random order.
    pub number: u32,
    /// Ordinal of the row in the dataset version.
    pub row: i64,
    /// Pseudonym of the person, where the dataset has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pseudonym: Option<String>,
    /// Whether it is among the highest scores; absent until the batch is revealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picked: Option<bool>,
    /// Whether it is in the random sample; absent until the batch is revealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampled: Option<bool>,
}

/// A model over a whole dataset version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Batch {
    /// Identifier.
    pub id: Uuid,
    /// The project.
    pub project_id: Uuid,
    /// Name of the model.
    pub model: String,
    /// The version that scores.
    pub model_version_id: Uuid,
    /// Digest of its file.
    pub model_digest: Digest,
    /// The version that is scored.
    pub dataset_version_id: Uuid,
    /// Digest of its analysis part.
    pub dataset_digest: Digest,
    /// Who asked.
    pub created_by: String,
    /// When, UTC.
    pub created_at: String,
    /// Where the job stands.
    pub job: String,
    /// What it came to, once done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<BatchOutcome>,
    /// Its control sample, where one was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<BatchControl>,
}

/// What a batch came to: `rowsIn` = `rowsScored` + all `rowsRefused`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BatchOutcome {
    /// Rows of the dataset version.
    pub rows_in: u64,
    /// Rows with a prediction.
    pub rows_scored: u64,
    /// Rows without, and why.
    pub rows_refused: Vec<RefusedRows>,
    /// The ranked result, Parquet.
    pub result_digest: Digest,
    /// Its size.
    pub size_bytes: u64,
    /// The work list with its marks, where a control sample was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work_list_digest: Option<Digest>,
    /// Items on that list: fewer than picked and sample together where the sample holds some who were picked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_listed: Option<u64>,
}

/// Rows the model gives no prediction for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefusedRows {
    /// The first input whose value was refused.
    pub input: String,
    /// Why.
    pub code: String,
    /// How many rows.
    pub rows: u64,
}

/// A row of a ranked result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BatchResult {
    /// 1 for the highest score.
    pub rank: i64,
    /// Ordinal of the row in the dataset version.
    pub row: i64,
    /// Pseudonym of the person, where the dataset has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pseudonym: Option<String>,
    /// Probability of the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// Expected amount, count or share; absent for other models.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Number of the group, for models that name a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<i64>,
    /// How certain the group is, 0 to 1, for models that know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1)]
    pub certainty: Option<f64>,
    /// Chances by time, for survival models.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub survival: Option<BatchSurvival>,
    /// Score.
    pub score: f64,
    /// Whether values lie outside training, are missing or unknown.
    pub has_warnings: bool,
    /// The inputs that count most, in plain language.
    pub reasons: Vec<Meaning>,
}
