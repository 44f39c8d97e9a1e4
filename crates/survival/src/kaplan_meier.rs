//! Kaplan–Meier's curve, with Nelson–Aalen's beside it.

use serde::Serialize;

use crate::{Spells, normal, risk::risk_table};

/// Share that is still there, by time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KaplanMeier {
    /// One point per distinct end, in order of time.
    pub points: Vec<CurvePoint>,
    /// Weight of all spells.
    pub n: f64,
    /// Weight of the spells that end with the event.
    pub n_event: f64,
    /// Confidence of the intervals, in `(0, 1)`.
    pub confidence: f64,
}

/// A curve just after one time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CurvePoint {
    /// The time.
    pub time: f64,
    /// Weight at risk just before.
    pub n_risk: f64,
    /// Weight that ends with the event here.
    pub n_event: f64,
    /// Weight that was last seen here.
    pub n_censor: f64,
    /// Share still there after it, in `[0, 1]`.
    pub survival: f64,
    /// Greenwood's standard error of `survival`.
    pub standard_error: f64,
    /// Lower limit on the scale of log(−log); `None` where the share is 0 or 1 and that scale has no value.
    pub lower: Option<f64>,
    /// Upper limit.
    pub upper: Option<f64>,
    /// Nelson–Aalen's cumulative hazard.
    pub cumulative_hazard: f64,
    /// Its standard error (Poisson's variance, `Σ d/n²`).
    pub cumulative_hazard_standard_error: f64,
}

/// A time with limits; each `None` where the curve does not come so low.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TimeEstimate {
    /// The time.
    pub time: Option<f64>,
    /// Lower limit.
    pub lower: Option<f64>,
    /// Upper limit.
    pub upper: Option<f64>,
}

/// Mean time within a horizon.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RestrictedMean {
    /// The horizon.
    pub tau: f64,
    /// Mean of the smaller of the time and the horizon, in units of time.
    pub mean: f64,
    /// Its standard error.
    pub standard_error: f64,
}

impl RestrictedMean {
    /// Limits from the normal distribution, within what a mean up to the horizon can be.
    pub fn limits(&self, confidence: f64) -> (f64, f64) {
        let margin = normal::two_sided(confidence) * self.standard_error;
        let within = |value: f64| value.clamp(0.0, self.tau);
        (within(self.mean - margin), within(self.mean + margin))
    }
}

/// How much longer one group stays within a horizon than another, on average.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RestrictedMeanDifference {
    /// The horizon.
    pub tau: f64,
    /// Mean of the one less mean of the other, in units of time.
    pub difference: f64,
    /// Its standard error, for two independent groups.
    pub standard_error: f64,
}

impl RestrictedMean {
    /// This mean less that of another group within the same horizon.
    ///
    /// # Source
    /// Royston & Parmar 2013 (doi 10.1186/1471-2288-13-152).
    pub fn minus(&self, other: &Self) -> RestrictedMeanDifference {
        RestrictedMeanDifference {
            tau: self.tau,
            difference: self.mean - other.mean,
            standard_error: self.standard_error.hypot(other.standard_error),
        }
    }
}

impl RestrictedMeanDifference {
    /// Limits from the normal distribution, within what a difference up to the horizon can be.
    pub fn limits(&self, confidence: f64) -> (f64, f64) {
        let margin = normal::two_sided(confidence) * self.standard_error;
        let within = |value: f64| value.clamp(-self.tau, self.tau);
        (
            within(self.difference - margin),
            within(self.difference + margin),
        )
    }
}

