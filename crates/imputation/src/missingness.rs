//! What is missing, and whether that hangs together with what is known.

use std::collections::BTreeMap;

use helder_evaluation::auc;
use helder_glm::{Design, Family, Glm, GlmError, GlmFit, Penalty, Response};
use serde::{Deserialize, Serialize};
use statrs::distribution::{ChiSquared, ContinuousCDF};

use crate::{
    McarTest, Table, Values,
    design::{Gap, Predictor, mean_sd, predictors},
    little,
};

/// Rows with a gap, and rows without, from which signs are looked for.
const ENOUGH: usize = 20;
const FOLDS: usize = 5;
/// Probability (adjusted for the number of columns looked at) under which a sign is called one.
const SIGN: f64 = 0.05;

/// What is missing in a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Missingness {
    /// Rows.
    pub rows: usize,
    /// Rows in which nothing is missing.
    pub complete: usize,
    /// Columns with gaps, the most gaps first.
    pub columns: Vec<Gaps>,
    /// Which columns are missing together, most rows first; those of few rows are one.
    pub patterns: Vec<Pattern>,
    /// Little's test, where there are numbers to test.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mcar: Option<McarTest>,
}

/// Gaps of one column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Gaps {
    /// The column.
    pub column: String,
    /// Rows without a value.
    pub missing: usize,
    /// Share of the rows, in `(0, 1)`.
    pub share: f64,
    /// What its gaps look like.
    pub verdict: Verdict,
    /// Probability of gaps that hang together with the other columns as much, if they did not (likelihood ratio).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p_value: Option<f64>,
    /// How well the other columns tell where this one is missing, on rows that did not teach it: 0.5 is not at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auc: Option<f64>,
    /// Columns that go together with the gaps, the strongest first.
    pub signs: Vec<Sign>,
}

/// What gaps look like. That they hang on the missing value itself can never be seen, nor excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing that is known goes together with them.
    NoSign,
    /// They go together with what is known: leaving rows out distorts; imputation corrects for what is known.
    HangTogether,
    /// Fewer than twenty rows with or without the value.
    TooFew,
}

/// A column that goes together with the gaps of another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sign {
    /// The column.
    pub column: String,
    /// For a category, the level that differs most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// Mean where the value is missing minus mean where it is known, in standard deviations of both together.
    pub standardised_difference: f64,
    /// Probability of so much by chance, times the columns looked at (Holm).
    pub p_value: f64,
}

/// Columns that are missing together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pattern {
    /// Names, in the table's order; none stands for the rarer patterns together.
    pub columns: Option<Vec<String>>,
    /// Rows.
    pub rows: usize,
}

/// Describes the gaps of a table. Patterns of fewer than `smallest` rows are shown together.
///
/// * `table` – characteristics, and the outcome where it is known (whether the event was seen, cumulative hazard at the time)
///
/// Whether gaps go together with the outcome given everything else is the sign that matters most: then leaving rows out distorts.
///
/// # Source
/// Rubin, Biometrika 63(3), 1976; adjustment: Holm, Scandinavian Journal of Statistics 6(2), 1979.
pub fn missingness(table: &Table, smallest: usize) -> Missingness {
    let parts: Vec<Vec<Predictor>> = table
        .columns()
        .iter()
        .enumerate()
        .map(|(place, column)| predictors(place, column, Gap::Indicator))
        .collect();
    let mut columns: Vec<Gaps> = (0..parts.len())
        .filter_map(|place| gaps(table, place, &parts))
        .collect();
    columns.sort_by(|a, b| b.missing.cmp(&a.missing).then(a.column.cmp(&b.column)));
    let patterns = patterns(table, smallest);
    let complete = (0..table.rows())
        .filter(|row| table.columns().iter().all(|c| !c.values.missing(*row)))
        .count();
    Missingness {
        rows: table.rows(),
        complete,
        columns,
        patterns,
        mcar: little(table),
    }
}

fn patterns(table: &Table, smallest: usize) -> Vec<Pattern> {
    let mut counts: BTreeMap<Vec<usize>, usize> = BTreeMap::new();
    for row in 0..table.rows() {
        let gone = (0..table.columns().len()).filter(|c| table.columns()[*c].values.missing(row));
        *counts.entry(gone.collect()).or_insert(0) += 1;
    }
    let mut rare = 0;
    let mut shown = Vec::new();
    for (gone, rows) in counts {
        if rows < smallest {
            rare += rows;
        } else {
            let names = gone.iter().map(|c| table.columns()[*c].name.clone());
            shown.push(Pattern {
                columns: Some(names.collect()),
                rows,
            });
        }
    }
    shown.sort_by_key(|pattern| std::cmp::Reverse(pattern.rows));
    if rare > 0 {
        shown.push(Pattern {
            columns: None,
            rows: rare,
        });
    }
    shown
}

fn gaps(table: &Table, place: usize, parts: &[Vec<Predictor>]) -> Option<Gaps> {
    let column = &table.columns()[place];
    let gone: Vec<bool> = (0..table.rows())
        .map(|row| column.values.missing(row))
        .collect();
    let missing = gone.iter().filter(|gone| **gone).count();
    if missing == 0 {
        return None;
    }
    let mut out = Gaps {
        column: column.name.clone(),
        missing,
        share: missing as f64 / table.rows() as f64,
        verdict: Verdict::TooFew,
        p_value: None,
        auc: None,
        signs: Vec::new(),
    };
    if missing < ENOUGH || table.rows() - missing < ENOUGH {
        return Some(out);
    }
    let others: Vec<&Predictor> = parts
        .iter()
        .enumerate()
        .filter(|(other, _)| *other != place)
        .flat_map(|(_, part)| part)
        .collect();
    out.signs = signs(table, place, &gone);
    out.p_value = likelihood_ratio(&others, &gone);
    out.auc = cross_fitted(&others, &gone);
    out.verdict = if out.p_value.is_some_and(|p| p < SIGN) || !out.signs.is_empty() {
        Verdict::HangTogether
    } else {
        Verdict::NoSign
    };
    Some(out)
}

