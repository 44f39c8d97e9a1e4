//! Is it as good everywhere, and as good later?

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Auc, EvaluationError, Interval, Proportion, auc, brier, error::check, special::chi_square_tail,
};

/// One period or area.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// Period or area.
    pub name: String,
    /// Too small to show; then nothing but the name is told.
    pub suppressed: bool,
    /// Rows.
    pub rows: Option<usize>,
    /// Share of positives, with its count; hidden when positives or negatives are few.
    pub observed: Option<Proportion>,
    /// Its Wilson interval at 95 %.
    pub observed_interval_95: Option<Interval>,
    /// Mean probability given.
    pub mean_probability: Option<f64>,
    /// Positives found per positive expected; 1 is right.
    pub observed_per_expected: Option<f64>,
    /// Its interval at 95 %, from that of the share.
    pub observed_per_expected_interval_95: Option<Interval>,
    /// Discrimination within the part.
    pub auc: Option<Auc>,
    /// Brier score.
    pub brier: Option<f64>,
}

/// Whether parts differ by more than chance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Heterogeneity {
    /// Parts compared.
    pub parts: usize,
    /// Chi-square.
    pub chi_square: f64,
    /// Degrees of freedom.
    pub degrees: usize,
    /// Chance of differences at least as large if there are none.
    pub p_value: f64,
    /// Share of the spread that is more than chance (I²), in `[0, 1]`.
    pub excess: f64,
}

/// Figures per part, and whether they differ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stability {
    /// The parts by name.
    pub parts: Vec<Part>,
    /// Of the discrimination, over the parts shown; `None` with fewer than two.
    pub discrimination: Option<Heterogeneity>,
    /// Of found against expected, over the parts shown: calibration within parts; `None` with fewer than two.
    pub calibration: Option<Heterogeneity>,
}

/// Figures per period or area. Parts below `smallest` rows are hidden with the next smallest; parts with fewer positives or
/// negatives than that show no outcomes.
///
/// * `y`, `probabilities`, `parts` – shape `(n,)`
///
/// # Errors
/// [`EvaluationError`] when lengths differ, nothing is given, or a value is no probability.
/// # Source
/// Cochran, Biometrics 10(1), 1954 (Q); Higgins & Thompson, Statistics in Medicine 21(11), 2002, 10.1002/sim.1186 (I²).
pub fn stability<S: AsRef<str>>(
    y: &[bool],
    probabilities: &[f64],
    parts: &[S],
    smallest: usize,
) -> Result<Stability, EvaluationError> {
    check(y, probabilities)?;
    if parts.len() != y.len() {
        return Err(EvaluationError::LengthMismatch {
            outcomes: y.len(),
            scores: parts.len(),
        });
    }
    let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (row, part) in parts.iter().enumerate() {
        members.entry(part.as_ref()).or_default().push(row);
    }
    let sizes: Vec<usize> = members.values().map(Vec::len).collect();
    let hidden = crate::calibration::hidden(&sizes, smallest);
    // Positives and negatives are shown together or not at all; one small part takes the next with it.
    let cells: Vec<usize> = members
        .values()
        .zip(&hidden)
        .map(|(rows, hidden)| {
            let positives = rows.iter().filter(|&&row| y[row]).count();
            if *hidden {
                0
            } else {
                positives.min(rows.len() - positives) + 1
            }
        })
        .collect();
    let without_outcomes = crate::calibration::hidden(&cells, smallest + 1);
    let (mut found, mut gaps) = (Vec::new(), Vec::new());
    for (((name, rows), hidden), blind) in members.iter().zip(hidden).zip(without_outcomes) {
        let own_y: Vec<bool> = rows.iter().map(|&row| y[row]).collect();
        let own_p: Vec<f64> = rows.iter().map(|&row| probabilities[row]).collect();
        let n = rows.len() as f64;
        let mean = own_p.iter().sum::<f64>() / n;
        let show = !hidden && !blind;
        let observed = Proportion::new(own_y.iter().filter(|y| **y).count(), rows.len());
        let limits = observed.wilson().filter(|_| show);
        if show {
            let variance: f64 = own_p.iter().map(|p| p * (1.0 - p)).sum();
            gaps.push((observed.count as f64 - mean * n, variance));
        }
        found.push(Part {
            name: (*name).to_owned(),
            suppressed: hidden,
            rows: (!hidden).then_some(rows.len()),
            observed: show.then_some(observed),
            observed_interval_95: limits,
            mean_probability: (!hidden).then_some(mean),
            observed_per_expected: observed
                .value()
                .filter(|_| show && mean > 0.0)
                .map(|share| share / mean),
            observed_per_expected_interval_95: limits.filter(|_| mean > 0.0).map(|limits| {
                Interval {
                    low: limits.low / mean,
                    high: limits.high / mean,
                }
            }),
            auc: auc(&own_y, &own_p).ok().filter(|_| show),
            brier: show.then(|| brier(&own_y, &own_p)).transpose()?,
        });
    }
    let areas: Vec<(f64, f64)> = found
        .iter()
        .filter_map(|part| part.auc)
        .filter_map(|auc| Some((auc.value, auc.standard_error.filter(|e| *e > 0.0)?)))
        .collect();
    Ok(Stability {
        discrimination: spread(&areas),
        calibration: calibrated(&gaps),
        parts: found,
    })
}