/// Estimates the share still there, from spells with one sort of end. For ends that compete use
/// [`aalen_johansen`](crate::aalen_johansen): one minus this curve says too much of each of them.
///
/// # Source
/// Kaplan & Meier 1958 (doi 10.1080/01621459.1958.10501452); Greenwood 1926; limits on log(−log) after Kalbfleisch & Prentice;
/// Aalen 1978 (doi 10.1214/aos/1176344247). Compared with R 4.2.2, survival 3.5-3 (`survfit`, `conf.type = "log-log"`).
pub fn kaplan_meier(spells: &Spells, confidence: f64) -> KaplanMeier {
    let z = normal::two_sided(confidence);
    let (mut survival, mut greenwood) = (1.0, 0.0);
    let (mut hazard, mut hazard_variance) = (0.0, 0.0);
    let table = risk_table(spells);
    let points = table.iter().map(|at| {
        if at.n_event > 0.0 {
            survival *= (at.n_risk - at.n_event) / at.n_risk;
            greenwood += at.n_event / (at.n_risk * (at.n_risk - at.n_event));
            hazard += at.n_event / at.n_risk;
            hazard_variance += at.n_event / (at.n_risk * at.n_risk);
        }
        let (lower, upper) = log_log(survival, greenwood.sqrt(), z).unzip();
        CurvePoint {
            time: at.time,
            n_risk: at.n_risk,
            n_event: at.n_event,
            n_censor: at.n_censor,
            survival,
            standard_error: if survival > 0.0 {
                survival * greenwood.sqrt()
            } else {
                0.0
            },
            lower,
            upper,
            cumulative_hazard: hazard,
            cumulative_hazard_standard_error: hazard_variance.sqrt(),
        }
    });
    let points: Vec<CurvePoint> = points.collect();
    KaplanMeier {
        n: (0..spells.len()).map(|i| spells.weight_of(i)).sum(),
        n_event: points.iter().map(|point| point.n_event).sum(),
        points,
        confidence,
    }
}

/// Limits of a share from the standard error of its logarithm.
pub(crate) fn log_log(share: f64, error_of_log: f64, z: f64) -> Option<(f64, f64)> {
    if share <= 0.0 || share >= 1.0 {
        return None;
    }
    let centre = (-share.ln()).ln();
    let half = z * error_of_log / share.ln();
    Some((
        (-(centre - half).exp()).exp(),
        (-(centre + half).exp()).exp(),
    ))
}

impl KaplanMeier {
    /// Share still there just after `time`.
    pub fn survival_at(&self, time: f64) -> f64 {
        let next = self.points.partition_point(|point| point.time <= time);
        next.checked_sub(1)
            .map_or(1.0, |last| self.points[last].survival)
    }

    /// Share still there just before `time`.
    pub fn survival_before(&self, time: f64) -> f64 {
        let next = self.points.partition_point(|point| point.time < time);
        next.checked_sub(1)
            .map_or(1.0, |last| self.points[last].survival)
    }

    /// First time at which at most `1 − share` is still there: the median for 0.5. Where the curve runs flat at just that height,
    /// the middle of the flat part. Limits are those of the curve's own limits (Brookmeyer & Crowley 1982).
    pub fn quantile(&self, share: f64) -> TimeEstimate {
        let height = 1.0 - share;
        TimeEstimate {
            time: self.reaches(height, |point| Some(point.survival)),
            lower: self.reaches(height, |point| {
                point.lower.or((point.survival == 0.0).then_some(0.0))
            }),
            upper: self.reaches(height, |point| point.upper),
        }
    }

    fn reaches(&self, height: f64, of: impl Fn(&CurvePoint) -> Option<f64>) -> Option<f64> {
        let tolerance = 1e-10;
        let mut events = self.points.iter().filter(|point| point.n_event > 0.0);
        let first =
            events.find(|point| of(point).is_some_and(|value| value <= height + tolerance))?;
        let is_flat = of(first).is_some_and(|value| (value - height).abs() <= tolerance);
        match events.next() {
            Some(next) if is_flat => Some(f64::midpoint(first.time, next.time)),
            _ => Some(first.time),
        }
    }

    /// Mean time within `tau`: the area under the curve up to there.
    ///
    /// # Source
    /// Irwin 1949; Royston & Parmar 2013 (doi 10.1186/1471-2288-13-152). Compared with R `survival` (`survmean`).
    pub fn restricted_mean(&self, tau: f64) -> RestrictedMean {
        let within = self.points.partition_point(|point| point.time <= tau);
        let points = &self.points[..within];
        let mut area_after = vec![0.0; points.len()];
        let (mut area, mut until) = (0.0, tau);
        for (after, point) in area_after.iter_mut().zip(points).rev() {
            area += point.survival * (until - point.time);
            *after = area;
            until = point.time;
        }
        let variance: f64 = points
            .iter()
            .zip(&area_after)
            .filter(|(point, _)| point.n_event > 0.0 && point.n_risk > point.n_event)
            .map(|(point, after)| {
                after * after * point.n_event / (point.n_risk * (point.n_risk - point.n_event))
            })
            .sum();
        RestrictedMean {
            tau,
            mean: area + until,
            standard_error: variance.sqrt(),
        }
    }
}
