//! Hazards by interval: a score per cause and interval, and the chances they make together.

mod cause;
mod effects;

use std::collections::HashMap;

use super::{
    Answer, Chance, MedianTime, Outlook, OutlookCause, Row,
    hazard::limits::{Z95, log_log},
    outlook::OutlookCurve,
    row::Cell,
};
use crate::{Input, IntervalFit, IntervalRegression, Link, Term, interval::timed};

use cause::{Cause, Scores};
use effects::Effects;

/// A score beyond this counts as this where its exponential is taken, so that every chance stays a number.
const FARTHEST_SCORE: f64 = 700.0;
/// The same of a logarithm of a cumulative hazard, whose exponential is taken twice.
const FARTHEST_LOG_HAZARD: f64 = 6.5;

#[derive(Clone, Debug)]
pub(super) struct Intervals {
    horizons: Vec<f64>,
    /// Per horizon the last interval that is over by then.
    places: Vec<Option<usize>>,
    ends: Vec<f64>,
    at_risk: Vec<f64>,
    causes: Vec<Hazard>,
    link: Link,
    /// Upper bounds of the risk classes but the last.
    bounds: Vec<f64>,
    has_classes: bool,
    n_terms: usize,
}

/// How the score of a cause is made.
#[derive(Clone, Debug)]
enum Hazard {
    Curves(Cause),
    Effects(Effects),
}

/// Chances just after every interval, and how sure they are.
struct Path {
    lasting: Vec<f64>,
    /// Per cause.
    ended: Vec<Vec<f64>>,
    /// Standard error of the logarithm of `lasting`; empty where the model keeps no bags.
    lasting_errors: Vec<f64>,
    /// Per horizon and cause, standard error of the share ended.
    ended_errors: Vec<Vec<f64>>,
}

/// What one direction of the scores of a cause does to the chances so far.
#[derive(Clone)]
struct Drift {
    cause: usize,
    bag: usize,
    of_log_lasting: f64,
}

impl Intervals {
    /// `fit` is coherent with `inputs` (see `check`); `terms` are those of the model.
    pub(super) fn new(
        fit: &IntervalFit,
        inputs: &[Input],
        positions: &HashMap<String, usize>,
        terms: &[Term],
    ) -> Self {
        let timed = fit.inputs(inputs);
        let mut positions = positions.clone();
        positions.insert(crate::interval::TIME.to_owned(), inputs.len());
        let causes = fit
            .causes
            .iter()
            .map(|cause| Cause::new(&cause.terms, (&timed, &positions), terms, &fit.ends))
            .map(Hazard::Curves);
        let place = |time: &f64| fit.ends.partition_point(|end| *end <= *time).checked_sub(1);
        Self {
            causes: causes.collect(),
            link: Link::Logit,
            places: fit.horizons.iter().map(place).collect(),
            horizons: fit.horizons.clone(),
            ends: fit.ends.clone(),
            at_risk: fit.at_risk.clone(),
            bounds: fit
                .risk_classes
                .iter()
                .filter_map(|class| class.below)
                .collect(),
            has_classes: !fit.risk_classes.is_empty(),
            n_terms: terms.len(),
        }
    }

    /// The same of a regression per cause, whose effects do not change with time.
    pub(super) fn of_regression(
        fit: &IntervalRegression,
        link: Link,
        inputs: &[Input],
        positions: &HashMap<String, usize>,
    ) -> Self {
        let timed = timed(inputs, &fit.ends);
        let mut positions = positions.clone();
        positions.insert(crate::interval::TIME.to_owned(), inputs.len());
        let causes = fit
            .causes
            .iter()
            .map(|cause| Effects::new(&cause.terms, (&timed, &positions), &fit.ends))
            .map(Hazard::Effects);
        let place = |time: &f64| fit.ends.partition_point(|end| *end <= *time).checked_sub(1);
        Self {
            causes: causes.collect(),
            link,
            places: fit.horizons.iter().map(place).collect(),
            horizons: fit.horizons.clone(),
            ends: fit.ends.clone(),
            at_risk: Vec::new(),
            bounds: fit
                .risk_classes
                .iter()
                .filter_map(|class| class.below)
                .collect(),
            has_classes: !fit.risk_classes.is_empty(),
            n_terms: inputs.len(),
        }
    }