/// Cochran's Q of estimates with their standard errors.
fn spread(estimates: &[(f64, f64)]) -> Option<Heterogeneity> {
    let weights: f64 = estimates.iter().map(|(_, e)| e.powi(-2)).sum();
    let mean = estimates.iter().map(|(v, e)| v * e.powi(-2)).sum::<f64>() / weights;
    let q = estimates
        .iter()
        .map(|(v, e)| ((v - mean) / e).powi(2))
        .sum();
    heterogeneity(q, estimates.len(), estimates.len().checked_sub(1)?)
}

/// Found against expected: each part's distance in standard deviations.
fn calibrated(gaps: &[(f64, f64)]) -> Option<Heterogeneity> {
    let gaps: Vec<_> = gaps
        .iter()
        .filter(|(_, variance)| *variance > 0.0)
        .collect();
    let chi = gaps
        .iter()
        .map(|(gap, variance)| gap * gap / variance)
        .sum();
    heterogeneity(chi, gaps.len(), gaps.len())
}

fn heterogeneity(chi_square: f64, parts: usize, degrees: usize) -> Option<Heterogeneity> {
    (parts > 1 && chi_square.is_finite()).then(|| Heterogeneity {
        parts,
        chi_square,
        degrees,
        p_value: chi_square_tail(chi_square, degrees),
        excess: if chi_square > 0.0 {
            (1.0 - degrees as f64 / chi_square).max(0.0)
        } else {
            0.0
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of one part: outcomes follow `share(p)`.
    fn rows(
        name: &'static str,
        n: u32,
        share: impl Fn(f64) -> f64,
    ) -> Vec<(bool, f64, &'static str)> {
        (0..n)
            .map(|row| {
                let p = f64::from(row % 20 + 1) / 40.0;
                let draw = f64::from(row.wrapping_mul(2_654_435_761) >> 8) / f64::from(1 << 24);
                (draw < share(p), p, name)
            })
            .collect()
    }

    fn split(rows: Vec<(bool, f64, &'static str)>) -> (Vec<bool>, Vec<f64>, Vec<&'static str>) {
        let mut out = (Vec::new(), Vec::new(), Vec::new());
        for (y, p, name) in rows {
            out.0.push(y);
            out.1.push(p);
            out.2.push(name);
        }
        out
    }

    #[test]
    fn equal_years_are_equal_and_a_shifted_one_is_told() {
        let years = ["2021", "2022", "2023"];
        let steady = years
            .iter()
            .flat_map(|year| rows(year, 4_000, |p| p))
            .collect();
        let (y, p, parts) = split(steady);
        let found = stability(&y, &p, &parts, 10).unwrap();
        assert!(found.calibration.unwrap().p_value > 0.01, "{found:?}");
        assert!(found.discrimination.unwrap().excess < 0.5);
        let mut shifted: Vec<_> = years[..2]
            .iter()
            .flat_map(|year| rows(year, 4_000, |p| p))
            .collect();
        shifted.extend(rows("2023", 4_000, |_| 0.2));
        let (y, p, parts) = split(shifted);
        let found = stability(&y, &p, &parts, 10).unwrap();
        assert!(found.calibration.unwrap().p_value < 1e-6);
        assert!(found.discrimination.unwrap().p_value < 1e-6);
        let last = &found.parts[2];
        assert!((last.auc.unwrap().value - 0.5).abs() < 0.03);
        assert!((last.observed_per_expected.unwrap() - 0.2 / 0.2625).abs() < 0.1);
    }

    #[test]
    fn small_areas_are_hidden_and_the_next_with_them() {
        let mut all = rows("a", 500, |p| p);
        all.extend(rows("b", 60, |p| p));
        all.extend(rows("c", 4, |p| p));
        all.extend(rows("d", 300, |_| 0.0));
        let (y, p, parts) = split(all);
        let found = stability(&y, &p, &parts, 10).unwrap();
        let hidden: Vec<bool> = found.parts.iter().map(|part| part.suppressed).collect();
        assert_eq!(hidden, [false, true, true, false]);
        assert!(found.parts[3].observed.is_none() && found.parts[3].rows == Some(300));
        assert!(stability::<&str>(&[], &[], &[], 10).is_err());
        assert!(stability(&[true], &[0.5], &["a", "b"], 10).is_err());
    }
}
