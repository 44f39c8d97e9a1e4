//! Columns as numbers for a regression on them.

use crate::{Column, Values};

/// A named predictor, shape `(rows,)`.
pub(crate) type Predictor = (String, Vec<f64>);

/// How a gap in a predictor counts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gap {
    /// There is none.
    None,
    /// The mean of the known values, and a column that says that it was missing.
    Indicator,
}

/// Predictors of a column: numbers centred and scaled, categories as one column per level but the most frequent.
///
/// Columns that do not vary give nothing.
pub(crate) fn predictors(place: usize, column: &Column, gap: Gap) -> Vec<Predictor> {
    let mut out = Vec::new();
    match &column.values {
        Values::Number(values) => {
            let known: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
            let (mean, sd) = mean_sd(&known);
            if sd > 0.0 {
                let scaled = values
                    .iter()
                    .map(|v| if v.is_nan() { 0.0 } else { (v - mean) / sd });
                out.push((format!("{place}"), scaled.collect()));
            }
        }
        Values::Category { levels, codes } => {
            let mut counts = vec![0_usize; levels.len()];
            for code in codes.iter().flatten() {
                counts[*code as usize] += 1;
            }
            let reference = most_frequent(&counts);
            for (level, count) in counts.iter().enumerate() {
                if level != reference && *count > 0 {
                    let is = codes
                        .iter()
                        .map(|code| f64::from(u8::from(*code == Some(level as u32))));
                    out.push((format!("{place}.{level}"), is.collect()));
                }
            }
        }
    }
    let rows = column.values.len();
    if gap == Gap::Indicator && (0..rows).any(|row| column.values.missing(row)) {
        let is = (0..rows).map(|row| f64::from(u8::from(column.values.missing(row))));
        out.push((format!("{place}.missing"), is.collect()));
    }
    out
}

/// The first of the largest counts.
pub(crate) fn most_frequent(counts: &[usize]) -> usize {
    let mut best = 0;
    for (place, count) in counts.iter().enumerate() {
        if *count > counts[best] {
            best = place;
        }
    }
    best
}

/// Mean and standard deviation (divisor n − 1); zeros where they do not exist.
pub(crate) fn mean_sd(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    if values.len() < 2 {
        return (values.first().copied().unwrap_or(0.0), 0.0);
    }
    // Scaled first: squares of very large numbers would not fit.
    let largest = values.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
    if largest == 0.0 {
        return (0.0, 0.0);
    }
    let mean = values.iter().map(|v| v / largest).sum::<f64>() / n;
    let sum: f64 = values.iter().map(|v| (v / largest - mean).powi(2)).sum();
    let sd = (sum / (n - 1.0)).sqrt();
    let sd = if sd < 1e-12 { 0.0 } else { sd * largest };
    (mean * largest, sd)
}
