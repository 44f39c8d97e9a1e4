//! The estimates of a regression: which of the ways the plan asks, and what each yields.

use helder_glm::{
    Coefficient, Design, DroppedColumn, ElasticNet, Family, FirthRegression, Glm, GlmError, GlmFit,
    INTERCEPT, Lambdas, Overdispersion, Penalty, Response, Robust, Theta,
};
use serde::Serialize;

use super::{
    AlgorithmName, LearnError,
    plan::{ElasticNetSettings, NewTrainingRun},
    table::Table,
};

/// Profile intervals are made up to this many cells of the design; beyond it Wald's serve.
const MOST_PROFILED: usize = 100_000;

/// What a row brings beside its features.
pub(super) struct Sides {
    pub weights: Option<Vec<f64>>,
    pub exposure: Option<Vec<f64>>,
    pub trials: Option<Vec<f64>>,
    pub offset: Option<Vec<f64>>,
}

impl Sides {
    /// Reads the columns that the plan names.
    ///
    /// # Errors
    /// [`LearnError::Invalid`] for a column that is no number or has gaps.
    pub(super) fn of(
        table: &Table,
        plan: &NewTrainingRun,
        rows: &[usize],
    ) -> Result<Self, LearnError> {
        let read = |name: Option<&str>, pointer: &str| {
            name.map(|name| numbers(table, name, pointer, rows))
                .transpose()
        };
        let offset = plan.offset.as_ref().map(|offset| offset.name.as_str());
        Ok(Self {
            weights: read(plan.weights.as_deref(), "/weights")?,
            exposure: read(plan.exposure.as_deref(), "/exposure")?,
            trials: read(plan.trials.as_deref(), "/trials")?,
            offset: read(offset, "/offset/name")?,
        })
    }

    /// What the outcome of each row is out of: exposure or trials, 1 without.
    pub(super) fn sizes(&self, n: usize) -> Vec<f64> {
        let given = self.exposure.as_ref().or(self.trials.as_ref());
        given.cloned().unwrap_or_else(|| vec![1.0; n])
    }

    fn response<'a>(&'a self, y: &'a [f64]) -> Response<'a> {
        let mut response = Response::new(y);
        if let Some(weights) = &self.weights {
            response = response.weights(weights);
        }
        if let Some(exposure) = &self.exposure {
            response = response.exposure(exposure);
        }
        if let Some(trials) = &self.trials {
            response = response.trials(trials);
        }
        if let Some(offset) = &self.offset {
            response = response.offset(offset);
        }
        response
    }
}

/// Numbers of a column without gaps.
pub(super) fn numbers(
    table: &Table,
    name: &str,
    pointer: &str,
    rows: &[usize],
) -> Result<Vec<f64>, LearnError> {
    let wrong = || LearnError::fault(pointer, "wrong-kind", "this column holds no numbers");
    let values = table.column(name)?.numbers().ok_or_else(wrong)?;
    let known: Option<Vec<f64>> = rows.iter().map(|&row| values[row]).collect();
    known.ok_or_else(|| {
        let detail = "this is missing in some rows: leave these rows out in the frame's query";
        LearnError::fault(pointer, "missing-value", detail)
    })
}

/// What was estimated.
pub(super) struct Estimated {
    pub coefficients: Vec<Weight>,
    /// Of the coefficients, in their order, row-major; none with a penalty that selects.
    pub covariance: Option<Vec<f64>>,
    pub dropped: Vec<DroppedColumn>,
    pub goodness: Goodness,
    pub penalty: Penalty,
    /// Standard errors that an interval at 95 % reaches to each side.
    pub critical: f64,
    /// Variance of a continuous outcome around its mean.
    pub residual_variance: Option<f64>,
    pub details: Details,
}

/// A coefficient with its uncertainty, where the method gives one.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Weight {
    pub name: String,
    pub estimate: f64,
    pub standard_error: Option<f64>,
    pub robust_standard_error: Option<f64>,
    pub z: Option<f64>,
    pub p_value: Option<f64>,
    /// Interval at 95 %.
    pub interval_95: Option<(f64, f64)>,
}

