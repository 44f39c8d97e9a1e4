//! How long spells last, and by which cause they end: curves and chances of which no step rests on fewer spells than allowed.

use helder_model::Meaning;
use helder_survival::{
    AalenJohansen, KaplanMeier, RestrictedMean, Spells, aalen_johansen, kaplan_meier,
};
use serde::{Deserialize, Serialize};

use crate::{
    CONFIDENCE,
    prepare::{CauseName, Prepared},
    small::{self, rounded},
};

/// Points of a curve at most.
const MOST_POINTS: f64 = 240.0;

/// How long the spells of one group last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stay {
    /// Spells.
    pub spells: u64,
    /// Spells that ended; absent where that would tell of too few.
    pub ended: Option<u64>,
    /// Months until half have left, with limits; absent where the curve does not come so low or too few are left to tell.
    pub median: Option<Limits>,
    /// Share that is still there, by month (Kaplan–Meier).
    pub curve: Vec<Point>,
    /// Chance to have left within each horizon, in the order of the spec; absent where too few have ended or are left.
    pub within: Vec<Option<Limits>>,
    /// Average months within the last horizon (restricted mean survival time), with limits; absent where too few have ended or are left by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average_months: Option<Limits>,
}

/// An estimate with 95 % limits; a limit is absent where it has no value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// The estimate.
    pub estimate: f64,
    /// Lower limit.
    pub lower: Option<f64>,
    /// Upper limit.
    pub upper: Option<f64>,
}

/// A point of a curve: it holds until the next.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Point {
    /// Months since the beginning.
    pub months: f64,
    /// Share, in `[0, 1]`.
    pub share: f64,
    /// Lower limit.
    pub lower: Option<f64>,
    /// Upper limit.
    pub upper: Option<f64>,
}

/// One cause of the end, when all causes compete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CauseShare {
    /// Its name.
    pub words: Meaning,
    /// Names of the rare causes that it is made of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Meaning>,
    /// Ended, nobody wrote down why.
    pub is_unknown: bool,
    /// Spells that ended so.
    pub ended: u64,
    /// Share that has ended so, by month (Aalen–Johansen).
    pub curve: Vec<Point>,
    /// Chance to have ended so within each horizon.
    pub within: Vec<Option<Limits>>,
}

pub(crate) fn limits(estimate: f64, lower: Option<f64>, upper: Option<f64>) -> Limits {
    Limits {
        estimate: rounded(estimate),
        lower: lower.filter(|value| value.is_finite()).map(rounded),
        upper: upper.filter(|value| value.is_finite()).map(rounded),
    }
}

/// The groups of a division of all spells, each at least of the smallest size: their lengths of stay.
pub(crate) fn stays(prepared: &Prepared<'_>, parts: &[Vec<usize>]) -> Vec<Stay> {
    let of = |places: &Vec<usize>| prepared.spells.at(places).any();
    let spells: Vec<Spells> = parts.iter().map(of).collect();
    let counts: Vec<(usize, usize)> = spells.iter().map(|s| (s.n_events(), s.len())).collect();
    let told = small::counts(&counts, prepared.smallest());
    let pairs = spells.iter().zip(told);
    pairs
        .map(|(spells, ended)| stay(prepared, spells, ended))
        .collect()
}

/// All spells together.
pub(crate) fn overall(prepared: &Prepared<'_>) -> Stay {
    let spells = prepared.spells.any();
    let ended = spells.n_events();
    let running = spells.len() - ended;
    let told = (running == 0 || running >= prepared.smallest()).then_some(ended as u64);
    stay(prepared, &spells, told)
}

fn stay(prepared: &Prepared<'_>, spells: &Spells, ended: Option<u64>) -> Stay {
    let km = kaplan_meier(spells, CONFIDENCE);
    let smallest = prepared.smallest() as f64;
    let seen = Seen::of_curve(&km);
    let share = |i: usize| {
        let point = &km.points[i];
        (point.survival, point.lower, point.upper)
    };
    let within = |&months: &u32| {
        let i = seen.last_until(prepared.time_of(months))?;
        let (survival, lower, upper) = share(i);
        seen.may_tell(i, smallest).then(|| {
            limits(
                1.0 - survival,
                upper.map(|u| 1.0 - u),
                lower.map(|l| 1.0 - l),
            )
        })
    };
    let median = km.quantile(0.5);
    let median = median.time.and_then(|time| {
        let i = seen.last_until(time)?;
        let months = |time: f64| prepared.months(time);
        seen.may_tell(i, smallest).then(|| Limits {
            estimate: months(time),
            lower: median.lower.map(months),
            upper: median.upper.map(months),
        })
    });
    let average = average(prepared, &km, &seen).map(|mean| {
        let (lower, upper) = mean.limits(CONFIDENCE);
        let [mean, lower, upper] = [mean.mean, lower, upper].map(|time| prepared.months(time));
        limits(mean, Some(lower), Some(upper))
    });
    Stay {
        spells: spells.len() as u64,
        ended,
        median,
        curve: curve(prepared, &seen, (1.0, &share)),
        within: prepared.spec.horizons.iter().map(within).collect(),
        average_months: average,
    }
}

