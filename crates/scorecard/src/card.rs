//! The card: points per bin, added up.

use helder_glm::{Design, LogisticRegression};
use serde::Serialize;

use crate::{Bin, Bins, CardSettings, Column, ScorecardError, Value, bin, error};

/// An input of a card.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CardInput {
    /// Name of the column.
    pub name: String,
    /// How it is cut.
    pub bins: Bins,
    /// Log-odds per unit of weight of evidence, above 0. 1 would be a column that says nothing that another says.
    pub coefficient: f64,
    /// Points of each bin; whole, 0 or more, the least of them 0.
    pub points: Vec<u32>,
    /// Points of a missing value; where none was seen, or too few for a bin, those of a bin that says nothing.
    pub missing_points: u32,
    /// Points of a level that was never seen, where no bin takes others.
    pub unknown_points: u32,
}

impl CardInput {
    /// Points of a value.
    pub fn points_of(&self, value: Value<'_>) -> u32 {
        match (self.bins.place(value), value) {
            (Some(place), _) => self
                .points
                .get(place)
                .copied()
                .unwrap_or(self.missing_points),
            (None, Value::Number(_) | Value::Level(None)) => self.missing_points,
            (None, Value::Level(Some(_))) => self.unknown_points,
        }
    }

    fn takes(&self, value: Value<'_>) -> bool {
        matches!(
            (&self.bins, value),
            (Bins::Numbers { .. }, Value::Number(_)) | (Bins::Levels { .. }, Value::Level(_))
        )
    }
}

/// Why a column is not on the card.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Reason {
    /// By itself it tells the outcomes apart too little.
    LittleInformation,
    /// Beside the others it would count the other way than it does by itself, which nobody could explain.
    SaysTheContrary,
}

/// A column that is not on the card.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LeftOut {
    /// Its name.
    pub name: String,
    /// Its information value.
    pub information_value: f64,
    /// Why.
    pub reason: Reason,
}

/// What a total means.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Total {
    /// Points added up.
    pub points: u32,
    /// Probability of the outcome.
    pub probability: f64,
}

/// What rounding the points costs, on the rows that were learned from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rounding {
    /// Largest change of a probability of a row.
    pub most_probability: f64,
    /// Mean log loss of the rounded card over that of the same weights unrounded, minus 1.
    pub log_loss: f64,
}

/// A scorecard: points that are added up by hand, and what the total means.
///
/// # Source
/// N. Siddiqi, *Intelligent Credit Scoring* (2017), chapters 6–8; the probabilities of totals are estimated again after rounding, so they
/// are those of the card that is used.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Scorecard {
    /// Inputs in the order of the columns.
    pub inputs: Vec<CardInput>,
    /// Columns that are not on it.
    pub left_out: Vec<LeftOut>,
    /// Log-odds of a total of 0 points.
    pub intercept: f64,
    /// Log-odds per point, above 0.
    pub per_point: f64,
    /// Log-odds of the same weights unrounded where every bin says nothing: this, and for each input `coefficient` × weight of evidence.
    pub unrounded_intercept: f64,
    /// What rounding costs.
    pub rounding: Rounding,
}

