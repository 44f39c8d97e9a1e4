//! Do probabilities mean what they say?

use serde::{Deserialize, Serialize};

use crate::{
    EvaluationError, Proportion,
    error::check,
    proportion::{Interval, Z_95},
};

/// One tenth of the probability scale.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CalibrationBin {
    /// Lower border, included.
    pub from: f64,
    /// Upper border, left out except for 1.
    pub to: f64,
    /// Positives among the rows in the bin; `None` when hidden.
    pub observed: Option<Proportion>,
    /// The bin holds a few rows only, and is hidden for the protection of those persons.
    pub suppressed: bool,
    /// Mean probability given; `None` for an empty or hidden bin.
    pub mean_probability: Option<f64>,
    /// Share of positives found; `None` for an empty or hidden bin.
    pub observed_share: Option<f64>,
    /// Wilson interval at 95 % of the share found.
    pub interval_95: Option<Interval>,
}

/// Line through the log-odds: `logit P(y) = intercept + slope · logit(p)`. Ideal is 0 and 1; a slope below 1 means that
/// high probabilities are too high and low ones too low.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CalibrationLine {
    /// Intercept.
    pub intercept: f64,
    /// Slope.
    pub slope: f64,
    /// Wald interval at 95 % of the intercept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intercept_interval_95: Option<Interval>,
    /// Wald interval at 95 % of the slope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slope_interval_95: Option<Interval>,
}

/// Calibration of a set of probabilities.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Calibration {
    /// Ten bins of equal width.
    pub bins: Vec<CalibrationBin>,
    /// At most ten bins of about equally many rows, lowest probabilities first; `from` and `to` are the lowest and highest
    /// probability in the bin. Where an outcome is rare, these tell more than bins of equal width. Equal probabilities stay
    /// together.
    pub quantile_bins: Vec<CalibrationBin>,
    /// Expected calibration error: mean distance between the two shares over the bins, weighted by rows. In `[0, 1]`.
    pub expected_calibration_error: f64,
    /// The error that perfect probabilities would show on these rows by chance alone. An error near it says nothing.
    pub error_by_chance: f64,
    /// `None` when one class is missing, the probabilities are all equal, or they separate the outcomes.
    pub line: Option<CalibrationLine>,
}

impl Calibration {
    /// Hides bins of 1 to `smallest - 1` rows; when only one would be hidden, the next smallest too, since the total would
    /// give it away. Error and line keep their values: they cover all rows.
    #[must_use]
    pub fn without_small_bins(mut self, smallest: usize) -> Self {
        hide_small(&mut self.bins, smallest);
        hide_small(&mut self.quantile_bins, smallest);
        self
    }
}

fn hide_small(bins: &mut [CalibrationBin], smallest: usize) {
    let sizes: Vec<usize> = bins
        .iter()
        .map(|bin| bin.observed.map_or(0, |observed| observed.total))
        .collect();
    for (bin, hide) in bins.iter_mut().zip(hidden(&sizes, smallest)) {
        if hide {
            bin.suppressed = true;
            bin.observed = None;
            bin.mean_probability = None;
            bin.observed_share = None;
            bin.interval_95 = None;
        }
    }
}

/// Cells below `smallest`, and the next smallest ones until no total gives them away. Empty cells hide nobody.
pub(crate) fn hidden(sizes: &[usize], smallest: usize) -> Vec<bool> {
    let mut order: Vec<usize> = (0..sizes.len()).filter(|&cell| sizes[cell] > 0).collect();
    order.sort_by_key(|&cell| (sizes[cell], cell));
    let mut hidden = vec![false; sizes.len()];
    let (mut count, mut rows) = (0, 0);
    for cell in order {
        if sizes[cell] >= smallest && (count == 0 || (count > 1 && rows >= smallest)) {
            break;
        }
        hidden[cell] = true;
        count += 1;
        rows += sizes[cell];
    }
    hidden
}

const BINS: usize = 10;

/// Rows counted for one bin.
#[derive(Clone, Copy, Default)]
struct Count {
    rows: usize,
    positives: usize,
    sum: f64,
    variance: f64,
}

impl Count {
    fn add(&mut self, positive: bool, p: f64) {
        self.rows += 1;
        self.positives += usize::from(positive);
        self.sum += p;
        self.variance += p * (1.0 - p);
    }