/// Mean time within the last horizon, where it may be told.
fn average(prepared: &Prepared<'_>, km: &KaplanMeier, seen: &Seen) -> Option<RestrictedMean> {
    let tau = prepared.time_of(*prepared.spec.horizons.last()?);
    let i = seen.last_until(tau)?;
    seen.may_tell(i, prepared.smallest() as f64)
        .then(|| km.restricted_mean(tau))
}

/// How many more months the spells of each part last on average, within the last horizon, than those of the part at `reference`; absent for
/// that part, and where one of the two averages may not be told.
///
/// # Source
/// Royston & Parmar 2013 (doi 10.1186/1471-2288-13-152); the limits are those of two independent samples.
pub(crate) fn differences(
    prepared: &Prepared<'_>,
    parts: &[Vec<usize>],
    reference: usize,
) -> Vec<Option<Limits>> {
    let averages = parts.iter().map(|places| {
        let km = kaplan_meier(&prepared.spells.at(places).any(), CONFIDENCE);
        average(prepared, &km, &Seen::of_curve(&km))
    });
    let averages: Vec<Option<RestrictedMean>> = averages.collect();
    let base = averages.get(reference).copied().flatten();
    let of = |(place, own): (usize, &Option<RestrictedMean>)| {
        let ((Some(own), Some(base)), true) = ((own, base), place != reference) else {
            return None;
        };
        let difference = own.minus(&base);
        let (lower, upper) = difference.limits(CONFIDENCE);
        let [estimate, lower, upper] =
            [difference.difference, lower, upper].map(|time| prepared.months(time));
        Some(limits(estimate, Some(lower), Some(upper)))
    };
    averages.iter().enumerate().map(of).collect()
}

/// Shares by cause of all spells.
pub(crate) fn causes(prepared: &Prepared<'_>) -> Vec<CauseShare> {
    let estimates = aalen_johansen(&prepared.spells, CONFIDENCE);
    let causes = prepared.causes.iter().enumerate();
    let mut causes: Vec<CauseShare> = causes
        .map(|(n, name)| cause(prepared, &estimates, (n, name)))
        .collect();
    keep_back(causes.iter_mut().map(|cause| &mut cause.within).collect());
    causes
}

/// Chances by cause add up to the chance to have left: where one alone is withheld, the least of the others is too.
fn keep_back(mut causes: Vec<&mut Vec<Option<Limits>>>) {
    let horizons = causes.first().map_or(0, |within| within.len());
    for n in 0..horizons {
        if causes.iter().filter(|within| within[n].is_none()).count() != 1 {
            continue;
        }
        let told = causes
            .iter_mut()
            .filter_map(|within| within[n].map(|it| (it, within)));
        let least = told.min_by(|a, b| a.0.estimate.total_cmp(&b.0.estimate));
        if let Some((_, within)) = least {
            within[n] = None;
        }
    }
}

fn cause(
    prepared: &Prepared<'_>,
    estimates: &AalenJohansen,
    (n, name): (usize, &CauseName),
) -> CauseShare {
    let seen = Seen::of_cause(&prepared.spells, estimates, n);
    let share = |i: usize| {
        let incidence = &estimates.points[i].causes[n];
        (incidence.share, incidence.lower, incidence.upper)
    };
    CauseShare {
        words: name.words.clone(),
        parts: name.parts.clone(),
        is_unknown: name.is_unknown,
        ended: name.n as u64,
        curve: curve(prepared, &seen, (0.0, &share)),
        within: within_cause(prepared, estimates, &seen, n),
    }
}

