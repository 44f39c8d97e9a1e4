//! People who are more than once in one file.

use super::{
    Cancelled, Label, Limits, Observer, RunError, RunResult, context, limits::Budget, run_bound,
    state::State,
};
use crate::{
    bound::Bound,
    cluster::{Clusters, clusters},
    spec::{Assignment, LinkageSpec},
    table::Table,
    train::sharing_identifier,
};

/// Within one file people are there many times, with many wrong pairs less to fear: more pairs are worth a look than between two files.
pub(crate) const MORE_PAIRS: f64 = 4.0;

/// What a run within one file found.
#[derive(Clone, Debug)]
pub struct Deduplicated {
    /// Pairs, the first row before the second.
    pub run: RunResult,
    /// Groups of rows of one person.
    pub clusters: Clusters,
}

/// Finds records of the same person within one table: pairs, and groups of them. The assignment is [`Assignment::All`], whatever the spec
/// says; both names of each column pair are read from the one table, so they are the same.
///
/// # Errors
/// [`Cancelled`] when the observer stops it.
pub fn dedupe(
    spec: &LinkageSpec,
    table: &Table,
    observer: &dyn Observer,
) -> Result<Deduplicated, Cancelled> {
    // Without limits nothing else can stop it.
    dedupe_labelled(spec, table, (&[], Limits::default()), observer).map_err(|_| Cancelled)
}

/// [`dedupe`] within limits and with what people decided: their matches are links of one group, the records of their other pairs are in
/// different groups, and the model learns from both. Of decisions that contradict each other (a is b, b is c, a is not c) that not all can
/// hold, the match is among the conflicts.
///
/// Labels name two rows in either order; one outside the table is left out.
///
/// # Errors
/// [`RunError`], as [`run_within`](super::run_within).
pub fn dedupe_labelled(
    spec: &LinkageSpec,
    table: &Table,
    (labels, limits): (&[Label], Limits),
    observer: &dyn Observer,
) -> Result<Deduplicated, RunError> {
    let spec = within(spec);
    let labels: Vec<Label> = labels.iter().filter_map(|label| label.in_order()).collect();
    // One table, so nothing of a second.
    let budget = Budget::new(limits, &spec, table, &Table::new(0))?;
    let mut state = State::new(table.n_rows(), table.n_rows());
    state.budget = budget;
    state.link_reviewed(&labels, spec.assignment);
    observer.stage("linking on pseudonym");
    for pair in &spec.deterministic {
        state.link_equal(pair, table, table, spec.assignment);
    }
    state.links.retain(|link| link.left < link.right);
    observer.stage("reading the values");
    let bound = Bound::within(&spec, table);
    let taught = sharing_identifier(&spec.teaching, table, table, true);
    let mut run = run_bound(&spec, &bound, (state, taught), &labels, observer)?;
    observer.stage("grouping records");
    let clusters = match run.model.take() {
        Some(model) => {
            let apart: Vec<(u32, u32)> = labels
                .iter()
                .filter(|label| !label.is_match)
                .map(|label| (label.left, label.right))
                .collect();
            let found = clusters(&bound, &model, &run.links, &apart);
            let pairs = run.scored.len() as u64 + context::most_pairs(&found);
            budget.kept(pairs, (1, 1))?;
            context::apply(&bound, &model, (&found, &apart), spec.threshold, &mut run);
            run.model = Some(model);
            found
        }
        None => Clusters::default(),
    };
    Ok(Deduplicated { run, clusters })
}

/// The spec as [`dedupe`] uses it.
pub fn within(spec: &LinkageSpec) -> LinkageSpec {
    LinkageSpec {
        assignment: Assignment::All,
        pairs_per_record: spec.pairs_per_record * MORE_PAIRS,
        ..spec.clone()
    }
}