impl Scorecard {
    /// Points of each input of a row, in the order of the inputs.
    ///
    /// # Errors
    /// [`ScorecardError::OtherRow`].
    pub fn points(&self, row: &[Value<'_>]) -> Result<Vec<u32>, ScorecardError> {
        let pairs = || self.inputs.iter().zip(row);
        if row.len() != self.inputs.len() || !pairs().all(|(input, value)| input.takes(*value)) {
            return Err(ScorecardError::OtherRow {
                expected: self.inputs.len(),
                found: row.len(),
            });
        }
        Ok(pairs()
            .map(|(input, value)| input.points_of(*value))
            .collect())
    }

    /// Probability of the outcome of a total.
    pub fn probability(&self, total: u32) -> f64 {
        sigmoid(self.intercept + self.per_point * f64::from(total))
    }

    /// Every total that can come out, with what it means: the table at the foot of the card.
    pub fn totals(&self) -> Vec<Total> {
        let mut reachable = vec![true];
        for input in &self.inputs {
            let mut points = input.points.clone();
            points.extend([input.missing_points, input.unknown_points]);
            let most = points.iter().copied().max().unwrap_or(0) as usize;
            let mut next = vec![false; reachable.len() + most];
            for (total, _) in reachable.iter().enumerate().filter(|(_, can)| **can) {
                for more in &points {
                    next[total + *more as usize] = true;
                }
            }
            reachable = next;
        }
        let totals = reachable.iter().enumerate().filter(|(_, can)| **can);
        totals
            .map(|(points, _)| Total {
                points: points as u32,
                probability: self.probability(points as u32),
            })
            .collect()
    }
}

fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        x.exp() / (1.0 + x.exp())
    }
}

/// A column with its bins and the weight of evidence of each row.
struct Binned {
    name: String,
    bins: Bins,
    weights: Vec<f64>,
}

