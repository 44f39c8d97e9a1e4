//! What rows say that a bag did not learn from: how far the mean of the bags should be believed.

use super::{Frame, loss, mains::Bag, rows::Rows};

/// Gain of the log loss that counts as one.
const NOTABLE: f64 = 1e-6;
/// Factors are kept near 1: beyond, something else is wrong.
const RANGE: [f64; 2] = [0.5, 1.5];
/// A smaller share of pairs is not worth their tables.
const LEAST: f64 = 0.05;

/// Scores of the rows that tell a bag when to stop, without the gain that choosing the stop by them brings: of each half as
/// they were when the other half was at its best.
pub(super) struct Halves {
    best: [f64; 2],
    scores: Vec<f32>,
}

impl Halves {
    pub(super) fn new(apart: &Rows) -> Self {
        Self {
            best: apart.losses().0,
            scores: apart.scores.clone(),
        }
    }

    /// Looks at the scores of a round.
    ///
    /// * `losses` – of both halves: rows at even and at odd places
    pub(super) fn see(&mut self, losses: [f64; 2], scores: &[f32]) {
        for (half, loss) in losses.into_iter().enumerate() {
            if loss < self.best[half] - NOTABLE {
                self.best[half] = loss;
                let other = 1 - half;
                let kept = self.scores.iter_mut().skip(other).step_by(2);
                for (kept, score) in kept.zip(scores.iter().skip(other).step_by(2)) {
                    *kept = *score;
                }
            }
        }
    }

    pub(super) fn scores(self) -> Vec<f32> {
        self.scores
    }
}

/// What to multiply curves and pairs with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Factors {
    pub(super) shapes: f64,
    pub(super) pairs: f64,
}

/// Scores of a row by the bags that did not learn from it.
#[derive(Clone, Copy, Default)]
struct Seen {
    bags: f64,
    sum: f64,
    squares: f64,
}

impl Seen {
    fn add(&mut self, score: f32) {
        let score = f64::from(score);
        self.bags += 1.0;
        self.sum += score;
        self.squares += score * score;
    }

    fn mean(self) -> f64 {
        self.sum / self.bags.max(1.0)
    }
}

/// Scores of all rows, each by the bags that did not learn from it.
fn seen(rows: usize, bags: &[Bag], scores: &[&[f32]]) -> Vec<Seen> {
    let mut seen = vec![Seen::default(); rows];
    for (bag, scores) in bags.iter().zip(scores) {
        for (row, score) in bag.rows[1].iter().zip(*scores) {
            seen[*row as usize].add(*score);
        }
    }
    seen
}

/// How much of the spread of a mean over few bags is noise that the mean over all of `bags` has not, per row.
fn noise(seen: &[Seen], bags: f64) -> impl Fn(Seen) -> f64 {
    let (mut squares, mut degrees) = (0.0, 0.0);
    for row in seen.iter().filter(|row| row.bags > 1.0) {
        squares += row.squares - row.sum * row.sum / row.bags;
        degrees += row.bags - 1.0;
    }
    let variance = if degrees > 0.0 {
        squares / degrees
    } else {
        0.0
    };
    move |row: Seen| variance * (1.0 / row.bags - 1.0 / bags).max(0.0)
}

