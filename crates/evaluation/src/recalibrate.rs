//! Probabilities that mean what they say, learned on rows of their own.

use serde::{Deserialize, Serialize};

use crate::{EvaluationError, error::check_both_classes};

/// How far a probability is kept from 0 and 1 before its log-odds are taken.
const EDGE: f64 = 1e-12;

/// A map from probability to probability. It never turns the order round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Recalibration {
    /// Non-decreasing, straight between the points, level beyond the ends. Needs many rows: it may become 0 or 1.
    Isotonic {
        /// Probabilities given, ascending.
        from: Vec<f64>,
        /// Probabilities to say instead.
        to: Vec<f64>,
    },
    /// `logit = intercept + slope · logit(p)`.
    Platt {
        /// Intercept.
        intercept: f64,
        /// Slope, at least 0.
        slope: f64,
    },
    /// `logit = c + a · ln p − b · ln(1 − p)`: an S or a reversed S.
    Beta {
        /// Weight of `ln p`, at least 0.
        a: f64,
        /// Weight of `−ln(1 − p)`, at least 0.
        b: f64,
        /// Intercept.
        c: f64,
    },
}

/// The kind of map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RecalibrationKind {
    /// Steps by pooling adjacent violators.
    Isotonic,
    /// A line through the log-odds.
    Platt,
    /// The beta family.
    Beta,
}

impl RecalibrationKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Isotonic, Self::Platt, Self::Beta];
}

impl Recalibration {
    /// Learns the map from outcomes and probabilities of rows that taught the model nothing.
    ///
    /// * `y` – shape `(n,)`, both classes   * `probabilities` – shape `(n,)`, in `[0, 1]`
    ///
    /// # Errors
    /// [`EvaluationError`] when lengths differ, nothing or one class is given, a value is no probability, or the rows do not
    /// determine the map ([`EvaluationError::NotDetermined`]: equal probabilities, separated outcomes).
    /// # Source
    /// Isotonic: Zadrozny & Elkan, KDD 2002, as scikit-learn 1.9.1 `IsotonicRegression(out_of_bounds="clip")`. Platt, 1999, on
    /// log-odds and without his smoothing of the targets, as statsmodels 0.15.0. Beta: Kull, Silva Filho & Flach, AISTATS
    /// 2017, with negative weights set to 0 and refitted.
    pub fn fit(
        kind: RecalibrationKind,
        y: &[bool],
        probabilities: &[f64],
    ) -> Result<Self, EvaluationError> {
        check_both_classes(y, probabilities)?;
        if kind != RecalibrationKind::Isotonic && is_separated(y, probabilities) {
            return Err(EvaluationError::NotDetermined);
        }
        match kind {
            RecalibrationKind::Isotonic => Ok(isotonic(y, probabilities)),
            RecalibrationKind::Platt => {
                let x: Vec<f64> = probabilities.iter().map(|p| logit(*p)).collect();
                let [intercept, slope] = logistic(y, [&x])?;
                if slope < 0.0 {
                    return Err(EvaluationError::NotDetermined);
                }
                Ok(Self::Platt { intercept, slope })
            }
            RecalibrationKind::Beta => beta(y, probabilities),
        }
    }

    /// The probability to say instead of `p`, in `[0, 1]`.
    pub fn apply(&self, p: f64) -> f64 {
        match self {
            Self::Isotonic { from, to } => {
                let at = from.partition_point(|x| *x <= p);
                let (before, after) = (at.checked_sub(1), at);
                match (
                    before.and_then(|at| from.get(at).zip(to.get(at))),
                    from.get(after).zip(to.get(after)),
                ) {
                    (Some((x, y)), Some((next, value))) => y + (value - y) * ((p - x) / (next - x)),
                    (Some((_, y)), None) | (None, Some((_, y))) => *y,
                    (None, None) => p,
                }
            }
            Self::Platt { intercept, slope } => expit(intercept + slope * logit(p)),
            Self::Beta { a, b, c } => {
                let p = p.clamp(EDGE, 1.0 - EDGE);
                expit(c + a * p.ln() - b * (-p).ln_1p())
            }
        }
    }
}

fn logit(p: f64) -> f64 {
    let p = p.clamp(EDGE, 1.0 - EDGE);
    p.ln() - (-p).ln_1p()
}

