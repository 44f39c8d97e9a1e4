//! What a reader needs beyond the first figures: the sections that make the reports.

mod fairness;
mod paths;
mod proxies;
mod quality;
mod truth;

use helder_evaluation::Feature;
use helder_model::Model;
use serde::Serialize;

use super::{
    LearnError,
    plan::{NewTrainingRun, REFERENCE_DATE, SMALLEST_GROUP},
    split::Rows,
    table::{Column, Table},
};

pub(super) use fairness::{FairnessSections, FeatureAudit};
pub(super) use paths::{Asked, CausalPaths};
pub(super) use quality::{EvaluationSections, NamedStability, SetsEntry, learning_curve};
pub(super) use truth::{Known, ShareDrift};

/// Something the report cannot say, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct NotJudged {
    /// Stable code.
    pub code: &'static str,
    /// Dutch, B1.
    pub nl: String,
    /// English.
    pub en: String,
}

impl NotJudged {
    pub(super) fn new(code: &'static str, nl: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            code,
            nl: nl.into(),
            en: en.into(),
        }
    }
}

/// The rows a model is judged on, with all that is known of them.
pub(super) struct Material<'a> {
    pub y: &'a [bool],
    pub p: &'a [f64],
    pub picked: &'a [bool],
    /// Sensitive features with the group of each row.
    pub sensitive: &'a [(&'a str, Vec<String>)],
    /// Inputs of the model by name, on the rows judged.
    pub features: Vec<(String, Values)>,
    /// Inputs by name, on the rows learned from.
    pub learned_from: Vec<(String, Values)>,
    /// Sensitive features on the rows learned from, in the order of `sensitive`.
    pub groups_learned_from: Vec<Vec<String>>,
    /// Period of each row, where rows know their reference date and there is more than one.
    pub periods: Option<Vec<String>>,
    /// Area of each row, where the plan names one.
    pub areas: Option<Vec<String>>,
    /// What is known of the truth.
    pub known: Known,
    /// The causal graph, where one is given.
    pub asked: Option<Asked<'a>>,
    pub judged_on_training_rows: bool,
    /// Nothing may be told of the rows learned from: there are none of them here.
    pub is_private: bool,
    pub seed: u64,
    pub capacity: Option<usize>,
}

/// Values of one input.
pub(super) enum Values {
    Numbers(Vec<Option<f64>>),
    Levels(Vec<Option<String>>),
}

impl Values {
    pub(super) fn feature(&self) -> Feature<'_> {
        match self {
            Self::Numbers(values) => Feature::Numbers(values),
            Self::Levels(values) => Feature::Levels(values),
        }
    }
}

/// Most rows learned from that the proxy audit looks at.
const MOST_ROWS: usize = 50_000;

impl<'a> Material<'a> {
    /// Collects what is known of the rows.
    ///
    /// # Errors
    /// [`LearnError::Internal`] when a column was not read; [`LearnError::Invalid`] when one of the truth holds something else.
    pub(super) fn collect(
        table: &Table,
        plan: &'a NewTrainingRun,
        rows: &Rows,
        model: &Model,
        (y, p, picked): (&'a [bool], &'a [f64], &'a [bool]),
        sensitive: &'a [(&'a str, Vec<String>)],
    ) -> Result<Self, LearnError> {
        let step = rows.train.len().div_ceil(MOST_ROWS).max(1);
        let is_private = plan.privacy.is_some();
        let train = rows.train.iter().copied().step_by(step);
        let train: Vec<usize> = train.filter(|_| !is_private).collect();
        let features = |rows: &[usize]| {
            plan.features
                .iter()
                .map(|feature| {
                    // As the model looks at it; what it leaves out stands as it is.
                    let input = model.inputs.iter().find(|input| input.name == feature.name);
                    let found = match input {
                        Some(input) => values(&*table.worked(input)?, rows),
                        None => values(table.column(&feature.name)?, rows),
                    };
                    Ok((feature.name.clone(), found))
                })
                .collect::<Result<Vec<_>, LearnError>>()
        };
        let groups_learned_from = sensitive
            .iter()
            .map(|(name, _)| {
                let texts = table.column(name)?.texts().unwrap_or_default();
                let missing = || helder_fairness::MISSING.to_owned();
                Ok(train
                    .iter()
                    .map(|&row| texts.get(row).cloned().flatten().unwrap_or_else(missing))
                    .collect())
            })
            .collect::<Result<_, LearnError>>()?;
        Ok(Self {
            y,
            p,
            picked,
            sensitive,
            features: features(&rows.test)?,
            learned_from: features(&train)?,
            groups_learned_from,
            periods: periods(table, &rows.test),
            areas: areas(table, plan, &rows.test)?,
            known: Known::of(table, plan, rows)?,
            asked: Asked::of(table, plan, rows, model)?,
            judged_on_training_rows: rows.same,
            is_private,
            seed: u64::from(plan.seed),
            capacity: plan.capacity.map(|capacity| capacity as usize),
        })
    }

    /// Two halves of the rows by the seed, whatever their order.
    pub(super) fn halves(&self) -> [Vec<usize>; 2] {
        let draw = |row: usize| {
            let mixed = (row as u64 ^ self.seed.rotate_left(32))
                .wrapping_add(0x9e37_79b9_7f4a_7c15)
                .wrapping_mul(0xbf58_476d_1ce4_e5b9);
            (mixed ^ (mixed >> 31)).wrapping_mul(0x94d0_49bb_1331_11eb)
        };
        let mut order: Vec<usize> = (0..self.y.len()).collect();
        order.sort_by_key(|&row| (draw(row), row));
        let second = order.split_off(order.len() / 2);
        [order, second]
    }
}

