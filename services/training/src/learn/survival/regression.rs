//! Hazards by interval as a regression per cause.

use std::collections::HashMap;

use helder_glm::{Design, GlmError, INTERCEPT};
use helder_hazard::{CauseModel, DiscreteHazard, GlmHazard, HazardError, Link, TIME, TimeEffect};
use helder_model::{
    Algorithm, Input, IntervalEffects, IntervalRegression, LinearFit, Meaning,
    interval::timed,
    spline::{are_knots, column_names},
};
use helder_survival::{Intervals, SurvivalError};
use serde::Serialize;

use super::{
    Fitted, HORIZONS, Summary,
    intervals::{MOST_ROWS, intervals, too_many_rows, width},
    spells::{Cause, Lasted},
};
use crate::learn::{
    LearnError, ModelParts,
    estimate::{Goodness, weight},
    plan::NewTrainingRun,
    prepare::Prepared,
    regress::{self, CoefficientSummary},
    splines,
    split::Rows,
    table::Table,
    terms::linear_fit,
};

/// Knots of the curve of the time where the plan says nothing.
const USUAL_KNOTS: usize = 4;

/// How the regressions went, for the evaluation.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct RegressionSummary {
    /// How chances follow from scores.
    pub link: Link,
    /// Days of each interval.
    pub width: f64,
    /// Intervals: as long as ten train rows were in sight.
    pub intervals: usize,
    /// Rows of equal spells by interval that were learned from.
    pub rows: usize,
    /// One per cause.
    pub causes: Vec<CauseEffects>,
}

/// The regression of one cause.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct CauseEffects {
    pub name: String,
    pub meaning: Meaning,
    pub events: usize,
    /// The time is `(time)` with its bends.
    pub coefficients: Vec<CoefficientSummary>,
    /// Columns left out, because earlier ones already say the same.
    pub dropped: Vec<String>,
    #[serde(flatten)]
    pub goodness: Goodness,
}

/// Fits a regression per cause on the train rows.
///
/// # Errors
/// As [`super::fit`]; columns that tell an end without error are named.
pub(super) fn fit(
    table: &Table,
    plan: &NewTrainingRun,
    prepared: &Prepared,
    rows: &Rows,
) -> Result<Fitted, LearnError> {
    let lasted = Lasted::of(table, plan, &rows.train)?;
    lasted.every_cause_comes()?;
    let width = width(plan);
    let intervals = intervals(&lasted.spells, width)?;
    let design = prepared.design(table, &rows.train)?;
    let columns: Vec<(String, Vec<f64>)> = (0..design.width())
        .map(|j| (design.names()[j].clone(), design.column(j).collect()))
        .filter(|(name, _)| name != INTERCEPT)
        .collect();
    let link = plan.hyperparameters.link.unwrap_or_default().of_hazard();
    let asked = plan.hyperparameters.time_knots;
    let knots = asked.map_or(USUAL_KNOTS, |knots| knots as usize);
    let hazard = DiscreteHazard::new(intervals).most_rows(MOST_ROWS);
    let fit = |time| hazard.glm(&lasted.spells, &columns, link, time);
    let found = with_time(fit, knots).map_err(|error| told(error, &lasted, prepared, &design))?;
    let mut fit = IntervalRegression {
        horizons: HORIZONS.to_vec(),
        ends: found.intervals.ends().to_vec(),
        causes: Vec::new(),
        risk_classes: Vec::new(),
    };
    let mut moments = regress::moments(&design);
    let mut summaries = Vec::new();
    for (place, (model, cause)) in found.causes.iter().zip(&lasted.causes).enumerate() {
        let ends = lasted.spells.causes().iter();
        let events = ends.filter(|end| **end == place as u32 + 1).count();
        let knots = model.time_knots().unwrap_or_default();
        moments.extend(of_time(&found.intervals, knots));
        fit.causes.push(IntervalEffects {
            name: cause.name.clone(),
            meaning: cause.meaning.clone(),
            events: events as u64,
            terms: terms(model, prepared, (&fit.ends, knots), &moments),
        });
        summaries.push(summary(model, cause, events, &moments));
    }
    Ok(Fitted {
        events: lasted.spells.n_events(),
        summary: Summary::Regression(RegressionSummary {
            link,
            width,
            intervals: fit.ends.len(),
            rows: found.n_rows,
            causes: summaries,
        }),
        parts: ModelParts {
            inputs: prepared.inputs.clone(),
            algorithm: Algorithm::HazardRegression(fit),
        },
    })
}

