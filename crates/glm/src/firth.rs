//! Firth's penalised likelihood: logistic regression that always has a finite answer.

use serde::Serialize;
use statrs::function::erf::erfc;

use crate::{
    Coefficient, Design, DroppedColumn, Family, GlmError, Response,
    cholesky::Cholesky,
    chunks,
    cross::Cross,
    dependence,
    design::dot,
    family::Block,
    fit::{self, Z_95},
    lanes::{BLOCK, Column},
    work::{Task, Work},
};

/// Logistic regression with the log-likelihood plus `½ log |I(β)|` (Jeffreys' prior): the way out when columns separate the
/// outcome, and less biased when it is rare.
///
/// # Source
/// Firth, Biometrika 80(1), 1993; Heinze & Schemper, Statistics in Medicine 21(16), 2002. Estimates and standard errors
/// equal brglm2 0.9 (`AS_mean`) in R; profile intervals are those of `logistf`.
///
/// ```
/// use helder_glm::{Design, FirthRegression, Response};
/// // x alone tells the outcome: maximum likelihood has no answer.
/// let design = Design::new(6, [("x", [1.0, 2.0, 3.0, 4.0, 5.0, 6.0])])?;
/// let y = [false, false, false, true, true, true];
/// let fit = FirthRegression::new().fit(&design, &Response::yes_no(&y))?;
/// assert!(fit.coefficients[1].wald.estimate > 0.0);
/// # Ok::<(), helder_glm::GlmError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct FirthRegression {
    profile: bool,
    max_iterations: usize,
}

impl Default for FirthRegression {
    fn default() -> Self {
        Self {
            profile: true,
            max_iterations: 500,
        }
    }
}

/// A coefficient of a penalised-likelihood fit.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FirthCoefficient {
    /// Estimate with its standard error from the information at the estimate. The robust standard error is White's HC0.
    #[serde(flatten)]
    pub wald: Coefficient,
    /// Where the penalised likelihood, maximised over the other coefficients, falls by 1.92: an interval at 95 % that need
    /// not be symmetric. None when it was not asked, or when an end is so far that it was not found.
    pub profile_interval_95: Option<(f64, f64)>,
    /// p-value of the penalised-likelihood ratio for a coefficient of 0; none when it was not asked or not found.
    pub profile_p_value: Option<f64>,
}

/// A penalised-likelihood fit.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FirthFit {
    /// Coefficients in column order, the intercept first; dropped columns have none.
    pub coefficients: Vec<FirthCoefficient>,
    /// Columns left out as combinations of earlier ones, in column order.
    pub dropped: Vec<DroppedColumn>,
    /// Inverse information at the estimate, row-major, shape `(p, p)`.
    pub covariance: Vec<f64>,
    /// Robust (HC0) covariance, row-major, shape `(p, p)`.
    pub robust_covariance: Vec<f64>,
    /// Log-likelihood at the estimate (single outcomes; counts up to a constant of the data).
    pub log_likelihood: f64,
    /// Rows that count.
    pub n_rows: usize,
    /// Steps taken.
    pub iterations: usize,
}

impl FirthFit {
    /// Estimates in the order of [`Self::coefficients`].
    pub fn estimates(&self) -> Vec<f64> {
        self.coefficients.iter().map(|c| c.wald.estimate).collect()
    }
}

/// Part of the penalised log-likelihood still to gain at which the search ends; steps gain a fixed share only.
const GAIN: f64 = 1e-26;
/// Where the change drowns in rounding.
const ROUNDING: f64 = 1e-9;

impl FirthRegression {
    /// With profile intervals, at most 500 steps.
    pub fn new() -> Self {
        Self::default()
    }

    /// Without profile intervals: they take some hundred times the work of the fit.
    #[must_use]
    pub const fn without_profile(mut self) -> Self {
        self.profile = false;
        self
    }

