//! The quality report.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use helder_types::SemanticType;

use super::{
    DriftBins, Profiles, SMALLEST_CELL, may_show,
    profile::{Profile, Shape},
};
use crate::{contract::Contract, rule::Rule};

/// Quality of a dataset version. Holds no value of an identifying column, and no count under ten per value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QualityReport {
    /// Records in the file.
    pub rows_in: u64,
    /// Records accepted.
    pub rows_accepted: u64,
    /// Records set apart.
    pub rows_quarantined: u64,
    /// Invalid values that became missing.
    pub values_set_missing: u64,
    /// 0 to 100: 40 % completeness, 40 % validity (both averaged over columns), 20 % share of records accepted.
    pub score: f64,
    /// The columns.
    pub columns: Vec<ColumnQuality>,
    /// Rules broken by whole records.
    pub record_rules: Vec<RuleCount>,
    /// What needs a look, most frequent first.
    pub attention: Vec<AttentionItem>,
    /// Columns of the file that the contract does not name; left out.
    pub ignored_columns: Vec<String>,
    /// Number of the version that drift is measured against.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub compared_with: Option<u64>,
}

/// Quality of one column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ColumnQuality {
    /// Name in the contract.
    pub name: String,
    /// Meaning.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub semantic_type: Option<SemanticType>,
    /// Records without a value.
    pub missing: u64,
    /// Records whose value breaks a rule.
    pub invalid: u64,
    /// Of those, values that became missing while the record stayed.
    pub set_missing: u64,
    /// Share of records with a value, 0 to 1.
    pub completeness: f64,
    /// Share of values that break no rule, 0 to 1; 1 when there are no values.
    pub validity: f64,
    /// Different values among accepted records.
    pub distinct: u64,
    /// Whether `distinct` is an estimate (standard error 1.6 %).
    pub distinct_is_estimate: bool,
    /// Different values over values, 0 to 1.
    pub uniqueness: f64,
    /// Rules broken.
    pub rules: Vec<RuleCount>,
    /// How values are distributed; absent for identifying columns.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub distribution: Option<Distribution>,
    /// Values far from the others.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub outliers: Option<Outliers>,
    /// Change against the former version.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub drift: Option<Drift>,
    /// For comparison with the next version.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub drift_bins: Option<DriftBins>,
}

/// How often a rule was broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuleCount {
    /// Code of the rule.
    pub rule: String,
    /// What is wrong.
    pub reason: String,
    /// How often.
    pub count: u64,
}

/// Distribution of a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Distribution {
    /// Numbers; amounts of money in cents.
    Numbers {
        /// Mean; absent when there are under ten values.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        mean: Option<f64>,
        /// Quantiles with at least ten values on either side, to 1.6 %.
        quantiles: Vec<Quantile>,
        /// Histogram.
        bins: Vec<Bin>,
    },
    /// Dates, per year.
    Years {
        /// Histogram; `low` is the year.
        bins: Vec<Bin>,
    },
    /// Texts.
    Values {
        /// Values with at least ten records, most frequent first, twenty at most.
        top: Vec<TopValue>,
        /// Records with other values.
        other: u64,
        /// Whether there are too many different values to list.
        many: bool,
    },
}

/// A quantile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Quantile {
    /// Share of values below, 0 to 1.
    pub p: f64,
    /// The value.
    pub value: f64,
}

/// One bin of a histogram.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Bin {
    /// Lower edge.
    pub low: f64,
    /// Upper edge, not included.
    pub high: f64,
    /// Values in it; absent when under ten.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub count: Option<u64>,
}

/// A frequent value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TopValue {
    /// The value.
    pub value: String,
    /// Records that have it.
    pub count: u64,
}

/// Values beyond three times the interquartile range from the quartiles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Outliers {
    /// Lower fence.
    pub low: f64,
    /// Upper fence.
    pub high: f64,
    /// How many values lie outside.
    pub count: u64,
}

/// Change of a column against the former version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// Population stability index, 0 for no change.
    pub psi: f64,
    /// `stable` under 0.1, `changed` to 0.25, `strong` above.
    pub verdict: String,
}

/// Something a person should look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AttentionItem {
    /// Column, when one is concerned.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub column: Option<String>,
    /// Code.
    pub code: String,
    /// What was found.
    pub detail: String,
    /// How many records.
    pub count: u64,
    /// Numbers of the first records concerned (the record in the file, from 1).
    pub rows: Vec<i64>,
}

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
        distribution: distribution(profile, meaning),
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

