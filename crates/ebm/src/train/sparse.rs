//! Which columns say anything of rows that had no part in learning them.

use super::{Frame, mains::Bag, pairs::Pair};
use crate::Settings;

/// A gain of fewer of its standard errors is nothing.
const SURE: f64 = 2.0;

/// What a curve gains, log loss per row.
#[derive(Clone, Copy)]
struct Gain {
    mean: f64,
    error: f64,
}

impl Gain {
    fn is_something(self) -> bool {
        self.mean > SURE * self.error
    }
}

/// What rows lose when the curve of a column is left out of their score. Both are means over the bags that did not learn from the row.
fn gains(frame: &Frame, bags: &[Bag]) -> Vec<Gain> {
    let rows = frame.outcome.len();
    let (mut seen, mut scores) = (vec![0.0_f64; rows], vec![0.0_f64; rows]);
    for bag in bags {
        for (row, score) in bag.rows[1].iter().zip(&bag.apart) {
            seen[*row as usize] += 1.0;
            scores[*row as usize] += f64::from(*score);
        }
    }
    let of_column = |column: usize| {
        let mut said = vec![0.0_f64; rows];
        for bag in bags {
            for row in &bag.rows[1] {
                let bin = frame.bins[column][*row as usize] as usize;
                said[*row as usize] += f64::from(bag.shapes[column][bin]);
            }
        }
        let known = (0..rows).filter(|row| seen[*row] > 0.0);
        let lost: Vec<f64> = known
            .map(|row| {
                let of = |score: f64| loss(score / seen[row], frame.outcome[row] > 0.5);
                let without = of(scores[row] - said[row]);
                f64::from(frame.weights[row]) * (without - of(scores[row]))
            })
            .collect();
        let n = lost.len() as f64;
        let mean = lost.iter().sum::<f64>() / n.max(1.0);
        let squares: f64 = lost.iter().map(|lost| (lost - mean).powi(2)).sum();
        Gain {
            mean,
            error: (squares / (n - 1.0).max(1.0) / n.max(1.0)).sqrt(),
        }
    };
    (0..frame.bins.len()).map(of_column).collect()
}

fn loss(score: f64, outcome: bool) -> f64 {
    let against = if outcome { -score } else { score };
    against.max(0.0) + (-against.abs()).exp().ln_1p()
}

/// The columns that stay, in their own order.
///
/// First come columns whose curve gains something, the one that gains most first; then columns of chosen pairs, which need not gain by
/// themselves; then, unless the model is to be sparse, the others. Of these the first that the number of terms has room for.
pub(super) fn kept(frame: &Frame, bags: &[Bag], pairs: &[Pair], settings: &Settings) -> Vec<usize> {
    let gains = gains(frame, bags);
    let mut order: Vec<usize> = (0..gains.len()).collect();
    order.sort_by(|a, b| gains[*b].mean.total_cmp(&gains[*a].mean));
    let (mut columns, others): (Vec<usize>, Vec<usize>) = order
        .into_iter()
        .partition(|column| gains[*column].is_something());
    let in_pairs = pairs.iter().flat_map(|pair| pair.columns);
    let rest = in_pairs.chain(others.iter().copied().filter(|_| !settings.sparse));
    for column in rest {
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    if columns.is_empty() {
        // A model needs an input.
        columns.extend(others.first());
    }
    columns.truncate(settings.max_terms.unwrap_or(usize::MAX));
    columns.sort_unstable();
    columns
}