    /// Fits yes/no outcomes, or successes out of trials.
    ///
    /// # Errors
    /// Those of [`crate::Glm::fit`] but for [`GlmError::Separation`], which cannot occur.
    pub fn fit(&self, design: &Design, response: &Response<'_>) -> Result<FirthFit, GlmError> {
        let checked = response.check(Family::Binomial, design.n_rows())?;
        let mut prepared = dependence::prepare(design, &checked)?;
        let n_rows = checked.rows().count();
        let coefficients = prepared.work.width();
        if coefficients > n_rows {
            return Err(GlmError::TooFewRows {
                rows: n_rows,
                coefficients,
            });
        }
        // Only scaled, not moved: then a coefficient held fixed is the same one as of the columns as they are.
        prepared.work.centre.fill(0.0);
        let work = &prepared.work;
        let search = Search {
            work,
            max_iterations: self.max_iterations,
        };
        let top = search.maximise(vec![0.0; work.width()], None)?;
        let p = work.width();
        let inverse = Cholesky::new(&top.information, p)
            .ok_or_else(|| search.stuck())?
            .inverse();
        let meat = work
            .pass(
                Task::Newton {
                    family: Family::Binomial,
                    gamma: &top.gamma,
                    meat: true,
                },
                1,
            )
            .score_products
            .unwrap_or_default();
        let covariance = work.raw_covariance(&inverse);
        let robust_covariance = work.raw_covariance(&crate::judge::sandwich(&inverse, &meat, p));
        let names: Vec<&str> = work
            .columns
            .iter()
            .map(|&column| design.names()[column].as_str())
            .collect();
        let beta = work.raw(&top.gamma);
        let wald = fit::coefficients(&names, &beta, &covariance, &robust_covariance, None);
        let mut coefficients = Vec::with_capacity(p);
        for (k, wald) in wald.into_iter().enumerate() {
            let (mut profile_interval_95, mut profile_p_value) = (None, None);
            if self.profile {
                let profile = Profile {
                    search: &search,
                    top: &top,
                    k,
                    ridge: &inverse[k * p..(k + 1) * p],
                    spread: inverse[k * p + k].sqrt(),
                };
                let scale = work.scale[k];
                profile_interval_95 = profile
                    .end(-1.0)
                    .and_then(|low| Ok((low * scale, profile.end(1.0)? * scale)))
                    .ok();
                let drop = |zero: Place| 2.0 * (top.penalised - zero.penalised);
                profile_p_value = profile
                    .at(0.0, &top.gamma)
                    .ok()
                    .map(|zero| erfc((0.5 * drop(zero).max(0.0)).sqrt()));
            }
            coefficients.push(FirthCoefficient {
                wald,
                profile_interval_95,
                profile_p_value,
            });
        }
        Ok(FirthFit {
            coefficients,
            dropped: prepared.dropped.clone(),
            covariance,
            robust_covariance,
            log_likelihood: top.log_likelihood,
            n_rows,
            iterations: top.iterations,
        })
    }
}

struct Search<'a> {
    work: &'a Work<'a>,
    max_iterations: usize,
}

/// A place with what is known there.
struct Place {
    gamma: Vec<f64>,
    log_likelihood: f64,
    penalised: f64,
    information: Vec<f64>,
    iterations: usize,
}

impl Search<'_> {
    const fn stuck(&self) -> GlmError {
        GlmError::NotConverged {
            iterations: self.max_iterations,
        }
    }

    /// Penalised log-likelihood and information.
    fn place(&self, gamma: Vec<f64>) -> Option<Place> {
        let task = Task::Newton {
            family: Family::Binomial,
            gamma: &gamma,
            meat: false,
        };
        let pass = self.work.pass(task, 1);
        let factor = Cholesky::new(&pass.information, gamma.len())?;
        Some(Place {
            log_likelihood: pass.log_likelihood,
            penalised: pass.log_likelihood + 0.5 * factor.log_determinant(),
            information: pass.information,
            gamma,
            iterations: 0,
        })
    }

    /// The gradient `Σ z (w (y − m μ) + h (½ − μ))` with the leverage `h`, and its slope at fixed leverage,
    /// `Σ (w m + h) μ (1 − μ) z zᵀ`.
    fn score(&self, place: &Place, factor: &Cholesky) -> (Vec<f64>, Vec<f64>) {
        let p = place.gamma.len();
        let sum = self.work.blocks(
            &place.gamma,
            || Augmented {
                score: vec![0.0; p],
                half: vec![[0.0; BLOCK]; p],
                slope: Cross::new(p, self.work.sparse),
            },
            |sum, block, z| sum.add(block, z, factor),
            |mut a, b| {
                chunks::add(&mut a.score, &b.score);
                a.slope.join(&b.slope);
                a
            },
        );
        sum.map_or_else(
            || (vec![0.0; p], vec![0.0; p * p]),
            |sum| (sum.score, sum.slope.matrix(p)),
        )
    }

    /// The highest place, with one coefficient held where it is when asked.
    fn maximise(&self, start: Vec<f64>, held: Option<usize>) -> Result<Place, GlmError> {
        let p = start.len();
        let free: Vec<usize> = (0..p).filter(|k| Some(*k) != held).collect();
        let mut here = self.place(start).ok_or_else(|| self.stuck())?;
        if free.is_empty() {
            return Ok(here);
        }
        let unit = 1.0 + here.penalised.abs();
        for iteration in 1..=self.max_iterations {
            let factor = Cholesky::new(&here.information, p).ok_or_else(|| self.stuck())?;
            let (score, slope) = self.score(&here, &factor);
            let score: Vec<f64> = free.iter().map(|&k| score[k]).collect();
            let mut part = Vec::with_capacity(free.len() * free.len());
            for &i in &free {
                part.extend(free.iter().map(|&j| slope[i * p + j]));
            }
            let step = Cholesky::new(&part, free.len())
                .ok_or_else(|| self.stuck())?
                .solve(&score);
            let gain = dot(&step, &score);
            let mut share = 1.0;
            let next = loop {
                let mut gamma = here.gamma.clone();
                for (&k, step) in free.iter().zip(&step) {
                    gamma[k] += share * step;
                }
                let next = self.place(gamma);
                match next {
                    Some(next) if gain <= ROUNDING * unit || next.penalised >= here.penalised => {
                        break next;
                    }
                    _ => {}
                }
                share /= 2.0;
                if share < 1e-10 {
                    return Err(self.stuck());
                }
            };
            here = next;
            if gain <= GAIN * unit {
                here.iterations = iteration;
                return Ok(here);
            }
        }
        Err(self.stuck())
    }
}