    /// The cells of a row and that of the first interval.
    fn cells(&self, row: &Row) -> Vec<Cell> {
        let mut cells = Vec::with_capacity(row.cells().len() + 1);
        cells.extend_from_slice(row.cells());
        cells.push(Cell::given(self.ends[0]));
        cells
    }

    /// The score of the first cause.
    pub(super) fn score(&self, row: &Row, answer: &mut Answer) {
        let cells = self.cells(row);
        answer.contributions.clear();
        answer.contributions.resize(self.n_terms, 0.0);
        self.causes[0].contribute(&cells, &self.at_risk, &mut answer.contributions);
        answer.points.clear();
        answer.score = answer.contributions.iter().sum();
        answer.base_score = 0.0;
        answer.probability = None;
        answer.value = None;
        answer.interval = None;
        answer.nearest = None;
    }

    pub(super) fn outlook(&self, row: &Row, with_curve: bool) -> Outlook {
        let cells = self.cells(row);
        let mut causes = Vec::with_capacity(self.causes.len());
        let mut scores = Vec::with_capacity(self.causes.len());
        for cause in &self.causes {
            let mut contributions = vec![0.0; self.n_terms];
            let (own, over_time) = match cause {
                Hazard::Curves(curves) => {
                    let found = curves.find(&cells);
                    curves.contribute(&found, &self.at_risk, &mut contributions);
                    let over_time = with_curve.then(|| curves.over_time(&found));
                    let own = curves.scores(&found, self.ends.len());
                    (own, over_time.unwrap_or_default())
                }
                Hazard::Effects(effects) => {
                    effects.contribute(&cells, &mut contributions);
                    (effects.scores(&cells), Vec::new())
                }
            };
            scores.push(own);
            causes.push(OutlookCause {
                score: contributions.iter().sum(),
                contributions,
                over_time,
                ended: Vec::new(),
            });
        }
        let path = self.path(&scores);
        let known = !path.lasting_errors.is_empty();
        let at_horizons = || self.horizons.iter().zip(&self.places).enumerate();
        for (c, cause) in causes.iter_mut().enumerate() {
            cause.ended = at_horizons()
                .map(|(h, (time, place))| {
                    let chance = place.map_or(0.0, |at| path.ended[c][at]);
                    let error =
                        (known && place.is_some()).then(|| path.ended_errors[h][c] / chance);
                    self.chance(*time, chance, error)
                })
                .collect();
        }
        let lasting = at_horizons().map(|(_, (time, place))| {
            let chance = place.map_or(1.0, |at| path.lasting[at]);
            let error = place.and_then(|at| path.lasting_errors.get(at).copied());
            self.chance(*time, chance, error)
        });
        Outlook {
            lasting: lasting.collect(),
            median: self.median(&path),
            risk_class: self.has_classes.then(|| {
                self.bounds
                    .partition_point(|bound| *bound <= causes[0].score)
            }),
            causes,
            curve: with_curve.then(|| OutlookCurve {
                time: self.ends.clone(),
                lasting: path.lasting,
                ended: path.ended,
            }),
        }
    }