/// Likelihood and criteria.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Goodness {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_likelihood: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub null_log_likelihood: Option<f64>,
    pub deviance: f64,
    pub null_deviance: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aic: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bic: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iterations: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_abs_gradient: Option<f64>,
}

impl Goodness {
    /// Of a fit by maximum likelihood.
    pub(super) const fn of(fit: &GlmFit) -> Self {
        Self {
            log_likelihood: Some(fit.log_likelihood),
            null_log_likelihood: Some(fit.null_log_likelihood),
            deviance: fit.deviance,
            null_deviance: fit.null_deviance,
            aic: Some(fit.aic),
            bic: Some(fit.bic),
            iterations: Some(fit.iterations),
            max_abs_gradient: Some(fit.max_abs_gradient),
        }
    }
}

/// What only some regressions have.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Details {
    /// `robust` (HC0), `robustHc1` or `firth`, when intervals are not those of the inverse information.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intervals: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dispersion: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub residual_df: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overdispersion: Option<Overdispersion>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theta: Option<Theta>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elastic_net: Option<ChosenPenalty>,
}

/// The penalty of an elastic net, and how it was chosen.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChosenPenalty {
    pub alpha: f64,
    pub lambda: f64,
    /// Folds that chose it; absent when the plan names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folds: Option<usize>,
    /// Mean deviance of rows left out, with its standard error, at the penalty chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cross_validated_deviance: Option<(f64, f64)>,
}

/// Estimates as the plan asks.
pub(super) fn estimate(
    plan: &NewTrainingRun,
    design: &Design,
    y: &[f64],
    sides: &Sides,
    folds: &[usize],
) -> Result<Estimated, GlmError> {
    let response = sides.response(y);
    let family = match plan.algorithm {
        AlgorithmName::LinearRegression => Family::Gaussian,
        AlgorithmName::PoissonRegression | AlgorithmName::NegativeBinomialRegression => {
            Family::Poisson
        }
        _ => Family::Binomial,
    };
    let settings = &plan.hyperparameters;
    if settings.firth {
        return firth(design, &response, y, sides);
    }
    if let Some(net) = &settings.elastic_net {
        return elastic_net(family, net, design, &response, folds);
    }
    let glm = if plan.algorithm == AlgorithmName::NegativeBinomialRegression {
        Glm::negative_binomial()
    } else {
        Glm::new(family)
    };
    let penalty = match settings.l2 {
        Some(strength) if strength > 0.0 => Penalty::L2 { strength },
        _ => Penalty::None,
    };
    let robust = settings.robust_errors();
    let glm = glm.penalty(penalty).robust(robust.unwrap_or_default());
    let fit = glm.fit(design, &response)?;
    Ok(fitted(fit, robust))
}

fn fitted(fit: GlmFit, errors: Option<Robust>) -> Estimated {
    let robust = errors.is_some();
    let critical = fit.critical_95();
    let df = fit.dispersion_in_use.then_some(fit.residual_df);
    let coefficients = fit.coefficients.iter().map(|c| {
        let c = if robust { c.with_robust(df) } else { c.clone() };
        let reach = critical
            * if robust {
                c.robust_standard_error
            } else {
                c.standard_error
            };
        Weight {
            interval_95: Some((c.estimate - reach, c.estimate + reach)),
            ..weight(c)
        }
    });
    let gaussian = fit.family.is_gaussian();
    let goodness = Goodness::of(&fit);
    Estimated {
        coefficients: coefficients.collect(),
        covariance: Some(if robust {
            fit.robust_covariance
        } else {
            fit.covariance
        }),
        dropped: fit.dropped,
        goodness,
        penalty: fit.penalty,
        critical,
        residual_variance: fit.dispersion.filter(|_| gaussian),
        details: Details {
            intervals: errors.map(|errors| match errors {
                Robust::Hc0 => "robust",
                Robust::Hc1 => "robustHc1",
            }),
            dispersion: fit.dispersion,
            residual_df: fit.dispersion.map(|_| fit.residual_df),
            overdispersion: fit.overdispersion,
            theta: fit.theta,
            elastic_net: None,
        },
    }
}

