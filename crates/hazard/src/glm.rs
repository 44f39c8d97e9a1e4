//! Hazards by regression.

use std::collections::HashMap;

use helder_glm::{Design, Family, Glm, GlmFit, Response};
use helder_survival::{Intervals, PersonPeriods, RestrictedCubicSpline, Spells};
use serde::Serialize;

use crate::{
    DiscreteHazard, HazardCurve, HazardError, TIME,
    causes::{events_by_interval, rows_of},
    curve::{self, Scores},
};

/// How the chance of an interval follows from the score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// Its log-odds are the score: an effect multiplies the odds of an end.
    Logit,
    /// The logarithm of its cumulative hazard is the score: an effect is that of Cox's regression, whatever the width of the intervals.
    Cloglog,
}

impl Link {
    const fn family(self) -> Family {
        match self {
            Self::Logit => Family::Binomial,
            Self::Cloglog => Family::BinomialCloglog,
        }
    }
}

/// How the hazard goes with time when nothing else changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeEffect {
    /// Each interval has a hazard of its own; one without ends has the hazard 0.
    EachInterval,
    /// A restricted cubic spline in the ends of the intervals, its knots at quantiles of the times of the ends: 3 to 7.
    Spline {
        /// Knots.
        knots: usize,
    },
    /// A line in the ends of the intervals.
    Line,
}

/// A fitted regression per cause.
#[derive(Clone, Debug, Serialize)]
pub struct GlmHazard {
    /// The intervals.
    pub intervals: Intervals,
    /// How chances follow from scores.
    pub link: Link,
    /// Columns beside the time, in the order in which a description gives them.
    pub columns: Vec<String>,
    /// One per cause, `1..`.
    pub causes: Vec<CauseModel>,
    /// Rows of spells by interval that were learned from.
    pub n_rows: usize,
}

/// The regression of one cause.
#[derive(Clone, Debug, Serialize)]
pub struct CauseModel {
    /// Coefficients of the time, then of the columns.
    pub fit: GlmFit,
    /// What the time became.
    time: TimeColumns,
}

/// The time as columns.
#[derive(Clone, Debug, Serialize)]
enum TimeColumns {
    /// Intervals with ends; the first is the intercept, each other has a column.
    Each(Vec<usize>),
    Spline(RestrictedCubicSpline),
    Line,
}

impl TimeColumns {
    /// Values at an interval; `None` where nobody ends.
    fn at(&self, interval: usize, end: f64) -> Option<Vec<f64>> {
        match self {
            Self::Each(intervals) => {
                let place = intervals.binary_search(&interval).ok()?;
                let flag = |k: usize| f64::from(u8::from(k == place));
                Some((1..intervals.len()).map(flag).collect())
            }
            Self::Spline(spline) => Some(spline.basis(end)),
            Self::Line => Some(vec![end]),
        }
    }

    fn names(&self) -> Vec<String> {
        match self {
            Self::Each(intervals) => intervals[1..]
                .iter()
                .map(|k| format!("(interval {})", k + 1))
                .collect(),
            Self::Spline(spline) => spline.names(TIME),
            Self::Line => vec![TIME.to_owned()],
        }
    }
}

pub(crate) fn fit(
    settings: &DiscreteHazard,
    spells: &Spells,
    columns: &[(String, Vec<f64>)],
    link: Link,
    time: TimeEffect,
) -> Result<GlmHazard, HazardError> {
    let n = spells.len();
    let wrong = columns.iter().filter(|(_, values)| values.len() != n);
    let wrong: Vec<String> = wrong.map(|(name, _)| name.clone()).collect();
    if !wrong.is_empty() {
        return Err(HazardError::Lengths {
            names: wrong,
            expected: n,
        });
    }
    if spells.n_causes() == 0 {
        return Err(HazardError::NoEvents(1));
    }
    let (labels, example) = patterns(columns, n);
    let intervals = &settings.intervals;
    let periods = spells.person_periods(intervals, Some(&labels), settings.most_rows)?;
    let causes = (1..=spells.n_causes())
        .map(|cause| {
            let events = events_by_interval(&periods, intervals, cause)?;
            let time = time_columns(time, intervals, &events)?;
            cause_model(&periods, intervals, columns, &example, cause, time, link)
        })
        .collect::<Result<_, _>>()?;
    Ok(GlmHazard {
        intervals: intervals.clone(),
        link,
        columns: columns.iter().map(|(name, _)| name.clone()).collect(),
        causes,
        n_rows: periods.len(),
    })
}

/// A label per spell, equal for equal values, and a spell of each.
fn patterns(columns: &[(String, Vec<f64>)], n: usize) -> (Vec<u32>, Vec<usize>) {
    let mut known: HashMap<Vec<u64>, u32> = HashMap::new();
    let mut example = Vec::new();
    let labels = (0..n)
        .map(|i| {
            let values = columns.iter().map(|(_, values)| values[i].to_bits());
            *known.entry(values.collect()).or_insert_with(|| {
                example.push(i);
                example.len() as u32 - 1
            })
        })
        .collect();
    (labels, example)
}

