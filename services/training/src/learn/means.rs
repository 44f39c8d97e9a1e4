//! How good estimates of amounts, counts and shares are, and for whom.

use std::collections::BTreeMap;

use helder_evaluation::{EstimateBin, Outcome, evaluate_estimates};
use helder_fairness::Verdict;
use helder_model::{Algorithm, Family, Model};

use super::{
    LearnError,
    estimate::{Sides, numbers},
    judge::{
        EvaluationDocument, FairnessDocument, GroupMean, GroupMeans, Judged, RowCounts, score,
        sensitive,
    },
    plan::{NewTrainingRun, SMALLEST_GROUP},
    split::Rows,
    table::Table,
};

/// Scores the test rows with the stored model and judges the estimates. Whether a difference between groups is fair depends on
/// what the estimates are used for, so there is no verdict but `notEnoughData`.
///
/// # Errors
/// [`LearnError::Invalid`] when outcomes of the test rows are out of range or a sensitive column is no grouping.
pub(super) fn judge(
    table: &Table,
    plan: &NewTrainingRun,
    rows: &Rows,
    model: &Model,
) -> Result<Judged, LearnError> {
    let target = plan.target.as_deref().unwrap_or_default();
    let y = numbers(table, target, "/target", &rows.test)?;
    let sizes = Sides::of(table, plan, &rows.test)?.sizes(y.len());
    let rates = score(table, model, &rows.test)?;
    let estimates: Vec<f64> = rates
        .iter()
        .zip(&sizes)
        .map(|(rate, size)| rate * size)
        .collect();
    let mut found = evaluate_estimates(outcome(model), &y, &estimates, &sizes).map_err(|_| {
        let detail = "outcomes, exposures or trials among the rows kept apart are out of range";
        LearnError::fault("/target", "out-of-range", detail)
    })?;
    found.tenths = found
        .tenths
        .into_iter()
        .map(|bin| bin.without_small(SMALLEST_GROUP))
        .collect();
    let means = sensitive(table, plan, &rows.test)?
        .into_iter()
        .map(|(name, groups)| {
            let mut members: BTreeMap<&str, Vec<(f64, f64, f64)>> = BTreeMap::new();
            for (row, group) in groups.iter().enumerate() {
                let triple = (y[row], estimates[row], sizes[row]);
                members.entry(group).or_default().push(triple);
            }
            let hidden = hidden(&members);
            GroupMeans {
                sensitive_feature: name.to_owned(),
                groups: members
                    .iter()
                    .map(|(group, rows)| {
                        let smallest = if hidden.contains(group) {
                            usize::MAX
                        } else {
                            SMALLEST_GROUP
                        };
                        GroupMean {
                            group: (*group).to_owned(),
                            found: EstimateBin::of(rows).without_small(smallest),
                        }
                    })
                    .collect(),
            }
        })
        .collect();
    let rows = RowCounts::of(rows);
    Ok(Judged {
        fairness: FairnessDocument {
            format: "helder-fairness/1",
            rows,
            picked: None,
            sensitive_features: Vec::new(),
            memberships: Vec::new(),
            means,
            outlooks: Vec::new(),
            verdict: Verdict::NotEnoughData,
            sections: None,
        },
        evaluation: EvaluationDocument {
            format: "helder-evaluation/1",
            rows,
            predictions: None,
            estimates: Some(found),
            survival: None,
            fit: None,
            boosting: None,
            scorecard: None,
            tree: None,
            edit: None,
            groups: None,
            sections: None,
        },
    })
}

/// Groups without figures: the small ones, and the next when only one is small, since the figures of all rows are public.
pub(super) fn hidden<'a, T>(members: &BTreeMap<&'a str, Vec<T>>) -> Vec<&'a str> {
    let mut order: Vec<(usize, &str)> = members
        .iter()
        .map(|(name, rows)| (rows.len(), *name))
        .collect();
    order.sort_unstable();
    let small = order
        .iter()
        .filter(|(rows, _)| *rows < SMALLEST_GROUP)
        .count();
    let hidden = if small == 1 { 2 } else { small };
    order
        .into_iter()
        .take(hidden)
        .map(|(_, name)| name)
        .collect()
}

fn outcome(model: &Model) -> Outcome {
    match &model.algorithm {
        Algorithm::GeneralisedLinear(fit) => match (fit.family, fit.theta) {
            (Family::Gaussian, _) => Outcome::Amount,
            (Family::Binomial, _) => Outcome::Share,
            (_, Some(theta)) => Outcome::Spread { theta },
            (_, None) => Outcome::Count,
        },
        _ => Outcome::Amount,
    }
}
