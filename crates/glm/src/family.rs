//! What distinguishes one generalised linear model from another.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is compiled without vector instructions"
)]

use serde::{Deserialize, Serialize};

use crate::lanes::{BLOCK, Column, LANES, Sums, exp, ln_1p_unit};

/// Distribution of the outcome with the link between its mean and the linear predictor.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
#[non_exhaustive]
pub enum Family {
    /// A continuous outcome; the predictor is the mean. Least squares.
    Gaussian,
    /// A continuous outcome with a positive mean; the predictor is the mean's logarithm.
    GaussianLog,
    /// Yes or no, or so many successes out of so many trials; the predictor is the log-odds.
    Binomial,
    /// The same with the complementary log-log link: `1 − exp(−exp(η))`. With the logarithm of time at risk as offset the
    /// coefficients are those of a proportional hazard.
    BinomialCloglog,
    /// Counts whose variance is their mean; the predictor is the mean's logarithm.
    Poisson,
    /// Counts whose variance is `μ + μ²/θ` (NB2) with `θ` given; the predictor is the mean's logarithm.
    NegativeBinomial {
        /// Above 0; the larger, the nearer to Poisson.
        theta: f64,
    },
}

impl Family {
    /// Mean of one trial (or of the count, or of the outcome) at a linear predictor.
    pub fn mean(self, eta: f64) -> f64 {
        match self {
            Self::Gaussian => eta,
            Self::GaussianLog | Self::Poisson | Self::NegativeBinomial { .. } => exp(eta),
            Self::Binomial => {
                let small = exp(-eta.abs());
                let near = 1.0 / (1.0 + small);
                if eta >= 0.0 { near } else { small * near }
            }
            Self::BinomialCloglog => -(-exp(eta)).exp_m1(),
        }
    }

    /// Linear predictor at a mean; the inverse of [`Self::mean`].
    pub fn link(self, mean: f64) -> f64 {
        match self {
            Self::Gaussian => mean,
            Self::GaussianLog | Self::Poisson | Self::NegativeBinomial { .. } => mean.ln(),
            Self::Binomial => mean.ln() - (-mean).ln_1p(),
            Self::BinomialCloglog => (-(-mean).ln_1p()).ln(),
        }
    }

    /// Whether the outcome counts successes among trials.
    pub const fn is_binomial(self) -> bool {
        matches!(self, Self::Binomial | Self::BinomialCloglog)
    }

    /// Whether the outcome is a count without an upper bound.
    pub const fn is_count(self) -> bool {
        matches!(self, Self::Poisson | Self::NegativeBinomial { .. })
    }

    /// Whether the outcome is continuous, so that its spread is estimated too.
    pub const fn is_gaussian(self) -> bool {
        matches!(self, Self::Gaussian | Self::GaussianLog)
    }

    /// Whether the predictor is the logarithm of the mean.
    pub const fn has_log_link(self) -> bool {
        matches!(
            self,
            Self::GaussianLog | Self::Poisson | Self::NegativeBinomial { .. }
        )
    }
}

/// One block of rows at the current coefficients. Rows that do not count have weight 0.
pub(crate) struct Block {
    pub(crate) eta: Column,
    pub(crate) y: Column,
    pub(crate) trials: Column,
    pub(crate) weight: Column,
    /// Derivative of the log-likelihood towards the predictor.
    pub(crate) score: Column,
    /// Root of the expected information of the row about the predictor.
    pub(crate) root: Column,
}

impl Block {
    pub(crate) const fn new() -> Self {
        Self {
            eta: [0.0; BLOCK],
            y: [0.0; BLOCK],
            trials: [1.0; BLOCK],
            weight: [0.0; BLOCK],
            score: [0.0; BLOCK],
            root: [0.0; BLOCK],
        }
    }

    /// Fills `score` and `root`, and adds the log-likelihood (up to a constant of the data) to `sums`.
    #[inline(always)]
    pub(crate) fn evaluate(&mut self, family: Family, sums: &mut Sums) {
        match family {
            Family::Gaussian => self.each(sums, |eta, y, _| {
                let rest = y - eta;
                (-0.5 * rest * rest, rest, 1.0)
            }),
            Family::GaussianLog => self.each(sums, |eta, y, _| {
                let mean = exp(eta);
                let rest = y - mean;
                (-0.5 * rest * rest, rest * mean, mean * mean)
            }),
            Family::Binomial => self.each(sums, |eta, y, trials| {
                let small = exp(-eta.abs());
                let near = 1.0 / (1.0 + small);
                let far = small * near;
                let (mean, rest) = if eta >= 0.0 { (near, far) } else { (far, near) };
                let log_likelihood = y.mul_add(eta, -(trials * (eta.max(0.0) + ln_1p_unit(small))));
                (
                    log_likelihood,
                    y * rest - (trials - y) * mean,
                    trials * near * far,
                )
            }),
            Family::BinomialCloglog => self.each(sums, |eta, y, trials| {
                let hazard = exp(eta);
                let grown = hazard.exp_m1();
                let failures = trials - y;
                let success = if y > 0.0 {
                    y * (-(-hazard).exp_m1()).ln()
                } else {
                    0.0
                };
                (
                    success - failures * hazard,
                    y * hazard / grown - failures * hazard,
                    trials * hazard * hazard / grown,
                )
            }),
            Family::Poisson => self.each(sums, |eta, y, _| {
                let mean = exp(eta);
                (y.mul_add(eta, -mean), y - mean, mean)
            }),
            Family::NegativeBinomial { theta } => {
                let log_theta = theta.ln();
                self.each(sums, |eta, y, _| {
                    let above = eta - log_theta;
                    let small = exp(-above.abs());
                    let near = 1.0 / (1.0 + small);
                    let far = small * near;
                    let (share, rest) = if above >= 0.0 {
                        (near, far)
                    } else {
                        (far, near)
                    };
                    let log_sum = above.max(0.0) + ln_1p_unit(small);
                    (
                        y.mul_add(above, -((y + theta) * log_sum)),
                        y * rest - theta * share,
                        theta * share,
                    )
                });
            }
        }
    }

    /// Observed information of a negative binomial; `score` becomes the derivative of the score towards `θ`.
    #[inline(always)]
    pub(crate) fn observe(&mut self, theta: f64) {
        for at in 0..BLOCK {
            let (weight, y, mean) = (self.weight[at], self.y[at], exp(self.eta[at]));
            let sum = mean + theta;
            self.score[at] = weight * (y - mean) * mean / (sum * sum);
            self.root[at] = (weight * theta * mean * (y + theta)).sqrt() / sum;
        }
    }

    /// `row` yields log-likelihood, score and information from predictor, outcome and trials.
    #[inline(always)]
    fn each(&mut self, sums: &mut Sums, row: impl Fn(f64, f64, f64) -> (f64, f64, f64)) {
        for first in (0..BLOCK).step_by(LANES) {
            for (lane, sum) in sums.iter_mut().enumerate() {
                let at = first + lane;
                let weight = self.weight[at];
                let (value, score, information) = row(self.eta[at], self.y[at], self.trials[at]);
                let counts = weight > 0.0;
                *sum = if counts {
                    value.mul_add(weight, *sum)
                } else {
                    *sum
                };
                self.score[at] = if counts { weight * score } else { 0.0 };
                self.root[at] = if counts {
                    (weight * information).sqrt()
                } else {
                    0.0
                };
            }
        }
    }
}
