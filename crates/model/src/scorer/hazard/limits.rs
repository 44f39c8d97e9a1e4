//! How sure a chance is: from the hazards, and from the coefficients.

use super::{Client, Hazards, Interval, Path, add};

/// The 97.5 % point of the standard normal distribution.
pub(super) const Z95: f64 = 1.959_963_984_540_054;
/// Below this a hazard's rise is so small that quotients by it are taken from their series.
const SMALL: f64 = 1e-4;

/// Limits of a share from the standard error of its logarithm.
pub(super) fn log_log(share: f64, error_of_log: f64) -> Option<Interval> {
    if share <= 0.0 || share >= 1.0 {
        return None;
    }
    let centre = (-share.ln()).ln();
    let half = Z95 * error_of_log / share.ln();
    let (lower, upper) = (
        (-(centre - half).exp()).exp(),
        (-(centre + half).exp()).exp(),
    );
    (lower.is_finite() && upper.is_finite()).then_some(Interval { lower, upper })
}

/// Standard error of the share ended by each cause at each horizon; `None` where the model keeps no covariance or the horizon lies before
/// the first time.
///
/// The share by cause `c` is a function of the rises of all hazards. To first order it changes with the rise of the hazard of `k` at a
/// time `u` before the horizon `t` by `direct(u) − (F(t) − F(u))`: the rise itself makes ends by `c`, and takes away those who would
/// have ended by it later. The rises vary by themselves and with the coefficients of `k`; causes are estimated apart.
///
/// # Source
/// Cumulative incidence from cause-specific Cox regressions: Cheng, Fine & Wei 1998 (doi 10.2307/2534000). Compared in tests with the
/// differences that small changes of the hazards make, and with the formula of a single cause.
pub(super) fn of_ends(
    hazards: &Hazards,
    client: &Client,
    path: &Path,
    places: &[Option<usize>],
) -> Vec<Vec<Option<f64>>> {
    let n = hazards.causes.len();
    if hazards
        .causes
        .iter()
        .any(|cause| cause.covariance.is_none())
    {
        return vec![vec![None; places.len()]; n];
    }
    let steps: Vec<Step> = steps(hazards, client, path);
    let of_cause = |c: usize| {
        let mut variances = vec![None; places.len()];
        for k in 0..n {
            let parts = part(hazards, client, (path, &steps), places, (c, k));
            for (variance, more) in variances.iter_mut().zip(parts) {
                *variance = more.map(|more| more + variance.unwrap_or(0.0));
            }
        }
        let error = |variance: Option<f64>| variance.map(f64::sqrt);
        variances.into_iter().map(error).collect()
    };
    (0..n).map(of_cause).collect()
}

/// What happens from one knot to the next.
struct Step {
    /// Share left at its beginning.
    left: f64,
    /// How much more of those left end by the cause whose hazard rises, per rise.
    per_rise: f64,
    /// Per cause: how many more of those left end by it, per rise of any hazard.
    of_any: Vec<f64>,
}

fn steps(hazards: &Hazards, client: &Client, path: &Path) -> Vec<Step> {
    let mut before: Option<usize> = None;
    let each = hazards.knots.iter().map(|&at| {
        let rises: Vec<f64> = hazards
            .causes
            .iter()
            .zip(&client.ratios)
            .map(|(cause, ratio)| {
                let since = before.map_or(0.0, |before| cause.cumulative[before]);
                (cause.cumulative[at] - since) * ratio
            })
            .collect();
        let start = before.map_or(0, |before| before + 1);
        before = Some(at);
        let (per_rise, of_all) = quotients(rises.iter().sum());
        Step {
            left: path.lasting[start],
            per_rise,
            of_any: rises
                .iter()
                .map(|own| if of_all < 0.0 { own * of_all } else { 0.0 })
                .collect(),
        }
    });
    each.collect()
}

/// What the uncertainty of the hazard of cause `k` adds to the variance of the share of cause `c`, per horizon.
fn part(
    hazards: &Hazards,
    client: &Client,
    (path, steps): (&Path, &[Step]),
    places: &[Option<usize>],
    (c, k): (usize, usize),
) -> Vec<Option<f64>> {
    let cause = &hazards.causes[k];
    let (parameters, ratio) = (&client.parameters[k], client.ratios[k]);
    let (mut weight, mut square, mut hazard) = (0.0, 0.0, 0.0);
    let mut means = vec![0.0; parameters.len()];
    let mut found = vec![None; places.len()];
    let (mut variance_before, mut hazard_before) = (0.0, 0.0);
    for (knot, (&at, step)) in hazards.knots.iter().zip(steps).enumerate() {
        let itself = if c == k { step.per_rise } else { 0.0 };
        let u = step.left * (step.of_any[c] + itself) + path.ended[c][at + 1];
        let more = cause.variance[knot] - variance_before;
        square += u * u * more;
        weight += u * more;
        hazard += u * (cause.cumulative[at] - hazard_before);
        add(&mut means, u, &cause.rises_of_means[knot]);
        for (place, found) in places.iter().zip(&mut found) {
            if *place != Some(at) {
                continue;
            }
            let share = path.ended[c][at + 1];
            let own = square - 2.0 * share * weight + share * share * cause.variance[knot];
            let hazard = hazard - share * cause.cumulative[at];
            let mut turned: Vec<f64> = parameters.iter().map(|value| value * hazard).collect();
            add(&mut turned, -1.0, &means);
            add(&mut turned, share, &cause.means[knot]);
            let coefficients = cause
                .covariance
                .as_ref()
                .map_or(0.0, |of| of.quadratic(&turned));
            *found = Some(ratio * ratio * (own.max(0.0) + coefficients.max(0.0)));
        }
        (variance_before, hazard_before) = (cause.variance[knot], cause.cumulative[at]);
    }
    found
}

/// Derivatives of what a step ends, `own / all · (1 − exp(−all))` of those left: by `own`, and by `all` per `own`.
fn quotients(all: f64) -> (f64, f64) {
    if all < SMALL {
        (1.0 - all / 2.0, -0.5 + all / 3.0)
    } else if all.is_finite() {
        let left = (-all).exp();
        let ended = 1.0 - left;
        (ended / all, (left * all - ended) / all / all)
    } else {
        (0.0, 0.0)
    }
}
