//! Log-likelihoods of outcomes that the model fits exactly, and deviances from there.
//!
//! The log-likelihood of a fit is that of the saturated model minus half the deviance: large factorials and powers cancel
//! before they are rounded (Loader, Fast and Accurate Computation of Binomial Probabilities, 2000).

use crate::Family;

/// `ln n! − [(n + ½) ln n − n + ½ ln 2π]`, the error of Stirling's formula, for whole `n ≥ 1`.
fn stirling_error(n: f64) -> f64 {
    if n <= 15.0 {
        let mut factorial = 1.0;
        for k in 2..=n as u32 {
            factorial *= f64::from(k);
        }
        return factorial.ln() - ((n + 0.5) * n.ln() - n + 0.5 * std::f64::consts::TAU.ln());
    }
    stirling_series(n)
}

/// The same for real `x` of at least 15.
fn stirling_series(x: f64) -> f64 {
    let square = x * x;
    let inner = 1.0 / 1680.0 - 1.0 / (1188.0 * square);
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - inner / square) / square) / square) / x
}

/// Log-likelihood of the saturated Poisson model: mean equal to the count.
fn poisson(y: f64) -> f64 {
    if y == 0.0 {
        0.0
    } else {
        -stirling_error(y) - 0.5 * (std::f64::consts::TAU * y).ln()
    }
}

/// Log-likelihood of the saturated binomial model: chance equal to the share.
fn binomial(y: f64, trials: f64) -> f64 {
    let failures = trials - y;
    if y == 0.0 || failures == 0.0 {
        return 0.0;
    }
    stirling_error(trials) - stirling_error(y) - stirling_error(failures)
        + 0.5 * (trials / (std::f64::consts::TAU * y * failures)).ln()
}

/// `y ln(y / mean)`, 0 at 0.
fn log_ratio(y: f64, mean: f64) -> f64 {
    if y == 0.0 { 0.0 } else { y * (y / mean).ln() }
}

/// Deviance of one row: twice the log-likelihood that the fit lacks. `mean` is of one trial.
pub(crate) fn deviance(family: Family, y: f64, trials: f64, mean: f64) -> f64 {
    match family {
        Family::Gaussian | Family::GaussianLog => (y - mean) * (y - mean),
        Family::Poisson => 2.0 * (log_ratio(y, mean) - (y - mean)),
        Family::Binomial | Family::BinomialCloglog => {
            let failures = trials - y;
            2.0 * (log_ratio(y, trials * mean) + log_ratio(failures, trials * (1.0 - mean)))
        }
        Family::NegativeBinomial { theta } => {
            2.0 * (log_ratio(y, mean) - (y + theta) * ((y + theta) / (mean + theta)).ln())
        }
    }
}

/// Variance of one row's outcome over the dispersion.
pub(crate) fn variance(family: Family, trials: f64, mean: f64) -> f64 {
    match family {
        Family::Gaussian | Family::GaussianLog => 1.0,
        Family::Poisson => mean,
        Family::Binomial | Family::BinomialCloglog => trials * mean * (1.0 - mean),
        Family::NegativeBinomial { theta } => mean + mean * mean / theta,
    }
}

/// `ln Γ(y + θ) − ln Γ(θ)` with its first and second derivative towards `θ`, for counts.
///
/// Exact sums over `θ, θ + 1, …` up to a bound, Stirling's series beyond.
pub(crate) struct RisingLogs {
    theta: f64,
    sums: Vec<[f64; 3]>,
}

const LONGEST: usize = 65_536;

impl RisingLogs {
    pub(crate) fn new(theta: f64, largest: f64) -> Self {
        let length = (largest.min(LONGEST as f64)) as usize;
        let mut sums = Vec::with_capacity(length + 1);
        let mut sum = [0.0; 3];
        let mut lost = [0.0; 3];
        sums.push(sum);
        for k in 0..length {
            let at = theta + k as f64;
            for (place, term) in [at.ln(), 1.0 / at, -1.0 / (at * at)]
                .into_iter()
                .enumerate()
            {
                // Kahan's summation: sixty thousand roundings would show.
                let next = term - lost[place];
                let total = sum[place] + next;
                lost[place] = (total - sum[place]) - next;
                sum[place] = total;
            }
            sums.push(sum);
        }
        Self { theta, sums }
    }

    /// Value, first and second derivative at a count.
    pub(crate) fn at(&self, y: f64) -> [f64; 3] {
        if let Some(found) = self.sums.get(y as usize) {
            return *found;
        }
        let last = self.sums.len() - 1;
        let (from, to) = (self.theta + last as f64, self.theta + y);
        let base = self.sums[last];
        let log_gamma = |x: f64| (x - 0.5) * x.ln() - x + stirling_series(x);
        let digamma = |x: f64| {
            let s = 1.0 / (x * x);
            x.ln() - 0.5 / x - s * (1.0 / 12.0 - s * (1.0 / 120.0 - s / 252.0))
        };
        let trigamma = |x: f64| {
            let s = 1.0 / (x * x);
            (1.0 + 0.5 / x + s * (1.0 / 6.0 - s * (1.0 / 30.0 - s / 42.0))) / x
        };
        [
            base[0] + log_gamma(to) - log_gamma(from),
            base[1] + digamma(to) - digamma(from),
            base[2] + trigamma(to) - trigamma(from),
        ]
    }
}

/// Log-likelihood of the saturated model for one row; 0 for continuous outcomes, whose spread is estimated.
pub(crate) fn saturated(family: Family, rising: Option<&RisingLogs>, y: f64, trials: f64) -> f64 {
    match family {
        Family::Gaussian | Family::GaussianLog => 0.0,
        Family::Poisson => poisson(y),
        Family::Binomial | Family::BinomialCloglog => binomial(y, trials),
        Family::NegativeBinomial { theta } => {
            let rising = rising.map_or(0.0, |rising| rising.at(y)[0]);
            // Poisson's saturated value is y ln y − y − ln y!.
            rising + theta * theta.ln() + poisson(y) + y - (y + theta) * (y + theta).ln()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::function::gamma::ln_gamma;

    #[test]
    fn saturated_values_are_log_probabilities() {
        for y in [0.0_f64, 1.0, 3.0, 15.0, 16.0, 400.0] {
            let plain = if y == 0.0 { 0.0 } else { y * y.ln() } - y - ln_gamma(y + 1.0);
            assert!((poisson(y) - plain).abs() < 1e-11 * (1.0 + y), "{y}");
        }
        // 10 choose 4 times 0.4^4 times 0.6^6
        let plain = (210.0 * 0.4_f64.powi(4) * 0.6_f64.powi(6)).ln();
        assert!((binomial(4.0, 10.0) - plain).abs() < 1e-14);
    }

    #[test]
    fn rising_logs_go_on_beyond_the_table() {
        let theta = 1.7;
        let rising = RisingLogs::new(theta, 1e6);
        for y in [0.0, 1.0, 7.0, 65_536.0, 65_537.0, 900_000.0] {
            let plain = ln_gamma(theta + y) - ln_gamma(theta);
            assert!(
                (rising.at(y)[0] - plain).abs() <= 1e-12 * plain.abs().max(1.0),
                "{y}"
            );
        }
        let (a, b) = (rising.at(65_536.0), rising.at(65_537.0));
        let at = theta + 65_536.0;
        assert!((b[1] - a[1] - 1.0 / at).abs() < 1e-15);
        assert!((b[2] - a[2] + 1.0 / (at * at)).abs() < 1e-15);
    }
}
