//! Cox regressions, one per cause of an end.

use helder_glm::INTERCEPT;
use helder_model::{Algorithm, Hazard, HazardFit, HazardTerms};
use helder_survival::{
    Cox, CoxCoefficient, CoxFit, Design, Spells, SurvivalError, TieMethod, TimeScale,
};
use serde::Serialize;

use super::{
    Fitted, HORIZONS, Summary,
    baseline::{self, Source},
    penalised::{self, Penalised},
    spells::{Cause, Lasted},
};
use crate::learn::{
    LearnError, ModelParts,
    estimate::{ChosenPenalty, Weight},
    folds::folds,
    plan::{NewTrainingRun, Ties},
    prepare::Prepared,
    split::Rows,
    table::Table,
    terms::{linear_fit, order},
};

/// How the fit went, for the evaluation.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct SurvivalSummary {
    /// What several ends on one day mean.
    pub ties: Ties,
    /// Strength of the shrinkage, 0 for none.
    pub l2: f64,
    /// Distinct times of ends that were learned from; the model keeps at most 4,000.
    pub times: usize,
    /// One per cause.
    pub causes: Vec<CauseSummary>,
}

/// The regression of one cause.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct CauseSummary {
    pub name: String,
    pub meaning: helder_model::Meaning,
    pub events: usize,
    pub coefficients: Vec<ColumnSummary>,
    /// Columns left out: they do not vary, or earlier ones already say the same.
    pub dropped: Vec<String>,
    /// The penalty, where one chose the columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elastic_net: Option<ChosenPenalty>,
    pub log_likelihood: f64,
    pub null_log_likelihood: f64,
    /// Absent with a penalty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub likelihood_ratio_p_value: Option<f64>,
    /// Whether hazards stay proportional over time, of all columns together; absent where it cannot be tested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proportional: Option<Proportional>,
}

/// One column.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct ColumnSummary {
    #[serde(flatten)]
    pub weight: Weight,
    /// Factor per unit, above 0, with its interval at 95 % where no penalty chose it.
    pub hazard_ratio: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hazard_ratio_interval_95: Option<(f64, f64)>,
    /// Standard deviation of the column among the train rows.
    pub standard_deviation: f64,
    /// Whether the factor stays the same over time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proportional: Option<Proportional>,
}

/// A test of proportional hazards.
///
/// # Source
/// Grambsch & Therneau 1994 (doi 10.1093/biomet/81.3.515), as `cox.zph` of R `survival` 3.5-3 with `transform = "km"`.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct Proportional {
    pub chi_squared: f64,
    pub degrees_of_freedom: usize,
    pub p_value: f64,
}

/// Fits one regression per cause on the train rows.
///
/// # Errors
/// [`LearnError::Invalid`] when durations, ends or entries do not fit together, a cause never comes, or columns tell it without error.
pub(super) fn fit(
    table: &Table,
    plan: &NewTrainingRun,
    prepared: &Prepared,
    rows: &Rows,
) -> Result<Fitted, LearnError> {
    let lasted = Lasted::of(table, plan, &rows.train)?;
    lasted.every_cause_comes()?;
    let columns = Centred::of(table, prepared, &rows.train)?;
    let design = columns.design()?;
    let l2 = plan.hyperparameters.l2.unwrap_or(0.0);
    let ties = plan.hyperparameters.ties.unwrap_or_default();
    let tie_method = match ties {
        Ties::Efron => TieMethod::Efron,
        Ties::Breslow => TieMethod::Breslow,
    };
    let cox = Cox::new().penalty(l2).ties(tie_method);
    let parameters = order(prepared);
    let folds = folds(table, plan, rows)?;
    let regressions = (1..=lasted.causes.len())
        .map(|cause| {
            let spells = lasted.spells.only(cause as u32);
            let cause = &lasted.causes[cause - 1];
            let fitted = match &plan.hyperparameters.elastic_net {
                Some(asked) => penalised::fit((asked, tie_method), &spells, &design, &folds)
                    .map(|found| Regression::Penalised(Box::new(found))),
                None => cox
                    .fit(&spells, &design)
                    .map(|fit| Regression::Plain(Box::new(fit))),
            };
            let fitted = fitted.map_err(|error| told(error, cause))?;
            let summary = fitted.summary(cause, &columns, (&spells, &design));
            Ok((fitted, summary))
        })
        .collect::<Result<Vec<(Regression, CauseSummary)>, LearnError>>()?;
    let sources = regressions.iter().map(|(fitted, _)| fitted.source());
    let sources = sources.collect::<Result<Vec<_>, LearnError>>()?;
    let joined = baseline::join(&sources, &parameters, &HORIZONS);
    let times = joined.all_times;
    let hazards = regressions
        .iter()
        .zip(joined.causes)
        .map(|((fitted, summary), curve)| Hazard {
            name: summary.name.clone(),
            meaning: summary.meaning.clone(),
            events: summary.events as u64,
            terms: fitted.terms(prepared, &columns),
            cumulative_hazard: curve.cumulative_hazard,
            variance: curve.variance,
            weighted_means: curve.weighted_means,
        })
        .collect();
    let fit = HazardFit {
        horizons: HORIZONS.to_vec(),
        times: joined.times,
        knots: joined.knots,
        causes: hazards,
        risk_classes: Vec::new(),
    };
    Ok(Fitted {
        parts: ModelParts {
            inputs: prepared.inputs.clone(),
            algorithm: Algorithm::CoxRegression(fit),
        },
        events: lasted.spells.n_events(),
        summary: Summary::Cox(SurvivalSummary {
            ties,
            l2,
            times,
            causes: regressions
                .into_iter()
                .map(|(_, summary)| summary)
                .collect(),
        }),
    })
}

