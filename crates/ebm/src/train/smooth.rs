//! Curves without steps that rows kept apart do not ask for.

use super::{Frame, is_behind, loss::log_loss, mains::Bag};
use crate::{monotone, settings::Smoothing};

/// Widths that are tried, bins.
const WIDTHS: [f64; 6] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0];

/// Smooths the curves of columns with an order; the width in bins that was taken.
///
/// The curve of a bag becomes the one with the least weighted squares of what it moves, plus squares of its second differences: straight
/// lines stay, whatever their slope. A bin weighs as much as its rows tell, and a penalty of `width⁴` times the mean bin takes away what
/// is narrower than about `width` bins. Where a width is to be chosen, it is the widest whose loss on rows kept apart is no more than a
/// standard error above the best. Missing values and levels stay as they are; what must rise or fall still does.
///
/// # Source
/// Whittaker (1923), doi:10.1017/S0013091500077853; Eilers (2003), doi:10.1021/ac034173t. One standard error: Breiman, Friedman, Olshen and
/// Stone (1984), "Classification and regression trees", 3.4.3.
pub(super) fn smooth(frame: &Frame, bags: &mut [Bag], how: Smoothing) -> Option<f64> {
    let width = match how {
        Smoothing::Off => return None,
        Smoothing::Width(width) => width,
        Smoothing::Chosen => chosen(frame, bags),
    };
    let information = information(frame);
    for bag in bags {
        let smoothed = smoothed(frame, bag, &information, width);
        bag.apart = apart(frame, bag, &smoothed);
        bag.shapes = smoothed;
    }
    Some(width)
}

fn chosen(frame: &Frame, bags: &[Bag]) -> f64 {
    let information = information(frame);
    let losses: Vec<Vec<f64>> = WIDTHS
        .iter()
        .map(|width| {
            let of_bag = |bag: &Bag| {
                let scores = apart(frame, bag, &smoothed(frame, bag, &information, *width));
                let of = |all: &[f32]| -> Vec<f32> {
                    bag.rows[1].iter().map(|row| all[*row as usize]).collect()
                };
                log_loss(&scores, &of(&frame.outcome), &of(&frame.weights))
            };
            bags.iter().map(of_bag).collect()
        })
        .collect();
    let sum = |losses: &Vec<f64>| losses.iter().sum::<f64>();
    let best = losses.iter().min_by(|a, b| sum(a).total_cmp(&sum(b)));
    let is_good = |losses: &Vec<f64>| best.is_some_and(|best| !is_behind(losses, best));
    let mut widest = WIDTHS.iter().zip(&losses).rev();
    widest
        .find(|(_, losses)| is_good(losses))
        .map_or(WIDTHS[0], |(width, _)| *width)
}

/// Per column and bin: rows by weight. Their variance is the same for all, so that it plays no part.
fn information(frame: &Frame) -> Vec<Vec<f64>> {
    let columns = frame.bins.iter().zip(&frame.all_bins);
    columns
        .map(|(bins, all)| {
            let mut sums = vec![0.0; *all];
            for (bin, weight) in bins.iter().zip(&frame.weights) {
                sums[*bin as usize] += f64::from(*weight);
            }
            sums
        })
        .collect()
}

fn smoothed(frame: &Frame, bag: &Bag, information: &[Vec<f64>], width: f64) -> Vec<Vec<f32>> {
    let columns = bag.shapes.iter().zip(information).enumerate();
    columns
        .map(|(column, (shape, weights))| {
            let last = shape.len() - 1;
            // The first bin is of missing values, the last of unknown levels.
            if !frame.is_ordered[column] || last < 4 {
                return shape.clone();
            }
            let weights = &weights[1..last];
            let values: Vec<f64> = shape[1..last].iter().copied().map(f64::from).collect();
            let mut values = penalised(&values, weights, width);
            if let Some(direction) = frame.directions[column] {
                monotone::towards(direction, &mut values, weights);
            }
            let mut shape = shape.clone();
            for (value, smooth) in shape[1..last].iter_mut().zip(values) {
                *value = smooth as f32;
            }
            shape
        })
        .collect()
}