/// The factors that outcomes ask for: the slopes of a logistic regression of the outcome on what bags say of rows they did not
/// learn from. Means of curves over few bags are noisier than the model, which is the mean of all: what that takes off a slope
/// is given back. Bags choose different pairs, so that their spread is more than noise, and nothing is given back. Each factor is pulled to what needs no evidence, curves to 1 and pairs to 0, the more the less certain it is.
///
/// * `said` – what pairs add to the rows that the first bags keep apart, chosen and learned without these rows
///
/// # Source
/// Slopes for recalibration: Cox (1958), doi:10.1093/biomet/45.3-4.562. Noise in a regressor: Carroll, Ruppert, Stefanski
/// and Crainiceanu (2006), "Measurement error in nonlinear models", ch. 4. The pull: James and Stein (1961).
pub(super) fn factors(frame: &Frame, bags: &[Bag], said: &[Vec<f32>]) -> Factors {
    let rows = frame.outcome.len();
    let of_bags: Vec<&[f32]> = bags.iter().map(|bag| bag.apart.as_slice()).collect();
    let shapes = seen(rows, bags, &of_bags);
    let with_pairs = !said.is_empty();
    let of_pairs: Vec<&[f32]> = said.iter().map(Vec::as_slice).collect();
    let pairs = seen(rows, bags, &of_pairs);
    let noise = noise(&shapes, bags.len() as f64);
    let known: Vec<Known> = (0..rows)
        .filter(|row| shapes[*row].bags > 0.0 && (!with_pairs || pairs[*row].bags > 0.0))
        .map(|row| Known {
            x: [1.0, shapes[row].mean(), pairs[row].mean()],
            noise: [0.0, noise(shapes[row]), 0.0],
            y: f64::from(frame.outcome[row]),
            weight: f64::from(frame.weights[row]),
        })
        .collect();
    let fit = if with_pairs {
        regress::<3>(&known).map(|(b, e)| ([b[1], b[2]], [e[1], e[2]]))
    } else {
        regress::<2>(&known).map(|(b, e)| ([b[1], 0.0], [e[1], 1.0]))
    };
    let Some((slopes, errors)) = fit else {
        return Factors {
            shapes: 1.0,
            pairs: 0.0,
        };
    };
    let sure = |away: f64, error: f64| (1.0 - (error / away).powi(2)).max(0.0);
    let shapes = 1.0 + (slopes[0] - 1.0) * sure(slopes[0] - 1.0, errors[0]);
    let pairs = if slopes[1] > 0.0 {
        slopes[1] / (1.0 + (errors[1] / slopes[1]).powi(2))
    } else {
        0.0
    };
    Factors {
        shapes: shapes.clamp(RANGE[0], RANGE[1]),
        pairs: if pairs < LEAST { 0.0 } else { pairs.min(1.0) },
    }
}

/// A row of the regression.
struct Known {
    x: [f64; 3],
    noise: [f64; 3],
    y: f64,
    weight: f64,
}

/// Slopes with what noise took off given back, and their standard errors. `None` when there is nothing to tell them by.
fn regress<const N: usize>(rows: &[Known]) -> Option<([f64; N], [f64; N])> {
    let mut slopes = [0.0; N];
    slopes[1..].fill(1.0);
    let mut inverse = [[0.0; N]; N];
    let mut curvature = [[0.0; N]; N];
    for _ in 0..30 {
        let mut gradient = [0.0; N];
        curvature = [[0.0; N]; N];
        for row in rows {
            let score: f64 = slopes.iter().zip(row.x).map(|(b, x)| b * x).sum();
            let p = loss::logistic(score);
            let (g, h) = (row.weight * (row.y - p), row.weight * p * (1.0 - p));
            for ((gradient, line), x) in gradient.iter_mut().zip(&mut curvature).zip(row.x) {
                *gradient += g * x;
                for (cell, other) in line.iter_mut().zip(row.x) {
                    *cell += h * x * other;
                }
            }
        }
        inverse = invert(curvature)?;
        let mut most = 0.0_f64;
        for i in 0..N {
            let step: f64 = (0..N).map(|j| inverse[i][j] * gradient[j]).sum();
            slopes[i] += step.clamp(-2.0, 2.0);
            most = most.max(step.abs());
        }
        if most < 1e-9 {
            break;
        }
    }
    // Without the noise, the curvature in each direction is smaller.
    let mut clean = curvature;
    for row in rows {
        let score: f64 = slopes.iter().zip(row.x).map(|(b, x)| b * x).sum();
        let p = loss::logistic(score);
        for (i, noise) in row.noise.into_iter().enumerate().take(N) {
            clean[i][i] -= row.weight * p * (1.0 - p) * noise;
        }
    }
    for (i, line) in clean.iter_mut().enumerate().skip(1) {
        // Where noise is nearly all there is, half of it is all that is believed.
        line[i] = line[i].max(curvature[i][i] - 0.5 / inverse[i][i]);
    }
    let back = invert(clean)?;
    let mut corrected = [0.0; N];
    let mut errors = [0.0; N];
    for i in 0..N {
        corrected[i] = (0..N)
            .map(|j| {
                let met: f64 = (0..N).map(|k| curvature[j][k] * slopes[k]).sum();
                back[i][j] * met
            })
            .sum();
        errors[i] = back[i][i].max(0.0).sqrt();
    }
    let is_number = |values: &[f64; N]| values.iter().all(|value| value.is_finite());
    (is_number(&corrected) && is_number(&errors)).then_some((corrected, errors))
}

