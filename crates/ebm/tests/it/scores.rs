//! Scores of a fitted model and what they are worth.

use helder_ebm::{Column, Ebm, Value};

/// Scores of rows.
pub(crate) fn scores(model: &Ebm, columns: &[Column], rows: &[usize]) -> Vec<f64> {
    let of_row = |row: &usize| {
        let values: Vec<Value<'_>> = columns
            .iter()
            .map(|column| match column {
                Column::Numeric { values, .. } => Value::Number(values[*row]),
                Column::Category { codes, levels, .. } => {
                    codes[*row].map_or(Value::Missing, |code| Value::Level(&levels[code as usize]))
                }
            })
            .collect();
        model.score(&model.bins(&values).unwrap().0)
    };
    rows.iter().map(of_row).collect()
}

/// Mean log loss.
pub(crate) fn log_loss(scores: &[f64], outcome: &[bool]) -> f64 {
    let rows = scores.iter().zip(outcome);
    let sum: f64 = rows
        .map(|(s, y)| {
            if *y {
                (-s).exp().ln_1p()
            } else {
                s.exp().ln_1p()
            }
        })
        .sum();
    sum / outcome.len() as f64
}

/// Slope of the outcome on the score, by logistic regression; 1 is right. With its standard error.
pub(crate) fn calibration_slope(scores: &[f64], outcome: &[bool]) -> [f64; 2] {
    let (mut a, mut b, mut error) = (0.0_f64, 1.0_f64, 0.0);
    for _ in 0..50 {
        let mut sums = [0.0; 5];
        for (s, y) in scores.iter().zip(outcome) {
            let p = 1.0 / (1.0 + (-(a + b * s)).exp());
            let (g, h) = (f64::from(u8::from(*y)) - p, p * (1.0 - p));
            for (sum, add) in sums.iter_mut().zip([g, g * s, h, h * s, h * s * s]) {
                *sum += add;
            }
        }
        let [ga, gb, haa, hab, hbb] = sums;
        let det = haa * hbb - hab * hab;
        a += (hbb * ga - hab * gb) / det;
        b += (haa * gb - hab * ga) / det;
        error = (haa / det).sqrt();
    }
    [b, error]
}
