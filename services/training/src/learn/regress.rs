//! Regression: fitted, and laid down as a model.

use std::collections::HashMap;

use helder_glm::{Design, DroppedColumn, GlmError, Penalty};
use helder_model::{Algorithm, Family, GeneralisedFit, Input, LinearFit};
use serde::Serialize;

use super::{
    AlgorithmName, LearnError, ModelParts,
    estimate::{Details, Estimated, Goodness, Sides, Weight, estimate, numbers},
    folds::folds,
    plan::{NewTrainingRun, SMALLEST_GROUP},
    prepare::{Prepared, level_column},
    split::Rows,
    table::{Column, Table},
    terms::linear_fit,
};

/// A fit with what others need of it.
pub(super) struct Fitted {
    /// For the model document.
    pub parts: ModelParts,
    /// Positive outcomes among the train rows; none where the outcome is no yes/no.
    pub events: Option<usize>,
    /// For the evaluation.
    pub summary: FitSummary,
}

/// How the fit went, for the evaluation.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FitSummary {
    /// Coefficients with their uncertainty.
    pub coefficients: Vec<CoefficientSummary>,
    /// Columns left out, because earlier ones already say the same.
    pub dropped: Vec<DroppedColumn>,
    #[serde(flatten)]
    pub goodness: Goodness,
    pub penalty: Penalty,
    #[serde(flatten)]
    pub details: Details,
}

/// One coefficient.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CoefficientSummary {
    #[serde(flatten)]
    pub weight: Weight,
    /// Standard deviation of the column among the train rows: the coefficient times this compares across columns.
    pub standard_deviation: f64,
}

/// Fits the target on the train rows.
///
/// # Errors
/// [`LearnError::Invalid`] when the outcome does not fit the algorithm, does not vary, or is separated by columns (named).
pub(super) fn fit(
    table: &Table,
    plan: &NewTrainingRun,
    prepared: &Prepared,
    rows: &Rows,
) -> Result<Fitted, LearnError> {
    let y = if plan.algorithm.estimates() {
        let target = plan.target.as_deref().unwrap_or_default();
        numbers(table, target, "/target", &rows.train)?
    } else {
        let outcomes = outcomes(table, plan)?;
        let yes = |row: &usize| f64::from(u8::from(outcomes[*row]));
        rows.train.iter().map(yes).collect()
    };
    let events = (!plan.algorithm.estimates()).then(|| y.iter().filter(|y| **y > 0.5).count());
    let design = prepared.design(table, &rows.train)?;
    let sides = Sides::of(table, plan, &rows.train)?;
    let folds = folds(table, plan, rows)?;
    let estimated = estimate(plan, &design, &y, &sides, &folds)
        .map_err(|error| told(error, &prepared.inputs, &design))?;
    let moments = moments(&design);
    let fit = (
        estimated.coefficients.as_slice(),
        estimated.covariance.as_deref(),
    );
    let linear = linear_fit(prepared, fit, &moments, sides.offset.as_deref());
    let algorithm = if plan.algorithm.estimates() {
        let fit = generalised(plan, plan.algorithm, &estimated, linear);
        Algorithm::GeneralisedLinear(fit)
    } else {
        Algorithm::LogisticRegression(linear)
    };
    let deviation = |name: &str| moments.get(name).map_or(0.0, |m| m.1);
    Ok(Fitted {
        events,
        parts: ModelParts {
            algorithm,
            inputs: prepared
                .inputs
                .iter()
                .chain(&prepared.offset)
                .cloned()
                .collect(),
        },
        summary: FitSummary {
            coefficients: estimated
                .coefficients
                .into_iter()
                .map(|weight| CoefficientSummary {
                    standard_deviation: deviation(&weight.name),
                    weight,
                })
                .collect(),
            dropped: estimated.dropped,
            goodness: estimated.goodness,
            penalty: estimated.penalty,
            details: estimated.details,
        },
    })
}

/// The spread around the estimates, in the words of the model format.
fn generalised(
    plan: &NewTrainingRun,
    algorithm: AlgorithmName,
    estimated: &Estimated,
    linear: LinearFit,
) -> GeneralisedFit {
    let theta = estimated
        .details
        .theta
        .as_ref()
        .and_then(|theta| theta.estimate);
    let family = match algorithm {
        AlgorithmName::LinearRegression => Family::Gaussian,
        AlgorithmName::BinomialRegression => Family::Binomial,
        // Counts that vary no more than Poisson's are Poisson's, whatever was asked.
        _ if theta.is_some() => Family::NegativeBinomial,
        _ => Family::Poisson,
    };
    GeneralisedFit {
        family,
        theta,
        residual_variance: estimated.residual_variance,
        critical: estimated.critical,
        per: plan.exposure.clone().or_else(|| plan.trials.clone()),
        linear,
    }
}