fn fit(columns: &[&Predictor], rows: &[usize], gone: &[bool]) -> Option<(GlmFit, Design)> {
    let picked = columns.iter().map(|(name, values)| {
        (
            name.as_str(),
            rows.iter().map(|row| values[*row]).collect::<Vec<f64>>(),
        )
    });
    let design = Design::new(rows.len(), picked).ok()?;
    let y: Vec<bool> = rows.iter().map(|row| gone[*row]).collect();
    let response = Response::yes_no(&y);
    let fit = match Glm::new(Family::Binomial).fit(&design, &response) {
        Err(
            GlmError::Separation { .. }
            | GlmError::NotConverged { .. }
            | GlmError::TooFewRows { .. },
        ) => Glm::new(Family::Binomial)
            .penalty(Penalty::L2 { strength: 1.0 })
            .fit(&design, &response),
        other => other,
    };
    Some((fit.ok()?, design))
}

fn likelihood_ratio(columns: &[&Predictor], gone: &[bool]) -> Option<f64> {
    let rows: Vec<usize> = (0..gone.len()).collect();
    let (fit, _) = fit(columns, &rows, gone)?;
    let df = fit.coefficients.len().checked_sub(1).filter(|df| *df > 0)?;
    let statistic = 2.0 * (fit.log_likelihood - fit.null_log_likelihood);
    Some(ChiSquared::new(df as f64).ok()?.sf(statistic.max(0.0)))
}

fn cross_fitted(columns: &[&Predictor], gone: &[bool]) -> Option<f64> {
    let mut chances = vec![0.0; gone.len()];
    for fold in 0..FOLDS {
        let (held, taught): (Vec<usize>, Vec<usize>) =
            (0..gone.len()).partition(|row| row % FOLDS == fold);
        let (fit, _) = fit(columns, &taught, gone)?;
        let picked = columns.iter().map(|(name, values)| {
            (
                name.as_str(),
                held.iter().map(|row| values[*row]).collect::<Vec<f64>>(),
            )
        });
        let design = Design::new(held.len(), picked).ok()?;
        for (row, chance) in held.iter().zip(fit.means(&design, None).ok()?) {
            chances[*row] = chance;
        }
    }
    Some(auc(gone, &chances).ok()?.value)
}

/// Columns whose values differ between rows with and without a gap.
fn signs(table: &Table, place: usize, gone: &[bool]) -> Vec<Sign> {
    let mut found: Vec<Sign> = table
        .columns()
        .iter()
        .enumerate()
        .filter(|(other, _)| *other != place)
        .filter_map(|(_, column)| match &column.values {
            Values::Number(values) => {
                let (difference, p_value) = compare(values, gone)?;
                Some(Sign {
                    column: column.name.clone(),
                    level: None,
                    standardised_difference: difference,
                    p_value,
                })
            }
            Values::Category { levels, codes } => {
                let mut strongest: Option<Sign> = None;
                for (code, level) in levels.iter().enumerate() {
                    let is: Vec<f64> = codes
                        .iter()
                        .map(|c| c.map_or(f64::NAN, |c| f64::from(u8::from(c as usize == code))))
                        .collect();
                    let Some((difference, p_value)) = compare(&is, gone) else {
                        continue;
                    };
                    if strongest.as_ref().is_none_or(|s| p_value < s.p_value) {
                        strongest = Some(Sign {
                            column: column.name.clone(),
                            level: Some(level.clone()),
                            standardised_difference: difference,
                            p_value,
                        });
                    }
                }
                // The strongest of several levels is chosen after looking: counted once per level.
                strongest.map(|mut sign| {
                    sign.p_value = (sign.p_value * (levels.len().max(2) - 1) as f64).min(1.0);
                    sign
                })
            }
        })
        .collect();
    found.sort_by(|a, b| {
        a.p_value
            .total_cmp(&b.p_value)
            .then(a.column.cmp(&b.column))
    });
    let mut floor = 0.0_f64;
    let looked = found.len();
    for (rank, sign) in found.iter_mut().enumerate() {
        floor = floor.max((sign.p_value * (looked - rank) as f64).min(1.0));
        sign.p_value = floor;
    }
    found.retain(|sign| sign.p_value < SIGN);
    found.sort_by(|a, b| {
        b.standardised_difference
            .abs()
            .total_cmp(&a.standardised_difference.abs())
            .then(a.column.cmp(&b.column))
    });
    found
}

/// Standardised difference of the means and Welch's two-sided probability (normal); none where nothing varies.
fn compare(values: &[f64], gone: &[bool]) -> Option<(f64, f64)> {
    let of = |side: bool| -> Vec<f64> {
        let pairs = values.iter().zip(gone);
        pairs
            .filter(|(v, g)| !v.is_nan() && **g == side)
            .map(|(v, _)| *v)
            .collect()
    };
    let (with, without) = (of(true), of(false));
    if with.len() < ENOUGH || without.len() < ENOUGH {
        return None;
    }
    let ((left, a), (right, b)) = (mean_sd(&with), mean_sd(&without));
    let spread = (f64::midpoint(a * a, b * b)).sqrt();
    let error = (a * a / with.len() as f64 + b * b / without.len() as f64).sqrt();
    if spread <= 0.0 || !error.is_finite() || error <= 0.0 {
        return None;
    }
    let difference = left - right;
    Some((
        difference / spread,
        helder_evaluation::two_sided_p(difference / error),
    ))
}