pub(super) fn weight(c: Coefficient) -> Weight {
    Weight {
        interval_95: Some(c.interval_95()),
        name: c.name,
        estimate: c.estimate,
        standard_error: Some(c.standard_error),
        robust_standard_error: Some(c.robust_standard_error),
        z: Some(c.z),
        p_value: Some(c.p_value),
    }
}

fn firth(
    design: &Design,
    response: &Response<'_>,
    y: &[f64],
    sides: &Sides,
) -> Result<Estimated, GlmError> {
    let cells = design.n_rows() * design.width();
    let firth = FirthRegression::new();
    let fit = if cells <= MOST_PROFILED {
        firth.fit(design, response)?
    } else {
        firth.without_profile().fit(design, response)?
    };
    let weight_of = |row: usize| sides.weights.as_ref().map_or(1.0, |weights| weights[row]);
    let size: f64 = (0..y.len()).map(weight_of).sum();
    let share = y
        .iter()
        .enumerate()
        .map(|(row, y)| weight_of(row) * y)
        .sum::<f64>()
        / size;
    let null = size * (share * share.ln() + (1.0 - share) * (1.0 - share).ln());
    let coefficients = fit.coefficients.into_iter().map(|c| {
        let mut weight = weight(c.wald);
        weight.interval_95 = c.profile_interval_95.or(weight.interval_95);
        weight.p_value = c.profile_p_value.or(weight.p_value);
        weight
    });
    let parameters = fit.covariance.len().isqrt() as f64;
    Ok(Estimated {
        coefficients: coefficients.collect(),
        covariance: Some(fit.covariance),
        dropped: fit.dropped,
        goodness: Goodness {
            log_likelihood: Some(fit.log_likelihood),
            null_log_likelihood: Some(null),
            deviance: -2.0 * fit.log_likelihood,
            null_deviance: -2.0 * null,
            aic: Some(2.0 * parameters - 2.0 * fit.log_likelihood),
            bic: Some(parameters * (fit.n_rows as f64).ln() - 2.0 * fit.log_likelihood),
            iterations: Some(fit.iterations),
            max_abs_gradient: None,
        },
        penalty: Penalty::None,
        critical: helder_evaluation::Z_95,
        residual_variance: None,
        details: Details {
            intervals: Some("firth"),
            ..Details::default()
        },
    })
}

fn elastic_net(
    family: Family,
    settings: &ElasticNetSettings,
    design: &Design,
    response: &Response<'_>,
    folds: &[usize],
) -> Result<Estimated, GlmError> {
    let net = ElasticNet::new(family, settings.alpha);
    let (path, place, chosen) = if let Some(lambda) = settings.lambda {
        let path = net
            .lambdas(Lambdas::Given(vec![lambda]))
            .fit(design, response)?;
        (path, 0, (None, None))
    } else {
        let found = net.cross_validate(design, response, folds)?;
        let place = found.simplest;
        let deviance = (found.deviances[place], found.standard_errors[place]);
        (found.path, place, (Some(found.folds), Some(deviance)))
    };
    let point = &path.points[place];
    let estimates = std::iter::once((INTERCEPT, point.intercept)).chain(
        path.columns
            .iter()
            .map(String::as_str)
            .zip(point.coefficients.iter().copied()),
    );
    Ok(Estimated {
        coefficients: estimates
            .map(|(name, estimate)| Weight {
                name: name.to_owned(),
                estimate,
                standard_error: None,
                robust_standard_error: None,
                z: None,
                p_value: None,
                interval_95: None,
            })
            .collect(),
        covariance: None,
        goodness: Goodness {
            log_likelihood: None,
            null_log_likelihood: None,
            deviance: point.deviance,
            null_deviance: path.null_deviance,
            aic: None,
            bic: None,
            iterations: None,
            max_abs_gradient: None,
        },
        penalty: Penalty::None,
        critical: helder_evaluation::Z_95,
        residual_variance: family
            .is_gaussian()
            .then(|| point.deviance / design.n_rows() as f64),
        details: Details {
            elastic_net: Some(ChosenPenalty {
                alpha: settings.alpha,
                lambda: point.lambda,
                folds: chosen.0,
                cross_validated_deviance: chosen.1,
            }),
            ..Details::default()
        },
        dropped: path.dropped,
    })
}
