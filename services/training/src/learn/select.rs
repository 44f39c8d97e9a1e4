//! Which algorithm with which setting? Candidates beside the base rate, the simplest rule and a black box, on the same folds.
//!
//! Only rows that the split of the plan lets learn take part: what it keeps apart judges the model that comes out, unseen.

mod ceiling;
mod document;
mod learner;
mod page;
mod plan;
mod reading;
mod simple;

use std::path::Path;

use helder_selection::{
    Budget, FoldError, NestedFold, Onlooker, Role, Rule, Tried, compare, nested_folds, propose,
    run, test_ratio,
};

use super::{
    FrameOrigin, LearnError, memory,
    plan::REFERENCE_DATE,
    regress::outcomes,
    split::{self, known},
    table::{self, Column, Table},
};

pub(crate) use document::{Proposed, SelectionDocument};
pub(crate) use page::page;
pub(crate) use plan::NewSelection;

use learner::FoldLearner;
use plan::NewFolds;

/// Who looks on, and what time it is.
pub(crate) struct Watch<'a> {
    /// Says true when the work must stop.
    pub stop: &'a (dyn Fn() -> bool + Sync),
    /// Seconds since the start.
    pub clock: &'a (dyn Fn() -> f64 + Sync),
    /// Told the models fitted and those planned at most.
    pub news: &'a (dyn Fn(usize, usize) + Sync),
    /// Bytes of memory that the work may take; `None` without a limit.
    pub memory: Option<u64>,
    /// Given everything so far after each setting.
    pub keep: &'a (dyn Fn(&Tried) + Sync),
}

/// What was found.
#[derive(Clone, Debug)]
pub(crate) struct Selected {
    /// The same for the same frame, plan and code on any number of threads, unless the budget counts seconds.
    pub document: SelectionDocument,
    /// Seconds of work per line of the document, added over threads.
    pub seconds: Vec<f64>,
}

/// Compares; goes on from what a former attempt at the same comparison `kept`.
///
/// # Errors
/// [`LearnError::Invalid`] with the faults of the plan against the frame; [`LearnError::Stopped`];
/// [`LearnError::Memory`] when it would take more memory than it may.
pub(crate) fn select(
    file: &Path,
    plan: &NewSelection,
    origin: &FrameOrigin,
    watch: &Watch<'_>,
    kept: Option<Tried>,
) -> Result<Selected, LearnError> {
    let base = plan.base();
    let reads = memory::to_read(file, &base)?;
    memory::fits(watch.memory, "reading the frame", reads)?;
    let table = table::read_also(file, &base, plan.more_columns())?;
    let rows = split::split(&table, &base)?;
    let outcome = outcomes(&table, &base)?;
    let groups = match &plan.folds {
        NewFolds::Random { group, .. } => group
            .as_deref()
            .map(|group| known(&table, group, "/folds/group"))
            .transpose()?,
        NewFolds::Time { .. } => None,
    };
    let days = days(&table, &plan.folds)?;
    let rule = match (&groups, &days) {
        (_, Some(days)) => Rule::Time(days),
        (Some(groups), None) => Rule::Groups(groups),
        (None, None) => Rule::Rows,
    };
    let (outer, inner) = plan.folds.counts();
    let seed = u64::from(plan.seed);
    let folds = nested_folds(&rows.train, &outcome, rule, (outer, inner), seed).map_err(told)?;
    if folds.len() < 2 {
        return Err(told(FoldError::TooFew));
    }
    let contenders = plan.contenders();
    let learner = FoldLearner::new(plan, origin, (&table, &outcome, rule), watch)?;
    let budget = Budget {
        fits: plan.budget.fits as usize,
        seconds: plan.budget.seconds.map(f64::from),
    };
    let shapes: Vec<_> = contenders.iter().map(|(shape, _)| *shape).collect();
    let tried = run(
        &learner,
        &shapes,
        (&folds, &outcome),
        (budget, plan.capacity_share),
        Onlooker {
            clock: watch.clock,
            news: watch.news,
            keep: watch.keep,
        },
        kept,
    )?;
    let compared = compare(&shapes, &tried, &folds);
    let proposal = propose(&compared, test_ratio(&folds));
    let candidates = shapes.iter().filter(|shape| shape.role == Role::Candidate);
    if candidates.count() > 0 && proposal.contender.is_none() {
        first_refusal(&compared, &tried)?;
    }
    let document = SelectionDocument::new(
        (plan, origin),
        (&rows, &outcome, &folds),
        (&contenders, &tried),
        compared,
        proposal,
    );
    Ok(Selected {
        document,
        seconds: tried.seconds,
    })
}

/// Where no contender at all could learn, the reason of the first is the answer.
fn first_refusal(compared: &[helder_selection::Compared], tried: &Tried) -> Result<(), LearnError> {
    if compared.iter().any(|line| line.auc.is_some()) {
        return Ok(());
    }
    let states = tried.trials.iter().flatten().map(|trial| &trial.state);
    let mut failed = states.filter_map(|state| match state {
        helder_selection::State::Failed { code, detail } => Some((code, detail)),
        _ => None,
    });
    match failed.next() {
        Some((code, detail)) => Err(LearnError::fault("/candidates", code, detail.clone())),
        None => Ok(()),
    }
}

/// The day of each row, where later ones judge.
fn days(table: &Table, folds: &NewFolds) -> Result<Option<Vec<i32>>, LearnError> {
    if !matches!(folds, NewFolds::Time { .. }) {
        return Ok(None);
    }
    let Column::Date(days) = table.column(REFERENCE_DATE)? else {
        let detail = "`reference_date` of this frame is no date";
        return Err(LearnError::fault("/folds", "wrong-kind", detail));
    };
    let days: Option<Vec<i32>> = days.iter().copied().collect();
    let missing = || {
        let detail = "`reference_date` is missing in some rows";
        LearnError::fault("/folds", "missing-value", detail)
    };
    days.ok_or_else(missing).map(Some)
}

fn told(error: FoldError) -> LearnError {
    let code = match error {
        FoldError::TooFew => "too-few-for-folds",
        FoldError::OneClass => "one-class",
    };
    LearnError::fault("/folds", code, error.to_string())
}

/// Rows of each outer fold, for the document.
fn sizes(folds: &[NestedFold]) -> impl Iterator<Item = (usize, usize)> {
    folds
        .iter()
        .map(|fold| (fold.outer.train.len(), fold.outer.test.len()))
}
