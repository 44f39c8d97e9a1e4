//! What an edit does to the figures, over all and per group: for those who have to approve it.

use helder_fairness::{FairnessReport, PublishedGroup, Rate, Verdict};
use helder_model::{Change, EffectFigure, Model};
use helder_types::Digest;
use serde::Serialize;

use crate::learn::{LearnError, judge::Judged};

/// The last edit of a model and its effect on the test rows.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct EditEffect {
    /// Who.
    pub by: String,
    /// When, UTC.
    pub at: String,
    /// Why.
    pub reason: String,
    /// The model file it was made from.
    pub of: Digest,
    /// What was changed.
    pub changes: Vec<Change>,
    /// Edits before this one that the model still holds.
    pub earlier_edits: usize,
    /// Figures over all test rows.
    pub figures: Vec<EffectFigure>,
    /// Fairness verdict of the former model and of this one.
    pub verdict: [Verdict; 2],
    /// Figures per sensitive group; small groups have none.
    pub groups: Vec<GroupEffect>,
}

/// A sensitive group before and after; every pair is former and edited.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct GroupEffect {
    pub sensitive_feature: String,
    pub group: String,
    pub rows: Option<usize>,
    pub selection_rate: [Option<f64>; 2],
    pub true_positive_rate: [Option<f64>; 2],
    pub false_positive_rate: [Option<f64>; 2],
    pub precision: [Option<f64>; 2],
    pub mean_score: [Option<f64>; 2],
}

/// Discrimination, loss and calibration before and after.
pub(super) fn figures(before: &Judged, after: &Judged) -> Vec<EffectFigure> {
    let (Some(was), Some(is)) = (
        &before.evaluation.predictions,
        &after.evaluation.predictions,
    ) else {
        return Vec::new();
    };
    let line = |of: &helder_evaluation::Evaluation| {
        of.calibration
            .line
            .as_ref()
            .map(|line| (line.intercept, line.slope))
    };
    let mut all = vec![
        ("auc", was.auc.value, is.auc.value),
        (
            "averagePrecision",
            was.average_precision,
            is.average_precision,
        ),
        ("logLoss", was.log_loss, is.log_loss),
        ("brier", was.brier, is.brier),
    ];
    if let Some((was, is)) = line(was).zip(line(is)) {
        all.push(("calibrationIntercept", was.0, is.0));
        all.push(("calibrationSlope", was.1, is.1));
    }
    all.into_iter()
        .filter(|(_, before, after)| before.is_finite() && after.is_finite())
        .map(|(name, before, after)| EffectFigure {
            name: name.to_owned(),
            before,
            after,
        })
        .collect()
}

impl EditEffect {
    /// The effect of the last edit of `model`.
    ///
    /// # Errors
    /// [`LearnError::Internal`] when it has none.
    pub(super) fn of(
        model: &Model,
        figures: Vec<EffectFigure>,
        before: &Judged,
        after: &Judged,
    ) -> Result<Self, LearnError> {
        let Some((last, earlier)) = model.edits().split_last() else {
            return Err(LearnError::internal("an edited model without an edit"));
        };
        let (was, is) = (&before.fairness, &after.fairness);
        let reports = was.sensitive_features.iter().zip(&is.sensitive_features);
        Ok(Self {
            by: last.by.clone(),
            at: last.at.clone(),
            reason: last.reason.clone(),
            of: last.of,
            changes: last.changes.clone(),
            earlier_edits: earlier.len(),
            figures,
            verdict: [was.verdict, is.verdict],
            groups: reports.flat_map(|(was, is)| groups(was, is)).collect(),
        })
    }
}

/// Both reports have the same groups: they are of the same rows.
fn groups(was: &FairnessReport, is: &FairnessReport) -> Vec<GroupEffect> {
    let pairs = was.groups.iter().zip(&is.groups);
    pairs
        .map(|(a, b)| {
            let rate = |of: fn(&PublishedGroup) -> &Option<Rate>| {
                [a, b].map(|group| of(group).as_ref().and_then(|rate| rate.value))
            };
            GroupEffect {
                sensitive_feature: was.sensitive_feature.clone(),
                group: a.group.clone(),
                rows: a.rows,
                selection_rate: rate(|group| &group.selection_rate),
                true_positive_rate: rate(|group| &group.true_positive_rate),
                false_positive_rate: rate(|group| &group.false_positive_rate),
                precision: rate(|group| &group.precision),
                mean_score: [a.mean_score, b.mean_score],
            }
        })
        .collect()
}
