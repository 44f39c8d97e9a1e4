//! What the truth says, where some of it is known, and whether who is picked moves over time.

use std::collections::{BTreeMap, BTreeSet};

use helder_evaluation::{Ceiling, Drift, Proportion, ceiling, drift};
use helder_fairness::{LabelAudit, Settings, label_audit};
use helder_types::Fault;
use serde::Serialize;

use super::{Material, NotJudged, SMALLEST_GROUP};
use crate::learn::{
    LearnError,
    plan::NewTrainingRun,
    split::Rows,
    table::{Column, Table},
};

/// False alarms per series, however often one looks.
const ALPHA: f64 = 0.05;

/// The truth on the rows judged.
#[derive(Debug, Default)]
pub(in crate::learn) struct Known {
    /// True probabilities.
    pub(super) probability: Option<Vec<f64>>,
    /// The outcome as a check of a sample found it; `None` outside the sample.
    pub(super) checked: Option<Vec<Option<bool>>>,
}

/// Whether a share has moved since the first period.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct ShareDrift {
    /// Sensitive feature and group; absent for everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensitive_feature: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The first period, to which the later ones are compared.
    pub first_period: String,
    /// Share picked, before and after.
    #[serde(flatten)]
    pub drift: Drift,
}

impl Known {
    /// Reads the columns of the plan.
    ///
    /// # Errors
    /// [`LearnError::Invalid`] for a column that holds something else.
    pub(in crate::learn) fn of(
        table: &Table,
        plan: &NewTrainingRun,
        rows: &Rows,
    ) -> Result<Self, LearnError> {
        let Some(truth) = &plan.truth else {
            return Ok(Self::default());
        };
        let mut faults = Vec::new();
        let mut known = Self::default();
        if let Some(name) = &truth.probability {
            let numbers = table.column(name)?.numbers().unwrap_or_default();
            let at = |row: &usize| numbers.get(*row).copied().flatten();
            let is_probability = |p: &f64| (0.0..=1.0).contains(p);
            let all = rows.test.iter().map(|row| at(row).filter(is_probability));
            known.probability = all.collect();
            if known.probability.is_none() {
                let detail = "a true probability lies from 0 to 1, on every row judged";
                faults.push(Fault::new("/truth/probability", "wrong-kind", detail));
            }
        }
        if let Some(name) = &truth.checked_outcome {
            if let Column::Boolean(values) = table.column(name)? {
                known.checked = Some(rows.test.iter().map(|row| values[*row]).collect());
            } else {
                let detail = "this column holds true, false or nothing";
                faults.push(Fault::new("/truth/checkedOutcome", "wrong-kind", detail));
            }
        }
        if faults.is_empty() {
            Ok(known)
        } else {
            Err(LearnError::Invalid(faults))
        }
    }
}

/// The best any model could do on these rows.
pub(super) fn best(material: &Material<'_>) -> Result<Option<Ceiling>, LearnError> {
    let truth = material.known.probability.as_ref();
    truth
        .map(|truth| ceiling(material.y, truth, material.p).map_err(LearnError::internal))
        .transpose()
}

/// How often true outcomes that a check found were registered, per group. Groups of which a count is small are left out and named.
pub(super) fn labels(
    material: &Material<'_>,
    (name, groups): (&str, &[String]),
    settings: Settings,
    not_judged: &mut Vec<NotJudged>,
) -> Result<Option<LabelAudit>, LearnError> {
    let Some(checked) = &material.known.checked else {
        return Ok(None);
    };
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for ((group, truth), registered) in groups.iter().zip(checked).zip(material.y) {
        let count = counts.entry(group).or_default();
        if *truth == Some(true) {
            count.0 += usize::from(*registered);
            count.1 += 1;
        }
    }
    // Nobody in a cell gives nobody away; a few do.
    let few = |count: usize| (1..SMALLEST_GROUP).contains(&count);
    let is_small =
        |(held, total): &(usize, usize)| *total < SMALLEST_GROUP || few(*held) || few(total - held);
    let small: Vec<&str> = counts
        .iter()
        .filter(|(_, count)| is_small(count))
        .map(|(group, _)| *group)
        .collect();
    if !small.is_empty() {
        let small = small.join(", ");
        not_judged.push(NotJudged::new(
            "small-sample",
            format!("{name}: de steekproef is te klein voor {small}."),
            format!("{name}: the sample is too small for {small}."),
        ));
    }
    let shares: Vec<(String, Proportion)> = counts
        .iter()
        .filter(|(_, count)| !is_small(count))
        .map(|(group, (held, total))| ((*group).to_owned(), Proportion::new(*held, *total)))
        .collect();
    if shares.is_empty() {
        return Ok(None);
    }
    label_audit(&shares, settings.largest_difference, SMALLEST_GROUP)
        .map(Some)
        .map_err(LearnError::internal)
}

/// Whether the share picked has moved since the first period: of everybody, then of each sensitive group.
pub(super) fn moved(material: &Material<'_>) -> Result<Vec<ShareDrift>, LearnError> {
    let Some(periods) = &material.periods else {
        return Ok(Vec::new());
    };
    let Some(first) = periods.iter().min() else {
        return Ok(Vec::new());
    };
    let mut all = Vec::new();
    let everybody = vec![String::new(); periods.len()];
    let features = material.sensitive.iter();
    let features = features.map(|(name, groups)| (Some((*name).to_owned()), groups));
    for (feature, groups) in [(None, &everybody)].into_iter().chain(features) {
        for group in groups.iter().collect::<BTreeSet<_>>() {
            let of = |later: bool| {
                let those = (0..periods.len())
                    .filter(|row| groups[*row] == *group && (periods[*row] != *first) == later);
                let picked: Vec<bool> = those.map(|row| material.picked[row]).collect();
                let count = picked.iter().filter(|picked| **picked).count();
                Proportion::new(count, picked.len())
            };
            let (before, after) = (of(false), of(true));
            let is_told = |share: Proportion| {
                share.count >= SMALLEST_GROUP && share.total - share.count >= SMALLEST_GROUP
            };
            if is_told(before) && is_told(after) {
                all.push(ShareDrift {
                    group: feature.is_some().then(|| group.clone()),
                    sensitive_feature: feature.clone(),
                    first_period: first.clone(),
                    drift: drift(before, after, ALPHA).map_err(LearnError::internal)?,
                });
            }
        }
    }
    Ok(all)
}
