//! Newton's method on the (penalised) log-likelihood, with expected information: iteratively reweighted least squares.

use crate::{
    Family, GlmError,
    cholesky::Cholesky,
    chunks::CHUNK_ROWS,
    dependence::Prepared,
    design::dot,
    separation,
    work::{Pass, Task, Work},
};

/// Share of the log-likelihood still to gain (times two) below which the gradient counts as zero. The last step is still
/// taken, so that the estimate is exact to about the square of this.
const DECREMENT: f64 = 1e-16;
/// The same where expected information is not the curvature, so that each step gains a fixed number of digits only.
const DECREMENT_LINEAR: f64 = 1e-27;
/// Where the change of the log-likelihood drowns in rounding the full step is right.
const ROUNDING: f64 = 1e-9;
/// Separation is looked for from this step on; regular problems are done before.
const FIRST_SUSPICION: usize = 8;
/// From so many chunks on, the first guess comes from every 16th chunk.
const MANY_CHUNKS: usize = 128;
const SUBSAMPLE_STRIDE: usize = 16;

/// Where the search ended.
pub(crate) struct Solution {
    /// On moved and scaled columns.
    pub(crate) gamma: Vec<f64>,
    /// At `gamma`, with the products of scores.
    pub(crate) pass: Pass,
    pub(crate) iterations: usize,
}

/// What to maximise, and how long to try.
pub(crate) struct Search<'a> {
    pub(crate) work: &'a Work<'a>,
    pub(crate) family: Family,
    /// Penalty per coefficient: minus `½ · penalty · γ²`.
    pub(crate) penalty: Vec<f64>,
    pub(crate) max_iterations: usize,
}

/// Maximises from a first guess made on part of the rows when there are many. The guess changes the way, not the end.
pub(crate) fn solve(
    prepared: &Prepared<'_>,
    family: Family,
    penalty: Vec<f64>,
    max_iterations: usize,
) -> Result<Solution, GlmError> {
    let work = &prepared.work;
    let search = Search {
        work,
        family,
        penalty,
        max_iterations,
    };
    let tolerance = decrement(family);
    let null = null_start(work, family);
    if family != Family::Gaussian && work.design.n_rows() >= MANY_CHUNKS * CHUNK_ROWS {
        // A slight penalty gives the guess a finite place even where the part is separated.
        let slight = prepared.deviations.iter().zip(&search.penalty);
        let guess = Search {
            work,
            family,
            penalty: slight.map(|(d, penalty)| d * d + penalty).collect(),
            max_iterations: 20,
        };
        let guessed = guess.from(null.clone(), SUBSAMPLE_STRIDE, 1e-6);
        if let Ok(solution) = guessed.and_then(|guess| search.from(guess.gamma, 1, tolerance)) {
            return Ok(solution);
        }
    }
    search.from(null, 1, tolerance)
}

const fn decrement(family: Family) -> f64 {
    if matches!(
        family,
        Family::Gaussian | Family::Binomial | Family::Poisson
    ) {
        DECREMENT
    } else {
        DECREMENT_LINEAR
    }
}

/// Maximises from given coefficients of the moved and scaled columns.
pub(crate) fn solve_from(
    prepared: &Prepared<'_>,
    family: Family,
    penalty: Vec<f64>,
    max_iterations: usize,
    start: Vec<f64>,
) -> Result<Solution, GlmError> {
    let search = Search {
        work: &prepared.work,
        family,
        penalty,
        max_iterations,
    };
    search.from(start, 1, decrement(family))
}

/// The intercept that fits the mean, everything else 0.
fn null_start(work: &Work<'_>, family: Family) -> Vec<f64> {
    let response = work.response;
    let (mut successes, mut size) = (0.0, 0.0);
    for row in response.rows() {
        let weight = response.weight(row);
        successes += weight * response.y[row];
        size += weight
            * if family.has_log_link() {
                response.offset(row).exp()
            } else {
                response.trial(row)
            };
    }
    let start = family.link(successes / size);
    let mut gamma = vec![0.0; work.width()];
    if start.is_finite() {
        gamma[0] = start;
    }
    gamma
}