/// Makes a card of the columns.
///
/// Columns are cut, weighed together by a logistic regression on their weights of evidence, and left out one by one while one counts the
/// wrong way. Nothing is drawn by chance, so equal rows give equal bytes.
///
/// # Errors
/// [`ScorecardError`].
pub fn fit(
    columns: &[(&str, Column<'_>)],
    outcome: &[bool],
    settings: &CardSettings,
) -> Result<Scorecard, ScorecardError> {
    settings.check()?;
    error::classes(outcome)?;
    let mut left_out = Vec::new();
    let mut binned: Vec<Binned> = Vec::new();
    for (place, (name, column)) in columns.iter().enumerate() {
        if columns[..place].iter().any(|(other, _)| other == name) {
            return Err(ScorecardError::DuplicateColumn((*name).to_owned()));
        }
        let bins = bin(name, *column, outcome, &settings.bins_of(name))?
            .without_thin_missing(settings.bins.min_of_each);
        let information_value = bins.information_value();
        if information_value < settings.min_information_value || bins.bins().len() < 2 {
            left_out.push(LeftOut {
                name: (*name).to_owned(),
                information_value,
                reason: Reason::LittleInformation,
            });
            continue;
        }
        let weights = match column {
            Column::Numbers(values) => values
                .iter()
                .map(|value| bins.weight_of_evidence(Value::Number(*value)))
                .collect(),
            Column::Levels(values) => values
                .iter()
                .map(|value| bins.weight_of_evidence(Value::Level(*value)))
                .collect(),
        };
        binned.push(Binned {
            name: (*name).to_owned(),
            bins,
            weights,
        });
    }
    let (coefficients, unrounded_intercept, unrounded) = loop {
        if binned.is_empty() {
            return Err(ScorecardError::NothingLeft);
        }
        let (coefficients, intercept, probabilities) = weighed(&binned, outcome)?;
        let least = coefficients
            .iter()
            .enumerate()
            .min_by(|a, b| a.1.total_cmp(b.1));
        match least {
            Some((place, least)) if *least <= 0.0 => {
                let gone = binned.remove(place);
                left_out.push(LeftOut {
                    information_value: gone.bins.information_value(),
                    name: gone.name,
                    reason: Reason::SaysTheContrary,
                });
            }
            _ => break (coefficients, intercept, probabilities),
        }
    };
    let inputs = rounded(binned, &coefficients, settings.most_points);
    let of_rows = (unrounded_intercept, unrounded.as_slice());
    finished(inputs, left_out, (columns, outcome), of_rows)
}

/// Log-odds per unit of weight of evidence (0 for a column that others express), those where nothing is told, and the probabilities of
/// the rows.
fn weighed(
    binned: &[Binned],
    outcome: &[bool],
) -> Result<(Vec<f64>, f64, Vec<f64>), ScorecardError> {
    let columns = binned
        .iter()
        .map(|column| (column.name.as_str(), &column.weights));
    let design = Design::new(outcome.len(), columns)?;
    let fit = LogisticRegression::new().fit(&design, outcome)?;
    let coefficients = binned
        .iter()
        .map(|column| {
            let known = fit.coefficients.iter().find(|c| c.name == column.name);
            known.map_or(0.0, |coefficient| coefficient.estimate)
        })
        .collect();
    Ok((coefficients, fit.intercept(), fit.probabilities(&design)?))
}

fn rounded(binned: Vec<Binned>, coefficients: &[f64], most_points: u32) -> Vec<CardInput> {
    let odds = |bins: &Bins, coefficient: f64| -> Vec<f64> {
        let all = bins.bins().iter().chain(bins.missing());
        all.map(|bin: &Bin| coefficient * bin.weight_of_evidence)
            .collect()
    };
    let span = |odds: &[f64]| {
        let low = odds.iter().copied().fold(f64::INFINITY, f64::min);
        let high = odds.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (low, high - low)
    };
    let widest = binned
        .iter()
        .zip(coefficients)
        .map(|(column, coefficient)| span(&odds(&column.bins, *coefficient)).1)
        .fold(0.0, f64::max);
    let scale = f64::from(most_points) / widest;
    let inputs = binned.into_iter().zip(coefficients);
    inputs
        .map(|(column, coefficient)| {
            let odds = odds(&column.bins, *coefficient);
            let (low, _) = span(&odds);
            let of = |odds: f64| ((odds - low) * scale).round().max(0.0) as u32;
            let mut points: Vec<u32> = odds.iter().map(|odds| of(*odds)).collect();
            let neutral = of(0.0);
            let missing_points = if column.bins.missing().is_some() {
                points.pop().unwrap_or(neutral)
            } else {
                neutral
            };
            CardInput {
                name: column.name,
                bins: column.bins,
                coefficient: *coefficient,
                points,
                missing_points,
                unknown_points: neutral,
            }
        })
        .collect()
}

/// The probabilities of totals, estimated on the totals themselves.
fn finished(
    inputs: Vec<CardInput>,
    left_out: Vec<LeftOut>,
    (columns, outcome): (&[(&str, Column<'_>)], &[bool]),
    (unrounded_intercept, unrounded): (f64, &[f64]),
) -> Result<Scorecard, ScorecardError> {
    let mut totals = vec![0.0; outcome.len()];
    for input in &inputs {
        let column = columns.iter().find(|(name, _)| *name == input.name);
        match column.map(|(_, column)| *column) {
            Some(Column::Numbers(values)) => {
                for (total, value) in totals.iter_mut().zip(values) {
                    *total += f64::from(input.points_of(Value::Number(*value)));
                }
            }
            Some(Column::Levels(values)) => {
                for (total, value) in totals.iter_mut().zip(values) {
                    *total += f64::from(input.points_of(Value::Level(*value)));
                }
            }
            None => {}
        }
    }
    let design = Design::new(outcome.len(), [("total", &totals)])?;
    let fit = LogisticRegression::new().fit(&design, outcome)?;
    let per_point = fit
        .coefficients
        .iter()
        .find(|coefficient| coefficient.name == "total")
        .map_or(0.0, |coefficient| coefficient.estimate);
    let probabilities = fit.probabilities(&design)?;
    let loss = |p: &[f64]| -> f64 {
        let of = |(p, event): (&f64, &bool)| if *event { -p.ln() } else { -(-p).ln_1p() };
        p.iter().zip(outcome).map(of).sum()
    };
    let changes = probabilities.iter().zip(unrounded);
    Ok(Scorecard {
        inputs,
        left_out,
        intercept: fit.intercept(),
        per_point,
        unrounded_intercept,
        rounding: Rounding {
            most_probability: changes.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max),
            log_loss: loss(&probabilities) / loss(unrounded) - 1.0,
        },
    })
}
