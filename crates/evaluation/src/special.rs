//! Quantiles of the normal and the beta distribution, exact enough for limits to twelve decimals.

use statrs::function::erf::erfc_inv;

use crate::proportion::Z_95;

/// Point that a standard normal exceeds in absolute value with probability `1 − confidence`; `None` unless
/// `0 < confidence < 1`.
pub fn z_two_sided(confidence: f64) -> Option<f64> {
    if !(confidence > 0.0 && confidence < 1.0) {
        return None;
    }
    // The printed constant, so that limits at 95 % are the same bits wherever they are made.
    if (confidence - 0.95).abs() < 1e-15 {
        return Some(Z_95);
    }
    Some(std::f64::consts::SQRT_2 * erfc_inv(1.0 - confidence)).filter(|z| z.is_finite())
}

/// Probability that a standard normal exceeds `z` in absolute value: the two-sided p-value.
pub fn two_sided_p(z: f64) -> f64 {
    erfc(z.abs() / std::f64::consts::SQRT_2)
}

/// Complement of the error function for `x` ≥ 0, to about 15 digits (that of statrs 0.19 keeps 11).
fn erfc(x: f64) -> f64 {
    let scale = (-x * x).exp() / std::f64::consts::PI.sqrt();
    if x < 2.5 {
        // All terms are positive, so nothing cancels but the last difference.
        let (mut term, mut sum, mut n) = (x, x, 1.0);
        while term > 1e-17 * sum {
            term *= 2.0 * x * x / (2.0 * n + 1.0);
            sum += term;
            n += 1.0;
        }
        return (1.0 - 2.0 * scale * sum).max(0.0);
    }
    // Continued fraction x + (1/2)/(x + 1/(x + (3/2)/(x + …))), from the end.
    let tail = (1..=80_u32)
        .rev()
        .fold(x, |below, n| x + f64::from(n) / 2.0 / below);
    scale / tail
}

/// Probability that a chi-square of `degrees` degrees of freedom exceeds `value`; 1 for a value that is not positive.
pub fn chi_square_tail(value: f64, degrees: usize) -> f64 {
    if degrees == 0 || value.is_nan() || value <= 0.0 {
        return 1.0;
    }
    if value.is_infinite() {
        return 0.0;
    }
    statrs::function::gamma::gamma_ur(degrees as f64 / 2.0, value / 2.0)
}

/// Point that Student's t with `degrees` degrees of freedom exceeds in absolute value with probability `1 − confidence`. For
/// `0 < confidence < 1` and at least one degree.
pub(crate) fn t_two_sided(confidence: f64, degrees: usize) -> f64 {
    let degrees = degrees.max(1) as f64;
    // t² / (t² + degrees) has a beta distribution.
    let x = beta_quantile(confidence, 0.5, degrees / 2.0);
    (degrees * x / (1.0 - x)).sqrt()
}

/// The `x` for which a beta(`a`, `b`) variable lies below it with probability `p`. For `a`, `b` > 0.
///
/// # Source
/// Continued fraction by Lentz's method (Press et al., *Numerical Recipes*, 2007, §6.4) under the saddle-point form of the
/// density of Loader (*Fast and accurate computation of binomial probabilities*, 2000), which keeps its digits for large
/// counts; inverted by safeguarded Newton steps.
pub(crate) fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    let mut x = a / (a + b);
    for _ in 0..200 {
        let excess = beta_below(x, a, b) - p;
        if excess > 0.0 {
            high = x;
        } else {
            low = x;
        }
        let density = binomial_term(a, b, x) * a * b / (a + b) / (x * (1.0 - x));
        let step = x - excess / density;
        let next = if step > low && step < high {
            step
        } else {
            f64::midpoint(low, high)
        };
        let done = (next - x).abs() <= 1e-16 * x.max(1e-300) || high - low <= f64::EPSILON * low;
        x = next;
        if done {
            break;
        }
    }
    x
}

/// Regularised incomplete beta function.
fn beta_below(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let front = binomial_term(a, b, x);
    if x < (a + 1.0) / (a + b + 2.0) {
        front * b / (a + b) * fraction(x, a, b)
    } else {
        1.0 - front * a / (a + b) * fraction(1.0 - x, b, a)
    }
}

fn fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let guard = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / guard(1.0 - (a + b) * x / (a + 1.0));
    let mut value = d;
    for m in 1..100_000_u32 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / guard(1.0 + even * d);
        c = guard(1.0 + even / c);
        value *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / guard(1.0 + odd * d);
        c = guard(1.0 + odd / c);
        let change = d * c;
        value *= change;
        if (change - 1.0).abs() < 1e-16 {
            break;
        }
    }
    value
}

