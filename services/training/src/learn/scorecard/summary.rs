//! A card in figures, for the evaluation and the page.

use helder_model::{Input, MissingRule, PointsFit};
use helder_scorecard::{Bin, CardInput, LeftOut, Scorecard, Total};
use serde::Serialize;

use crate::learn::plan::SMALLEST_GROUP;

/// Most lines of the table of totals; beyond it every second, third… total that can be reached.
const MOST_TOTALS: usize = 300;

/// The card, as the evaluation tells it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct ScorecardSummary {
    /// Inputs in the order of the model.
    pub inputs: Vec<InputSummary>,
    /// Features that are not on the card, with the reason.
    pub left_out: Vec<LeftOut>,
    /// Points of an average row.
    pub mean_points: f64,
    /// The largest total.
    pub most_points: u32,
    /// What totals mean, ascending.
    pub totals: Vec<Total>,
    /// What rounding to whole points costs, on the rows that the model is judged by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rounding: Option<RoundingCost>,
}

/// The card beside the same weights before rounding, on the same rows.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct RoundingCost {
    /// Area under the ROC curve of the card.
    pub auc: f64,
    /// Without rounding.
    pub auc_unrounded: f64,
    /// Logarithmic loss of the card, nats.
    pub log_loss: f64,
    /// Without rounding.
    pub log_loss_unrounded: f64,
}

/// One input.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct InputSummary {
    /// Its name.
    pub input: String,
    /// How well it tells the outcomes apart by itself, to three decimals.
    pub information_value: f64,
    /// Log odds per unit of weight of evidence; 1 for an input that says nothing that another says.
    pub coefficient: f64,
    /// One per step of the model, that of the missing value first where it has one.
    pub bins: Vec<BinSummary>,
}

/// One step. Figures are left out where there are too few rows, and where they would give those away.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct BinSummary {
    /// Points on the card.
    pub points: u32,
    /// Train rows.
    pub rows: Option<u64>,
    /// Of these, with the outcome.
    pub events: Option<u64>,
    /// Weight of evidence, to four decimals: above 0 the outcome is more frequent than overall.
    pub weight_of_evidence: Option<f64>,
    /// What the step adds to the information value, to four decimals.
    pub information_value: Option<f64>,
}

impl ScorecardSummary {
    pub(super) fn new(card: &Scorecard, fit: &PointsFit, inputs: Vec<InputSummary>) -> Self {
        let mut left_out = card.left_out.clone();
        for left in &mut left_out {
            left.information_value = rounded(left.information_value, 3);
        }
        let totals = card.totals();
        let every = totals.len().div_ceil(MOST_TOTALS).max(1);
        Self {
            inputs,
            left_out,
            mean_points: fit.mean(),
            most_points: fit.most(),
            totals: totals.into_iter().step_by(every).collect(),
            rounding: None,
        }
    }
}

impl InputSummary {
    /// * `missing` – train rows without a value
    pub(super) fn new(part: &CardInput, input: &Input, missing: usize) -> Self {
        let bins = part.bins.bins();
        // Missing rows too few for a bin follow from all others; so the figures of the smallest bin stay out too.
        let told_apart = missing == 0 || part.bins.missing().is_some();
        let smallest = bins.iter().map(|bin| bin.rows).min();
        let hidden = (!told_apart)
            .then(|| bins.iter().position(|bin| Some(bin.rows) == smallest))
            .flatten();
        let values = bins.iter().zip(&part.points).enumerate();
        let values = values.map(|(place, (bin, points))| {
            BinSummary::new(*points, Some(bin).filter(|_| Some(place) != hidden))
        });
        let has_missing = input.missing == MissingRule::OwnEffect;
        let own = has_missing.then(|| BinSummary::new(part.missing_points, part.bins.missing()));
        Self {
            input: input.name.clone(),
            information_value: rounded(part.bins.information_value(), 3),
            coefficient: part.coefficient,
            bins: own.into_iter().chain(values).collect(),
        }
    }
}

impl BinSummary {
    fn new(points: u32, bin: Option<&Bin>) -> Self {
        let bin = bin.filter(|bin| bin.rows >= SMALLEST_GROUP as u64);
        Self {
            points,
            rows: bin.map(|bin| bin.rows),
            events: bin.map(|bin| bin.events),
            weight_of_evidence: bin.map(|bin| rounded(bin.weight_of_evidence, 4)),
            information_value: bin.map(|bin| rounded(bin.information_value, 4)),
        }
    }
}

fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    (value * scale).round() / scale
}
