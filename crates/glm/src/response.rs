//! The outcome with what belongs to it per row, checked before a fit.

#![expect(clippy::float_cmp, reason = "whole numbers and equal values are exact")]

use std::borrow::Cow;

use crate::{Family, GlmError};

/// Outcome per row, with trials, weights, offset and exposure where they are given.
#[derive(Clone, Debug)]
pub struct Response<'a> {
    y: Cow<'a, [f64]>,
    trials: Option<&'a [f64]>,
    weights: Option<&'a [f64]>,
    offset: Option<&'a [f64]>,
    exposure: Option<&'a [f64]>,
}

/// Counts above this are not exact as numbers.
const LARGEST_COUNT: f64 = 9_007_199_254_740_992.0;
/// Offsets beyond this make means that do not fit a number.
const LARGEST_OFFSET: f64 = 500.0;
/// Squares of larger outcomes do not fit a number.
const LARGEST_OUTCOME: f64 = 1e150;

impl<'a> Response<'a> {
    /// Numbers: a count, a continuous outcome, successes, or 1 and 0. Shape `(n,)`.
    pub fn new(y: &'a [f64]) -> Self {
        Self::from_values(Cow::Borrowed(y))
    }

    /// Yes (true) or no, shape `(n,)`.
    pub fn yes_no(y: &[bool]) -> Self {
        let values = y.iter().map(|yes| f64::from(u8::from(*yes))).collect();
        Self::from_values(Cow::Owned(values))
    }

    const fn from_values(y: Cow<'a, [f64]>) -> Self {
        Self {
            y,
            trials: None,
            weights: None,
            offset: None,
            exposure: None,
        }
    }

    /// Trials per row of which the outcome counts the successes; whole numbers of at least 1. Without: 1.
    #[must_use]
    pub const fn trials(mut self, trials: &'a [f64]) -> Self {
        self.trials = Some(trials);
        self
    }

    /// How much each row counts, at least 0; a row with weight 0 is as if it were not there. Without: 1.
    ///
    /// The log-likelihood is `Σ wᵢ log Lᵢ`: a row with weight 2 gives the estimates and model-based standard errors of two
    /// equal rows. Robust standard errors use `Σ wᵢ² sᵢ sᵢᵀ`, as for one row of a sample with unequal chances.
    #[must_use]
    pub const fn weights(mut self, weights: &'a [f64]) -> Self {
        self.weights = Some(weights);
        self
    }

    /// Known part of the linear predictor.
    #[must_use]
    pub const fn offset(mut self, offset: &'a [f64]) -> Self {
        self.offset = Some(offset);
        self
    }

    /// What a count is a count of (persons, months at risk): above 0. Its logarithm is added to the offset.
    #[must_use]
    pub const fn exposure(mut self, exposure: &'a [f64]) -> Self {
        self.exposure = Some(exposure);
        self
    }