/// `Γ(a+b+1) / (Γ(a+1) Γ(b+1)) · xᵃ (1−x)ᵇ`, by Loader's saddle point.
fn binomial_term(a: f64, b: f64, x: f64) -> f64 {
    let n = a + b;
    let exponent = stirling_error(n)
        - stirling_error(a)
        - stirling_error(b)
        - deviance(a, n * x)
        - deviance(b, n * (1.0 - x));
    (n / (2.0 * std::f64::consts::PI * a * b)).sqrt() * exponent.exp()
}

/// `ln n! − ln(√(2πn) (n/e)ⁿ)`.
fn stirling_error(n: f64) -> f64 {
    if n < 16.0 {
        let factorial = statrs::function::gamma::gamma(n + 1.0);
        return factorial.ln() - 0.5 * (2.0 * std::f64::consts::PI * n).ln() - n * n.ln() + n;
    }
    let r = 1.0 / (n * n);
    (1.0 / 12.0
        - r * (1.0 / 360.0
            - r * (1.0 / 1260.0 - r * (1.0 / 1680.0 - r * (1.0 / 1188.0 - r * 691.0 / 360_360.0)))))
        / n
}

/// `x ln(x/m) + m − x` without loss of digits where x is near m.
fn deviance(x: f64, m: f64) -> f64 {
    if (x - m).abs() < 0.1 * (x + m) {
        let v = (x - m) / (x + m);
        let mut sum = (x - m) * v;
        let mut term = 2.0 * x * v;
        for j in 1..1000_u32 {
            term *= v * v;
            let next = sum + term / f64::from(2 * j + 1);
            if next.to_bits() == sum.to_bits() {
                break;
            }
            sum = next;
        }
        return sum;
    }
    x * (x / m).ln() + m - x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_points_of_the_normal_come_out() {
        for (confidence, z) in [
            (0.9, 1.644_853_626_951_472_2),
            (0.99, 2.575_829_303_548_900_4),
            (0.995, 2.807_033_768_343_811),
        ] {
            assert!((z_two_sided(confidence).unwrap() - z).abs() < 1e-13);
            assert!((two_sided_p(z) - (1.0 - confidence)).abs() < 1e-15);
        }
        for wrong in [0.0, 1.0, -1.0, f64::NAN] {
            assert!(z_two_sided(wrong).is_none());
        }
    }

    #[test]
    fn tails_of_the_normal_are_exact_far_out_and_at_the_seam() {
        assert!((erfc(6.0) / 2.151_973_671_249_891e-17 - 1.0).abs() < 1e-13);
        let (before, after) = (erfc(2.5 - 1e-9), erfc(2.5 + 1e-9));
        assert!(before > after && before - after < 1e-11);
        assert!((erfc(2.5) / 4.069_520_174_449_589e-4 - 1.0).abs() < 1e-11);
        assert!(two_sided_p(f64::INFINITY) <= 0.0 && two_sided_p(0.0) >= 1.0);
    }

    #[test]
    fn the_median_of_a_symmetric_beta_is_a_half() {
        for a in [1.0, 2.0, 15.0, 17.0, 400.0, 1e5] {
            assert!((beta_quantile(0.5, a, a) - 0.5).abs() < 1e-14, "{a}");
        }
    }

    #[test]
    fn closed_forms_come_out() {
        // beta(1, b): 1 − (1 − p)^(1/b); beta(a, 1): p^(1/a).
        for n in [1.0, 3.0, 50.0, 1e4] {
            for p in [0.005, 0.025, 0.5, 0.975] {
                let low = beta_quantile(p, 1.0, n);
                let exact = -((-p).ln_1p() / n).exp_m1();
                assert!((low / exact - 1.0).abs() < 1e-12, "{n} {p}: {low} {exact}");
                assert!((beta_quantile(p, n, 1.0) - p.powf(1.0 / n)).abs() < 1e-13);
            }
        }
    }

    #[test]
    fn chi_square_points_come_out() {
        assert!((chi_square_tail(3.841_458_820_694_124, 1) - 0.05).abs() < 1e-12);
        assert!((chi_square_tail(18.307_038_053_275_146, 10) - 0.05).abs() < 1e-12);
        assert!(chi_square_tail(f64::NAN, 3) >= 1.0);
    }
}