fn distribution(profile: &Profile, meaning: Option<SemanticType>) -> Option<Distribution> {
    match &profile.shape {
        Shape::Hidden => None,
        Shape::Numbers(sketch) => {
            let count = sketch.count();
            let enough = |p: &f64| {
                (p * count as f64) >= SMALLEST_CELL as f64
                    && ((1.0 - p) * count as f64) >= SMALLEST_CELL as f64
            };
            let quantiles = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]
                .into_iter()
                .filter(enough);
            let quantiles: Vec<_> = quantiles
                .map(|p| Quantile {
                    p,
                    value: sketch.quantile(p),
                })
                .collect();
            let bins = number_bins(&sketch.bins(), &quantiles);
            Some(Distribution::Numbers {
                mean: (count >= SMALLEST_CELL).then(|| sketch.mean()),
                quantiles,
                bins,
            })
        }
        Shape::Dates(months) => {
            let years = months.years();
            let bins = years.iter().map(|(year, count)| Bin {
                low: f64::from(*year),
                high: f64::from(*year + 1),
                count: (*count >= SMALLEST_CELL).then_some(*count),
            });
            Some(Distribution::Years {
                bins: suppress_second(
                    bins.collect(),
                    &years.iter().map(|y| y.1).collect::<Vec<_>>(),
                ),
            })
        }
        Shape::Texts(frequencies) => {
            let all = frequencies.all();
            let shown = all
                .as_ref()
                .filter(|_| may_show(meaning) || meaning == Some(SemanticType::Postcode));
            let Some(all) = shown else {
                return Some(Distribution::Values {
                    top: Vec::new(),
                    other: profile.present,
                    many: true,
                });
            };
            let showable = |value: &str| !holds_bsn(value);
            let mut top: Vec<TopValue> = all
                .iter()
                .filter(|(value, count)| *count >= SMALLEST_CELL && showable(value))
                .take(20)
                .map(|(value, count)| TopValue {
                    value: value.clone(),
                    count: *count,
                })
                .collect();
            let mut other = profile.present - top.iter().map(|value| value.count).sum::<u64>();
            // A small remainder would give the hidden values away: hide the least frequent shown one with it.
            while other > 0 && other < SMALLEST_CELL && !top.is_empty() {
                other += top.pop().map_or(0, |value| value.count);
            }
            Some(Distribution::Values {
                top,
                other,
                many: false,
            })
        }
    }
}

/// Twenty equal bins between the outer quantiles, and one open bin at either end.
fn number_bins(values: &[(f64, f64, u64)], quantiles: &[Quantile]) -> Vec<Bin> {
    let (Some(first), Some(last)) = (quantiles.first(), quantiles.last()) else {
        return Vec::new();
    };
    let width = (last.value - first.value) / 20.0;
    if width <= 0.0 {
        return Vec::new();
    }
    let mut counts = [0_u64; 20];
    for (low, high, count) in values {
        let middle = f64::midpoint(*low, *high);
        if middle >= first.value && middle < last.value {
            counts[(((middle - first.value) / width) as usize).min(19)] += count;
        }
    }
    let bins = counts.iter().enumerate().map(|(at, count)| Bin {
        low: first.value + width * at as f64,
        high: first.value + width * (at + 1) as f64,
        count: (*count == 0 || *count >= SMALLEST_CELL).then_some(*count),
    });
    suppress_second(bins.collect(), &counts)
}

/// One hidden bin alone could be computed from the total: hides the smallest other one too.
fn suppress_second(mut bins: Vec<Bin>, counts: &[u64]) -> Vec<Bin> {
    let hidden = bins.iter().filter(|bin| bin.count.is_none()).count();
    if hidden == 1 {
        let smallest = (0..bins.len())
            .filter(|at| bins[*at].count.is_some_and(|count| count > 0))
            .min_by_key(|at| counts[*at]);
        if let Some(at) = smallest {
            bins[at].count = None;
        }
    }
    bins
}

/// Whether a text holds a number that passes the eleven-test.
fn holds_bsn(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit())
        .any(|digits| digits.len() >= 8 && helder_types::Bsn::parse(digits.as_bytes()).is_ok())
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

fn attention(profiles: &Profiles, columns: &[ColumnQuality]) -> Vec<AttentionItem> {
    let mut items: Vec<AttentionItem> = profiles
        .attention
        .groups
        .iter()
        .map(|((field, rule), (count, rows))| AttentionItem {
            column: field.map(|at| profiles.names[at].clone()),
            code: rule.code().into(),
            detail: rule.reason().into(),
            count: *count,
            rows: rows.clone(),
        })
        .collect();
    for column in columns {
        let mut add = |code: &str, detail: String, count: u64| {
            items.push(AttentionItem {
                column: Some(column.name.clone()),
                code: code.into(),
                detail,
                count,
                rows: Vec::new(),
            });
        };
        if column.set_missing > 0 {
            add(
                "set-missing",
                "invalid values were made missing".into(),
                column.set_missing,
            );
        }
        if column.completeness == 0.0 && profiles.rows_in > 0 {
            add(
                "empty-column",
                "the column has no value at all".into(),
                profiles.rows_in,
            );
        }
        if let Some(drift) = column
            .drift
            .as_ref()
            .filter(|drift| drift.verdict != "stable")
        {
            add(
                "drift",
                format!(
                    "distribution differs from the former version (PSI {})",
                    drift.psi
                ),
                profiles.rows_accepted,
            );
        }
        if column
            .outliers
            .as_ref()
            .is_some_and(|outliers| outliers.count > 0)
        {
            let count = column
                .outliers
                .as_ref()
                .map_or(0, |outliers| outliers.count);
            add(
                "outliers",
                "values beyond three interquartile ranges".into(),
                count,
            );
        }
    }
    items.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.code.cmp(&b.code)));
    items
}
