//! Proportional hazards: the score of one cause after the other, and the chances they make together.

use std::{collections::HashMap, f64::consts::LN_2};

use super::{
    Answer, Chance, Interval, MedianTime, Outlook, OutlookCause, Row,
    linear::{Linear, Response},
    outlook::OutlookCurve,
};
use crate::{HazardFit, Input};

mod cause;
mod covariance;
pub(super) mod limits;
mod path;

use cause::Cause;
use covariance::{Covariance, Rows};
use limits::Z95;
use path::Path;

/// A score beyond this counts as this where its exponential is taken, so that every chance stays a number.
const FARTHEST_SCORE: f64 = 700.0;

#[derive(Clone, Debug)]
pub(super) struct Hazards {
    horizons: Vec<f64>,
    times: Vec<f64>,
    knots: Vec<usize>,
    causes: Vec<Cause>,
    /// Upper bounds of the risk classes but the last.
    bounds: Vec<f64>,
    has_classes: bool,
}

/// One row before the chances: per cause its score, hazard ratio and parameters, counted from their means.
struct Client {
    scores: Vec<f64>,
    parameters: Vec<Vec<f64>>,
    ratios: Vec<f64>,
}

impl Hazards {
    /// `fit` is coherent with `inputs` (see `check`).
    pub(super) fn new(
        fit: &HazardFit,
        inputs: &[Input],
        positions: &HashMap<String, usize>,
    ) -> Self {
        let knots: Vec<usize> = fit.knots.iter().map(|knot| *knot as usize).collect();
        let causes = fit
            .causes
            .iter()
            .map(|cause| Cause::new(cause, &knots, inputs, positions));
        Self {
            horizons: fit.horizons.clone(),
            times: fit.times.clone(),
            causes: causes.collect(),
            knots,
            bounds: fit
                .risk_classes
                .iter()
                .filter_map(|class| class.below)
                .collect(),
            has_classes: !fit.risk_classes.is_empty(),
        }
    }

    /// The score of the first cause.
    pub(super) fn score(&self, row: &Row, answer: &mut Answer) {
        self.causes[0].linear.score(row, answer);
    }

    pub(super) fn outlook(&self, row: &Row, with_curve: bool) -> Outlook {
        let mut answer = Answer::default();
        let mut causes: Vec<OutlookCause> = Vec::with_capacity(self.causes.len());
        let mut client = Client {
            scores: Vec::with_capacity(self.causes.len()),
            parameters: Vec::with_capacity(self.causes.len()),
            ratios: Vec::with_capacity(self.causes.len()),
        };
        for cause in &self.causes {
            cause.linear.score(row, &mut answer);
            client.scores.push(answer.score);
            client
                .ratios
                .push(answer.score.clamp(-FARTHEST_SCORE, FARTHEST_SCORE).exp());
            client.parameters.push(cause.parameters(row));
            causes.push(OutlookCause {
                score: answer.score,
                contributions: answer.contributions.clone(),
                ..OutlookCause::default()
            });
        }
        let single = self.causes.len() == 1;
        let variances = self.variances(&client);
        let places: Vec<Option<usize>> =
            self.horizons.iter().map(|time| self.place(*time)).collect();
        let until = if with_curve {
            self.times.len()
        } else {
            // Chances of causes add up from the beginning; beyond the last horizon nobody asks for them.
            places.iter().flatten().max().map_or(0, |last| last + 1)
        };
        let path = (with_curve || !single).then(|| Path::new(&self.causes, &client, until));
        let lasting: Vec<Chance> = self
            .horizons
            .iter()
            .zip(&places)
            .map(|(time, place)| self.lasting(*time, *place, &client, variances.as_deref()))
            .collect();
        if single {
            // What has ended is what does not last, limits included.
            causes[0].ended = lasting.iter().map(turned).collect();
        } else if let Some(path) = &path {
            let errors = limits::of_ends(self, &client, path, &places);
            for (place, (cause, errors)) in causes.iter_mut().zip(errors).enumerate() {
                let ended = &path.ended[place];
                let horizons = self.horizons.iter().zip(&places).zip(errors);
                cause.ended = horizons
                    .map(|((time, at), error)| {
                        let chance = at.map_or(0.0, |at| ended[at + 1]);
                        self.chance(*time, chance, error.map(|error| error / chance))
                    })
                    .collect();
            }
        }
        Outlook {
            median: self.median(&client, variances.as_deref()),
            lasting,
            risk_class: self.has_classes.then(|| {
                self.bounds
                    .partition_point(|bound| *bound <= client.scores[0])
            }),
            causes,
            curve: path.filter(|_| with_curve).map(|path| OutlookCurve {
                time: self.times.clone(),
                lasting: path.lasting[1..].to_vec(),
                ended: path.ended.iter().map(|ended| ended[1..].to_vec()).collect(),
            }),
        }
    }

