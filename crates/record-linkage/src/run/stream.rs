//! Pairs handed over while they are found, for files whose pairs would not fit in memory.
//!
//! What a run of this kind needs grows with the records and not with the pairs. So pairs do not compete: a weight is that of the pair alone,
//! before its rivals are heard, and whoever takes the pairs decides which of them are links. The prior is the one that training ends with.

use super::{
    Link, Observer, RuleResult, RunError, Step, WeighedPair, WeightBin,
    limits::{Budget, Limits},
    state::State,
    weigh::{Free, weigh_each},
};
use crate::{
    bound::Bound,
    model::TrainedModel,
    score::Weights,
    spec::{Assignment, LinkageSpec},
    table::Table,
    train::train_model,
};

/// What is known when all pairs are handed over.
#[derive(Clone, Debug, Default)]
pub struct Streamed {
    /// Deterministic links, sorted by left and right row. Their records are not among the pairs where they can have no other partner.
    pub links: Vec<Link>,
    /// Pairs handed over.
    pub pairs: u64,
    /// What each blocking rule did.
    pub rules: Vec<RuleResult>,
    /// The trained model; absent when there was nothing to compare.
    pub model: Option<TrainedModel>,
    /// Histogram of match weights.
    pub weight_bins: Vec<WeightBin>,
}

/// Links two tables and gives every pair of at least `least_weight` bits to `sink`, many at a time, none twice, in an order that depends on
/// the tables and the spec only. Weights below −8 bits are never handed over. The tables are given up as soon as they are read.
///
/// # Errors
/// [`RunError`] when the observer or the sink stops it, or when it would go beyond `limits`: before anything is read where that can be told.
pub fn stream(
    spec: &LinkageSpec,
    (left, right): (Table, Table),
    (least_weight, limits): (f64, Limits),
    observer: &dyn Observer,
    mut sink: impl FnMut(&[WeighedPair]) -> Result<(), super::Cancelled>,
) -> Result<Streamed, RunError> {
    let budget = Budget::of_stream(limits, spec, &left, &right)?;
    let mut state = State::new(left.n_rows(), right.n_rows());
    observer.stage("linking on pseudonym");
    for pair in &spec.deterministic {
        state.link_equal(pair, &left, &right, spec.assignment);
    }
    let mut out = Streamed {
        links: std::mem::take(&mut state.links),
        ..Streamed::default()
    };
    out.links.sort_by_key(|link| (link.left, link.right));
    if spec.comparisons.is_empty() || left.n_rows() == 0 || right.n_rows() == 0 {
        return Ok(out);
    }
    observer.stage("reading the values");
    let bound = Bound::new(spec, &left, &right);
    drop((left, right));
    let known: Vec<(u32, u32)> = out
        .links
        .iter()
        .filter(|link| link.step == Step::Deterministic)
        .map(|link| (link.left, link.right))
        .collect();
    let model = train_model(&bound, spec, &known, observer)?;
    observer.stage("weighing pairs");
    let free = Free {
        left: &state.left_taken,
        right: &state.right_taken,
        one_per_left: spec.assignment == Assignment::OneToOne,
        one_per_right: spec.assignment != Assignment::All,
    };
    let weights = Weights::new(&model, bound.n_records());
    let (mut pairs, mut told) = (0, Vec::new());
    let weighed = weigh_each(
        spec,
        &bound,
        &model,
        (&free, None),
        &budget,
        observer,
        |found, _| {
            told.clear();
            let weighed = found.iter().map(|pair| weights.weighed(&model, pair));
            told.extend(weighed.filter(|pair| pair.match_weight >= least_weight));
            pairs += told.len() as u64;
            if told.is_empty() {
                Ok(())
            } else {
                sink(&told).map_err(RunError::Cancelled)
            }
        },
    )?;
    out.pairs = pairs;
    out.rules = weighed.rules();
    out.weight_bins = weighed.weight_bins();
    out.model = Some(model);
    Ok(out)
}