    fn bin(self, from: f64, to: f64) -> CalibrationBin {
        let observed = Proportion::new(self.positives, self.rows);
        CalibrationBin {
            from,
            to,
            observed: Some(observed),
            suppressed: false,
            mean_probability: (self.rows > 0).then(|| self.sum / self.rows as f64),
            observed_share: observed.value(),
            interval_95: observed.wilson(),
        }
    }
}

/// Calibration table, error and line.
///
/// * `y` – shape `(n,)`   * `probabilities` – shape `(n,)`, in `[0, 1]`
///
/// # Errors
/// [`EvaluationError`] when lengths differ, nothing is given, or a value is no probability.
/// # Source
/// Line: Cox, Biometrika 45(3/4), 1958. Bins of equal width as in the reference (statsmodels 0.15.0, numpy 2.4.6).
pub fn calibration(y: &[bool], probabilities: &[f64]) -> Result<Calibration, EvaluationError> {
    check(y, probabilities)?;
    let mut counts = [Count::default(); BINS];
    for (positive, p) in y.iter().zip(probabilities) {
        counts[((p * BINS as f64) as usize).min(BINS - 1)].add(*positive, *p);
    }
    let distance: f64 = counts
        .iter()
        .map(|count| (count.positives as f64 - count.sum).abs())
        .sum();
    // The mean distance of a normal from its mean is √(2/π) standard deviations.
    let by_chance: f64 = counts
        .iter()
        .map(|count| (std::f64::consts::FRAC_2_PI * count.variance).sqrt())
        .sum();
    let bins = counts
        .iter()
        .enumerate()
        .map(|(place, count)| {
            count.bin(place as f64 / BINS as f64, (place + 1) as f64 / BINS as f64)
        })
        .collect();
    Ok(Calibration {
        bins,
        quantile_bins: quantile_bins(y, probabilities),
        expected_calibration_error: distance / y.len() as f64,
        error_by_chance: by_chance / y.len() as f64,
        line: line(y, probabilities),
    })
}

fn quantile_bins(y: &[bool], probabilities: &[f64]) -> Vec<CalibrationBin> {
    let mut order: Vec<usize> = (0..y.len()).collect();
    order.sort_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b]));
    let mut bins = Vec::with_capacity(BINS);
    let (mut count, mut from) = (Count::default(), 0.0);
    for (place, &row) in order.iter().enumerate() {
        let p = probabilities[row];
        if count.rows == 0 {
            from = p;
        }
        count.add(y[row], p);
        let full = count.rows * BINS >= y.len();
        let next_differs = order
            .get(place + 1)
            .is_none_or(|&next| probabilities[next] > p);
        if (full && next_differs) || place + 1 == order.len() {
            bins.push(std::mem::take(&mut count).bin(from, p));
        }
    }
    bins
}