/// The regression of one cause.
enum Regression {
    Plain(Box<CoxFit>),
    Penalised(Box<Penalised>),
}

impl Regression {
    fn source(&self) -> Result<Source<'_>, LearnError> {
        match self {
            Self::Plain(fit) => {
                Source::of(fit).ok_or_else(|| LearnError::internal("a fit without a baseline"))
            }
            Self::Penalised(found) => Ok(Source::of_path(&found.baseline)),
        }
    }

    fn summary(
        &self,
        cause: &Cause,
        columns: &Centred,
        (spells, design): (&Spells, &Design),
    ) -> CauseSummary {
        match self {
            Self::Plain(fit) => {
                // A test that cannot be made says nothing of the model.
                let tested = fit
                    .proportional_hazards(spells, design, TimeScale::KaplanMeier)
                    .ok();
                summary(fit, cause, columns, tested.as_ref())
            }
            Self::Penalised(found) => chosen(found, cause, columns, spells.n_events()),
        }
    }

    fn terms(&self, prepared: &Prepared, columns: &Centred) -> HazardTerms {
        match self {
            Self::Plain(fit) => {
                let weights: Vec<Weight> = fit.coefficients.iter().map(weight).collect();
                let covariance: Vec<f64> = fit.covariance.iter().flatten().copied().collect();
                terms(prepared, &weights, Some(&covariance), columns)
            }
            Self::Penalised(found) => terms(prepared, &found.weights, None, columns),
        }
    }
}

/// Columns of the design, each counted from its mean: the baseline is then that of the average row, and no year or amount makes it
/// too small or too large to write.
struct Centred {
    names: Vec<String>,
    values: Vec<Vec<f64>>,
    means: Vec<f64>,
    deviations: Vec<f64>,
}

impl Centred {
    fn of(table: &Table, prepared: &Prepared, rows: &[usize]) -> Result<Self, LearnError> {
        let design = prepared.design(table, rows)?;
        let n = rows.len() as f64;
        let mut centred = Self {
            names: Vec::with_capacity(design.width()),
            values: Vec::with_capacity(design.width()),
            means: Vec::new(),
            deviations: Vec::new(),
        };
        for (place, name) in design.names().iter().enumerate() {
            // A hazard has none.
            if name == INTERCEPT {
                continue;
            }
            let mean = design.column(place).sum::<f64>() / n;
            let values: Vec<f64> = design.column(place).map(|value| value - mean).collect();
            let squares: f64 = values.iter().map(|value| value * value).sum();
            centred.deviations.push((squares / n).sqrt());
            centred.means.push(mean);
            centred.names.push(name.clone());
            centred.values.push(values);
        }
        Ok(centred)
    }

    fn design(&self) -> Result<Design, LearnError> {
        let columns = self.names.iter().cloned().zip(self.values.iter().cloned());
        Design::new(columns.collect())
            .map_err(|error| LearnError::fault("/features", "out-of-range", error.to_string()))
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|other| other == name)
    }
}

