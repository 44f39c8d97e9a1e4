//! A mean over folds with an interval that knows that folds share rows.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// A mean over outer folds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Estimate {
    /// Mean over the folds, each as heavy as another.
    pub mean: f64,
    /// Corrected standard error.
    pub standard_error: f64,
    /// Lower end of the interval at 95 %.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Estimate {
    /// The corrected resampled t: the models of two folds learned from rows they share, so the variance between folds is
    /// multiplied by `1/K + test rows / train rows` instead of `1/K`.
    ///
    /// * `values` – one per outer fold, at least 2   * `ratio` – rows tested on per row learned from
    ///
    /// `None` with fewer than two values or one that is no number.
    ///
    /// # Source
    /// Nadeau & Bengio, Inference for the generalization error, Machine Learning 52, 2003; Bouckaert & Frank, PAKDD 2004.
    pub fn corrected(values: &[f64], ratio: f64) -> Option<Self> {
        let folds = values.len() as f64;
        if values.len() < 2 || values.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let mean = values.iter().sum::<f64>() / folds;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let variance = squares / (folds - 1.0);
        let standard_error = ((1.0 / folds + ratio) * variance).sqrt();
        let t = StudentsT::new(0.0, 1.0, folds - 1.0)
            .ok()?
            .inverse_cdf(0.975);
        Some(Self {
            mean,
            standard_error,
            low: mean - t * standard_error,
            high: mean + t * standard_error,
        })
    }

    /// The interval cut at the ends of what the figure can be: the t law knows no bounds.
    #[must_use]
    pub fn within(self, least: f64, most: f64) -> Self {
        Self {
            low: self.low.clamp(least, most),
            high: self.high.clamp(least, most),
            ..self
        }
    }

    /// Whether 0 lies outside the interval.
    pub fn is_not_zero(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_figures_come_out() {
        // By hand: mean 3, variance 2.5, (1/5 + 1/4) · 2.5 = 1.125; the t of 4 degrees is 2.776445105.
        let found = Estimate::corrected(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.25).unwrap();
        assert!((found.mean - 3.0).abs() < 1e-15);
        assert!((found.standard_error - 1.125_f64.sqrt()).abs() < 1e-15);
        assert!((found.high - (3.0 + 2.776_445_105_197_793 * 1.125_f64.sqrt())).abs() < 1e-9);
        assert!(found.is_not_zero());
    }

    #[test]
    fn an_interval_does_not_leave_the_range_of_the_figure() {
        let wide = Estimate::corrected(&[0.1, 0.9], 0.5).unwrap();
        assert!(wide.low < 0.0 && wide.high > 1.0);
        let cut = wide.within(0.0, 1.0);
        assert_eq!((cut.low, cut.mean, cut.high), (0.0, wide.mean, 1.0));
    }

    #[test]
    fn one_fold_says_nothing() {
        assert_eq!(Estimate::corrected(&[1.0], 0.25), None);
        assert_eq!(Estimate::corrected(&[1.0, f64::NAN], 0.25), None);
    }
}