fn within_cause(
    prepared: &Prepared<'_>,
    estimates: &AalenJohansen,
    seen: &Seen,
    n: usize,
) -> Vec<Option<Limits>> {
    let smallest = prepared.smallest() as f64;
    let within = |&months: &u32| {
        let i = seen.last_until(prepared.time_of(months))?;
        let incidence = &estimates.points[i].causes[n];
        seen.may_tell(i, smallest)
            .then(|| limits(incidence.share, incidence.lower, incidence.upper))
    };
    prepared.spec.horizons.iter().map(within).collect()
}

/// Per cause, the chance to have ended so within each horizon, among some spells.
pub(crate) fn causes_of(prepared: &Prepared<'_>, places: &[usize]) -> Vec<Vec<Option<Limits>>> {
    let spells = prepared.spells.at(places);
    let estimates = aalen_johansen(&spells, CONFIDENCE);
    let none = || vec![None; prepared.spec.horizons.len()];
    let of = |n: usize| {
        if n >= estimates.n_causes {
            return none();
        }
        within_cause(
            prepared,
            &estimates,
            &Seen::of_cause(&spells, &estimates, n),
            n,
        )
    };
    let mut causes: Vec<Vec<Option<Limits>>> = (0..prepared.causes.len()).map(of).collect();
    keep_back(causes.iter_mut().collect());
    causes
}

/// How many a curve rests on, at each of its points.
struct Seen {
    time: Vec<f64>,
    /// Ends until and with the point.
    ended: Vec<f64>,
    /// Still at risk just after it.
    left: Vec<f64>,
}

impl Seen {
    fn of_curve(km: &KaplanMeier) -> Self {
        let mut ended = 0.0;
        let of = |point: &helder_survival::CurvePoint| {
            ended += point.n_event;
            ended
        };
        Self {
            time: km.points.iter().map(|point| point.time).collect(),
            ended: km.points.iter().map(of).collect(),
            left: km
                .points
                .iter()
                .map(|point| point.n_risk - point.n_event - point.n_censor)
                .collect(),
        }
    }

    fn of_cause(spells: &Spells, estimates: &AalenJohansen, n: usize) -> Self {
        let mut leaving = vec![0.0; estimates.points.len()];
        let mut ending = leaving.clone();
        for (time, cause) in spells.times().iter().zip(spells.causes()) {
            let place = estimates.points.partition_point(|point| point.time < *time);
            leaving[place] += 1.0;
            ending[place] += f64::from(u8::from(*cause as usize == n + 1));
        }
        let mut ended = 0.0;
        let of = |now: &f64| {
            ended += now;
            ended
        };
        Self {
            time: estimates.points.iter().map(|point| point.time).collect(),
            ended: ending.iter().map(of).collect(),
            left: estimates
                .points
                .iter()
                .zip(&leaving)
                .map(|(point, leaving)| point.n_risk - leaving)
                .collect(),
        }
    }

    fn last_until(&self, time: f64) -> Option<usize> {
        self.time
            .partition_point(|other| *other <= time)
            .checked_sub(1)
    }

    /// A share tells how many have ended and how many are left.
    fn may_tell(&self, i: usize, smallest: f64) -> bool {
        self.ended[i] >= smallest && self.left[i] >= smallest
    }
}

type Share<'a> = (f64, &'a dyn Fn(usize) -> (f64, Option<f64>, Option<f64>));

/// Points on a grid of months; the next comes when at least the smallest allowed number has ended since, and that many are left.
fn curve(prepared: &Prepared<'_>, seen: &Seen, (start, share): Share<'_>) -> Vec<Point> {
    let month = prepared.spec.time_unit.per_month();
    let last = seen.time.last().copied().unwrap_or(0.0);
    let step = (last / month / MOST_POINTS).ceil().max(1.0);
    let smallest = prepared.smallest() as f64;
    let mut points = vec![Point {
        months: 0.0,
        share: start,
        lower: None,
        upper: None,
    }];
    let mut told = 0.0;
    let mut months = step;
    while months * month <= last {
        if let Some(i) = seen.last_until(months * month) {
            if seen.left[i] < smallest {
                break;
            }
            if seen.ended[i] - told >= smallest {
                let (share, lower, upper) = share(i);
                points.push(Point {
                    months,
                    share: rounded(share),
                    lower: lower.map(rounded),
                    upper: upper.map(rounded),
                });
                told = seen.ended[i];
            }
        }
        months += step;
    }
    points
}
