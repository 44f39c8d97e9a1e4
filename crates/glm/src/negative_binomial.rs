//! The negative binomial with its shape estimated: coefficients at a given shape, the shape at given means, in turn until
//! both stay.

use crate::{
    Family, Glm, GlmError, GlmFit, Theta,
    cholesky::Cholesky,
    dependence::Prepared,
    newton::{self, Solution},
    response::Checked,
    special::RisingLogs,
    work::{Task, Work},
};

/// Rounds until the shape stays; each gains two digits or more on ordinary data.
const MOST_ROUNDS: usize = 200;
/// Change of `ln θ` at which it stays.
const STAYS: f64 = 1e-13;
/// Above this the variance `μ + μ²/θ` cannot be told from Poisson's.
const LARGEST_THETA: f64 = 1e9;
/// Below this the counts are but a few huge ones among zeros.
const SMALLEST_THETA: f64 = 1e-6;

/// Maximum likelihood in coefficients and shape.
pub(crate) fn fit(
    glm: &Glm,
    prepared: &Prepared<'_>,
    checked: &Checked<'_>,
) -> Result<GlmFit, GlmError> {
    let work = &prepared.work;
    let poisson = glm.solve(prepared, Family::Poisson)?;
    let as_poisson = || {
        let theta = Theta {
            estimate: None,
            standard_error: None,
            alpha: 0.0,
            alpha_standard_error: None,
            joint_standard_errors: Vec::new(),
        };
        glm.finish(prepared, checked, Family::Poisson, &poisson, Some(theta))
    };
    let Some(mut theta) = first_guess(work, checked, &poisson.gamma) else {
        return as_poisson();
    };
    let largest = checked.y.iter().copied().fold(0.0, f64::max);
    let mut solution: Option<Solution> = None;
    for _ in 0..MOST_ROUNDS {
        let family = Family::NegativeBinomial { theta };
        let start = solution.map_or_else(|| poisson.gamma.clone(), |found| found.gamma);
        let found = newton::solve_from(
            prepared,
            family,
            glm.penalty_weights(prepared),
            glm.steps(),
            start,
        )?;
        let next = shape(work, checked, &found.gamma, theta, largest);
        if next >= LARGEST_THETA {
            return as_poisson();
        }
        if next <= SMALLEST_THETA {
            return Err(not_converged());
        }
        let change = (next / theta).ln().abs();
        if change <= STAYS {
            let theta = described(work, checked, &found.gamma, theta, largest)?;
            return glm.finish(prepared, checked, family, &found, Some(theta));
        }
        theta = next;
        solution = Some(found);
    }
    Err(not_converged())
}

const fn not_converged() -> GlmError {
    GlmError::NotConverged {
        iterations: MOST_ROUNDS,
    }
}

/// A first shape from the residuals of the Poisson fit; none when they vary no more than Poisson's.
fn first_guess(work: &Work<'_>, checked: &Checked<'_>, gamma: &[f64]) -> Option<f64> {
    let sums = work.scan(
        gamma,
        true,
        || [0.0; 3],
        |sums, first, eta| {
            for (at, eta) in eta.iter().enumerate() {
                let (weight, y, mean) =
                    (checked.weight(first + at), checked.y[first + at], eta.exp());
                if weight > 0.0 {
                    let rest = y - mean;
                    sums[0] += weight;
                    sums[1] += weight * (rest / mean) * (rest / mean);
                    sums[2] += weight * (rest * rest - y);
                }
            }
        },
        |a, b| std::array::from_fn(|k| a[k] + b[k]),
    );
    // The third sum is the score towards 1/θ at 0 (times two): not above 0 means that Poisson is best.
    let [size, squares, excess] = sums?;
    (excess > 0.0 && squares > 0.0).then(|| (size / squares).clamp(1e-3, 1e6))
}

/// Score and information about `θ` at fixed means.
fn derivatives(
    work: &Work<'_>,
    checked: &Checked<'_>,
    gamma: &[f64],
    theta: f64,
    largest: f64,
) -> [f64; 2] {
    let rising = RisingLogs::new(theta, largest);
    let sums = work.scan(
        gamma,
        true,
        || [0.0; 2],
        |sums, first, eta| {
            for (at, eta) in eta.iter().enumerate() {
                let weight = checked.weight(first + at);
                if weight > 0.0 {
                    let (y, mean) = (checked.y[first + at], eta.exp());
                    let [_, score, slope] = rising.at(y);
                    let sum = mean + theta;
                    // ln(θ / (μ + θ)) and 1 − (y + θ) / (μ + θ), without cancelling for large θ.
                    sums[0] += weight * (score - (mean / theta).ln_1p() + (mean - y) / sum);
                    sums[1] -= weight * (slope + mean / (theta * sum) - (mean - y) / (sum * sum));
                }
            }
        },
        |a, b| [a[0] + b[0], a[1] + b[1]],
    );
    sums.unwrap_or([0.0; 2])
}

/// The best shape at fixed means.
fn shape(
    work: &Work<'_>,
    checked: &Checked<'_>,
    gamma: &[f64],
    mut theta: f64,
    largest: f64,
) -> f64 {
    for _ in 0..50 {
        let [score, information] = derivatives(work, checked, gamma, theta, largest);
        // Newton on ln θ; where the curve bends the wrong way, a step in the right direction.
        let (slope, bend) = (theta * score, theta * theta * information - theta * score);
        let step = if bend > 0.0 {
            (slope / bend).clamp(-2.0, 2.0)
        } else {
            slope.signum()
        };
        theta *= step.exp();
        if step.abs() <= 1e-9 || !(SMALLEST_THETA..=LARGEST_THETA).contains(&theta) {
            break;
        }
    }
    theta
}

/// The shape with its standard errors.
fn described(
    work: &Work<'_>,
    checked: &Checked<'_>,
    gamma: &[f64],
    theta: f64,
    largest: f64,
) -> Result<Theta, GlmError> {
    let [_, information] = derivatives(work, checked, gamma, theta, largest);
    let p = work.width();
    let observed = work.pass(Task::ObservedNegativeBinomial { theta, gamma }, 1);
    // (β, θ): minus the second derivatives of the log-likelihood.
    let mut joint = vec![0.0; (p + 1) * (p + 1)];
    for i in 0..p {
        for j in 0..p {
            joint[i * (p + 1) + j] = observed.information[i * p + j];
        }
        joint[i * (p + 1) + p] = -observed.gradient[i];
        joint[p * (p + 1) + i] = -observed.gradient[i];
    }
    joint[p * (p + 1) + p] = information;
    let inverse = Cholesky::new(&joint, p + 1)
        .ok_or_else(not_converged)?
        .inverse();
    let mut block = vec![0.0; p * p];
    for i in 0..p {
        for j in 0..p {
            block[i * p + j] = inverse[i * (p + 1) + j];
        }
    }
    let raw = work.raw_covariance(&block);
    let alpha = 1.0 / theta;
    Ok(Theta {
        estimate: Some(theta),
        standard_error: (information > 0.0).then(|| information.recip().sqrt()),
        alpha,
        alpha_standard_error: Some(inverse[p * (p + 1) + p].sqrt() * alpha * alpha),
        joint_standard_errors: (0..p).map(|j| raw[j * p + j].sqrt()).collect(),
    })
}
