//! From hazards by interval to the chance of staying and of each end.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal};

use crate::{HazardError, Link};

/// What somebody may expect, interval by interval.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HazardCurve {
    /// One per interval.
    pub points: Vec<HazardPoint>,
    /// Confidence of the limits, in `(0, 1)`.
    pub confidence: f64,
}

/// One interval.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HazardPoint {
    /// Its end.
    pub end: f64,
    /// Chance to end in it by each cause, for who begins it: cause `c` at `c − 1`. They add up to less than 1.
    pub hazards: Vec<f64>,
    /// Chance of not having ended just after it, in `[0, 1]`.
    pub survival: f64,
    /// Limits of `survival` on the scale of log(−log); `None` without a spread, or where it is 0 or 1.
    pub survival_limits: Option<(f64, f64)>,
    /// Chance of having ended by each cause; with `survival` they add up to 1.
    pub incidence: Vec<f64>,
    /// Their limits on the same scale.
    pub incidence_limits: Vec<Option<(f64, f64)>>,
}

/// A cause's scores per interval, and by what they may be off.
pub(crate) struct Scores {
    /// Per interval; `−∞` where nobody ends.
    pub(crate) score: Vec<f64>,
    /// Directions `d` whose products `d dᵀ` add up to the covariance of the scores; none when it is not known.
    pub(crate) directions: Vec<Vec<f64>>,
}

/// Odds of the end against none, and how they change with the score.
fn odds(link: Link, score: f64) -> (f64, f64) {
    match link {
        Link::Logit => (score.exp(), score.exp()),
        Link::Cloglog => (score.exp().exp_m1(), (score + score.exp()).exp()),
    }
}

/// The curve of one description; limits by linearisation, with the causes' models as if they knew nothing of each other.
pub(crate) fn curve(
    ends: &[f64],
    link: Link,
    causes: &[Scores],
    confidence: f64,
) -> Result<HazardCurve, HazardError> {
    if !(confidence > 0.0 && confidence < 1.0) {
        return Err(HazardError::Confidence);
    }
    let z = Normal::standard().inverse_cdf(0.5 + confidence / 2.0);
    let known = causes.iter().all(|cause| !cause.directions.is_empty());
    let mut drifts: Vec<Drift> = Vec::new();
    for (cause, scores) in causes.iter().enumerate() {
        for direction in scores.directions.iter().filter(|_| known) {
            drifts.push(Drift {
                cause,
                direction,
                of_log_survival: 0.0,
                of_incidence: vec![0.0; causes.len()],
            });
        }
    }
    let mut survival = 1.0;
    let mut incidence = vec![0.0; causes.len()];
    let mut points = Vec::with_capacity(ends.len());
    for (k, &end) in ends.iter().enumerate() {
        let of: Vec<(f64, f64)> = causes.iter().map(|c| odds(link, c.score[k])).collect();
        let stays = 1.0 / (1.0 + of.iter().map(|(odds, _)| odds).sum::<f64>());
        // Odds beyond the numbers: the end is certain.
        let hazards: Vec<f64> = of
            .iter()
            .map(|(odds, _)| if odds.is_finite() { odds * stays } else { 1.0 })
            .collect();
        for drift in &mut drifts {
            let change = drift.direction[k] * of[drift.cause].1;
            let change = if change.is_finite() { change } else { 0.0 };
            for (c, of_incidence) in drift.of_incidence.iter_mut().enumerate() {
                let own = if c == drift.cause {
                    change * stays
                } else {
                    0.0
                };
                let of_hazard = own - hazards[c] * stays * change;
                *of_incidence += survival * (drift.of_log_survival * hazards[c] + of_hazard);
            }
            drift.of_log_survival -= change * stays;
        }
        for (incidence, hazard) in incidence.iter_mut().zip(&hazards) {
            *incidence += survival * hazard;
        }
        survival *= stays;
        let error = |of: &dyn Fn(&Drift) -> f64| -> f64 {
            drifts.iter().map(|d| of(d).powi(2)).sum::<f64>().sqrt()
        };
        let limits = |share: f64, error_of_log: f64| {
            known.then(|| log_log(share, error_of_log, z)).flatten()
        };
        points.push(HazardPoint {
            end,
            hazards,
            survival,
            survival_limits: limits(survival, error(&|d| d.of_log_survival)),
            incidence_limits: incidence
                .iter()
                .enumerate()
                .map(|(c, &share)| limits(share, error(&|d| d.of_incidence[c]) / share))
                .collect(),
            incidence: incidence.clone(),
        });
    }
    Ok(HazardCurve { points, confidence })
}

/// What a direction of one cause's scores does to the curve so far.
struct Drift<'a> {
    cause: usize,
    direction: &'a [f64],
    of_log_survival: f64,
    of_incidence: Vec<f64>,
}

/// Limits of a share from the standard error of its logarithm.
fn log_log(share: f64, error_of_log: f64, z: f64) -> Option<(f64, f64)> {
    if !(share > 0.0 && share < 1.0 && error_of_log.is_finite()) {
        return None;
    }
    let centre = (-share.ln()).ln();
    let half = z * error_of_log / -share.ln();
    Some((
        (-(centre + half).exp()).exp(),
        (-(centre - half).exp()).exp(),
    ))
}

impl HazardCurve {
    /// Chance of not having ended just after `time`: that of the last interval that is over by then.
    pub fn survival_at(&self, time: f64) -> f64 {
        let over = self.points.partition_point(|point| point.end <= time);
        over.checked_sub(1)
            .map_or(1.0, |last| self.points[last].survival)
    }
}
