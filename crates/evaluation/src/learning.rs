//! Would more rows help?

use serde::{Deserialize, Serialize};

use crate::{Auc, Interval, proportion::Z_95};

/// A model taught on a part of the rows, judged on the same rows kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LearningPoint {
    /// Rows learned from.
    pub rows: usize,
    /// Positives among them.
    pub positives: usize,
    /// Discrimination on the rows kept apart; `None` when it could not be taught on so few.
    pub auc: Option<Auc>,
    /// Logarithmic loss on the rows kept apart, nats.
    pub log_loss: Option<f64>,
}

/// Points with growing numbers of rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LearningCurve {
    /// The points; each holds the rows of the one before.
    pub points: Vec<LearningPoint>,
    /// Gain in discrimination by the last doubling of rows.
    pub last_gain: Option<f64>,
    /// Its interval at 95 %, as if the two were judged on different rows: too wide rather than too narrow.
    pub last_gain_interval_95: Option<Interval>,
}

impl LearningCurve {
    /// Points in order of rows.
    pub fn new(points: Vec<LearningPoint>) -> Self {
        let known: Vec<Auc> = points.iter().filter_map(|point| point.auc).collect();
        let (mut last_gain, mut limits) = (None, None);
        if let [.., before, last] = known[..] {
            let gain = last.value - before.value;
            last_gain = Some(gain);
            limits = before
                .standard_error
                .zip(last.standard_error)
                .map(|(a, b)| Interval {
                    low: gain - Z_95 * a.hypot(b),
                    high: gain + Z_95 * a.hypot(b),
                });
        }
        Self {
            points,
            last_gain,
            last_gain_interval_95: limits,
        }
    }
}

/// Numbers of rows for a learning curve over `rows`: all, half, a quarter …, at most `points`, ascending, none below `least`.
pub fn learning_sizes(rows: usize, points: usize, least: usize) -> Vec<usize> {
    let mut sizes: Vec<usize> = (0..points)
        .map_while(|halving| rows.checked_shr(u32::try_from(halving).ok()?))
        .take_while(|size| *size >= least.max(1))
        .collect();
    sizes.reverse();
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_double_up_to_all_rows() {
        assert_eq!(learning_sizes(1_000, 4, 100), [125, 250, 500, 1_000]);
        assert_eq!(learning_sizes(1_000, 9, 300), [500, 1_000]);
        assert!(learning_sizes(0, 4, 1).is_empty());
        assert_eq!(learning_sizes(3, 200, 0), [1, 3]);
    }

    #[test]
    fn the_last_doubling_is_told_with_its_interval() {
        let point = |rows, value| LearningPoint {
            rows,
            positives: rows / 10,
            auc: Some(Auc {
                value,
                standard_error: Some(0.01),
                interval_95: None,
            }),
            log_loss: None,
        };
        let found = LearningCurve::new(vec![point(100, 0.7), point(200, 0.74)]);
        assert!((found.last_gain.unwrap() - 0.04).abs() < 1e-12);
        let limits = found.last_gain_interval_95.unwrap();
        assert!(limits.low > 0.01 && limits.high < 0.07);
        assert!(LearningCurve::new(Vec::new()).last_gain.is_none());
    }
}