/// Scores of the rows that a bag keeps apart, under other curves.
fn apart(frame: &Frame, bag: &Bag, shapes: &[Vec<f32>]) -> Vec<f32> {
    let mut scores = bag.apart.clone();
    let columns = frame.bins.iter().zip(&bag.shapes).zip(shapes);
    for ((bins, before), after) in columns {
        for (score, row) in scores.iter_mut().zip(&bag.rows[1]) {
            let bin = bins[*row as usize] as usize;
            *score += after[bin] - before[bin];
        }
    }
    scores
}

/// The values that are least of weighted squares of what they move, plus the penalty on squares of second differences. By a band of a
/// Cholesky decomposition: as many steps as there are values.
fn penalised(values: &[f64], weights: &[f64], width: f64) -> Vec<f64> {
    let n = values.len();
    let mean = weights.iter().sum::<f64>() / n as f64;
    let penalty = mean * width.powi(4);
    // Bins without weight follow their neighbours.
    let weights: Vec<f64> = weights.iter().map(|w| w.max(1e-6 * mean)).collect();
    let (mut diagonal, mut first, mut second) = (weights.clone(), vec![0.0; n], vec![0.0; n]);
    for place in 0..n.saturating_sub(2) {
        for (next, share) in [1.0, 4.0, 1.0].into_iter().enumerate() {
            diagonal[place + next] += share * penalty;
        }
        first[place] -= 2.0 * penalty;
        first[place + 1] -= 2.0 * penalty;
        second[place] += penalty;
    }
    let mut solved: Vec<f64> = values.iter().zip(&weights).map(|(v, w)| v * w).collect();
    for place in 0..n {
        if place >= 1 {
            let share = first[place - 1];
            diagonal[place] -= share * share * diagonal[place - 1];
            first[place] -= share * second[place - 1] * diagonal[place - 1];
            solved[place] -= share * solved[place - 1];
        }
        if place >= 2 {
            let share = second[place - 2];
            diagonal[place] -= share * share * diagonal[place - 2];
            solved[place] -= share * solved[place - 2];
        }
        first[place] /= diagonal[place];
        second[place] /= diagonal[place];
    }
    for place in (0..n).rev() {
        solved[place] /= diagonal[place];
        if place + 1 < n {
            solved[place] -= first[place] * solved[place + 1];
        }
        if place + 2 < n {
            solved[place] -= second[place] * solved[place + 2];
        }
    }
    solved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smoothed_values_are_where_the_slope_of_the_penalised_squares_is_nothing() {
        let values = [0.0, 2.0, 1.0, 4.0, 3.0, 7.0, 5.0];
        let weights = [1.0, 2.0, 1.0, 0.5, 3.0, 1.0, 2.0];
        let found = penalised(&values, &weights, 1.5);
        let penalty = weights.iter().sum::<f64>() / 7.0 * 1.5_f64.powi(4);
        let bend = |at: usize| found[at] - 2.0 * found[at + 1] + found[at + 2];
        for place in 0..7 {
            let mut slope = weights[place] * (found[place] - values[place]);
            for (back, share) in [1.0, -2.0, 1.0].into_iter().enumerate() {
                if place >= back && place - back + 2 < 7 {
                    slope += penalty * share * bend(place - back);
                }
            }
            assert!(slope.abs() < 1e-10, "{place}: {slope}");
        }
    }

    #[test]
    fn a_straight_line_stays_whatever_the_width() {
        let line: Vec<f64> = (0..50).map(|bin| 3.0 - 0.2 * f64::from(bin)).collect();
        for width in [0.5, 4.0, 32.0] {
            let found = penalised(&line, &[2.0; 50], width);
            for (found, line) in found.iter().zip(&line) {
                assert!((found - line).abs() < 1e-8);
            }
        }
    }
}
