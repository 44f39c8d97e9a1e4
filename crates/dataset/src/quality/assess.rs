//! From what was counted to the quality report.

use helder_types::SemanticType;

use super::{
    ColumnQuality, Distribution, Drift, DriftBins, Outliers, Profiles, QualityReport, RuleCount,
    SMALLEST_CELL,
    attention::attention,
    profile::{Profile, Shape},
};
use crate::{contract::Contract, rule::Rule};

/// Makes the report of a version; `former` is the report of the version before, with its number.
pub fn report(
    profiles: &Profiles,
    contract: &Contract,
    ignored_columns: Vec<String>,
    former: Option<(u64, &QualityReport)>,
) -> QualityReport {
    let columns: Vec<ColumnQuality> = profiles
        .names
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let meaning = contract.field(name).and_then(|field| field.semantic_type);
            let before = former
                .and_then(|(_, report)| report.columns.iter().find(|column| column.name == *name));
            column(profiles, at, meaning, before)
        })
        .collect();
    let mean = |of: fn(&ColumnQuality) -> f64| {
        columns.iter().map(of).sum::<f64>() / columns.len().max(1) as f64
    };
    let accepted = share(profiles.rows_accepted, profiles.rows_in);
    let score =
        100.0 * (0.4 * mean(|c| c.completeness) + 0.4 * mean(|c| c.validity) + 0.2 * accepted);
    QualityReport {
        rows_in: profiles.rows_in,
        rows_accepted: profiles.rows_accepted,
        rows_quarantined: profiles.rows_in - profiles.rows_accepted,
        values_set_missing: profiles.values_set_missing(),
        score: (score * 10.0).round() / 10.0,
        attention: attention(profiles, &columns),
        columns,
        record_rules: rule_counts(&profiles.record_faults),
        ignored_columns,
        compared_with: former.map(|(number, _)| number),
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        1.0
    } else {
        part as f64 / whole as f64
    }
}

fn rule_counts(broken: &[u64]) -> Vec<RuleCount> {
    let counted = Rule::ALL
        .iter()
        .zip(broken)
        .filter(|(_, count)| **count > 0);
    counted
        .map(|(rule, count)| RuleCount {
            rule: rule.code().into(),
            reason: rule.reason().into(),
            count: *count,
        })
        .collect()
}

fn column(
    profiles: &Profiles,
    at: usize,
    meaning: Option<SemanticType>,
    before: Option<&ColumnQuality>,
) -> ColumnQuality {
    let counts = &profiles.counts[at];
    let profile = &profiles.columns[at];
    let split: u64 = profiles.rows_in - profiles.record_faults.iter().sum::<u64>();
    let given = split.saturating_sub(counts.missing);
    let (distinct, distinct_is_estimate) = profile.distinct.count();
    let missing = profiles.rows_accepted.saturating_sub(profile.present);
    let psi = before
        .and_then(|before| before.drift_bins.as_ref())
        .and_then(|bins| bins.psi(&profile.shape, profile.present, missing));
    ColumnQuality {
        name: profiles.names[at].clone(),
        semantic_type: meaning,
        missing: counts.missing,
        invalid: counts.invalid,
        set_missing: counts.set_missing,
        completeness: share(given, split),
        validity: share(given.saturating_sub(counts.invalid), given),
        distinct,
        distinct_is_estimate,
        uniqueness: share(distinct.min(profile.present), profile.present),
        rules: rule_counts(&counts.broken),
        distribution: Distribution::of(profile, meaning),
        outliers: outliers(profile),
        drift: psi.map(|psi| Drift {
            psi: (psi * 10_000.0).round() / 10_000.0,
            verdict: if psi < 0.1 {
                "stable"
            } else if psi < 0.25 {
                "changed"
            } else {
                "strong"
            }
            .into(),
        }),
        drift_bins: DriftBins::of(&profile.shape, profile.present, missing),
    }
}
fn outliers(profile: &Profile) -> Option<Outliers> {
    let Shape::Numbers(sketch) = &profile.shape else {
        return None;
    };
    if sketch.count() < 4 * SMALLEST_CELL {
        return None;
    }
    let (lower, upper) = (sketch.quantile(0.25), sketch.quantile(0.75));
    let reach = 3.0 * (upper - lower);
    if reach <= 0.0 {
        return None;
    }
    let (below, above) = sketch.outside(lower - reach, upper + reach);
    Some(Outliers {
        low: lower - reach,
        high: upper + reach,
        count: below + above,
    })
}
