//! How well a solution fits, and how sure it is.

use crate::{
    Family, GlmError,
    cholesky::Cholesky,
    dependence::Prepared,
    newton::{self, Solution},
    response::Checked,
    special::{self, RisingLogs},
    work::{Pass, Work},
};

/// Goodness of fit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Judged {
    pub(crate) log_likelihood: f64,
    pub(crate) deviance: f64,
    pub(crate) pearson_chi2: Option<f64>,
}

impl Judged {
    /// At coefficients of the moved and scaled columns.
    pub(crate) fn of(
        work: &Work<'_>,
        checked: &Checked<'_>,
        family: Family,
        gamma: &[f64],
        pass: &Pass,
    ) -> Self {
        if family == Family::Binomial && checked.trials.is_none() {
            // Single outcomes: the saturated model is certain of each, and the pass has no constant.
            return Self {
                log_likelihood: pass.log_likelihood,
                deviance: -2.0 * pass.log_likelihood,
                pearson_chi2: None,
            };
        }
        let sums = work.scan(
            gamma,
            true,
            || [0.0; 2],
            |sums, first, eta| {
                for (at, &eta) in eta.iter().enumerate() {
                    let row = first + at;
                    let weight = checked.weight(row);
                    if weight > 0.0 {
                        let (y, trials, mean) =
                            (checked.y[row], checked.trial(row), family.mean(eta));
                        let rest = y - trials * mean;
                        let variance = special::variance(family, trials, mean);
                        sums[0] += weight * special::deviance(family, y, trials, mean);
                        sums[1] += weight * rest * rest / variance;
                    }
                }
            },
            |a, b| [a[0] + b[0], a[1] + b[1]],
        );
        let [deviance, chi2] = sums.unwrap_or([0.0; 2]);
        let single = family.is_binomial() && checked.trials.is_none();
        Self {
            log_likelihood: log_likelihood(checked, family, deviance),
            deviance,
            pearson_chi2: (!single).then_some(chi2),
        }
    }
}

/// Log-likelihood with its constants, from the deviance.
pub(crate) fn log_likelihood(checked: &Checked<'_>, family: Family, deviance: f64) -> f64 {
    if family.is_gaussian() {
        let n = checked.rows().count() as f64;
        let logs: f64 = checked.rows().map(|row| checked.weight(row).ln()).sum();
        return 0.5 * (logs - n * (std::f64::consts::TAU.ln() + 1.0 - n.ln() + deviance.ln()));
    }
    let rising = match family {
        Family::NegativeBinomial { theta } => {
            let largest = checked.y.iter().copied().fold(0.0, f64::max);
            Some(RisingLogs::new(theta, largest))
        }
        _ => None,
    };
    let saturated: f64 = checked
        .rows()
        .map(|row| {
            let (y, trials) = (checked.y[row], checked.trial(row));
            checked.weight(row) * special::saturated(family, rising.as_ref(), y, trials)
        })
        .sum();
    saturated - 0.5 * deviance
}

/// The model of the intercept alone, with the offset.
pub(crate) fn null(
    prepared: &Prepared<'_>,
    checked: &Checked<'_>,
    family: Family,
) -> Result<Judged, GlmError> {
    if family == Family::Binomial && checked.trials.is_none() && checked.offset.is_none() {
        let (mut successes, mut size) = (0.0, 0.0);
        for row in checked.rows() {
            successes += checked.weight(row) * checked.y[row];
            size += checked.weight(row);
        }
        let share: f64 = successes / size;
        let log_likelihood = successes * share.ln() + (size - successes) * (-share).ln_1p();
        return Ok(Judged {
            log_likelihood,
            deviance: -2.0 * log_likelihood,
            pearson_chi2: None,
        });
    }
    let alone = alone(prepared, checked);
    let solution = newton::solve(&alone, family, vec![0.0], 200)?;
    Ok(Judged::of(
        &alone.work,
        checked,
        family,
        &solution.gamma,
        &solution.pass,
    ))
}

/// The intercept of the model of the intercept alone, with the offset.
pub(crate) fn null_intercept(
    prepared: &Prepared<'_>,
    checked: &Checked<'_>,
    family: Family,
) -> Result<f64, GlmError> {
    let solution = newton::solve(&alone(prepared, checked), family, vec![0.0], 200)?;
    Ok(solution.gamma[0])
}

fn alone<'a>(prepared: &Prepared<'a>, checked: &'a Checked<'a>) -> Prepared<'a> {
    Prepared {
        work: Work {
            design: prepared.work.design,
            response: checked,
            columns: vec![0],
            centre: vec![0.0],
            scale: vec![1.0],
            sparse: false,
        },
        dropped: Vec::new(),
        deviations: vec![0.0],
    }
}

/// Model-based and robust covariance of the moved and scaled coefficients. With a penalty both are of the sandwich form
/// `A⁻¹ M A⁻¹`, `A` the penalised information; they describe the spread of the estimate, not its bias.
pub(crate) fn covariances(
    solution: &Solution,
    penalty: &[f64],
    p: usize,
) -> Result<(Vec<f64>, Vec<f64>), GlmError> {
    let information = &solution.pass.information;
    let mut penalised = information.clone();
    for (j, penalty) in penalty.iter().enumerate() {
        penalised[j * p + j] += penalty;
    }
    let inverse = Cholesky::new(&penalised, p)
        .ok_or(GlmError::NotConverged {
            iterations: solution.iterations,
        })?
        .inverse();
    let none = vec![0.0; p * p];
    let products = solution.pass.score_products.as_ref().unwrap_or(&none);
    let robust = sandwich(&inverse, products, p);
    if penalty.iter().all(|penalty| *penalty == 0.0) {
        return Ok((inverse, robust));
    }
    Ok((sandwich(&inverse, information, p), robust))
}

/// `bread · filling · bread`, both symmetric, row-major.
pub(crate) fn sandwich(bread: &[f64], filling: &[f64], p: usize) -> Vec<f64> {
    let product = |a: &[f64], b: &[f64]| {
        let mut out = vec![0.0; p * p];
        for i in 0..p {
            for k in 0..p {
                for j in 0..p {
                    out[i * p + j] += a[i * p + k] * b[k * p + j];
                }
            }
        }
        out
    };
    product(&product(bread, filling), bread)
}
