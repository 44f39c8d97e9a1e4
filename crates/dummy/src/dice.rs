//! Chance: one reproducible stream of random numbers per subject.

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::day::Day;

/// A stream of random numbers that depends on the seed and the subject's name only, so that a change
/// in one subject (signals, say) leaves the others as they were.
#[derive(Clone, Debug)]
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream of `subject` under `seed`.
    pub(crate) fn new(seed: u64, subject: &str) -> Self {
        let mut key = [0_u8; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        for (place, byte) in key[8..].iter_mut().zip(subject.bytes()) {
            *place = byte;
        }
        Self(ChaCha8Rng::from_seed(key))
    }

    /// Uniform in `[0, 1)`.
    pub(crate) fn unit(&mut self) -> f64 {
        self.0.r#gen()
    }

    /// True with probability `p`.
    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Uniform in `0..n`; 0 when `n` is 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { self.0.gen_range(0..n) }
    }

    /// Uniform in `low..=high`.
    pub(crate) fn between(&mut self, low: i32, high: i32) -> i32 {
        self.0.gen_range(low..=high.max(low))
    }

    /// One of `items`, each as likely. `items` must not be empty.
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len())]
    }

    /// Index drawn in proportion to `weights`.
    pub(crate) fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut rest = self.unit() * weights.iter().sum::<f64>();
        for (index, weight) in weights.iter().enumerate() {
            if rest < *weight {
                return index;
            }
            rest -= weight;
        }
        weights.len().saturating_sub(1)
    }

    /// Standard normal (polar method of Marsaglia).
    pub(crate) fn normal(&mut self) -> f64 {
        loop {
            let u = 2.0 * self.unit() - 1.0;
            let v = 2.0 * self.unit() - 1.0;
            let square = u * u + v * v;
            if square > 0.0 && square < 1.0 {
                return u * (-2.0 * square.ln() / square).sqrt();
            }
        }
    }

    /// Poisson with a small mean (Knuth's product method).
    pub(crate) fn poisson(&mut self, mean: f64) -> usize {
        let limit = (-mean).exp();
        let mut product = self.unit();
        let mut count = 0;
        while product > limit && count < 60 {
            product *= self.unit();
            count += 1;
        }
        count
    }

    /// A day in `from..until`; `from` when the interval is empty.
    pub(crate) fn day(&mut self, from: Day, until: Day) -> Day {
        let span = until.0 - from.0;
        if span <= 0 {
            from
        } else {
            from.plus(self.between(0, span - 1))
        }
    }
}

/// The factor `f` for which `Σ min(1, f·wᵢ)` equals `target`; this is how every base rate is hit in
/// expectation, whatever the population looks like.
///
/// * `weights`: relative risks, ≥ 0   * `target`: expected number of events
///
/// Returns 0 when no weight is positive.
#[expect(
    clippy::needless_pass_by_value,
    reason = "an iterator made on the spot is the argument's natural form"
)]
pub(crate) fn factor_for(weights: impl Iterator<Item = f64> + Clone, target: f64) -> f64 {
    let total: f64 = weights.clone().sum();
    if total <= 0.0 {
        return 0.0;
    }
    let mut factor = target / total;
    for _ in 0..80 {
        let reached: f64 = weights.clone().map(|w| (factor * w).min(1.0)).sum();
        let miss = target / reached;
        factor *= miss;
        if (miss - 1.0).abs() < 1e-6 {
            break;
        }
    }
    factor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_have_their_own_streams() {
        assert_eq!(
            Dice::new(1, "signals").unit().to_bits(),
            Dice::new(1, "signals").unit().to_bits()
        );
        let first = |seed, subject| Dice::new(seed, subject).unit().to_bits();
        assert_ne!(first(1, "signals"), first(1, "welfare"));
        assert_ne!(first(1, "signals"), first(2, "signals"));
    }

    #[test]
    fn the_factor_hits_the_target_with_saturated_weights() {
        let weights = [0.1, 0.5, 9.0, 2.0];
        let factor = factor_for(weights.iter().copied(), 2.5);
        let reached: f64 = weights.iter().map(|w| (factor * w).min(1.0)).sum();
        assert!((reached - 2.5).abs() < 1e-3, "{reached}");
    }

    #[test]
    fn normals_and_poissons_have_their_moments() {
        let mut dice = Dice::new(3, "moments");
        let n = 200_000;
        let (mut sum, mut squares, mut counts) = (0.0, 0.0, 0);
        for _ in 0..n {
            let z = dice.normal();
            sum += z;
            squares += z * z;
            counts += dice.poisson(0.7);
        }
        let n = f64::from(n);
        assert!((sum / n).abs() < 0.01 && (squares / n - 1.0).abs() < 0.02);
        assert!((counts as f64 / n - 0.7).abs() < 0.01);
    }
}
