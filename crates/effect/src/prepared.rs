//! A study that was checked, with its columns ready for regression.

use std::collections::BTreeSet;

use helder_survival::{Exposed, Spells, expose};

use crate::{Column, EffectError, Missing, Settings, Study, StudyFault};

/// A checked study.
pub(crate) struct Prepared<'a> {
    pub(crate) study: &'a Study<'a>,
    pub(crate) settings: &'a Settings,
    /// Per spell a label of the person, from 0.
    pub(crate) person: Vec<u32>,
    /// Whether anybody has several spells.
    pub(crate) people_recur: bool,
    /// Columns that vary, moved and scaled to mean 0 and standard deviation 1, indicators of missing values included.
    pub(crate) columns: Vec<(String, Vec<f64>)>,
    /// Day on which the provision began, where that was before the end of the spell.
    pub(crate) begins: Vec<Option<f64>>,
    /// Spells cut where the provision begins, all ways out.
    pub(crate) exposed: Exposed,
}

impl<'a> Prepared<'a> {
    pub(crate) fn new(study: &'a Study<'a>) -> Result<Self, EffectError> {
        let faults = faults(study);
        if !faults.is_empty() {
            return Err(EffectError::Study(faults));
        }
        let begins: Vec<Option<f64>> = study
            .provision
            .iter()
            .zip(study.end)
            .map(|(begins, end)| begins.filter(|begins| begins < end))
            .collect();
        let spells = Spells::competing(study.end, study.cause)?.entered_at(study.entry)?;
        let exposed = expose(&spells, &begins)?;
        let person = study
            .person
            .map_or_else(|| (0..study.end.len() as u32).collect(), <[u32]>::to_vec);
        let distinct: BTreeSet<u32> = person.iter().copied().collect();
        Ok(Self {
            study,
            settings: &study.settings,
            people_recur: distinct.len() < person.len(),
            person,
            columns: study.columns.iter().flat_map(scaled).collect(),
            begins,
            exposed,
        })
    }

    /// Number of spells.
    pub(crate) fn len(&self) -> usize {
        self.study.end.len()
    }

    /// Whether the spell ends by the way out that the provision is for.
    pub(crate) fn has_outcome(&self, i: usize) -> bool {
        self.study.cause[i] == self.settings.outcome
    }

    /// The columns, per row of `origin` the values of that spell.
    pub(crate) fn columns_of(&self, origin: &[usize]) -> Vec<(String, Vec<f64>)> {
        self.columns
            .iter()
            .map(|(name, values)| {
                let values = origin.iter().map(|&i| values[i]).collect();
                (name.clone(), values)
            })
            .collect()
    }

    /// The person of each row.
    pub(crate) fn person_of(&self, origin: &[usize]) -> Vec<u32> {
        origin.iter().map(|&i| self.person[i]).collect()
    }

    /// How many different people these spells have.
    pub(crate) fn people(&self, spells: impl Iterator<Item = usize>) -> usize {
        spells
            .map(|i| self.person[i])
            .collect::<BTreeSet<u32>>()
            .len()
    }
}

fn faults(study: &Study<'_>) -> Vec<StudyFault> {
    let n = study.end.len();
    let mut faults = Vec::new();
    if n == 0 {
        faults.push(StudyFault::Empty);
    }
    let length = |what: &str, found: usize| {
        (found != n).then(|| StudyFault::Length {
            what: what.to_owned(),
            expected: n,
            found,
        })
    };
    faults.extend(length("entry", study.entry.len()));
    faults.extend(length("cause", study.cause.len()));
    faults.extend(length("provision", study.provision.len()));
    faults.extend(study.person.and_then(|it| length("person", it.len())));
    let begins = study.provision.iter().flatten().copied();
    for (what, rows) in [
        ("entry", not_finite(study.entry.iter().copied())),
        ("end", not_finite(study.end.iter().copied())),
        ("provision", not_finite(begins)),
    ] {
        if rows > 0 {
            let what = what.to_owned();
            faults.push(StudyFault::NotFinite { what, rows });
        }
    }
    let wrong = study.entry.iter().zip(study.end);
    let wrong = wrong
        .filter(|(entry, end)| **entry < 0.0 || entry >= end)
        .count();
    if wrong > 0 {
        faults.push(StudyFault::Entry(wrong));
    }
    let mut names = BTreeSet::new();
    for column in &study.columns {
        faults.extend(length(&column.name, column.values.len()));
        if !names.insert(column.name.as_str()) {
            faults.push(StudyFault::Twice(column.name.clone()));
        }
        let infinite = column
            .values
            .iter()
            .filter(|value| value.is_infinite())
            .count();
        if infinite > 0 {
            faults.push(StudyFault::NotFinite {
                what: column.name.clone(),
                rows: infinite,
            });
        }
        let rows = column.values.iter().filter(|value| value.is_nan()).count();
        if rows > 0 && column.missing == Missing::Refuse {
            let column = column.name.clone();
            faults.push(StudyFault::Missing { column, rows });
        }
    }
    let mut names = BTreeSet::new();
    for grouping in &study.groupings {
        faults.extend(length(&grouping.name, grouping.labels.len()));
        if !names.insert(grouping.name.as_str()) {
            faults.push(StudyFault::Twice(grouping.name.clone()));
        }
        let rows = grouping
            .labels
            .iter()
            .filter(|label| **label as usize >= grouping.levels.len())
            .count();
        if rows > 0 {
            let grouping = grouping.name.clone();
            faults.push(StudyFault::Label { grouping, rows });
        }
    }
    faults.extend(settings_faults(&study.settings));
    faults
}

