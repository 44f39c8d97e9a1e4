//! Logistic regression: fitted, and laid down as a model.

use std::collections::HashMap;

use helder_glm::{
    Coefficient, Design, DroppedColumn, GlmError, INTERCEPT, LogisticFit, LogisticRegression,
    Penalty,
};
use helder_model::{
    Algorithm, CategoryTerm, Input, InputType, Intercept, LevelTerm, LinearFit, LinearTerm,
    MissingRule, MissingTerm,
};
use serde::Serialize;

use super::{
    LearnError, ModelParts,
    plan::{NewTrainingRun, SMALLEST_GROUP},
    prepare::{Prepared, indicator, level_column},
    split::Rows,
    table::{Column, Table},
};

/// Above this many parameters the model carries no covariance: the file would be mostly that.
const MOST_COVARIANCE: usize = 300;

/// A fit with what others need of it.
pub(super) struct Fitted {
    /// For the model document.
    pub parts: ModelParts,
    /// Positive outcomes among the train rows.
    pub events: usize,
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
    pub log_likelihood: f64,
    pub null_log_likelihood: f64,
    pub deviance: f64,
    pub null_deviance: f64,
    pub aic: f64,
    pub bic: f64,
    pub iterations: usize,
    pub max_abs_gradient: f64,
    pub penalty: Penalty,
}

/// One coefficient.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CoefficientSummary {
    #[serde(flatten)]
    pub coefficient: Coefficient,
    /// Wald interval at 95 %.
    pub interval_95: (f64, f64),
    /// Standard deviation of the column among the train rows: the coefficient times this compares across columns.
    pub standard_deviation: f64,
}

