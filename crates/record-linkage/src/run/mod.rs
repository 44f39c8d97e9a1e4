//! A whole run: deterministic steps first, then Fellegi–Sunter over the candidates, then assignment.

mod context;
mod dedupe;
mod gap;
mod hidden;
mod label;
mod limits;
mod lost;
mod memory;
mod part;
mod plan;
mod quality;
mod room;
mod sieve;
mod sizes;
mod state;
mod stray;
mod stream;
mod weigh;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    blocking::RuleCount,
    bound::Bound,
    model::TrainedModel,
    spec::LinkageSpec,
    table::Table,
    train::{sharing_identifier, train_model},
};
pub(crate) use context::apply as speak_for_each_other;
pub(crate) use dedupe::MORE_PAIRS;
pub use dedupe::{Deduplicated, dedupe, dedupe_labelled, within};
pub use gap::runner_up_gaps;
pub(crate) use hidden::hidden_pairs;
pub use label::Label;
pub(crate) use limits::Budget;
pub use limits::{Limits, RunError};
pub use part::{Part, WeighedPair, weigh_part};
pub use quality::{AtThreshold, Band, GroupQuality, Quality};
pub(crate) use quality::{groups_of, judge};
pub(crate) use room::within_room;
use state::State;
pub(crate) use state::{LEAST_LIKELY, State as Linked};
pub use stream::{Streamed, stream};
pub(crate) use weigh::KEEP_FROM;

/// Told how far a run is, and asked whether to go on.
pub trait Observer: Sync {
    /// A new stage begins.
    fn stage(&self, _stage: &str) {}
    /// `done` of `total` candidate pairs are looked at; later rules may still raise the total.
    fn rows(&self, _done: u64, _total: u64) {}
    /// Whether to go on; asked often, from several threads.
    ///
    /// # Errors
    /// [`Cancelled`] to stop the run.
    fn checkpoint(&self) -> Result<(), Cancelled> {
        Ok(())
    }
}

/// Listens to nothing.
impl Observer for () {}

/// The observer stopped the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the run was stopped")]
pub struct Cancelled;

/// How a link was found.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Equal pseudonym.
    Deterministic,
    /// Fellegi–Sunter.
    Probabilistic,
    /// Decided by people.
    Reviewed,
}

impl Step {
    /// The written form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deterministic => "deterministic",
            Self::Probabilistic => "probabilistic",
            Self::Reviewed => "reviewed",
        }
    }
}

/// A link, by row places (from 0) in the two tables.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// Row of the left table.
    pub left: u32,
    /// Row of the right table.
    pub right: u32,
    /// log2 odds of being one person, everything weighed; infinite for a link that was not weighed.
    pub match_weight: f64,
    /// The same as probability.
    pub match_probability: f64,
    /// How it was found.
    pub step: Step,
}

/// A pair that came near: a link or a rival of one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoredPair {
    /// Row of the left table.
    pub left: u32,
    /// Row of the right table.
    pub right: u32,
    /// Bar of the other records: between two files what rivals take away, and what near strangers tell of such scores; within one what the
    /// records of the same person or another say.
    pub rival_bar: f64,
    /// log2 odds, rivals included.
    pub match_weight: f64,
}

/// What a step did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepCount {
    /// The step.
    pub step: Step,
    /// On what: a pair of columns, or the model.
    pub on: String,
    /// Pairs looked at.
    pub pairs: u64,
    /// Links made.
    pub links: u64,
    /// Left records without a link afterwards.
    pub left_unlinked: u64,
    /// Right records without a link afterwards.
    pub right_unlinked: u64,
}

/// A blocking rule with what it added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RuleResult {
    /// What the rule reaches.
    #[serde(flatten)]
    pub count: RuleCount,
    /// Pairs no earlier rule reached.
    pub new_pairs: u64,
}

/// Candidate pairs per whole bit of match weight before rivals. The lowest bin also holds every pair below it: such a pair is put aside as
/// soon as what is left to compare cannot lift it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WeightBin {
    /// The bin holds weights from here up to one bit more.
    pub weight: i32,
    /// Pairs in it.
    pub pairs: u64,
}

