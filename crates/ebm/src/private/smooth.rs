//! The curve behind noisy steps: this looks at no row, so that it costs no privacy.

/// Standard deviations that a step from bin to bin may have; the answers weigh them.
const ROUGH: [f64; 12] = [
    0.0, 0.01, 0.02, 0.04, 0.07, 0.12, 0.2, 0.35, 0.6, 1.0, 1.6, 2.5,
];

/// A weight per roughness; together 1.
pub(super) type Weights = [f64; ROUGH.len()];
/// Any roughness may be.
pub(super) const EVEN: Weights = [1.0 / ROUGH.len() as f64; ROUGH.len()];
/// Columns for which [`EVEN`] counts beside the columns there are.
const STRANGERS: f64 = 2.0;

/// How rough a curve is expected to be after what was found of curves beside it.
///
/// # Source
/// Empirical Bayes: Efron (2010), "Large-scale inference", doi:10.1017/CBO9780511761362, ch. 1.
pub(super) fn prior<'a>(found: impl IntoIterator<Item = &'a Weights>) -> Weights {
    let mut sum = EVEN.map(|weight| STRANGERS * weight);
    for weights in found {
        for (sum, weight) in sum.iter_mut().zip(weights) {
            *sum += weight;
        }
    }
    let all: f64 = sum.iter().sum();
    sum.map(|weight| weight / all)
}

/// The expected curve behind noisy steps, when steps follow each other in a random walk (ordered bins) or stand alone
/// (levels). How rough it is the steps themselves tell, as far as they can: each roughness counts by how likely it makes
/// them, and by `prior`. The level is free. Returns means and variances, and what each roughness then counts.
///
/// * `seen` – per bin its step and the variance of its noise
///
/// # Source
/// Random-walk prior, averaged over its spread by marginal likelihood: Durbin and Koopman (2012), "Time series analysis by
/// state space methods", ch. 2 and 7.
pub(super) fn smooth(
    seen: &[[f64; 2]],
    is_ordered: bool,
    prior: &Weights,
) -> (Vec<[f64; 2]>, Weights) {
    let tried = ROUGH.map(|rough| {
        if is_ordered {
            walk(seen, rough * rough)
        } else {
            alone(seen, rough * rough)
        }
    });
    let most = tried
        .iter()
        .map(|(likelihood, _)| *likelihood)
        .fold(f64::NEG_INFINITY, f64::max);
    let mut weights = *prior;
    for (weight, (likelihood, _)) in weights.iter_mut().zip(&tried) {
        *weight *= (likelihood - most).exp();
    }
    let all: f64 = weights.iter().sum();
    let weights = weights.map(|weight| weight / all);
    let mut mean = vec![[0.0; 2]; seen.len()];
    for ((_, curve), weight) in tried.iter().zip(weights) {
        for (sum, [value, variance]) in mean.iter_mut().zip(curve) {
            sum[0] += weight * value;
            sum[1] += weight * (variance + value * value);
        }
    }
    for [value, square] in &mut mean {
        *square = (*square - *value * *value).max(0.0);
    }
    (mean, weights)
}

/// Filter and smoother of a random walk: likelihood, and means with variances.
fn walk(seen: &[[f64; 2]], variance: f64) -> (f64, Vec<[f64; 2]>) {
    let mut likelihood = 0.0;
    let mut filtered: Vec<[f64; 2]> = Vec::with_capacity(seen.len());
    for [value, noise] in seen {
        let Some([mean, spread]) = filtered.last().copied() else {
            // Nothing is known before the first.
            filtered.push([*value, *noise]);
            continue;
        };
        let ahead = spread + variance;
        let total = ahead + noise;
        let error = value - mean;
        likelihood -= 0.5 * (total.ln() + error * error / total);
        let gain = ahead / total;
        filtered.push([mean + gain * error, ahead * (1.0 - gain)]);
    }
    let mut curve = filtered.clone();
    for place in (0..curve.len().saturating_sub(1)).rev() {
        let [mean, spread] = filtered[place];
        let back = spread / (spread + variance);
        let [next, next_spread] = curve[place + 1];
        curve[place] = [
            mean + back * (next - mean),
            spread + back * back * (next_spread - spread - variance),
        ];
    }
    (likelihood, curve)
}

/// Levels around their mean.
fn alone(seen: &[[f64; 2]], variance: f64) -> (f64, Vec<[f64; 2]>) {
    let weight = |noise: f64| 1.0 / (variance + noise);
    let all: f64 = seen.iter().map(|[_, noise]| weight(*noise)).sum();
    let mean = seen
        .iter()
        .map(|[value, noise]| value * weight(*noise))
        .sum::<f64>()
        / all;
    let mut likelihood = -0.5 * all.ln();
    let curve = seen.iter().map(|[value, noise]| {
        let error = value - mean;
        likelihood -= 0.5 * ((variance + noise).ln() + error * error * weight(*noise));
        let share = variance * weight(*noise);
        [
            mean + share * error,
            share * noise + (1.0 - share).powi(2) / all,
        ]
    });
    let curve = curve.collect();
    (likelihood, curve)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_without_a_curve_is_levelled_and_a_clear_curve_is_kept() {
        let sign = |place: usize| if place.is_multiple_of(2) { 1.0 } else { -1.0 };
        let noise: Vec<[f64; 2]> = (0..20).map(|place| [0.3 * sign(place), 0.25]).collect();
        for is_ordered in [true, false] {
            let (flat, _) = smooth(&noise, is_ordered, &EVEN);
            assert!(flat.iter().all(|[value, _]| value.abs() < 0.1), "{flat:?}");
        }
        let clear: Vec<[f64; 2]> = (0..20)
            .map(|place| [f64::from(place) * 0.3 + 0.05 * sign(place as usize), 0.01])
            .collect();
        let (kept, _) = smooth(&clear, true, &EVEN);
        for ([value, spread], [wanted, noise]) in kept.iter().zip(&clear) {
            assert!((value - wanted).abs() < 0.1);
            assert!(spread < noise);
        }
    }

    #[test]
    fn curves_beside_it_tell_how_rough_a_curve_is() {
        let sign = |place: i32| if place % 2 == 0 { 1.0 } else { -1.0 };
        let rough: Vec<[f64; 2]> = (0..12).map(|place| [2.0 * sign(place), 0.01]).collect();
        let (_, found) = smooth(&rough, true, &EVEN);
        let prior = prior([&found, &found, &found, &found]);
        assert!((prior.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        // Of two steps far apart with much noise, more is believed among rough curves.
        let two = [[1.0, 0.5], [-1.0, 0.5]];
        let size = |prior: &Weights| smooth(&two, true, prior).0[0][0].abs();
        assert!(size(&prior) > 1.2 * size(&EVEN));
    }
}
