//! How good and how fair: the stored model itself, on the rows kept apart.

use helder_evaluation::{EstimateBin, Estimates, Evaluation, EvaluationError, evaluate, top_k};
use helder_fairness::{FairnessReport, MISSING, Verdict, fairness_report};
use helder_model::{Answers, Block, Model, Row, Scorer};
use helder_types::Fault;
use serde::Serialize;

use super::{
    LearnError,
    audit::{EvaluationSections, FairnessSections, Material},
    ebm::BoostingSummary,
    edit::EditEffect,
    fill::Filler,
    groups::{GroupsSummary, profiles},
    plan::{NewTrainingRun, SMALLEST_GROUP},
    regress::{FitSummary, outcomes},
    scorecard::ScorecardSummary,
    split::Rows,
    survival::{GroupOutlooks, SurvivalQuality},
    table::{Column, Table},
    trees::TreeSummary,
};

/// Probability from which a subject counts as picked when the plan names no capacity.
const THRESHOLD: f64 = 0.5;
/// Most groups of a sensitive feature: beyond it the column is no grouping.
const MOST_GROUPS: usize = 200;

/// Both documents.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    pub evaluation: EvaluationDocument,
    pub fairness: FairnessDocument,
}

/// `evaluation.json`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EvaluationDocument {
    pub format: &'static str,
    pub rows: RowCounts,
    /// Predictions on the test rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predictions: Option<Evaluation>,
    /// Estimates of amounts, counts or shares on the test rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimates: Option<Estimates>,
    /// Chances by time on the test rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub survival: Option<SurvivalQuality>,
    /// The regression on the train rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fit: Option<FitSummary>,
    /// The boosting on the train rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boosting: Option<BoostingSummary>,
    /// The scorecard: points with what they rest on, totals, and what rounding costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scorecard: Option<ScorecardSummary>,
    /// The decision tree or rule list: where questions end, with what that rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tree: Option<TreeSummary>,
    /// What an expert changed last, and what that did to the figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edit: Option<EditEffect>,
    /// The grouping of the train rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<GroupsSummary>,
    /// Everything beyond the first figures; absent for groups.
    #[serde(flatten)]
    pub sections: Option<EvaluationSections>,
}

/// Rows on both sides.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RowCounts {
    pub train: usize,
    pub test: usize,
    /// Nothing was kept apart: all figures flatter the model.
    pub judged_on_training_rows: bool,
}

/// `fairness.json`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FairnessDocument {
    pub format: &'static str,
    pub rows: RowCounts,
    /// Who counts as picked; absent for groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picked: Option<Picked>,
    /// One report per sensitive feature.
    pub sensitive_features: Vec<FairnessReport>,
    /// For groups: how each sensitive group spreads over them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub memberships: Vec<Membership>,
    /// For amounts, counts and shares: what was estimated and what came, per sensitive group.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub means: Vec<GroupMeans>,
    /// For survival: what was said and what came, per sensitive group.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outlooks: Vec<GroupOutlooks>,
    /// The worst verdict of all features; `notEnoughData` when there is nothing to judge by.
    pub verdict: Verdict,
    /// Everything beyond the report per feature; absent for groups.
    #[serde(flatten)]
    pub sections: Option<FairnessSections>,
}

/// Who counts as picked.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Picked {
    /// The first k by probability.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<usize>,
    /// Smallest probability picked.
    pub threshold: f64,
    /// Test rows picked.
    pub rows: usize,
}

/// Estimates beside outcomes per group of one sensitive feature.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GroupMeans {
    pub sensitive_feature: String,
    pub groups: Vec<GroupMean>,
}

/// One sensitive group.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GroupMean {
    pub group: String,
    /// Without figures when the group is small.
    #[serde(flatten)]
    pub found: EstimateBin,
}

/// How the groups of one sensitive feature spread over the groups of the model.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Membership {
    pub sensitive_feature: String,
    pub groups: Vec<MembershipRow>,
}

/// One sensitive group.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MembershipRow {
    pub group: String,
    /// Rows per group of the model; absent when one of them is small, or needed to hide one that is.
    pub rows: Option<Vec<usize>>,
}

impl RowCounts {
    pub(super) fn of(rows: &Rows) -> Self {
        Self {
            train: rows.train.len(),
            test: rows.test.len(),
            judged_on_training_rows: rows.same,
        }
    }
}

