//! What is given away: the privacy loss of many Gaussian answers together.

use crate::EbmError;

/// A promise: whoever adds or takes away one row changes the probability of any model by at most a factor e^ε, except with
/// probability δ.
///
/// # Source
/// Dwork, Kenthapadi, Mironov and others (2006), "Our data, ourselves", <https://doi.org/10.1007/11761679_29>.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Promise {
    /// ε: above 0, at most 20.
    pub epsilon: f64,
    /// δ: above 0, at most 0.01; below one over the number of rows to mean anything.
    pub delta: f64,
}

/// The loss of one Gaussian answer: its sensitivity over the standard deviation of its noise. Answers together, also when a
/// question depends on the answers before it, have the root of the sum of squares.
///
/// # Source
/// Dong, Roth and Su (2022), "Gaussian differential privacy", doi:10.1111/rssb.12454, corollaries 1 and 2.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Loss(pub f64);

impl Loss {
    /// Of all answers.
    pub fn together(losses: impl IntoIterator<Item = Self>) -> Self {
        let squares = losses.into_iter().map(|loss| loss.0 * loss.0);
        Self(squares.sum::<f64>().sqrt())
    }

    /// The δ that goes with an ε.
    ///
    /// # Source
    /// Balle and Wang (2018), "Improving the Gaussian mechanism", theorem 8; checked against their closed form.
    pub fn delta(self, epsilon: f64) -> f64 {
        let loss = self.0;
        if loss <= 0.0 {
            return 0.0;
        }
        let near = below(loss / 2.0 - epsilon / loss);
        let far = epsilon.exp() * below(-loss / 2.0 - epsilon / loss);
        (near - far).clamp(0.0, 1.0)
    }

    /// The ε up to 20 that goes with a δ; `None` when none does.
    pub fn epsilon(self, delta: f64) -> Option<f64> {
        let (mut low, mut high) = (0.0, 20.0);
        if self.delta(high) > delta {
            return None;
        }
        for _ in 0..200 {
            let middle = f64::midpoint(low, high);
            if self.delta(middle) > delta {
                low = middle;
            } else {
                high = middle;
            }
        }
        Some(high)
    }

    /// The largest loss that keeps a promise.
    ///
    /// # Errors
    /// When ε or δ lies outside its range.
    pub fn of(promise: Promise) -> Result<Self, EbmError> {
        let Promise { epsilon, delta } = promise;
        if !(epsilon > 0.0 && epsilon <= 20.0) {
            return Err(EbmError::Setting("epsilon"));
        }
        if !(delta > 0.0 && delta <= 0.01) {
            return Err(EbmError::Setting("delta"));
        }
        let (mut low, mut high) = (0.0, 20.0);
        for _ in 0..200 {
            let middle = f64::midpoint(low, high);
            if Self(middle).delta(epsilon) <= delta {
                low = middle;
            } else {
                high = middle;
            }
        }
        // The lower end: never more than was promised.
        Ok(Self(low))
    }
}

/// Probability that a standard normal value lies below `x`, right to 1e-13 of itself.
pub(super) fn below(x: f64) -> f64 {
    let upper = 0.5 * tail(x.abs() / std::f64::consts::SQRT_2);
    if x > 0.0 { 1.0 - upper } else { upper }
}

