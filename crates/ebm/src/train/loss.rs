//! Log loss, its gradient and its curvature at many scores.

/// Gradient and curvature of a row.
pub(super) type Slope = [f32; 2];

/// e to the power of `x`, right to 2e-7 of its value. Without branches, so that the compiler does several at once.
fn exp(x: f32) -> f32 {
    // Adding this rounds to a whole number: a float of this size has no places after the point.
    const ROUNDS: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 87.0);
    let n = (x * std::f32::consts::LOG2_E + ROUNDS) - ROUNDS;
    // ln 2 in two parts, the first without its last digits.
    let r = (x - n * 0.693_359_4) + n * 2.121_944_4e-4;
    let p = 1.987_569_1e-4_f32;
    let p = p * r + 1.398_2e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 0.166_666_66;
    let p = p * r + 0.5;
    let p = p * r * r + r + 1.0;
    p * f32::from_bits(((n as i32 + 127) << 23) as u32)
}

/// Slopes of all rows.
pub(super) fn slopes(scores: &[f32], outcome: &[f32], weights: &[f32], slopes: &mut [Slope]) {
    let rows = scores.iter().zip(outcome).zip(weights).zip(slopes);
    for (((score, y), weight), slope) in rows {
        let p = 1.0 / (1.0 + exp(-score));
        *slope = [weight * (p - y), weight * p * (1.0 - p)];
    }
}

/// Loss of a row.
fn of_row(score: f32, y: f32) -> f32 {
    let towards = if y > 0.5 { -score } else { score };
    towards.max(0.0) + exp(-towards.abs()).ln_1p()
}

/// Weighted log loss of rows.
pub(super) fn log_loss(scores: &[f32], outcome: &[f32], weights: &[f32]) -> f64 {
    let rows = scores.iter().zip(outcome).zip(weights);
    let (loss, weight) = rows.fold((0.0, 0.0), |(loss, total), ((score, y), weight)| {
        (
            loss + f64::from(weight * of_row(*score, *y)),
            total + f64::from(*weight),
        )
    });
    loss / weight
}

/// Sums of weighted losses and of weights of the rows at even and at odd places.
pub(super) fn half_losses(scores: &[f32], outcome: &[f32], weights: &[f32]) -> [[f64; 2]; 2] {
    let mut sums = [[0.0; 2]; 2];
    let rows = scores.iter().zip(outcome).zip(weights);
    for (place, ((score, y), weight)) in rows.enumerate() {
        let of_half = &mut sums[place % 2];
        of_half[0] += f64::from(weight * of_row(*score, *y));
        of_half[1] += f64::from(*weight);
    }
    sums
}

/// The probability of a score.
pub(super) fn logistic(score: f64) -> f64 {
    1.0 / (1.0 + (-score).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_right_to_seven_digits() {
        for step in -8_600..=8_600 {
            let x = step as f32 / 100.0;
            let wanted = f64::from(x).exp();
            let found = f64::from(exp(x));
            assert!(
                (found / wanted - 1.0).abs() < 3e-7,
                "{x}: {found} for {wanted}"
            );
        }
    }

    #[test]
    fn slopes_are_the_derivatives_of_the_loss() {
        for (score, y) in [(0.3_f32, 1.0_f32), (-2.0, 0.0), (4.0, 1.0), (4.0, 0.0)] {
            let loss = |s: f64| {
                let p = 1.0 / (1.0 + (-s).exp());
                -(f64::from(y) * p.ln() + (1.0 - f64::from(y)) * (1.0 - p).ln())
            };
            let s = f64::from(score);
            let e = 1e-4;
            let mut found = [[0.0; 2]];
            slopes(&[score], &[y], &[1.0], &mut found);
            let first = (loss(s + e) - loss(s - e)) / (2.0 * e);
            let second = (loss(s + e) - 2.0 * loss(s) + loss(s - e)) / (e * e);
            assert!((f64::from(found[0][0]) - first).abs() < 1e-6);
            assert!((f64::from(found[0][1]) - second).abs() < 1e-5);
            assert!((log_loss(&[score], &[y], &[1.0]) - loss(s)).abs() < 1e-6);
        }
    }
}
