//! Is acting on the model better than acting on everybody, or on nobody?

use serde::{Deserialize, Serialize};

use crate::{EvaluationError, Interval, error::check, proportion::Z_95};

/// Net benefit at one threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DecisionPoint {
    /// Probability from which one would act: one positive found is worth `(1 − t) / t` false alarms.
    pub threshold: f64,
    /// Rows acted on.
    pub picked: usize,
    /// Positives found per row, less the false alarms at their price.
    pub net_benefit: f64,
    /// Its interval at 95 %.
    pub interval_95: Interval,
    /// The same when everybody is acted on; acting on nobody gives 0.
    pub of_all: f64,
    /// Net benefit less that of the better of acting on everybody and on nobody.
    pub gain: f64,
    /// Its interval at 95 %. Above 0, the model helps.
    pub gain_interval_95: Interval,
}

/// Decision curve at `thresholds`.
///
/// * `y` – shape `(n,)`   * `probabilities` – shape `(n,)`, in `[0, 1]`   * `thresholds` – each above 0 and below 1
///
/// # Errors
/// [`EvaluationError`] when lengths differ, nothing is given, a value is no probability, or a threshold is out of range.
/// # Source
/// Vickers & Elkin, Medical Decision Making 26(6), 2006, 10.1177/0272989X06295361; standard errors of means per row.
pub fn decision_curve(
    y: &[bool],
    probabilities: &[f64],
    thresholds: &[f64],
) -> Result<Vec<DecisionPoint>, EvaluationError> {
    check(y, probabilities)?;
    if thresholds.iter().any(|t| !(*t > 0.0 && *t < 1.0)) {
        return Err(EvaluationError::Setting {
            setting: "a threshold",
            demand: "above 0 and below 1",
        });
    }
    let n = y.len() as f64;
    let base = y.iter().filter(|y| **y).count() as f64 / n;
    Ok(thresholds
        .iter()
        .map(|&threshold| {
            let price = threshold / (1.0 - threshold);
            let (mut found, mut alarms, mut missed) = (0_usize, 0_usize, 0_usize);
            for (positive, p) in y.iter().zip(probabilities) {
                match (positive, *p >= threshold) {
                    (true, true) => found += 1,
                    (false, true) => alarms += 1,
                    (true, false) => missed += 1,
                    (false, false) => {}
                }
            }
            let [a, b, c] = [found, alarms, missed].map(|count| count as f64 / n);
            let rest = 1.0 - a - b - c;
            // Means of a value per row: 1 for a find, minus the price for an alarm.
            let net_benefit = a - price * b;
            let half = |mean: f64, square: f64| Z_95 * ((square - mean * mean).max(0.0) / n).sqrt();
            let around = |mean: f64, square: f64| Interval {
                low: mean - half(mean, square),
                high: mean + half(mean, square),
            };
            let of_all = base - price * (1.0 - base);
            let interval_95 = around(net_benefit, a + price * price * b);
            let (gain, gain_interval_95) = if of_all > 0.0 {
                // Against everybody: a positive passed over costs 1, a negative passed over saves the price.
                let mean = price * rest - c;
                (mean, around(mean, price * price * rest + c))
            } else {
                (net_benefit, interval_95)
            };
            DecisionPoint {
                threshold,
                picked: found + alarms,
                net_benefit,
                interval_95,
                of_all,
                gain,
                gain_interval_95,
            }
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_by_hand_comes_out() {
        let y = [
            true, true, false, false, false, false, false, false, false, false,
        ];
        let p = [0.9, 0.1, 0.8, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.05];
        let found = decision_curve(&y, &p, &[0.5, 0.15]).unwrap();
        assert!((found[0].net_benefit - (0.1 - 0.1)).abs() < 1e-15);
        assert!((found[0].of_all - (0.2 - 0.8)).abs() < 1e-15);
        assert!((found[0].gain - found[0].net_benefit).abs() < 1e-15);
        let price = 0.15 / 0.85;
        assert!((found[1].net_benefit - (0.1 - 0.2 * price)).abs() < 1e-15);
        assert!((found[1].of_all - (0.2 - 0.8 * price)).abs() < 1e-15);
        assert!((found[1].gain - (found[1].net_benefit - found[1].of_all)).abs() < 1e-15);
    }

    #[test]
    fn thresholds_at_the_ends_are_refused() {
        for wrong in [0.0, 1.0, f64::NAN, -0.5] {
            assert!(decision_curve(&[true], &[0.5], &[wrong]).is_err());
        }
        assert!(decision_curve(&[], &[], &[0.5]).is_err());
        let one = decision_curve(&[true], &[0.5], &[0.5]).unwrap();
        assert!(one[0].interval_95.low.is_finite());
    }
}
