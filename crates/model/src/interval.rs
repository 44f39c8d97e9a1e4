//! Hazards by interval: how likely an end is in each month or quarter, as a sum of curves in which the time is one input.

use serde::Serialize;

use crate::{
    Input, InputType, LinearFit, Meaning, MissingRule, RiskClass, TermsFit, TrainingRange,
};

/// Name of the side that holds the time; no input has it.
pub const TIME: &str = "(time)";
/// Most intervals of a model: twenty years of months.
pub const MOST_INTERVALS: usize = 240;

/// Sums of curves by interval, one per cause of an end.
///
/// Of who begins an interval a cause ends the share `odds / (1 + Σ odds)`: its score is the logarithm of the odds of this end against
/// none. What is left is what lasts. Effects need not be proportional: a table of an input with [`TIME`] is an effect that changes.
///
/// # Source
/// Hazards by interval: Allison 1982 (doi 10.2307/270718); causes apart: Begg & Gray 1984 (doi 10.1093/biomet/71.1.11).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IntervalFit {
    /// Times after the beginning at which chances are told, in days, rising, above 0.
    pub horizons: Vec<f64>,
    /// Ends of the intervals, days, rising, above 0; the first begins at 0 and each other where the one before ends.
    pub ends: Vec<f64>,
    /// Share of the training rows (spells by interval) at risk in each, adding up to 1: effects that change are averaged by it.
    pub at_risk: Vec<f64>,
    /// What ends a spell; the first is what the score is of.
    pub causes: Vec<IntervalHazard>,
    /// What came of training rows by their score, lowest scores first; empty where rows are few.
    pub risk_classes: Vec<RiskClass>,
}

/// The hazard of one cause.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IntervalHazard {
    /// The cause as the training data name it.
    pub name: String,
    /// The same for people, for instance *werk gevonden*.
    pub meaning: Meaning,
    /// Training rows that ended by it.
    pub events: u64,
    /// Log odds of this end against none: a curve per input in their order, then that of [`TIME`]; its values are the ends of the
    /// intervals.
    pub terms: TermsFit,
}

/// A regression by interval per cause of an end; effects are the same in every interval.
///
/// With link logit the score is the logarithm of the odds of this end against none, so an effect multiplies odds. With cloglog the odds are
/// `exp(exp(score)) − 1`: the score is the logarithm of the cumulative hazard of the interval, so an effect is that of Cox's regression
/// whatever the width of the intervals. Of who begins an interval a cause ends the share `odds / (1 + Σ odds)`.
///
/// # Source
/// Prentice & Gloeckler 1978 (doi 10.2307/2529588); Allison 1982 (doi 10.2307/270718); causes apart: Begg & Gray 1984
/// (doi 10.1093/biomet/71.1.11).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IntervalRegression {
    /// Times after the beginning at which chances are told, in days, rising, above 0.
    pub horizons: Vec<f64>,
    /// Ends of the intervals, days, rising, above 0; the first begins at 0 and each other where the one before ends.
    pub ends: Vec<f64>,
    /// What ends a spell; the first is what the score is of.
    pub causes: Vec<IntervalEffects>,
    /// What came of training rows by their score, lowest scores first; empty where rows are few.
    pub risk_classes: Vec<RiskClass>,
}

/// The regression of one cause.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IntervalEffects {
    /// The cause as the training data name it.
    pub name: String,
    /// The same for people, for instance *werk gevonden*.
    pub meaning: Meaning,
    /// Training rows that ended by it.
    pub events: u64,
    /// A term per input and one of [`TIME`], whose values are the ends of the intervals.
    pub terms: LinearFit,
}

impl IntervalFit {
    /// The inputs that the curves are of: those of the model, then the time.
    pub fn inputs(&self, inputs: &[Input]) -> Vec<Input> {
        timed(inputs, &self.ends)
    }
}

/// The inputs of a model, then the time as one of them.
pub fn timed(inputs: &[Input], ends: &[f64]) -> Vec<Input> {
    let ends = ends.first().zip(ends.last());
    let time = Input {
        name: TIME.to_owned(),
        kind: InputType::Number,
        unit: Some("dagen".to_owned()),
        training_range: ends.map(|(first, last)| TrainingRange {
            minimum: *first,
            maximum: *last,
        }),
        categories: Vec::new(),
        unknown_category: None,
        missing: MissingRule::Reject,
        preparation: None,
        meaning: Meaning::new("dagen sinds het begin", "days since the beginning"),
        source_field: None,
        justification: TIME.to_owned(),
        actionable: None,
    };
    inputs.iter().cloned().chain([time]).collect()
}
