//! Findings and marks beside each other: what is told of a control sample.

use std::collections::BTreeMap;

use helder_fairness::{
    ControlSample, Estimate, Finding, GroupContrast, Listed, Looked, Missed, control_by_group,
    control_sample,
};
use helder_platform::problem::{Problem, Result};

use super::{Delivery, groups::Scored};
use crate::wire::{
    Batch, ControlContrast, ControlCounts, ControlEstimate, ControlFeature, ControlGroup,
    ControlMissed, ControlRatio, ControlResult, ControlVerdict, FindingOutcome, FindingsCorrection,
    WorkItem,
};

/// Fewest people behind a figure.
const SMALLEST: usize = 10;

/// What a control sample came to.
///
/// * `batch` – revealed and done
/// * `list` – with its marks
/// * `known` – what was found, by number
///
/// # Errors
/// When the batch is not revealed or not done.
pub(crate) fn result(
    batch: &Batch,
    list: &[WorkItem],
    known: &BTreeMap<u32, FindingOutcome>,
    deliveries: &[Delivery],
    features: &[Scored],
) -> Result<ControlResult> {
    let absent = || Problem::internal("a batch that is not open");
    let control = batch.control.as_ref().ok_or_else(absent)?;
    let scored = batch.outcome.as_ref().ok_or_else(absent)?.rows_scored;
    let rows: Vec<Listed> = list.iter().map(|item| listed(item, known)).collect();
    let told = control_sample(usize::try_from(scored).map_err(Problem::internal)?, &rows);
    let is_told = [told.picked, told.rest].map(|looked| looked.share().total >= SMALLEST);
    let both = is_told == [true, true];
    // What both lists have in common could be told from the difference.
    let in_both = told.sampled.share().total - told.rest.share().total;
    let is_sample_told = is_told[1] && (in_both == 0 || in_both >= SMALLEST);
    let corrections = deliveries
        .iter()
        .filter(|delivery| delivery.corrected > 0 || delivery.after_reveal);
    Ok(ControlResult {
        batch_id: batch.id,
        model: batch.model.clone(),
        model_version_id: batch.model_version_id,
        model_digest: batch.model_digest,
        rows_scored: scored,
        revealed_by: control.revealed_by.clone().ok_or_else(absent)?,
        revealed_at: control.revealed_at.clone().ok_or_else(absent)?,
        picked: is_told[0].then(|| counts(told.picked)),
        sample: is_sample_told.then(|| counts(told.sampled)),
        rest: is_told[1].then(|| counts(told.rest)),
        contrast: both.then(|| contrast(&told)).flatten(),
        ratio: told
            .ratio
            .filter(|_| both)
            .map(|(value, limits)| ControlRatio {
                value,
                lower: limits.low,
                upper: limits.high,
            }),
        missed: told.missed.filter(|_| both).map(missed),
        features: features
            .iter()
            .map(|feature| by_group(feature, list, &rows))
            .collect(),
        corrections: corrections.map(correction).collect(),
    })
}

fn listed(item: &WorkItem, known: &BTreeMap<u32, FindingOutcome>) -> Listed {
    Listed {
        is_picked: item.picked == Some(true),
        is_sampled: item.sampled == Some(true),
        finding: known.get(&item.number).map(|outcome| match outcome {
            FindingOutcome::Found => Finding::Found,
            FindingOutcome::NotFound => Finding::NotFound,
            FindingOutcome::Undetermined => Finding::Undetermined,
        }),
    }
}

fn by_group(feature: &Scored, list: &[WorkItem], rows: &[Listed]) -> ControlFeature {
    let scored: Vec<(String, usize)> = feature
        .groups
        .iter()
        .map(|(group, rows)| (group.clone().unwrap_or_default(), *rows))
        .collect();
    let of_groups: Vec<(usize, Listed)> = list
        .iter()
        .zip(rows)
        .filter_map(|(item, row)| Some((*feature.of_rows.get(&item.row)?, *row)))
        .collect();
    let told = control_by_group(&feature.feature, &scored, &of_groups, SMALLEST);
    let groups = told.groups.into_iter().zip(&feature.groups);
    ControlFeature {
        feature: told.feature,
        not_told: feature.not_told,
        groups: groups
            .map(|(told, (group, _))| ControlGroup {
                group: group.clone(),
                rows_scored: told.scored.map(|rows| rows as u64),
                picked: told.picked.map(counts),
                rest: told.rest.map(counts),
                missed: told.missed.map(missed),
                picked_beside_others: told.picked_contrast.map(beside_others),
                rest_beside_others: told.rest_contrast.map(beside_others),
            })
            .collect(),
    }
}

fn estimate(estimate: Estimate) -> ControlEstimate {
    ControlEstimate {
        value: estimate.value,
        lower: estimate.interval.low,
        upper: estimate.interval.high,
    }
}

fn counts(looked: Looked) -> ControlCounts {
    let share = looked.share();
    ControlCounts {
        listed: looked.listed as u64,
        found: looked.found as u64,
        not_found: looked.not_found as u64,
        undetermined: looked.undetermined as u64,
        missing: looked.missing() as u64,
        share: share
            .value()
            .zip(share.wilson())
            .map(|(value, interval)| estimate(Estimate { value, interval })),
    }
}

fn missed(missed: Missed) -> ControlMissed {
    ControlMissed {
        rows: missed.rows as u64,
        cases: estimate(missed.cases),
        share: missed.share.map(estimate),
    }
}

fn contrast(told: &ControlSample) -> Option<ControlContrast> {
    let difference = told.difference?;
    let differs = difference.interval.low > 0.0 || difference.interval.high < 0.0;
    Some(ControlContrast {
        difference: estimate(difference),
        verdict: verdict(difference.value, differs),
        smallest_detectable_difference: told.detectable,
    })
}

fn beside_others(contrast: GroupContrast) -> ControlContrast {
    ControlContrast {
        difference: estimate(contrast.difference),
        verdict: verdict(contrast.difference.value, contrast.differs),
        smallest_detectable_difference: contrast.detectable,
    }
}

fn verdict(difference: f64, differs: bool) -> ControlVerdict {
    match (differs, difference > 0.0) {
        (false, _) => ControlVerdict::NotEnoughData,
        (true, true) => ControlVerdict::Higher,
        (true, false) => ControlVerdict::Lower,
    }
}

fn correction(delivery: &Delivery) -> FindingsCorrection {
    FindingsCorrection {
        recorded_by: delivery.recorded_by.clone(),
        recorded_at: delivery.recorded_at.clone(),
        after_reveal: delivery.after_reveal,
        recorded: delivery.recorded,
        corrected: delivery.corrected,
        reason: delivery.reason.clone(),
    }
}