/// The value below which a standard normal one lies with probability `p`, 0.5 to 1.
pub(super) fn quantile(p: f64) -> f64 {
    let (mut low, mut high) = (0.0, 40.0);
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        // The tail keeps its digits where 1 - p has none left.
        if below(-middle) > 1.0 - p {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// The complementary error function of `x` from 0.
///
/// # Source
/// Abramowitz and Stegun (1964), 7.1.6 (series) and 7.1.14 (continued fraction).
fn tail(x: f64) -> f64 {
    let root = std::f64::consts::PI.sqrt();
    if x < 2.0 {
        let (mut term, mut sum, mut n) = (x, x, 0.0);
        while term > 1e-18 * sum {
            n += 1.0;
            term *= 2.0 * x * x / (2.0 * n + 1.0);
            sum += term;
        }
        return 1.0 - 2.0 / root * (-x * x).exp() * sum;
    }
    let mut fraction = x;
    for k in (1..=200_u32).rev() {
        fraction = x + f64::from(k) / 2.0 / fraction;
    }
    (-x * x).exp() / root / fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of the normal distribution to 15 digits, from tables (Abramowitz and Stegun, 26.1 and 26.2).
    #[test]
    fn the_normal_distribution_has_its_published_values() {
        for (x, wanted) in [
            (-1.0, 0.158_655_253_931_457_05),
            (-2.0, 0.022_750_131_948_179_21),
            (-3.0, 1.349_898_031_630_094_6e-3),
            (-5.0, 2.866_515_718_791_939e-7),
            (-8.0, 6.220_960_574_271_785e-16),
            (1.96, 0.975_002_104_851_779_7),
        ] {
            let found = below(x);
            assert!((found / wanted - 1.0).abs() < 1e-11, "{x}: {found}");
        }
        assert!((quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-12);
    }

    #[test]
    fn answers_together_lose_the_root_of_the_sum_of_squares() {
        let hundred = Loss::together(vec![Loss(0.05); 100]);
        assert!((hundred.0 - 0.5).abs() < 1e-12);
        let mixed = Loss::together([Loss(0.3), Loss(0.4)]);
        assert!((mixed.0 - 0.5).abs() < 1e-12);
    }

    /// At ε = 0 the closed form is 2 Φ(μ/2) - 1, the total variation of two normal distributions μ apart.
    #[test]
    fn delta_has_its_closed_form_and_falls_with_epsilon() {
        for loss in [0.1, 1.0, 3.0] {
            let wanted = 2.0 * below(loss / 2.0) - 1.0;
            assert!((Loss(loss).delta(0.0) - wanted).abs() < 1e-12);
        }
        // Dong, Roth and Su: 1-GDP is (1, 0.126937)-DP, (2, 0.0209) and so on, by the same integral taken numerically.
        for (loss, epsilon) in [(1.0, 1.0), (1.0, 2.0), (0.5, 1.0), (2.0, 3.0)] {
            let wanted = by_integral(loss, epsilon);
            let found = Loss(loss).delta(epsilon);
            assert!(
                (found - wanted).abs() < 1e-7,
                "{loss} {epsilon}: {found} {wanted}"
            );
        }
        assert!((Loss(1.0).delta(1.0) - 0.126_936_737_5).abs() < 1e-9);
    }

    /// δ by its definition: what of one normal density lies above e^ε times the other, summed over a fine grid.
    fn by_integral(loss: f64, epsilon: f64) -> f64 {
        let density = |x: f64| (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let width = 1e-4;
        (-120_000..120_000)
            .map(|place| {
                let x = f64::from(place) * width;
                (density(x - loss) - epsilon.exp() * density(x)).max(0.0) * width
            })
            .sum()
    }

    #[test]
    fn the_largest_loss_keeps_the_promise_and_no_larger_one_does() {
        for (epsilon, delta) in [(0.5, 1e-6), (1.0, 1e-6), (4.0, 1e-6), (8.0, 1e-9)] {
            let loss = Loss::of(Promise { epsilon, delta }).unwrap();
            assert!(loss.delta(epsilon) <= delta);
            assert!(Loss(loss.0 * 1.001).delta(epsilon) > delta);
            assert!((loss.epsilon(delta).unwrap() / epsilon - 1.0).abs() < 1e-6);
            // The classic bound of Dwork and Roth (2014, theorem A.1) for ε up to 1 is never better.
            if epsilon <= 1.0 {
                let classic = epsilon / (2.0 * (1.25 / delta).ln()).sqrt();
                assert!(loss.0 > classic, "{} {classic}", loss.0);
            }
        }
        assert_eq!(Loss(100.0).epsilon(1e-6), None);
        for promise in [
            (0.0, 1e-6),
            (f64::NAN, 1e-6),
            (1.0, 0.0),
            (1.0, 0.5),
            (21.0, 1e-6),
        ] {
            let (epsilon, delta) = promise;
            assert!(Loss::of(Promise { epsilon, delta }).is_err());
        }
    }
}