    /// Place of the last time that is not after `time`.
    fn place(&self, time: f64) -> Option<usize> {
        self.times
            .partition_point(|other| *other <= time)
            .checked_sub(1)
    }

    /// Cumulative hazard of all causes just after a time.
    fn cumulative(&self, client: &Client, at: usize) -> f64 {
        self.causes
            .iter()
            .zip(&client.ratios)
            .map(|(cause, ratio)| cause.cumulative[at] * ratio)
            .sum()
    }

    /// Variance of the cumulative hazard of all causes at each knot; causes are estimated apart. `None` without covariance.
    fn variances(&self, client: &Client) -> Option<Vec<f64>> {
        let (mut sum, mut product) = (vec![0.0; self.knots.len()], Vec::new());
        let each = self.causes.iter().zip(&client.parameters);
        for ((cause, parameters), ratio) in each.zip(&client.ratios) {
            let known = cause.coefficients.as_ref()?;
            known.covariance.times(parameters, &mut product);
            let times = &product[..parameters.len()];
            let of_score = dot(times, parameters);
            for (knot, sum) in sum.iter_mut().enumerate() {
                let hazard = cause.cumulative[self.knots[knot]];
                let crossed = dot(times, &known.means.row(knot)[..times.len()]);
                let coefficients = hazard * hazard * of_score - 2.0 * hazard * crossed
                    + known.variance_of_means[knot];
                *sum += ratio * ratio * (cause.variance[knot] + coefficients.max(0.0));
            }
        }
        Some(sum)
    }

    fn lasting(
        &self,
        time: f64,
        place: Option<usize>,
        client: &Client,
        variances: Option<&[f64]>,
    ) -> Chance {
        let Some(at) = place else {
            return self.chance(time, 1.0, None);
        };
        let knot = self.knots.binary_search(&at).ok();
        let error = variances
            .zip(knot)
            .map(|(variances, knot)| variances[knot].sqrt());
        self.chance(time, (-self.cumulative(client, at)).exp(), error)
    }

    fn chance(&self, time: f64, chance: f64, error_of_log: Option<f64>) -> Chance {
        Chance {
            time,
            chance,
            interval: error_of_log.and_then(|error| limits::log_log(chance, error)),
            is_beyond: self.times.last().is_some_and(|last| time > *last),
        }
    }

    fn median(&self, client: &Client, variances: Option<&[f64]>) -> MedianTime {
        let (mut from, mut to) = (0, self.times.len());
        while from < to {
            let middle = usize::midpoint(from, to);
            if (-self.cumulative(client, middle)).exp() <= 0.5 {
                to = middle;
            } else {
                from = middle + 1;
            }
        }
        let mut median = MedianTime {
            time: self.times.get(from).copied(),
            ..MedianTime::default()
        };
        for (knot, variance) in variances.unwrap_or_default().iter().enumerate() {
            let at = self.knots[knot];
            let hazard = self.cumulative(client, at);
            // A limit of the share left is at most a half where that of the hazard, on its logarithm, is at least ln 2.
            let half = Z95 * variance.sqrt() / hazard;
            let [lower, upper] = [half, -half].map(|half| hazard * half.exp() >= LN_2);
            if lower && median.lower.is_none() {
                median.lower = Some(self.times[at]);
            }
            if upper {
                median.upper = Some(self.times[at]);
                break;
            }
        }
        median
    }
}

/// The chance of the opposite.
fn turned(of: &Chance) -> Chance {
    Chance {
        chance: 1.0 - of.chance,
        interval: of.interval.map(|interval| Interval {
            lower: 1.0 - interval.upper,
            upper: 1.0 - interval.lower,
        }),
        ..*of
    }
}

/// In four sums side by side: the processor then need not wait for one addition to begin the next.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (fours, others) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest = fours.remainder().iter().zip(others.remainder());
    let rest: f64 = rest.map(|(a, b)| a * b).sum();
    for (a, b) in fours.zip(others) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}