/// The inverse of a symmetric matrix that is positive definite; `None` of another.
fn invert<const N: usize>(mut a: [[f64; N]; N]) -> Option<[[f64; N]; N]> {
    let mut inverse = [[0.0; N]; N];
    for (place, row) in inverse.iter_mut().enumerate() {
        row[place] = 1.0;
    }
    let scale: [f64; N] = std::array::from_fn(|place| a[place][place]);
    for pivot in 0..N {
        let by = a[pivot][pivot];
        if by.is_nan() || by <= 1e-10 * scale[pivot] {
            return None;
        }
        for column in 0..N {
            a[pivot][column] /= by;
            inverse[pivot][column] /= by;
        }
        for row in (0..N).filter(|row| *row != pivot) {
            let by = a[row][pivot];
            for column in 0..N {
                a[row][column] -= by * a[pivot][column];
                inverse[row][column] -= by * inverse[pivot][column];
            }
        }
    }
    Some(inverse)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::random::Draws;

    /// Rows whose outcome follows `slope` times a score, which is told with a noise of so much variance.
    fn rows(slope: f64, noise: f64) -> Vec<Known> {
        let mut draws = Draws::new(3, 0, 9);
        // Twelve uniform draws have the variance and nearly the shape of a normal one.
        let mut normal = move || (0..12).map(|_| draws.share()).sum::<f64>() - 6.0;
        let mut draws = Draws::new(4, 0, 9);
        (0..40_000)
            .map(|_| {
                let score = normal();
                let p = loss::logistic(0.3 + slope * score);
                Known {
                    x: [1.0, score + noise.sqrt() * normal(), 0.0],
                    noise: [0.0, noise, 0.0],
                    y: f64::from(u8::from(draws.share() < p)),
                    weight: 1.0,
                }
            })
            .collect()
    }

    #[test]
    fn the_slope_is_found_and_what_noise_takes_off_is_given_back() {
        for noise in [0.0, 0.1] {
            let rows = rows(1.3, noise);
            let (slopes, errors) = regress::<2>(&rows).unwrap();
            assert!((slopes[1] - 1.3).abs() < 0.08, "{slopes:?}");
            assert!((0.005..0.05).contains(&errors[1]), "{errors:?}");
            if noise > 0.0 {
                let silent: Vec<Known> = rows
                    .into_iter()
                    .map(|row| Known {
                        noise: [0.0; 3],
                        ..row
                    })
                    .collect();
                let (slopes, _) = regress::<2>(&silent).unwrap();
                assert!(slopes[1] < 1.24, "noise takes off: {slopes:?}");
            }
        }
    }

    #[test]
    fn columns_that_say_the_same_have_no_slopes() {
        let mut rows = rows(1.0, 0.0);
        for row in &mut rows {
            row.x[2] = 2.0 * row.x[1];
        }
        assert!(regress::<3>(&rows).is_none());
    }

    #[test]
    fn a_half_is_told_as_it_was_when_the_other_was_best() {
        let mut apart = Rows {
            outcome: vec![1.0, 1.0, 0.0, 0.0],
            weights: vec![1.0; 4],
            scores: vec![0.0; 4],
        };
        let mut halves = Halves::new(&apart);
        // The rows at even places gain, those at odd places lose.
        apart.scores = vec![1.0, -1.0, -1.0, 1.0];
        halves.see(apart.losses().0, &apart.scores);
        assert_eq!(halves.scores(), [0.0, -1.0, 0.0, 1.0]);
    }
}