    /// Everything a fit needs, or the first fault.
    pub(crate) fn check(&self, family: Family, n: usize) -> Result<Checked<'_>, GlmError> {
        for (what, values) in [
            ("outcome", Some(&*self.y)),
            ("trials", self.trials),
            ("weights", self.weights),
            ("offset", self.offset),
            ("exposure", self.exposure),
        ] {
            if let Some(values) = values.filter(|values| values.len() != n) {
                return Err(GlmError::LengthMismatch {
                    what: what.into(),
                    expected: n,
                    found: values.len(),
                });
            }
        }
        if self.trials.is_some() && !family.is_binomial() {
            return Err(setting("trials", "given only for binomial counts"));
        }
        if self.exposure.is_some() && !(family.has_log_link() || family == Family::BinomialCloglog)
        {
            return Err(setting(
                "exposure",
                "given only where the predictor is a logarithm; use an offset",
            ));
        }
        let known = "finite numbers";
        all(
            "weights",
            self.weights,
            "finite numbers of at least 0",
            |w| (0.0..=LARGEST_OUTCOME).contains(&w),
        )?;
        all("offset", self.offset, "numbers between -500 and 500", |o| {
            o.abs() <= LARGEST_OFFSET || (family == Family::Gaussian && o.abs() <= LARGEST_OUTCOME)
        })?;
        all("exposure", self.exposure, "finite numbers above 0", |e| {
            e.is_finite() && e > 0.0 && e.ln().abs() <= LARGEST_OFFSET
        })?;
        all("trials", self.trials, "whole numbers of at least 1", |t| {
            (1.0..=LARGEST_COUNT).contains(&t) && t.fract() == 0.0
        })?;
        let y = Some(&*self.y);
        if family.is_gaussian() {
            all("outcome", y, known, f64::is_finite)?;
            all("outcome", y, "below 1e150", |y| y.abs() <= LARGEST_OUTCOME)?;
        } else {
            let count = |y: f64| (0.0..=LARGEST_COUNT).contains(&y) && y.fract() == 0.0;
            if family.is_binomial() && self.trials.is_none() {
                all("outcome", y, "0 or 1", |y| y == 0.0 || y == 1.0)?;
            } else {
                all("outcome", y, "counts (whole numbers of at least 0)", count)?;
            }
        }
        if let Some(trials) = self.trials {
            let rows = self.y.iter().zip(trials).filter(|(y, t)| y > t).count();
            if rows > 0 {
                return Err(GlmError::Outside {
                    what: "outcome",
                    demand: "at most the number of trials",
                    rows,
                });
            }
        }
        let checked = Checked {
            y: &self.y,
            trials: self.trials,
            weights: self.weights,
            offset: self.combined_offset(),
        };
        checked.check_variation(family)?;
        Ok(checked)
    }

    fn combined_offset(&self) -> Option<Cow<'_, [f64]>> {
        match (self.offset, self.exposure) {
            (None, None) => None,
            (Some(offset), None) => Some(Cow::Borrowed(offset)),
            (offset, Some(exposure)) => Some(Cow::Owned(
                exposure
                    .iter()
                    .enumerate()
                    .map(|(row, e)| e.ln() + offset.map_or(0.0, |offset| offset[row]))
                    .collect(),
            )),
        }
    }

    /// Rows whose outcome is 1 and that count.
    pub(crate) fn successes(&self) -> usize {
        let counts = |row: usize| self.weights.is_none_or(|weights| weights[row] > 0.0);
        (0..self.y.len())
            .filter(|&row| self.y[row] == 1.0 && counts(row))
            .count()
    }
}

fn setting(setting: &'static str, demand: &'static str) -> GlmError {
    GlmError::Setting { setting, demand }
}

fn all(
    what: &'static str,
    values: Option<&[f64]>,
    demand: &'static str,
    holds: impl Fn(f64) -> bool,
) -> Result<(), GlmError> {
    let rows = values.map_or(0, |values| values.iter().filter(|v| !holds(**v)).count());
    if rows == 0 {
        Ok(())
    } else {
        Err(GlmError::Outside { what, demand, rows })
    }
}

/// A response whose values are all in range.
#[derive(Clone, Debug)]
pub(crate) struct Checked<'a> {
    pub(crate) y: &'a [f64],
    pub(crate) trials: Option<&'a [f64]>,
    pub(crate) weights: Option<&'a [f64]>,
    pub(crate) offset: Option<Cow<'a, [f64]>>,
}

impl Checked<'_> {
    pub(crate) fn weight(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[row])
    }

    pub(crate) fn trial(&self, row: usize) -> f64 {
        self.trials.map_or(1.0, |trials| trials[row])
    }

    pub(crate) fn offset(&self, row: usize) -> f64 {
        self.offset.as_ref().map_or(0.0, |offset| offset[row])
    }

    /// Rows that count.
    pub(crate) fn rows(&self) -> impl Iterator<Item = usize> {
        (0..self.y.len()).filter(|&row| self.weight(row) > 0.0)
    }

    fn check_variation(&self, family: Family) -> Result<(), GlmError> {
        let rows = self.rows().count();
        let Some(first) = self.rows().next() else {
            return if self.y.is_empty() {
                Err(GlmError::TooFewRows {
                    rows: 0,
                    coefficients: 1,
                })
            } else {
                Err(setting("the sum of the weights", "above 0"))
            };
        };
        if family.is_count() && self.rows().all(|row| self.y[row] == 0.0) {
            return Err(GlmError::AllZero { rows });
        }
        if family.is_binomial() {
            for class in [false, true] {
                let most = |row| if class { self.trial(row) } else { 0.0 };
                if self.rows().all(|row| self.y[row] == most(row)) {
                    return Err(GlmError::OneClass { rows, class });
                }
            }
        }
        if family.is_gaussian() && self.rows().all(|row| self.y[row] == self.y[first]) {
            return Err(GlmError::ConstantOutcome { rows });
        }
        Ok(())
    }
}