/// Scores the test rows with the stored model and judges the probabilities.
///
/// # Errors
/// [`LearnError::Invalid`] when the test rows have one class or a sensitive column is no grouping.
pub(super) fn probabilities(
    table: &Table,
    plan: &NewTrainingRun,
    rows: &Rows,
    model: &Model,
) -> Result<Judged, LearnError> {
    let outcomes = outcomes(table, plan)?;
    let y: Vec<bool> = rows.test.iter().map(|&row| outcomes[row]).collect();
    let p = score(table, model, &rows.test)?;
    let capacity = plan.capacity.map(|capacity| capacity as usize);
    let mut predictions = evaluate(&y, &p, capacity.as_slice()).map_err(told)?;
    predictions.calibration = predictions.calibration.without_small_bins(SMALLEST_GROUP);
    let picked = capacity.map_or_else(
        || p.iter().map(|p| *p >= THRESHOLD).collect(),
        |k| top_k(&p, k),
    );
    let threshold = predictions
        .capacities
        .first()
        .map_or(THRESHOLD, |found| found.threshold);
    let settings = plan.fairness_settings();
    let sensitive = sensitive(table, plan, &rows.test)?;
    let reports = sensitive
        .iter()
        .map(|(name, groups)| {
            fairness_report(name, &y, &picked, &p, groups, settings).map_err(LearnError::internal)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let material = Material::collect(table, plan, rows, model, (&y, &p, &picked), &sensitive)?;
    let evaluation = EvaluationSections::of(&material, &reports)?;
    let fairness = FairnessSections::of(&material, &reports, settings)?;
    Ok(Judged {
        fairness: FairnessDocument {
            format: "helder-fairness/1",
            rows: RowCounts::of(rows),
            picked: Some(Picked {
                capacity,
                threshold,
                rows: picked.iter().filter(|picked| **picked).count(),
            }),
            verdict: reports
                .iter()
                .map(|report| report.verdict)
                .max()
                .unwrap_or(Verdict::NotEnoughData),
            sensitive_features: reports,
            memberships: Vec::new(),
            sections: Some(fairness),
            means: Vec::new(),
            outlooks: Vec::new(),
        },
        evaluation: EvaluationDocument {
            format: "helder-evaluation/1",
            rows: RowCounts::of(rows),
            predictions: Some(predictions),
            estimates: None,
            survival: None,
            fit: None,
            boosting: None,
            scorecard: None,
            tree: None,
            edit: None,
            groups: None,
            sections: Some(evaluation),
        },
    })
}

/// Judges groups: how sensitive groups spread over them. Whether a spread is fair depends on what the groups are used for,
/// so there is no verdict but `notEnoughData`.
///
/// # Errors
/// [`LearnError::Invalid`] when a sensitive column is no grouping.
pub(super) fn groups(
    table: &Table,
    plan: &NewTrainingRun,
    rows: &Rows,
    model: &Model,
    summary: GroupsSummary,
) -> Result<Judged, LearnError> {
    let labels = labels(table, model, &rows.train)?;
    let memberships = sensitive(table, plan, &rows.train)?
        .into_iter()
        .map(|(name, values)| Membership {
            sensitive_feature: name.to_owned(),
            groups: spread(&values, &labels, summary.groups),
        })
        .collect();
    let rows = RowCounts {
        test: rows.train.len(),
        judged_on_training_rows: true,
        ..RowCounts::of(rows)
    };
    Ok(Judged {
        fairness: FairnessDocument {
            format: "helder-fairness/1",
            rows,
            picked: None,
            sensitive_features: Vec::new(),
            memberships,
            means: Vec::new(),
            outlooks: Vec::new(),
            verdict: Verdict::NotEnoughData,
            sections: None,
        },
        evaluation: EvaluationDocument {
            format: "helder-evaluation/1",
            rows,
            predictions: None,
            estimates: None,
            survival: None,
            fit: None,
            boosting: None,
            scorecard: None,
            tree: None,
            edit: None,
            groups: Some(GroupsSummary {
                profiles: profiles(model),
                ..summary
            }),
            sections: None,
        },
    })
}

/// Counts per sensitive group and group of the model. A row with a small cell is hidden, and further rows until no column of
/// hidden cells adds up to something small: the sizes of the groups are public.
fn spread(values: &[String], labels: &[usize], k: usize) -> Vec<MembershipRow> {
    let mut counts: std::collections::BTreeMap<&str, Vec<usize>> =
        std::collections::BTreeMap::new();
    for (value, &label) in values.iter().zip(labels) {
        counts.entry(value).or_insert_with(|| vec![0; k])[label] += 1;
    }
    let mut order: Vec<&str> = counts.keys().copied().collect();
    let least = |name: &str| counts[name].iter().copied().min().unwrap_or(0);
    order.sort_by_key(|name| (least(name), *name));
    let mut hidden: Vec<&str> = Vec::new();
    for name in order {
        let column = |label: usize| {
            hidden
                .iter()
                .map(|hidden| counts[hidden][label])
                .sum::<usize>()
        };
        let safe = hidden.is_empty()
            || (hidden.len() > 1 && (0..k).all(|label| column(label) >= SMALLEST_GROUP));
        if least(name) >= SMALLEST_GROUP && safe {
            break;
        }
        hidden.push(name);
    }
    counts
        .iter()
        .map(|(group, counts)| MembershipRow {
            group: (*group).to_owned(),
            rows: (!hidden.contains(group)).then(|| counts.clone()),
        })
        .collect()
}

/// Answers of the stored model, as prediction will give them: probabilities, or values.
pub(super) fn score(table: &Table, model: &Model, rows: &[usize]) -> Result<Vec<f64>, LearnError> {
    let scorer = Scorer::new(model).map_err(LearnError::internal)?;
    let mut found = Vec::with_capacity(rows.len());
    each_block(table, &scorer, rows, &mut |answers| {
        let each = 0..answers.rows();
        found.extend(each.filter_map(|row| answers.probability(row).or(answers.value(row))));
    })?;
    if found.len() == rows.len() {
        Ok(found)
    } else {
        Err(LearnError::internal("the model gives no number"))
    }
}

/// Groups that the stored model names.
fn labels(table: &Table, model: &Model, rows: &[usize]) -> Result<Vec<usize>, LearnError> {
    let scorer = Scorer::new(model).map_err(LearnError::internal)?;
    let mut found = Vec::with_capacity(rows.len());
    each_block(table, &scorer, rows, &mut |answers| {
        let each = 0..answers.rows();
        found.extend(
            each.filter_map(|row| answers.nearest(row))
                .map(|near| near.group),
        );
    })?;
    if found.len() == rows.len() {
        Ok(found)
    } else {
        Err(LearnError::internal("the model names no group"))
    }
}

/// Calls `each` with the answers for all rows, a block at a time.
pub(super) fn each_block(
    table: &Table,
    scorer: &Scorer,
    rows: &[usize],
    each: &mut dyn FnMut(&Answers),
) -> Result<(), LearnError> {
    let filler = Filler::new(table, scorer)?;
    let (mut block, mut answers) = (scorer.block(), Answers::default());
    for rows in rows.chunks(Block::ROWS) {
        filler.fill_block(rows, &mut block)?;
        scorer.score_block(&block, &mut answers)?;
        each(&answers);
    }
    Ok(())
}

/// Gives each of `rows` as the model sees it.
pub(super) fn each_row(
    table: &Table,
    scorer: &Scorer,
    rows: &[usize],
    each: &mut dyn FnMut(&Row),
) -> Result<(), LearnError> {
    let filler = Filler::new(table, scorer)?;
    let (mut block, mut row) = (scorer.block(), scorer.row());
    for rows in rows.chunks(Block::ROWS) {
        filler.fill_block(rows, &mut block)?;
        for place in 0..rows.len() {
            block.copy_row(place, &mut row);
            each(&row);
        }
    }
    Ok(())
}

/// Values of each sensitive feature in `rows`.
pub(super) fn sensitive<'a>(
    table: &Table,
    plan: &'a NewTrainingRun,
    rows: &[usize],
) -> Result<Vec<(&'a str, Vec<String>)>, LearnError> {
    let mut found = Vec::new();
    let mut faults = Vec::new();
    for (n, name) in plan.sensitive_features.iter().enumerate() {
        let column = table.column(name)?;
        let groups = column
            .texts()
            .filter(|_| !matches!(column, Column::Date(_)))
            .map(|texts| {
                rows.iter()
                    .map(|&row| texts[row].clone().unwrap_or_else(|| MISSING.to_owned()))
                    .collect::<Vec<_>>()
            });
        let distinct = groups
            .iter()
            .flatten()
            .collect::<std::collections::BTreeSet<_>>()
            .len();
        match groups {
            Some(groups) if distinct <= MOST_GROUPS => found.push((name.as_str(), groups)),
            _ => {
                let detail = format!(
                    "a sensitive column has at most {MOST_GROUPS} groups, no dates and no decimals"
                );
                faults.push(Fault::new(
                    format!("/sensitiveFeatures/{n}"),
                    "no-grouping",
                    detail,
                ));
            }
        }
    }
    if faults.is_empty() {
        Ok(found)
    } else {
        Err(LearnError::Invalid(faults))
    }
}

fn told(error: EvaluationError) -> LearnError {
    match error {
        EvaluationError::OneClass { .. } => LearnError::fault(
            "/split",
            "one-class",
            "all outcomes among the rows kept apart are the same",
        ),
        other => LearnError::internal(other),
    }
}