/// The outcome of every row.
pub(super) fn outcomes(table: &Table, plan: &NewTrainingRun) -> Result<Vec<bool>, LearnError> {
    let name = plan.target.as_deref().unwrap_or_default();
    let wrong = || {
        LearnError::fault(
            "/target",
            "wrong-kind",
            "an outcome is true or false, or 1 and 0 only",
        )
    };
    let column = table.column(name)?;
    if matches!(column, Column::Text(_) | Column::Date(_)) {
        return Err(wrong());
    }
    column
        .numbers()
        .ok_or_else(wrong)?
        .into_iter()
        .map(|value| match value {
            Some(1.0) => Ok(true),
            Some(0.0) => Ok(false),
            Some(_) => Err(wrong()),
            None => {
                let detail = "the outcome is missing in some rows: leave these rows out in the frame's query";
                Err(LearnError::fault("/target", "missing-value", detail))
            }
        })
        .collect()
}

pub(super) fn told(error: GlmError, inputs: &[Input], design: &Design) -> LearnError {
    let text = error.to_string();
    match error {
        GlmError::OneClass { .. } => LearnError::one_class(),
        GlmError::Separation { columns, .. } => {
            let mut names: Vec<String> = columns
                .iter()
                .map(|column| feature_of(column, inputs, design))
                .collect();
            names.dedup();
            names.truncate(5);
            let detail = format!(
                "{} tells the outcome without error, so no finite weight exists: merge levels, leave it out, set hyperparameters/l2, or for yes and no hyperparameters/firth",
                names.join(", ")
            );
            LearnError::fault("/features", "separation", detail)
        }
        GlmError::AllZero { .. } | GlmError::ConstantOutcome { .. } => LearnError::fault(
            "/target",
            "no-variation",
            "all outcomes among the rows to learn from are the same",
        ),
        GlmError::Outside { what, .. } => {
            let pointer = match what {
                "exposure" | "trials" | "weights" => format!("/{what}"),
                "offset" => "/offset/name".to_owned(),
                _ => "/target".to_owned(),
            };
            LearnError::fault(pointer, "out-of-range", text)
        }
        GlmError::PerfectFit => LearnError::fault("/features", "perfect-fit", text),
        GlmError::Scale(_) => LearnError::fault("/features", "out-of-range", text),
        GlmError::Setting { .. } => LearnError::fault("/weights", "out-of-range", text),
        GlmError::NotConverged { .. } => LearnError::fault("/features", "not-converged", text),
        GlmError::TooFewRows { .. } => LearnError::fault("/frameId", "too-few-rows", text),
        other => LearnError::internal(other),
    }
}

/// The feature behind a column of the design, with its level unless few rows have that.
pub(super) fn feature_of(column: &str, inputs: &[Input], design: &Design) -> String {
    let level = inputs.iter().find_map(|input| {
        let category = input
            .categories
            .iter()
            .find(|c| level_column(&input.name, &c.level) == column)?;
        Some((&input.name, &category.level))
    });
    let Some((feature, level)) = level else {
        return format!("`{column}`");
    };
    let place = design.names().iter().position(|name| name == column);
    let rows = place.map_or(0, |j| design.column(j).filter(|value| *value > 0.0).count());
    if rows < SMALLEST_GROUP {
        format!("`{feature}`")
    } else {
        format!("`{feature}` (`{level}`)")
    }
}

/// Mean and standard deviation (divisor n) per column of the design.
pub(super) fn moments(design: &Design) -> HashMap<String, (f64, f64)> {
    let n = design.n_rows() as f64;
    let spread = |column: usize| {
        let mean = design.column(column).sum::<f64>() / n;
        let squares: f64 = design.column(column).map(|x| (x - mean) * (x - mean)).sum();
        (mean, (squares / n).sqrt())
    };
    design
        .names()
        .iter()
        .cloned()
        .zip((0..design.width()).map(spread))
        .collect()
}