/// Logistic regression on the log-odds of the given probabilities, by Newton's method.
pub(crate) fn line(y: &[bool], probabilities: &[f64]) -> Option<CalibrationLine> {
    const EDGE: f64 = 1e-12;
    let logits: Vec<f64> = probabilities
        .iter()
        .map(|p| {
            let p = p.clamp(EDGE, 1.0 - EDGE);
            p.ln() - (-p).ln_1p()
        })
        .collect();
    let ends = |class: bool| {
        let of_class = logits
            .iter()
            .zip(y)
            .filter(move |(_, positive)| **positive == class);
        of_class.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (x, _)| {
            (low.min(*x), high.max(*x))
        })
    };
    let (positive, negative) = (ends(true), ends(false));
    // Separated outcomes, one class, equal probabilities: the line would be endlessly steep, or not be determined.
    if positive.0 >= negative.1 || positive.1 <= negative.0 {
        return None;
    }
    let (mut a, mut b) = (0.0_f64, 1.0_f64);
    for _ in 0..50 {
        let (mut g0, mut g1, mut h00, mut h01, mut h11) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (x, positive) in logits.iter().zip(y) {
            let mu = 1.0 / (1.0 + (-(a + b * x)).exp());
            let residual = f64::from(u8::from(*positive)) - mu;
            let weight = mu * (1.0 - mu);
            g0 += residual;
            g1 += residual * x;
            h00 += weight;
            h01 += weight * x;
            h11 += weight * x * x;
        }
        let determinant = h00 * h11 - h01 * h01;
        if determinant.is_nan() || determinant <= 1e-12 * h00 * h11 {
            return None;
        }
        let (da, db) = (
            (g0 * h11 - g1 * h01) / determinant,
            (g1 * h00 - g0 * h01) / determinant,
        );
        // Steps are shortened, because far from the solution a full step may overshoot.
        let share = (4.0 / da.abs().max(db.abs()).max(4.0)).min(1.0);
        a += share * da;
        b += share * db;
        if a.abs().max(b.abs()) > 1e3 {
            return None;
        }
        if da * g0 + db * g1 < 1e-18 {
            let around = |value: f64, variance: f64| {
                let half = Z_95 * variance.sqrt();
                half.is_finite().then_some(Interval {
                    low: value - half,
                    high: value + half,
                })
            };
            return Some(CalibrationLine {
                intercept: a,
                slope: b,
                intercept_interval_95: around(a, h11 / determinant),
                slope_interval_95: around(b, h00 / determinant),
            });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calibrated_probabilities_lie_on_the_line() {
        let shares = [0.1, 0.3, 0.5, 0.7, 0.9];
        let (y, p): (Vec<bool>, Vec<f64>) = shares
            .iter()
            .flat_map(|s| (0..100).map(move |i| (f64::from(i) < s * 100.0 - 1e-9, *s)))
            .unzip();
        let found = calibration(&y, &p).unwrap();
        let line = found.line.unwrap();
        assert!(line.intercept.abs() < 1e-10 && (line.slope - 1.0).abs() < 1e-10);
        assert!(found.expected_calibration_error < 1e-12);
    }

    #[test]
    fn quantile_bins_hold_equally_many_rows_and_keep_ties_together() {
        let p: Vec<f64> = (0..1000).map(|row| f64::from(row) / 1e5).collect();
        let y: Vec<bool> = (0..1000).map(|row| row % 100 == 0).collect();
        let found = calibration(&y, &p).unwrap().quantile_bins;
        assert_eq!(found.len(), 10);
        assert!(
            found
                .iter()
                .all(|bin| bin.observed == Some(Proportion::new(1, 100)))
        );
        assert!((found[0].mean_probability.unwrap() - 49.5e-5).abs() < 1e-12);

        let tied = [vec![0.1; 55], vec![0.2; 45]].concat();
        let found = calibration(&y[..100], &tied).unwrap().quantile_bins;
        let rows: Vec<usize> = found
            .iter()
            .map(|bin| bin.observed.unwrap().total)
            .collect();
        assert_eq!(rows, [55, 45]);
        let all: usize = calibration(&y[..7], &p[..7])
            .unwrap()
            .quantile_bins
            .iter()
            .map(|bin| bin.observed.unwrap().total)
            .sum();
        assert_eq!(all, 7);
    }

    #[test]
    fn empty_bins_say_so() {
        let found = calibration(&[true, false], &[0.05, 1.0]).unwrap();
        assert_eq!(found.bins.len(), 10);
        assert_eq!(found.bins[9].observed, Some(Proportion::new(0, 1)));
        assert!(found.bins[4].mean_probability.is_none() && found.bins[4].interval_95.is_none());
    }

    #[test]
    fn a_single_small_bin_hides_a_second_one() {
        let p: Vec<f64> = [(0.05, 30), (0.15, 3), (0.25, 12)]
            .iter()
            .flat_map(|(p, n)| vec![*p; *n])
            .collect();
        let y: Vec<bool> = (0..p.len()).map(|row| row % 3 == 0).collect();
        let found = calibration(&y, &p).unwrap().without_small_bins(10);
        let hidden: Vec<bool> = found.bins.iter().map(|bin| bin.suppressed).collect();
        assert_eq!(hidden[..4], [false, true, true, false]);
        assert!(found.bins[1].observed.is_none() && found.bins[0].observed.is_some());
    }

    #[test]
    fn there_is_no_line_where_it_would_be_endless() {
        assert!(
            calibration(&[true, true, false, false], &[0.9, 0.8, 0.2, 0.1])
                .unwrap()
                .line
                .is_none()
        );
        assert!(
            calibration(&[true, false], &[0.5, 0.5])
                .unwrap()
                .line
                .is_none()
        );
        assert!(
            calibration(&[true, true], &[0.5, 0.6])
                .unwrap()
                .line
                .is_none()
        );
    }
}
