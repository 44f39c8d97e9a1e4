//! Figures of a finished run: what to expect of it, how its groups fare, and what labels say.

mod groups;
mod labels;
mod values;

use helder_evaluation::Proportion;
use helder_platform::problem::Result;
use helder_record_linkage::{Bound, LinkageSpec, RunResult};

pub(crate) use labels::Truths;

use crate::{
    parts::{Records, Waits},
    wire::{ByGroup, ColumnGroups, ExpectedError, Measured, Prediction, Share},
};

/// Groups of fewer people are hidden.
pub(crate) const SMALLEST: usize = 10;

/// Both sides of a run.
#[derive(Clone, Copy)]
pub(crate) struct Sides<'a> {
    /// Left.
    pub left: &'a Records,
    /// Right; the left one again within one version.
    pub right: &'a Records,
    /// Whether both are one version.
    pub is_within: bool,
}

impl Sides<'_> {
    /// Bytes they take.
    pub(crate) fn bytes(&self) -> u64 {
        let right = if self.is_within {
            0
        } else {
            self.right.bytes()
        };
        self.left.bytes() + right
    }
}

/// All figures of a run.
pub(crate) struct Figures {
    /// Without labels.
    pub prediction: Option<Prediction>,
    /// Of the weighed links at the threshold of the run.
    pub expected_error: Option<ExpectedError>,
    /// Of groups that show in the records.
    pub groups: Vec<ByGroup>,
    /// By the values of named columns.
    pub columns: Vec<ColumnGroups>,
    /// Against labels.
    pub measured: Option<Measured>,
}

impl Figures {
    /// Works them out.
    ///
    /// # Errors
    /// Why the work was stopped, and 409 when the labels make more pairs than can be judged.
    pub(crate) fn of(
        found: &RunResult,
        spec: &LinkageSpec,
        sides: Sides<'_>,
        truths: Option<&Truths>,
        group_by: &[String],
        waits: &impl Waits,
    ) -> Result<Self> {
        let judged = truths.map(|truths| truths.judge(found)).transpose()?;
        waits.go_on()?;
        // Which groups a pair belongs to is read from both records, so they are parsed once more; only where labels ask for it.
        let bound = judged.as_ref().map(|_| {
            if sides.is_within {
                Bound::within(spec, &sides.left.table)
            } else {
                Bound::new(spec, &sides.left.table, &sides.right.table)
            }
        });
        waits.go_on()?;
        let groups = groups::of(found, spec, sides, judged.as_ref().zip(bound.as_ref()));
        waits.go_on()?;
        let mut columns = Vec::new();
        for name in group_by {
            columns.push(values::of(name, found, sides, judged.as_ref()));
            waits.go_on()?;
        }
        let measured = truths.zip(judged.as_ref()).map(|(truths, judged)| {
            judged.measured(found, spec.threshold, truths.rows_without_label())
        });
        Ok(Self {
            prediction: prediction(found),
            expected_error: expected_error(found),
            groups,
            columns,
            measured,
        })
    }
}

/// A share with its interval; `None` of nothing.
pub(crate) fn share(count: u64, total: u64) -> Option<Share> {
    let proportion = Proportion::new(count as usize, total as usize);
    let (value, limits) = (proportion.value()?, proportion.wilson()?);
    Some(Share {
        count,
        total,
        value,
        low: limits.low,
        high: limits.high,
    })
}

fn prediction(found: &RunResult) -> Option<Prediction> {
    found.model.as_ref()?;
    let quality = &found.quality;
    let reached: f64 = quality.new_matches.iter().sum();
    let all = reached + quality.unreached_pairs;
    let mut sum = 0.0;
    let rule_recall = quality.new_matches.iter().map(|new| {
        sum += new;
        if all > 0.0 { sum / all } else { 0.0 }
    });
    Some(Prediction {
        thresholds: quality.thresholds.clone(),
        bands: quality.bands.clone(),
        unreached_pairs: quality.unreached_pairs,
        rule_recall: rule_recall.collect(),
    })
}

/// Of everybody, as the engine foretells it.
fn expected_error(found: &RunResult) -> Option<ExpectedError> {
    let everybody = found.quality.groups.first().filter(|all| all.links > 0)?;
    Some(ExpectedError {
        precision: everybody.precision,
        recall: everybody.recall,
    })
}