fn expit(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// A threshold parts the outcomes without a mistake (or turned round): a curve would be endlessly steep.
fn is_separated(y: &[bool], p: &[f64]) -> bool {
    let ends = |class: bool| {
        let of_class = y.iter().zip(p).filter(move |(y, _)| **y == class);
        of_class.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (_, p)| {
            (low.min(*p), high.max(*p))
        })
    };
    let (positive, negative) = (ends(true), ends(false));
    positive.0 >= negative.1 || positive.1 <= negative.0
}

/// Pool adjacent violators; equal probabilities are one point.
fn isotonic(y: &[bool], p: &[f64]) -> Recalibration {
    let mut order: Vec<usize> = (0..y.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    // Blocks of (positives, rows, lowest, highest probability).
    let mut blocks: Vec<(f64, f64, f64, f64)> = Vec::new();
    for tie in order.chunk_by(|&a, &b| p[a] >= p[b]) {
        let positives = tie.iter().filter(|&&row| y[row]).count() as f64;
        let at = p[tie[0]];
        blocks.push((positives, tie.len() as f64, at, at));
        while let [.., before, last] = blocks[..] {
            if before.0 * last.1 < last.0 * before.1 {
                break;
            }
            blocks.pop();
            if let Some(block) = blocks.last_mut() {
                *block = (before.0 + last.0, before.1 + last.1, before.2, last.3);
            }
        }
    }
    let (mut from, mut to) = (Vec::new(), Vec::new());
    for (positives, rows, low, high) in blocks {
        let share = positives / rows;
        from.push(low);
        to.push(share);
        if high > low {
            from.push(high);
            to.push(share);
        }
    }
    Recalibration::Isotonic { from, to }
}

fn beta(y: &[bool], p: &[f64]) -> Result<Recalibration, EvaluationError> {
    let edge = |p: &f64| p.clamp(EDGE, 1.0 - EDGE);
    let low: Vec<f64> = p.iter().map(|p| edge(p).ln()).collect();
    let high: Vec<f64> = p.iter().map(|p| -(-edge(p)).ln_1p()).collect();
    let [c, a, b] = logistic(y, [&low, &high])?;
    if a >= 0.0 && b >= 0.0 {
        return Ok(Recalibration::Beta { a, b, c });
    }
    if a < 0.0 {
        let [c, b] = logistic(y, [&high])?;
        if b >= 0.0 {
            return Ok(Recalibration::Beta { a: 0.0, b, c });
        }
    } else {
        let [c, a] = logistic(y, [&low])?;
        if a >= 0.0 {
            return Ok(Recalibration::Beta { a, b: 0.0, c });
        }
    }
    Err(EvaluationError::NotDetermined)
}

/// Maximum likelihood of a logistic regression on K columns; D = K + 1 coefficients, the intercept first. Newton's method with
/// shortened steps.
fn logistic<const K: usize, const D: usize>(
    y: &[bool],
    columns: [&[f64]; K],
) -> Result<[f64; D], EvaluationError> {
    let mut beta = [0.0; D];
    let share = y.iter().filter(|y| **y).count() as f64 / y.len() as f64;
    beta[0] = logit(share);
    for _ in 0..100 {
        let mut gradient = [0.0; D];
        let mut hessian = [[0.0; D]; D];
        for (row, positive) in y.iter().enumerate() {
            let x: [f64; D] =
                std::array::from_fn(|j| j.checked_sub(1).map_or(1.0, |j| columns[j][row]));
            let mu = expit(x.iter().zip(&beta).map(|(x, b)| x * b).sum());
            let residual = f64::from(u8::from(*positive)) - mu;
            let weight = mu * (1.0 - mu);
            for j in 0..D {
                gradient[j] += residual * x[j];
                for k in 0..=j {
                    hessian[j][k] += weight * x[j] * x[k];
                }
            }
        }
        let step = solve(hessian, gradient).ok_or(EvaluationError::NotDetermined)?;
        let longest = step.iter().fold(0.0_f64, |longest, s| longest.max(s.abs()));
        let share = (4.0 / longest.max(4.0)).min(1.0);
        for (b, s) in beta.iter_mut().zip(&step) {
            *b += share * s;
        }
        if beta.iter().any(|b| b.is_nan() || b.abs() > 1e4) {
            return Err(EvaluationError::NotDetermined);
        }
        let left: f64 = step.iter().zip(&gradient).map(|(s, g)| s * g).sum();
        if left < 1e-18 {
            return Ok(beta);
        }
    }
    Err(EvaluationError::NotDetermined)
}

/// Solves the symmetric system of which the lower triangle is given; `None` when it is singular.
fn solve<const D: usize>(mut h: [[f64; D]; D], mut g: [f64; D]) -> Option<[f64; D]> {
    for j in 0..D {
        let diagonal = h[j][j];
        for k in 0..j {
            h[j][j] -= h[j][k] * h[j][k];
        }
        if h[j][j].is_nan() || h[j][j] <= 1e-13 * diagonal {
            return None;
        }
        h[j][j] = h[j][j].sqrt();
        for i in j + 1..D {
            for k in 0..j {
                h[i][j] -= h[i][k] * h[j][k];
            }
            h[i][j] /= h[j][j];
        }
    }
    for j in 0..D {
        for k in 0..j {
            g[j] -= h[j][k] * g[k];
        }
        g[j] /= h[j][j];
    }
    for j in (0..D).rev() {
        for k in j + 1..D {
            g[j] -= h[k][j] * g[k];
        }
        g[j] /= h[j][j];
    }
    Some(g)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows whose outcome follows `truth` of the probability given.
    fn rows(truth: impl Fn(f64) -> f64) -> (Vec<bool>, Vec<f64>) {
        let mut y = Vec::new();
        let mut p = Vec::new();
        for at in 1..100_u32 {
            let given = f64::from(at) / 100.0;
            for row in 0..200_u32 {
                y.push(f64::from(row) + 0.5 < 200.0 * truth(given));
                p.push(given);
            }
        }
        (y, p)
    }

    #[test]
    fn each_kind_finds_the_truth_of_its_own_family() {
        let line = |p: f64| expit(-0.4 + 0.7 * logit(p));
        let (y, p) = rows(line);
        for kind in RecalibrationKind::ALL {
            let map = Recalibration::fit(kind, &y, &p).unwrap();
            for given in [0.05, 0.3, 0.77, 0.95] {
                let found = map.apply(given);
                assert!((found - line(given)).abs() < 0.01, "{map:?} {given}");
            }
        }
        let bend = |p: f64| expit(0.3 + 0.4 * p.ln() - 1.6 * (-p).ln_1p());
        let (y, p) = rows(bend);
        let Recalibration::Beta { a, b, c } =
            Recalibration::fit(RecalibrationKind::Beta, &y, &p).unwrap()
        else {
            panic!("another kind")
        };
        assert!((a - 0.4).abs() < 0.02 && (b - 1.6).abs() < 0.02 && (c - 0.3).abs() < 0.03);
    }

    #[test]
    fn no_map_turns_the_order_round_or_leaves_the_scale() {
        let (y, p) = rows(|p| (0.5 + 0.4 * (9.0 * p).sin()).clamp(0.0, 1.0) * p);
        for kind in RecalibrationKind::ALL {
            let map = Recalibration::fit(kind, &y, &p).unwrap();
            let said: Vec<f64> = (0..=1000)
                .map(|i| map.apply(f64::from(i) / 1000.0))
                .collect();
            assert!(
                said.windows(2).all(|pair| pair[0] <= pair[1] + 1e-15),
                "{kind:?}"
            );
            assert!(said.iter().all(|p| (0.0..=1.0).contains(p)), "{kind:?}");
        }
    }

    #[test]
    fn what_is_not_determined_is_an_error() {
        let fit = |kind, y: &[bool], p: &[f64]| Recalibration::fit(kind, y, p);
        for kind in [RecalibrationKind::Platt, RecalibrationKind::Beta] {
            let separated = fit(kind, &[true, true, false, false], &[0.9, 0.8, 0.2, 0.1]);
            assert_eq!(separated, Err(EvaluationError::NotDetermined), "{kind:?}");
            let equal = fit(kind, &[true, false], &[0.5, 0.5]);
            assert_eq!(equal, Err(EvaluationError::NotDetermined), "{kind:?}");
            let reversed = fit(
                kind,
                &[true, true, false, true, false, false],
                &[0.1, 0.2, 0.3, 0.6, 0.8, 0.9],
            );
            assert_eq!(reversed, Err(EvaluationError::NotDetermined), "{kind:?}");
        }
        let flat = fit(RecalibrationKind::Isotonic, &[true, false], &[0.1, 0.9]).unwrap();
        assert!((flat.apply(0.0) - 0.5).abs() < 1e-15 && (flat.apply(1.0) - 0.5).abs() < 1e-15);
        for kind in RecalibrationKind::ALL {
            assert!(matches!(
                fit(kind, &[true], &[0.3]),
                Err(EvaluationError::OneClass { .. })
            ));
            assert!(matches!(fit(kind, &[], &[]), Err(EvaluationError::Empty)));
        }
    }
}