/// Sums over rows counted with half a success and half a failure times their leverage.
struct Augmented {
    score: Vec<f64>,
    half: Vec<Column>,
    slope: Cross,
}

impl Augmented {
    fn add(&mut self, block: &Block, z: &[Column], factor: &Cholesky) {
        factor.solve_half(z, &mut self.half);
        let (mut adjusted, mut root) = ([0.0; BLOCK], [0.0; BLOCK]);
        for row in 0..BLOCK {
            let weight = block.weight[row];
            if weight > 0.0 {
                let mean = Family::Binomial.mean(block.eta[row]);
                let (trials, spread) = (block.trials[row], mean * (1.0 - mean));
                let length: f64 = self.half.iter().map(|u| u[row] * u[row]).sum();
                let leverage = weight * trials * spread * length;
                adjusted[row] = weight * (block.y[row] - trials * mean) + leverage * (0.5 - mean);
                root[row] = ((weight * trials + leverage) * spread).sqrt();
            }
        }
        for ((sum, z), scaled) in self.score.iter_mut().zip(z).zip(&mut self.half) {
            *sum += dot(z, &adjusted);
            for ((scaled, z), root) in scaled.iter_mut().zip(z).zip(&root) {
                *scaled = z * root;
            }
        }
        self.slope.add::<4>(&self.half);
    }
}

/// The penalised likelihood along one coefficient.
struct Profile<'a> {
    search: &'a Search<'a>,
    top: &'a Place,
    k: usize,
    /// Column of the covariance: where the ridge of the likelihood runs.
    ridge: &'a [f64],
    /// Standard error, in units of the scaled column.
    spread: f64,
}

impl Profile<'_> {
    fn at(&self, value: f64, near: &[f64]) -> Result<Place, GlmError> {
        // Far out the likelihood may have a second, lower top: look from where we came from and along the ridge.
        let from = |gamma: &[f64]| {
            let mut start = gamma.to_vec();
            start[self.k] = value;
            self.search.maximise(start, Some(self.k))
        };
        let moved = (value - self.top.gamma[self.k]) / self.ridge[self.k];
        let ridge = self.top.gamma.iter().zip(self.ridge);
        let ahead: Vec<f64> = ridge.map(|(top, along)| top + moved * along).collect();
        match (from(near), from(&ahead)) {
            (Ok(a), Ok(b)) => Ok(if b.penalised > a.penalised { b } else { a }),
            (found, other) => found.or(other),
        }
    }

    /// How far the likelihood has fallen below the end of the interval; negative inside.
    fn below(&self, place: &Place) -> f64 {
        2.0 * (self.top.penalised - place.penalised) - Z_95 * Z_95
    }

    /// Where the interval ends to one side.
    fn end(&self, side: f64) -> Result<f64, GlmError> {
        let best = self.top.gamma[self.k];
        let mut inner = (best, -Z_95 * Z_95);
        let mut reach = Z_95 * self.spread;
        let mut near = self.top.gamma.clone();
        // Outwards until the likelihood has fallen far enough.
        let mut outer = loop {
            let place = self.at(best + side * reach, &near)?;
            let below = self.below(&place);
            near = place.gamma;
            if below > 0.0 {
                break (best + side * reach, below);
            }
            inner = (best + side * reach, below);
            reach *= 1.5;
            if reach.is_nan() || reach >= 1e4 * self.spread {
                return Err(self.search.stuck());
            }
        };
        // False position with the Illinois rule: an end that stays loses half its weight.
        let mut stayed = 0;
        for _ in 0..60 {
            let value = (inner.0 * outer.1 - outer.0 * inner.1) / (outer.1 - inner.1);
            let place = self.at(value, &near)?;
            let below = self.below(&place);
            near = place.gamma;
            if below.abs() < 1e-10 {
                return Ok(value);
            }
            if below > 0.0 {
                outer = (value, below);
                if stayed == 1 {
                    inner.1 /= 2.0;
                }
                stayed = 1;
            } else {
                inner = (value, below);
                if stayed == -1 {
                    outer.1 /= 2.0;
                }
                stayed = -1;
            }
        }
        Err(self.search.stuck())
    }
}