/// Everything a run found.
#[derive(Clone, Debug, Default)]
pub struct RunResult {
    /// Links, sorted by left and right row.
    pub links: Vec<Link>,
    /// Pairs that came near, sorted by left and right row.
    pub scored: Vec<ScoredPair>,
    /// What each step did.
    pub steps: Vec<StepCount>,
    /// What each blocking rule did.
    pub rules: Vec<RuleResult>,
    /// The trained model; absent when the spec compares nothing.
    pub model: Option<TrainedModel>,
    /// Histogram of match weights.
    pub weight_bins: Vec<WeightBin>,
    /// Estimated further partners per linked left record.
    pub duplicate_share: f64,
    /// What the model expects of its own links.
    pub quality: Quality,
}

/// Runs a spec over two tables. The spec must be free of faults ([`LinkageSpec::faults`]).
///
/// The result is the same for any number of threads.
///
/// # Errors
/// [`Cancelled`] when the observer stops it.
pub fn run(
    spec: &LinkageSpec,
    left: &Table,
    right: &Table,
    observer: &dyn Observer,
) -> Result<RunResult, Cancelled> {
    // Without limits nothing else can stop it.
    run_within(spec, left, right, Limits::default(), observer).map_err(|_| Cancelled)
}

/// [`run`] within limits.
///
/// # Errors
/// [`RunError`] when the observer stops it, or when it would go beyond `limits`: before anything is read where that can be told.
pub fn run_within(
    spec: &LinkageSpec,
    left: &Table,
    right: &Table,
    limits: Limits,
    observer: &dyn Observer,
) -> Result<RunResult, RunError> {
    run_both(spec, left, right, (&[], limits), observer)
}

/// [`run`] with what people decided: their matches are links, their other pairs are none, and the model learns from both.
///
/// Labels name places of rows in the two tables; one outside them is left out. Where the assignment allows a record one partner and people
/// gave it two, the pair of the first rows holds.
///
/// # Errors
/// [`RunError`], as [`run_within`].
pub fn run_labelled(
    spec: &LinkageSpec,
    left: &Table,
    right: &Table,
    (labels, limits): (&[Label], Limits),
    observer: &dyn Observer,
) -> Result<RunResult, RunError> {
    run_both(spec, left, right, (labels, limits), observer)
}

fn run_both(
    spec: &LinkageSpec,
    left: &Table,
    right: &Table,
    (labels, limits): (&[Label], Limits),
    observer: &dyn Observer,
) -> Result<RunResult, RunError> {
    let budget = Budget::new(limits, spec, left, right)?;
    let mut state = State::new(left.n_rows(), right.n_rows());
    state.budget = budget;
    state.link_reviewed(labels, spec.assignment);
    observer.stage("linking on pseudonym");
    for pair in &spec.deterministic {
        state.link_equal(pair, left, right, spec.assignment);
    }
    if spec.comparisons.is_empty() || left.n_rows() == 0 || right.n_rows() == 0 {
        return Ok(state.into_result(RunResult::default()));
    }
    observer.stage("reading the values");
    let taught = sharing_identifier(&spec.teaching, left, right, false);
    run_bound(
        spec,
        &Bound::new(spec, left, right),
        (state, taught),
        labels,
        observer,
    )
}

/// The part of a run after the deterministic steps.
fn run_bound(
    spec: &LinkageSpec,
    bound: &Bound,
    (mut state, taught): (State, Vec<(u32, u32)>),
    labels: &[Label],
    observer: &dyn Observer,
) -> Result<RunResult, RunError> {
    let mut result = RunResult::default();
    if !spec.comparisons.is_empty() && bound.n_left() > 0 && bound.n_right() > 0 {
        let mut known = taught;
        let linked = state.links.iter();
        let linked = linked.filter(|link| link.step == Step::Deterministic);
        known.extend(linked.map(|link| (link.left, link.right)));
        known.sort_unstable();
        known.dedup();
        let mut model = train_model(bound, spec, &known, observer)?;
        if !labels.is_empty() {
            // Weighed once as if nobody had decided anything, to see which pairs share the patterns that people looked at.
            let (mut unlabelled, mut before) = (state.before_review(), RunResult::default());
            unlabelled.link_scored(spec, bound, model.clone(), &mut before, observer)?;
            observer.stage("learning from decisions");
            label::learn(&mut model, bound, &before.scored, labels, observer)?;
        }
        state.link_scored(spec, bound, model, &mut result, observer)?;
    }
    Ok(state.into_result(result))
}