fn not_finite(values: impl Iterator<Item = f64>) -> usize {
    values.filter(|value| !value.is_finite()).count()
}

fn settings_faults(settings: &Settings) -> Vec<StudyFault> {
    let within = |value: f64, low: f64, high: f64| value > low && value < high;
    let days = |days: &[f64], least: f64| {
        days.iter().all(|day| day.is_finite() && *day > least)
            && days.windows(2).all(|pair| pair[0] < pair[1])
    };
    let demands = [
        (settings.outcome > 0, "outcome", "a way out, 1 or more"),
        (
            within(settings.confidence, 0.0, 1.0),
            "confidence",
            "above 0 and below 1",
        ),
        (
            within(settings.power, 0.5, 1.0),
            "power",
            "above 0.5 and below 1",
        ),
        (
            within(settings.smallest_relevant_hazard_ratio, 1.0, f64::INFINITY),
            "smallestRelevantHazardRatio",
            "a number above 1",
        ),
        (
            within(settings.smallest_relevant_difference, 0.0, 1.0),
            "smallestRelevantDifference",
            "above 0 and below 1",
        ),
        (
            days(&settings.landmarks, 0.0) && settings.landmarks.len() <= 12,
            "landmarks",
            "at most 12 days above 0, rising",
        ),
        (
            days(&settings.horizons, 0.0) && settings.horizons.len() <= 12,
            "horizons",
            "at most 12 numbers of days above 0, rising",
        ),
        (
            within(settings.first_days, 0.0, f64::INFINITY),
            "firstDays",
            "a number of days above 0",
        ),
        (
            settings.smallest_group >= 10,
            "smallestGroup",
            "at least 10",
        ),
        (
            (0.0..=0.1).contains(&settings.truncation),
            "truncation",
            "from 0 to 0.1",
        ),
        (
            settings.propensity_limit > 0.0 && settings.propensity_limit <= 0.2,
            "propensityLimit",
            "above 0 and at most 0.2",
        ),
    ];
    let wrong = demands.into_iter().filter(|(is_met, ..)| !is_met);
    wrong
        .map(|(_, what, demand)| StudyFault::Setting { what, demand })
        .collect()
}

/// The column with mean 0 and standard deviation 1, and its indicator; nothing for a column that does not vary.
fn scaled(column: &Column<'_>) -> Vec<(String, Vec<f64>)> {
    let present: Vec<f64> = column
        .values
        .iter()
        .copied()
        .filter(|v| !v.is_nan())
        .collect();
    let mut found = Vec::new();
    if let Some((mean, deviation)) = moments(&present) {
        let value = |v: &f64| {
            if v.is_nan() {
                0.0
            } else {
                (v - mean) / deviation
            }
        };
        found.push((
            column.name.clone(),
            column.values.iter().map(value).collect(),
        ));
    }
    let indicator: Vec<f64> = column
        .values
        .iter()
        .map(|v| f64::from(u8::from(v.is_nan())))
        .collect();
    if let Some((mean, deviation)) = moments(&indicator) {
        let value = |v: &f64| (v - mean) / deviation;
        let name = format!("{} (missing)", column.name);
        found.push((name, indicator.iter().map(value).collect()));
    }
    found
}

/// Mean and standard deviation of values that vary.
fn moments(values: &[f64]) -> Option<(f64, f64)> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
    let deviation = variance.sqrt();
    (deviation.is_finite() && deviation > 1e-12 * mean.abs().max(f64::MIN_POSITIVE))
        .then_some((mean, deviation))
}