fn time_columns(
    time: TimeEffect,
    intervals: &Intervals,
    events: &[f64],
) -> Result<TimeColumns, HazardError> {
    Ok(match time {
        TimeEffect::EachInterval => {
            TimeColumns::Each((0..events.len()).filter(|&k| events[k] > 0.0).collect())
        }
        TimeEffect::Line => TimeColumns::Line,
        TimeEffect::Spline { knots } => {
            // As often as people end there, so that the curve bends where there is something to see; whole numbers will do.
            let total: f64 = events.iter().sum();
            let times = events
                .iter()
                .zip(intervals.ends())
                .flat_map(|(events, &end)| {
                    let many = (1_000.0 * events / total).round() as usize;
                    std::iter::repeat_n(end, many.max(usize::from(*events > 0.0)))
                });
            let times: Vec<f64> = times.collect();
            TimeColumns::Spline(RestrictedCubicSpline::at_quantiles(&times, knots)?)
        }
    })
}

fn cause_model(
    periods: &PersonPeriods,
    intervals: &Intervals,
    columns: &[(String, Vec<f64>)],
    example: &[usize],
    cause: usize,
    time: TimeColumns,
    link: Link,
) -> Result<CauseModel, HazardError> {
    let ends = intervals.ends();
    let by_interval: Vec<Option<Vec<f64>>> = (0..ends.len()).map(|k| time.at(k, ends[k])).collect();
    let rows = rows_of(periods, cause, |k| by_interval[k].is_some());
    let of_time = |j: usize| -> Vec<f64> {
        let value = |row: &usize| {
            by_interval[periods.interval[*row] as usize]
                .as_ref()
                .map_or(0.0, |values| values[j])
        };
        rows.row.iter().map(value).collect()
    };
    let of_spell = |values: &Vec<f64>| -> Vec<f64> {
        let value = |row: &usize| values[example[periods.origin[*row] as usize]];
        rows.row.iter().map(value).collect()
    };
    let names = time.names();
    let all = names
        .into_iter()
        .enumerate()
        .map(|(j, name)| (name, of_time(j)))
        .chain(
            columns
                .iter()
                .map(|(name, values)| (name.clone(), of_spell(values))),
        );
    let fault = |source| HazardError::Glm {
        cause: cause as u32,
        source,
    };
    let design = Design::new(rows.row.len(), all).map_err(fault)?;
    let response = Response::yes_no(&rows.ended).weights(&rows.weight);
    let fit = Glm::new(link.family())
        .fit(&design, &response)
        .map_err(fault)?;
    Ok(CauseModel { fit, time })
}

impl GlmHazard {
    /// The curve of somebody with these values of the columns, in their order.
    ///
    /// Limits are those of the coefficients (model-based, linearised). With several causes each cause's estimates count as independent of
    /// the others', which they are up to the product of their hazards.
    ///
    /// # Errors
    /// Another number of values; a confidence outside `(0, 1)`.
    pub fn curve(&self, values: &[f64], confidence: f64) -> Result<HazardCurve, HazardError> {
        if values.len() != self.columns.len() {
            return Err(HazardError::Values {
                found: values.len(),
                expected: self.columns.len(),
            });
        }
        let ends = self.intervals.ends();
        let scores: Vec<Scores> = self
            .causes
            .iter()
            .map(|cause| cause.scores(&self.columns, values, ends))
            .collect();
        curve::curve(ends, self.link, &scores, confidence)
    }
}

impl CauseModel {
    /// Knots of the curve of the time; `None` where the time is no curve.
    pub fn time_knots(&self) -> Option<&[f64]> {
        match &self.time {
            TimeColumns::Spline(spline) => Some(spline.knots()),
            TimeColumns::Each(_) | TimeColumns::Line => None,
        }
    }

    fn scores(&self, columns: &[String], values: &[f64], ends: &[f64]) -> Scores {
        let time_names = self.time.names();
        let coefficients = &self.fit.coefficients;
        // Where each coefficient finds its value: the intercept, the time, a column.
        let value = |name: &str, of_time: &[f64]| {
            if let Some(place) = time_names.iter().position(|known| known == name) {
                of_time[place]
            } else if let Some(place) = columns.iter().position(|known| known == name) {
                values[place]
            } else {
                1.0
            }
        };
        let rows: Vec<Option<Vec<f64>>> = (0..ends.len())
            .map(|k| {
                let of_time = self.time.at(k, ends[k])?;
                Some(
                    coefficients
                        .iter()
                        .map(|c| value(&c.name, &of_time))
                        .collect(),
                )
            })
            .collect();
        let score = |row: &Option<Vec<f64>>| {
            row.as_ref().map_or(f64::NEG_INFINITY, |row| {
                row.iter()
                    .zip(coefficients)
                    .map(|(x, c)| x * c.estimate)
                    .sum()
            })
        };
        let p = coefficients.len();
        let factor = lower_factor(&self.fit.covariance, p);
        let direction = |j: usize| -> Vec<f64> {
            let along = |row: &Option<Vec<f64>>| {
                row.as_ref()
                    .map_or(0.0, |row| (j..p).map(|i| row[i] * factor[i * p + j]).sum())
            };
            rows.iter().map(along).collect()
        };
        Scores {
            score: rows.iter().map(score).collect(),
            directions: (0..p).map(direction).collect(),
        }
    }
}

/// `L` with `L Lᵀ` the matrix of shape `(p, p)`; what rounding makes negative counts as 0.
fn lower_factor(matrix: &[f64], p: usize) -> Vec<f64> {
    let mut lower = vec![0.0; p * p];
    for i in 0..p {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| lower[i * p + k] * lower[j * p + k]).sum();
            let rest = matrix[i * p + j] - known;
            lower[i * p + j] = if i == j {
                rest.max(0.0).sqrt()
            } else if lower[j * p + j] > 0.0 {
                rest / lower[j * p + j]
            } else {
                0.0
            };
        }
    }
    lower
}