/// The curve of the time with as many knots as the times of the ends allow, a line where they are few.
fn with_time(
    fit: impl Fn(TimeEffect) -> Result<GlmHazard, HazardError>,
    knots: usize,
) -> Result<GlmHazard, HazardError> {
    for knots in (3..=knots).rev() {
        match fit(TimeEffect::Spline { knots }) {
            // Ends fall in too few different intervals for so many knots.
            Err(HazardError::Spells(SurvivalError::Setting { .. })) => {}
            Ok(found) if !can_be_stored(&found) => {}
            other => return other,
        }
    }
    fit(TimeEffect::Line)
}

fn can_be_stored(found: &GlmHazard) -> bool {
    let mut knots = found.causes.iter().filter_map(CauseModel::time_knots);
    knots.all(are_knots)
}

/// Mean and standard deviation of the columns of the time, every interval counted once.
fn of_time(intervals: &Intervals, knots: &[f64]) -> HashMap<String, (f64, f64)> {
    let ends = intervals.ends();
    let columns = if knots.is_empty() {
        vec![(TIME.to_owned(), ends.to_vec())]
    } else {
        splines::columns(TIME, knots, ends)
    };
    let n = ends.len() as f64;
    let spread = |values: &[f64]| {
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|x| (x - mean) * (x - mean)).sum();
        (mean, (squares / n).sqrt())
    };
    columns
        .into_iter()
        .map(|(name, values)| (name, spread(&values)))
        .collect()
}

/// The terms in the words of the model format, the time being one input.
fn terms(
    model: &CauseModel,
    prepared: &Prepared,
    (ends, knots): (&[f64], &[f64]),
    moments: &HashMap<String, (f64, f64)>,
) -> LinearFit {
    let mut splines = prepared.splines.clone();
    if !knots.is_empty() {
        splines.insert(TIME.to_owned(), knots.to_vec());
    }
    let with_time = Prepared {
        inputs: timed(&prepared.inputs, ends),
        offset: None,
        splines,
    };
    let weights: Vec<_> = model.fit.coefficients.iter().cloned().map(weight).collect();
    let fit = (weights.as_slice(), Some(model.fit.covariance.as_slice()));
    linear_fit(&with_time, fit, moments, None)
}

fn summary(
    model: &CauseModel,
    cause: &Cause,
    events: usize,
    moments: &HashMap<String, (f64, f64)>,
) -> CauseEffects {
    let coefficients = model.fit.coefficients.iter().cloned().map(weight);
    CauseEffects {
        name: cause.name.clone(),
        meaning: cause.meaning.clone(),
        events,
        coefficients: coefficients
            .map(|weight| CoefficientSummary {
                standard_deviation: moments.get(&weight.name).map_or(0.0, |m| m.1),
                weight,
            })
            .collect(),
        dropped: model
            .fit
            .dropped
            .iter()
            .map(|dropped| dropped.name.clone())
            .filter(|name| !is_of_time(name))
            .collect(),
        goodness: Goodness::of(&model.fit),
    }
}

/// Whether a column is one of the time.
fn is_of_time(column: &str) -> bool {
    column_names(TIME, 7).any(|name| name == *column)
}

fn told(error: HazardError, lasted: &Lasted, prepared: &Prepared, design: &Design) -> LearnError {
    let inputs: &[Input] = &prepared.inputs;
    match error {
        HazardError::NoEvents(cause) => lasted.causes[cause as usize - 1].never_comes(),
        HazardError::Glm { source, .. } => match source {
            GlmError::Separation { columns, .. } => {
                let names = columns.iter().filter(|column| !is_of_time(column));
                let mut names: Vec<String> = names
                    .map(|column| regress::feature_of(column, inputs, design))
                    .collect();
                if names.is_empty() {
                    let detail = "the time alone tells when a cause ends it: take quarters instead of months, or merge causes";
                    return LearnError::fault("/causes", "separation", detail);
                }
                names.dedup();
                names.truncate(5);
                let detail = format!(
                    "{} tells an end without error, so no finite weight exists: merge levels, leave it out, or take cox-regression with l2",
                    names.join(", ")
                );
                LearnError::fault("/features", "separation", detail)
            }
            GlmError::OneClass { .. } => LearnError::fault(
                "/event",
                "one-class",
                "everybody ends in the first interval: there is nothing to tell apart",
            ),
            source => regress::told(source, inputs, design),
        },
        HazardError::Spells(SurvivalError::TooManyPersonPeriods { needed, allowed }) => {
            too_many_rows(needed, allowed)
        }
        other => LearnError::internal(other),
    }
}