impl Search<'_> {
    /// Newton's method from `gamma` on every `stride`-th chunk.
    pub(crate) fn from(
        &self,
        mut gamma: Vec<f64>,
        stride: usize,
        tolerance: f64,
    ) -> Result<Solution, GlmError> {
        let mut pass = self.pass(&gamma, stride, false);
        let unit = self.unit(&pass);
        let mut last_step: Option<Vec<f64>> = None;
        for iteration in 1..=self.max_iterations {
            let gradient = self.gradient(&pass, &gamma);
            let Some(step) = self.factor(&pass).map(|factor| factor.solve(&gradient)) else {
                last_step.as_deref().map_or(Ok(()), |s| self.suspect(s))?;
                return Err(not_converged(iteration));
            };
            let decrement = dot(&step, &gradient);
            if !decrement.is_finite() {
                return Err(not_converged(iteration));
            }
            let large = separation::is_large(&step);
            let last = decrement <= tolerance * unit && (iteration > 1 || !large);
            if large && (iteration >= FIRST_SUSPICION || last) {
                self.suspect(&step)?;
            }
            let before = self.objective(&pass, &gamma);
            let mut share = 1.0;
            loop {
                let tried: Vec<f64> = gamma
                    .iter()
                    .zip(&step)
                    .map(|(g, s)| g + share * s)
                    .collect();
                let next = self.pass(&tried, stride, last && stride == 1);
                if decrement <= ROUNDING * unit || self.objective(&next, &tried) >= before {
                    gamma = tried;
                    pass = next;
                    break;
                }
                share /= 2.0;
                if share < 1e-10 {
                    return Err(not_converged(iteration));
                }
            }
            if last {
                return Ok(Solution {
                    gamma,
                    pass,
                    iterations: iteration,
                });
            }
            last_step = Some(step);
        }
        if let Some(step) = &last_step {
            self.suspect(step)?;
        }
        Err(not_converged(self.max_iterations))
    }

    fn pass(&self, gamma: &[f64], stride: usize, meat: bool) -> Pass {
        let task = Task::Newton {
            family: self.family,
            gamma,
            meat,
        };
        self.work.pass(task, stride)
    }

    /// What a change of the log-likelihood is compared with.
    fn unit(&self, pass: &Pass) -> f64 {
        if self.family.is_gaussian() {
            let y = &self.work.response;
            y.rows()
                .map(|row| y.weight(row) * y.y[row] * y.y[row])
                .sum()
        } else {
            1.0 + pass.log_likelihood.abs()
        }
    }

    fn suspect(&self, step: &[f64]) -> Result<(), GlmError> {
        if self.penalty.iter().any(|penalty| *penalty > 0.0) {
            return Ok(());
        }
        match separation::test(self.work, self.family, step) {
            Some(found) => Err(GlmError::Separation {
                columns: found.columns,
                rows_separated: found.rows,
            }),
            None => Ok(()),
        }
    }

    fn objective(&self, pass: &Pass, gamma: &[f64]) -> f64 {
        let penalty: f64 = gamma
            .iter()
            .zip(&self.penalty)
            .map(|(g, penalty)| penalty * g * g)
            .sum();
        pass.log_likelihood - 0.5 * penalty
    }

    pub(crate) fn gradient(&self, pass: &Pass, gamma: &[f64]) -> Vec<f64> {
        pass.gradient
            .iter()
            .zip(gamma)
            .zip(&self.penalty)
            .map(|((gradient, g), penalty)| gradient - penalty * g)
            .collect()
    }

    pub(crate) fn factor(&self, pass: &Pass) -> Option<Cholesky> {
        let p = self.penalty.len();
        let mut matrix = pass.information.clone();
        for (j, penalty) in self.penalty.iter().enumerate() {
            matrix[j * p + j] += penalty;
        }
        Cholesky::new(&matrix, p)
    }
}

const fn not_converged(iterations: usize) -> GlmError {
    GlmError::NotConverged { iterations }
}
