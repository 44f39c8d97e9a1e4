//! How sure a chance is: from the hazards, and from the coefficients.

use super::{Client, Hazards, Interval, Path, dot};

/// The 97.5 % point of the standard normal distribution.
pub(in crate::scorer) const Z95: f64 = 1.959_963_984_540_054;
/// Below this a hazard's rise is so small that quotients by it are taken from their series.
const SMALL: f64 = 1e-4;

/// Limits of a share from the standard error of its logarithm.
pub(in crate::scorer) fn log_log(share: f64, error_of_log: f64) -> Option<Interval> {
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
    // Beyond the last horizon nobody asks how sure a chance is.
    let ends: Vec<Option<usize>> = places
        .iter()
        .map(|place| hazards.knots.binary_search(&(*place)?).ok())
        .collect();
    let until = ends.iter().flatten().max().map_or(0, |last| last + 1);
    let steps = Steps::new(hazards, client, path, until);
    let mut variances = vec![vec![None; places.len()]; n];
    for k in 0..n {
        if add_part(hazards, client, (&steps, &ends), k, &mut variances).is_none() {
            return vec![vec![None; places.len()]; n];
        }
    }
    for variance in variances.iter_mut().flatten() {
        *variance = variance.map(f64::sqrt);
    }
    variances
}

/// What happens from one knot to the next.
struct Steps {
    /// Per knot: share left at its beginning.
    left: Vec<f64>,
    /// Per knot: how much more of those left end by the cause whose hazard rises, per rise.
    per_rise: Vec<f64>,
    /// Per cause and knot: how many more of those left end by it, per rise of any hazard.
    of_any: Vec<Vec<f64>>,
    /// Per cause and knot: who has ended by it.
    ended: Vec<Vec<f64>>,
}

impl Steps {
    /// Of the first `until` knots.
    fn new(hazards: &Hazards, client: &Client, path: &Path, until: usize) -> Self {
        let (n, knots) = (hazards.causes.len(), &hazards.knots[..until]);
        let mut found = Self {
            left: Vec::with_capacity(until),
            per_rise: Vec::with_capacity(until),
            of_any: vec![Vec::with_capacity(until); n],
            ended: path
                .ended
                .iter()
                .map(|ended| knots.iter().map(|at| ended[at + 1]).collect())
                .collect(),
        };
        let (mut before, mut rises) = (None::<usize>, vec![0.0; n]);
        for &at in knots {
            let each = hazards.causes.iter().zip(&client.ratios);
            for (rise, (cause, ratio)) in rises.iter_mut().zip(each) {
                let since = before.map_or(0.0, |before| cause.cumulative[before]);
                *rise = (cause.cumulative[at] - since) * ratio;
            }
            found
                .left
                .push(path.lasting[before.map_or(0, |before| before + 1)]);
            let (per_rise, of_all) = quotients(rises.iter().sum());
            found.per_rise.push(per_rise);
            for (of_any, own) in found.of_any.iter_mut().zip(&rises) {
                of_any.push(if of_all < 0.0 { own * of_all } else { 0.0 });
            }
            before = Some(at);
        }
        found
    }

    /// Per knot: by how much the share of cause `c` rises with the hazard of cause `k` there, but for what is lost later.
    fn weights(&self, (c, k): (usize, usize), weights: &mut Vec<f64>) {
        weights.clear();
        let parts = self.of_any[c].iter().zip(&self.ended[c]);
        let each = self.left.iter().zip(&self.per_rise).zip(parts);
        weights.extend(each.map(|((left, per_rise), (of_any, ended))| {
            let itself = if c == k { *per_rise } else { 0.0 };
            left * (of_any + itself) + ended
        }));
    }
}

/// Adds what the uncertainty of the hazard of cause `k` adds to the variance of the share of each cause at each horizon, whose knots are
/// `ends`. `None` where the model keeps no covariance.
fn add_part(
    hazards: &Hazards,
    client: &Client,
    (steps, ends): (&Steps, &[Option<usize>]),
    k: usize,
    variances: &mut [Vec<Option<f64>>],
) -> Option<()> {
    let cause = &hazards.causes[k];
    let known = cause.coefficients.as_ref()?;
    let (parameters, ratio) = (&client.parameters[k], client.ratios[k]);
    let (mut weights, mut turned, mut product) = (Vec::new(), Vec::new(), Vec::new());
    let mut means = vec![0.0; known.rises_of_means.width()];
    for (c, variances) in variances.iter_mut().enumerate() {
        steps.weights((c, k), &mut weights);
        let (mut weight, mut square, mut hazard) = (0.0, 0.0, 0.0);
        means.fill(0.0);
        let (mut variance_before, mut hazard_before, mut begin) = (0.0, 0.0, 0);
        // Horizons rise, so their knots do; two may share one.
        for (end, variance) in ends.iter().zip(variances) {
            let Some(end) = *end else { continue };
            let new = begin.min(end + 1)..=end;
            let knots = hazards.knots[new.clone()]
                .iter()
                .zip(&cause.variance[new.clone()]);
            for (u, (&at, variance)) in weights[new.clone()].iter().zip(knots) {
                let more = variance - variance_before;
                square += u * u * more;
                weight += u * more;
                hazard += u * (cause.cumulative[at] - hazard_before);
                (variance_before, hazard_before) = (*variance, cause.cumulative[at]);
            }
            known
                .rises_of_means
                .add_to(&mut means, begin, &weights[new]);
            begin = begin.max(end + 1);
            let share = steps.ended[c][end];
            let own = square - 2.0 * share * weight + share * share * cause.variance[end];
            let hazard = hazard - share * cause.cumulative[hazards.knots[end]];
            turned.clear();
            let parts = parameters.iter().zip(&means).zip(known.means.row(end));
            turned.extend(
                parts.map(|((parameter, mean), until)| parameter * hazard - mean + share * until),
            );
            known.covariance.times(&turned, &mut product);
            let coefficients = dot(&product[..turned.len()], &turned);
            let more = ratio * ratio * (own.max(0.0) + coefficients.max(0.0));
            *variance = Some(more + variance.unwrap_or(0.0));
        }
    }
    Some(())
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