fn summary(
    fit: &CoxFit,
    cause: &Cause,
    columns: &Centred,
    tested: Option<&helder_survival::ProportionalHazards>,
) -> CauseSummary {
    let test = |found: &helder_survival::TestResult| Proportional {
        chi_squared: found.chi_squared,
        degrees_of_freedom: found.degrees_of_freedom,
        p_value: found.p_value,
    };
    let known = |found: &Proportional| found.chi_squared.is_finite() && found.p_value.is_finite();
    let coefficients = fit
        .coefficients
        .iter()
        .enumerate()
        .map(|(place, coefficient)| ColumnSummary {
            weight: weight(coefficient),
            hazard_ratio: coefficient.hazard_ratio,
            hazard_ratio_interval_95: Some((coefficient.lower, coefficient.upper)),
            standard_deviation: columns
                .place(&coefficient.name)
                .map_or(0.0, |at| columns.deviations[at]),
            proportional: tested
                .and_then(|tested| tested.columns.get(place))
                .map(|(_, found)| test(found))
                .filter(known),
        });
    CauseSummary {
        name: cause.name.clone(),
        meaning: cause.meaning.clone(),
        events: fit.n_events,
        coefficients: coefficients.collect(),
        dropped: fit.dropped.clone(),
        elastic_net: None,
        log_likelihood: fit.log_likelihood,
        null_log_likelihood: fit.null_log_likelihood,
        likelihood_ratio_p_value: fit.likelihood_ratio_test.map(|test| test.p_value),
        proportional: tested.map(|tested| test(&tested.all)).filter(known),
    }
}

/// What a penalty that chooses left.
fn chosen(found: &Penalised, cause: &Cause, columns: &Centred, events: usize) -> CauseSummary {
    let coefficients = found.weights.iter().map(|weight| ColumnSummary {
        hazard_ratio: weight.estimate.exp(),
        hazard_ratio_interval_95: None,
        standard_deviation: columns
            .place(&weight.name)
            .map_or(0.0, |at| columns.deviations[at]),
        proportional: None,
        weight: weight.clone(),
    });
    CauseSummary {
        name: cause.name.clone(),
        meaning: cause.meaning.clone(),
        events,
        coefficients: coefficients.collect(),
        dropped: found.dropped.clone(),
        elastic_net: Some(found.penalty.clone()),
        log_likelihood: found.log_likelihood,
        null_log_likelihood: found.null_log_likelihood,
        likelihood_ratio_p_value: None,
        proportional: None,
    }
}

fn weight(coefficient: &CoxCoefficient) -> Weight {
    Weight {
        name: coefficient.name.clone(),
        estimate: coefficient.estimate,
        standard_error: Some(coefficient.standard_error),
        robust_standard_error: None,
        z: Some(coefficient.z),
        p_value: Some(coefficient.p_value),
        interval_95: Some((coefficient.lower.ln(), coefficient.upper.ln())),
    }
}

/// The terms in the words of the model format: those of a regression without its intercept.
fn terms(
    prepared: &Prepared,
    weights: &[Weight],
    covariance: Option<&[f64]>,
    columns: &Centred,
) -> HazardTerms {
    let moments = columns
        .names
        .iter()
        .cloned()
        .zip(columns.means.iter().zip(&columns.deviations));
    let moments = moments
        .map(|(name, (mean, deviation))| (name, (*mean, *deviation)))
        .collect();
    let linear = linear_fit(prepared, (weights, covariance), &moments, None);
    // The first row and the first of each is that of the intercept, of which nothing is known.
    let covariance = linear.covariance.map(|rows| {
        rows.into_iter()
            .skip(1)
            .map(|row| row[1..].to_vec())
            .collect()
    });
    HazardTerms {
        linear_terms: linear.linear_terms,
        spline_terms: linear.spline_terms,
        category_terms: linear.category_terms,
        missing_terms: linear.missing_terms,
        covariance,
    }
}

fn told(error: SurvivalError, cause: &Cause) -> LearnError {
    let text = error.to_string();
    match error {
        SurvivalError::NoEvents { .. } => cause.never_comes(),
        SurvivalError::NothingVaries => LearnError::fault(
            "/features",
            "nothing-told",
            "no feature differs among those who were seen together: these features say nothing of how long it lasts",
        ),
        SurvivalError::MonotoneLikelihood(columns) => {
            let names = columns.into_iter().take(5).collect::<Vec<_>>().join(", ");
            let detail = format!(
                "`{names}` tells an end without error, so no finite weight exists: merge levels, leave it out, or set hyperparameters/l2"
            );
            LearnError::fault("/features", "separation", detail)
        }
        SurvivalError::NotConverged { .. } => LearnError::fault("/features", "not-converged", text),
        SurvivalError::NotFinite(_) => LearnError::fault("/features", "out-of-range", text),
        other => LearnError::internal(other),
    }
}