/// Fits the target on the train rows.
///
/// # Errors
/// [`LearnError::Invalid`] when the outcome is no outcome, has one class, or is separated by columns (named).
pub(super) fn fit(
    table: &Table,
    plan: &NewTrainingRun,
    prepared: &Prepared,
    rows: &Rows,
) -> Result<Fitted, LearnError> {
    let outcomes = outcomes(table, plan)?;
    let y: Vec<bool> = rows.train.iter().map(|&row| outcomes[row]).collect();
    let design = prepared.design(table, &rows.train)?;
    let penalty = match plan.hyperparameters.l2 {
        Some(strength) if strength > 0.0 => Penalty::L2 { strength },
        _ => Penalty::None,
    };
    let fit = LogisticRegression::new()
        .penalty(penalty)
        .fit(&design, &y)
        .map_err(|error| told(error, &prepared.inputs, &design))?;
    let moments = moments(&design);
    let summary = FitSummary {
        coefficients: fit
            .coefficients
            .iter()
            .map(|coefficient| CoefficientSummary {
                interval_95: coefficient.interval_95(),
                standard_deviation: moments.get(&coefficient.name).map_or(0.0, |m| m.1),
                coefficient: coefficient.clone(),
            })
            .collect(),
        dropped: fit.dropped.clone(),
        log_likelihood: fit.log_likelihood,
        null_log_likelihood: fit.null_log_likelihood,
        deviance: fit.deviance,
        null_deviance: fit.null_deviance,
        aic: fit.aic,
        bic: fit.bic,
        iterations: fit.iterations,
        max_abs_gradient: fit.max_abs_gradient,
        penalty: fit.penalty,
    };
    Ok(Fitted {
        events: fit.n_positive,
        parts: ModelParts {
            algorithm: Algorithm::LogisticRegression(linear_fit(&prepared.inputs, &fit, &moments)),
            inputs: prepared.inputs.clone(),
        },
        summary,
    })
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

fn told(error: GlmError, inputs: &[Input], design: &Design) -> LearnError {
    let text = error.to_string();
    match error {
        GlmError::OneClass { .. } => LearnError::fault(
            "/target",
            "one-class",
            "all outcomes among the rows to learn from are the same",
        ),
        GlmError::Separation { columns, .. } => {
            let mut names: Vec<String> = columns
                .iter()
                .map(|column| feature_of(column, inputs, design))
                .collect();
            names.dedup();
            names.truncate(5);
            let detail = format!(
                "{} tells the outcome without error, so no finite weight exists: merge levels, leave it out, or set hyperparameters/l2",
                names.join(", ")
            );
            LearnError::fault("/features", "separation", detail)
        }
        GlmError::NotConverged { .. } => LearnError::fault("/features", "not-converged", text),
        GlmError::TooFewRows { .. } => LearnError::fault("/frameId", "too-few-rows", text),
        other => LearnError::internal(other),
    }
}

/// The feature behind a column of the design, with its level unless few rows have that.
fn feature_of(column: &str, inputs: &[Input], design: &Design) -> String {
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
fn moments(design: &Design) -> HashMap<String, (f64, f64)> {
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

/// The fit in the words of the model format. A dropped column has coefficient 0 and no standard error.
fn linear_fit(
    inputs: &[Input],
    fit: &LogisticFit,
    moments: &HashMap<String, (f64, f64)>,
) -> LinearFit {
    let found: HashMap<&str, (usize, &Coefficient)> = fit
        .coefficients
        .iter()
        .enumerate()
        .map(|(place, c)| (c.name.as_str(), (place, c)))
        .collect();
    // Places of the model's parameters in the fit, in the fixed order of the model.
    let mut places: Vec<Option<usize>> = Vec::new();
    let mut take = |column: &str| -> (f64, Option<f64>, f64) {
        let coefficient = found.get(column);
        places.push(coefficient.map(|(place, _)| *place));
        let mean = moments.get(column).map_or(0.0, |(mean, _)| *mean);
        coefficient.map_or((0.0, None, mean), |(_, c)| {
            (c.estimate, Some(c.standard_error), mean)
        })
    };
    let (coefficient, standard_error, _) = take(INTERCEPT);
    let intercept = Intercept {
        coefficient,
        standard_error,
    };
    let is_category = |input: &&Input| input.kind == InputType::Category;
    let linear_terms = inputs
        .iter()
        .filter(|input| !is_category(input))
        .map(|input| {
            let (coefficient, standard_error, mean) = take(&input.name);
            LinearTerm {
                input: input.name.clone(),
                coefficient,
                standard_error,
                mean,
            }
        })
        .collect();
    let category_terms = inputs
        .iter()
        .filter(is_category)
        .map(|input| {
            let mut levels = input
                .categories
                .iter()
                .map(|category| category.level.clone());
            CategoryTerm {
                input: input.name.clone(),
                reference_level: levels.next().unwrap_or_default(),
                levels: levels
                    .map(|level| {
                        let (coefficient, standard_error, mean) =
                            take(&level_column(&input.name, &level));
                        LevelTerm {
                            level,
                            coefficient,
                            standard_error,
                            mean,
                        }
                    })
                    .collect(),
            }
        })
        .collect();
    let missing_terms = inputs
        .iter()
        .filter(|input| matches!(input.missing, MissingRule::MedianAndIndicator { .. }))
        .map(|input| {
            let (coefficient, standard_error, mean) = take(&indicator(&input.name));
            MissingTerm {
                input: input.name.clone(),
                coefficient,
                standard_error,
                mean,
            }
        })
        .collect();
    let p = fit.coefficients.len();
    let entry = |a: Option<usize>, b: Option<usize>| {
        a.zip(b).map_or(0.0, |(a, b)| fit.covariance[a * p + b])
    };
    let covariance = (places.len() <= MOST_COVARIANCE).then(|| {
        places
            .iter()
            .enumerate()
            .map(|(i, a)| places[..=i].iter().map(|b| entry(*a, *b)).collect())
            .collect()
    });
    LinearFit {
        intercept,
        linear_terms,
        category_terms,
        missing_terms,
        covariance,
    }
}