    /// Interval after interval: of who is left each cause takes its part of the odds. Limits by linearisation, with the causes' models
    /// as if they knew nothing of each other.
    fn path(&self, causes: &[Scores]) -> Path {
        let n = self.ends.len();
        let mut path = Path {
            lasting: Vec::with_capacity(n),
            ended: vec![Vec::with_capacity(n); causes.len()],
            lasting_errors: Vec::new(),
            ended_errors: vec![vec![0.0; causes.len()]; self.horizons.len()],
        };
        let known = causes.iter().all(|cause| cause.bags > 0);
        let drift = |cause, bag| Drift {
            cause,
            bag,
            of_log_lasting: 0.0,
        };
        let mut drifts: Vec<Drift> = causes
            .iter()
            .enumerate()
            .flat_map(|(cause, of)| (0..of.bags).map(move |bag| drift(cause, bag)))
            .filter(|_| known)
            .collect();
        // Per drift and cause: what it does to the share ended.
        let mut of_ended = vec![0.0; drifts.len() * causes.len()];
        let (mut left, mut shares) = (1.0, vec![0.0; causes.len()]);
        let (mut odds, mut hazards) = (vec![0.0; causes.len()], vec![0.0; causes.len()]);
        // How the odds change with the score.
        let mut slopes = vec![0.0; causes.len()];
        for k in 0..n {
            for ((odds, slope), cause) in odds.iter_mut().zip(&mut slopes).zip(causes) {
                (*odds, *slope) = self.odds(cause.score[k]);
            }
            let stays = 1.0 / (1.0 + odds.iter().sum::<f64>());
            for (hazard, odds) in hazards.iter_mut().zip(&odds) {
                *hazard = odds * stays;
            }
            for (drift, of_ended) in drifts
                .iter_mut()
                .zip(of_ended.chunks_exact_mut(causes.len()))
            {
                let of = &causes[drift.cause];
                let change = of.directions[k * of.bags + drift.bag] * (slopes[drift.cause] * stays);
                for ((c, of_ended), hazard) in of_ended.iter_mut().enumerate().zip(&hazards) {
                    let own = if c == drift.cause { change } else { 0.0 };
                    *of_ended += left * (hazard * (drift.of_log_lasting - change) + own);
                }
                drift.of_log_lasting -= change;
            }
            for ((share, hazard), ended) in shares.iter_mut().zip(&hazards).zip(&mut path.ended) {
                *share += left * hazard;
                ended.push(*share);
            }
            left *= stays;
            path.lasting.push(left);
            if known {
                let squares = drifts.iter().map(|drift| drift.of_log_lasting.powi(2));
                path.lasting_errors.push(squares.sum::<f64>().sqrt());
            }
            for (place, errors) in self.places.iter().zip(&mut path.ended_errors) {
                if *place != Some(k) {
                    continue;
                }
                for (c, error) in errors.iter_mut().enumerate() {
                    let own = of_ended.chunks_exact(causes.len()).map(|of| of[c].powi(2));
                    *error = own.sum::<f64>().sqrt();
                }
            }
        }
        path
    }

    /// Odds of an end in an interval against none, and how they change with the score.
    fn odds(&self, score: f64) -> (f64, f64) {
        if self.link == Link::Cloglog {
            let score = score.clamp(-FARTHEST_SCORE, FARTHEST_LOG_HAZARD);
            let hazard = score.exp();
            return (hazard.exp_m1(), (score + hazard).exp());
        }
        let odds = score.clamp(-FARTHEST_SCORE, FARTHEST_SCORE).exp();
        (odds, odds)
    }

    fn chance(&self, time: f64, chance: f64, error_of_log: Option<f64>) -> Chance {
        Chance {
            time,
            chance,
            interval: error_of_log
                .filter(|error| error.is_finite())
                .and_then(|error| log_log(chance, error)),
            is_beyond: self.ends.last().is_some_and(|last| time > *last),
        }
    }

    /// When half is left, and when the limits of what is left come so low.
    fn median(&self, path: &Path) -> MedianTime {
        let first = |low: &dyn Fn(usize) -> bool| {
            (0..self.ends.len()).find(|k| low(*k)).map(|k| self.ends[k])
        };
        // A limit of the share left is at most a half where that of its −log, on its logarithm, is at least ln 2.
        let limit = |sign: f64| {
            first(&|k| {
                let Some(error) = path.lasting_errors.get(k) else {
                    return false;
                };
                let gone = -path.lasting[k].ln();
                let reached = gone * (sign * Z95 * error / gone).exp();
                reached >= std::f64::consts::LN_2
            })
        };
        MedianTime {
            time: first(&|k| path.lasting[k] <= 0.5),
            lower: limit(1.0),
            upper: limit(-1.0),
        }
    }
}

impl Hazard {
    /// Adds to what each term of the answer adds, averaged over the intervals.
    fn contribute(&self, cells: &[Cell], at_risk: &[f64], contributions: &mut [f64]) {
        match self {
            Self::Curves(curves) => {
                curves.contribute(&curves.find(cells), at_risk, contributions);
            }
            Self::Effects(effects) => effects.contribute(cells, contributions),
        }
    }
}