fn values(column: &Column, rows: &[usize]) -> Values {
    if let Column::Text(texts) = column {
        return Values::Levels(rows.iter().map(|&row| texts[row].clone()).collect());
    }
    let numbers = column.numbers().unwrap_or_default();
    let pick = |row: &usize| numbers.get(*row).copied().flatten();
    Values::Numbers(rows.iter().map(pick).collect())
}

/// Reference dates as they are when they are few, otherwise their years; `None` with one period or a gap.
fn periods(table: &Table, rows: &[usize]) -> Option<Vec<String>> {
    const MOST: usize = 24;
    let Ok(Column::Date(days)) = table.column(REFERENCE_DATE) else {
        return None;
    };
    let first = jiff::civil::date(1970, 1, 1);
    let dates: Vec<jiff::civil::Date> = rows
        .iter()
        .map(|&row| first.checked_add(jiff::Span::new().days(days[row]?)).ok())
        .collect::<Option<_>>()?;
    let distinct: std::collections::BTreeSet<_> = dates.iter().collect();
    let name = |date: &jiff::civil::Date| {
        if distinct.len() > MOST {
            date.year().to_string()
        } else {
            date.to_string()
        }
    };
    (distinct.len() > 1).then(|| dates.iter().map(name).collect())
}

/// Most areas: beyond it the column is no division into areas.
const MOST_AREAS: usize = 1_000;

/// Area of each row; `None` where the plan names none.
fn areas(
    table: &Table,
    plan: &NewTrainingRun,
    rows: &[usize],
) -> Result<Option<Vec<String>>, LearnError> {
    let Some(name) = &plan.area else {
        return Ok(None);
    };
    let column = table.column(name)?;
    let missing = || helder_fairness::MISSING.to_owned();
    let names = column
        .texts()
        .filter(|_| !matches!(column, Column::Date(_)))
        .map(|texts| {
            let name = |row: &usize| texts[*row].clone().unwrap_or_else(missing);
            rows.iter().map(name).collect::<Vec<_>>()
        });
    let distinct = |names: &Vec<String>| {
        let names = names.iter().collect::<std::collections::BTreeSet<_>>();
        (2..=MOST_AREAS).contains(&names.len())
    };
    names.filter(distinct).map(Some).ok_or_else(|| {
        let detail = format!(
            "a column of areas has 2 to {MOST_AREAS} of them among the rows judged, no dates and no decimals"
        );
        LearnError::fault("/area", "no-areas", detail)
    })
}

/// Whether figures on these rows can say anything at all.
fn has_both(y: &[bool], least: usize) -> bool {
    let positives = y.iter().filter(|y| **y).count();
    positives >= least && y.len() - positives >= least
}

/// Smallest number of rows of each outcome from which a section is made.
const LEAST: usize = 2 * SMALLEST_GROUP;
