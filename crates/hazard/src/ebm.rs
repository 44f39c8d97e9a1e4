//! Hazards by curves.

use helder_ebm::{Attended, Bins, Column, Ebm, Fitted, Report, Settings, Value};
use helder_survival::{Intervals, PersonPeriods, Spells};
use serde::Serialize;

use crate::{
    DiscreteHazard, HazardCurve, HazardError, Link,
    causes::{events_by_interval, rows_of},
    curve::{self, Scores},
};

/// Name of the input that holds the end of the interval.
pub const TIME: &str = "(time)";

/// A sum of curves per cause.
#[derive(Clone, Debug, Serialize)]
pub struct EbmHazard {
    /// The intervals.
    pub intervals: Intervals,
    /// One per cause, `1..`: log-odds of this end among this end and none. The last input is [`TIME`]; a pair with it is an effect that
    /// changes with time.
    pub causes: Vec<Ebm>,
    /// Rows of spells by interval that were learned from.
    pub n_rows: usize,
    /// Share of these rows in each interval; adds up to 1.
    pub at_risk: Vec<f64>,
}

pub(crate) fn fit(
    hazard: &DiscreteHazard,
    spells: &Spells,
    columns: &[Column],
    settings: &Settings,
    attended: Attended<'_>,
) -> Result<(EbmHazard, Vec<Report>), HazardError> {
    let wrong = columns.iter().filter(|column| column.len() != spells.len());
    let wrong: Vec<String> = wrong.map(|column| column.name().to_owned()).collect();
    if !wrong.is_empty() {
        return Err(HazardError::Lengths {
            names: wrong,
            expected: spells.len(),
        });
    }
    if spells.n_causes() == 0 {
        return Err(HazardError::NoEvents(1));
    }
    let intervals = &hazard.intervals;
    // Not by pattern: bags draw rows, and a row must not be hundreds of people.
    let periods = spells.person_periods(intervals, None, hazard.most_rows)?;
    let settings = Settings {
        bins: bins(intervals, columns, settings)?,
        ..settings.clone()
    };
    let fitted = (1..=spells.n_causes())
        .map(|cause| {
            events_by_interval(&periods, intervals, cause)?;
            cause_model(&periods, intervals, columns, cause, (&settings, attended))
        })
        .collect::<Result<Vec<Fitted>, HazardError>>()?;
    let (causes, reports) = fitted
        .into_iter()
        .map(|fitted| (fitted.model, fitted.report))
        .unzip();
    let hazard = EbmHazard {
        intervals: intervals.clone(),
        causes,
        n_rows: periods.len(),
        at_risk: at_risk(&periods, intervals.len()),
    };
    Ok((hazard, reports))
}

/// Bins by spells, not by their rows: a bin of many rows could be one person. The time has one per interval, as far as bins reach.
fn bins(
    intervals: &Intervals,
    columns: &[Column],
    settings: &Settings,
) -> Result<Vec<(String, Bins)>, HazardError> {
    let fault = |source| HazardError::Ebm { cause: 1, source };
    let of = |column: &Column| {
        let bins = Bins::of(column, settings.max_bins, settings.min_bin_rows).map_err(fault)?;
        Ok((column.name().to_owned(), bins))
    };
    let mut all: Vec<(String, Bins)> =
        columns.iter().map(of).collect::<Result<_, HazardError>>()?;
    let times = Column::Numeric {
        name: TIME.to_owned(),
        values: intervals.ends().to_vec(),
    };
    let bins = Bins::of(&times, settings.max_bins, 1).map_err(fault)?;
    all.push((TIME.to_owned(), bins));
    Ok(all)
}

fn at_risk(periods: &PersonPeriods, intervals: usize) -> Vec<f64> {
    let mut shares = vec![0.0; intervals];
    for (interval, weight) in periods.interval.iter().zip(&periods.at_risk) {
        shares[*interval as usize] += weight;
    }
    let all: f64 = shares.iter().sum();
    for share in &mut shares {
        *share /= all;
    }
    shares
}

fn cause_model(
    periods: &PersonPeriods,
    intervals: &Intervals,
    columns: &[Column],
    cause: usize,
    (settings, attended): (&Settings, Attended<'_>),
) -> Result<Fitted, HazardError> {
    let rows = rows_of(periods, cause, |_| true);
    let spell = |row: &usize| periods.origin[*row] as usize;
    let mut inputs: Vec<Column> = columns
        .iter()
        .map(|column| match column {
            Column::Numeric { name, values } => Column::Numeric {
                name: name.clone(),
                values: rows.row.iter().map(|row| values[spell(row)]).collect(),
            },
            Column::Category {
                name,
                codes,
                levels,
            } => Column::Category {
                name: name.clone(),
                codes: rows.row.iter().map(|row| codes[spell(row)]).collect(),
                levels: levels.clone(),
            },
        })
        .collect();
    let end = |row: &usize| intervals.ends()[periods.interval[*row] as usize];
    inputs.push(Column::Numeric {
        name: TIME.to_owned(),
        values: rows.row.iter().map(end).collect(),
    });
    let whole = rows
        .weight
        .iter()
        .all(|weight| weight.total_cmp(&1.0).is_eq());
    let weights = (!whole).then_some(&rows.weight[..]);
    Ebm::fit_kept(&inputs, &rows.ended, weights, settings, attended).map_err(|source| {
        HazardError::Ebm {
            cause: cause as u32,
            source,
        }
    })
}

impl EbmHazard {
    /// The curve of somebody with these values of the columns, in their order, without the time.
    ///
    /// Limits are those of the spread over the bags, which know nothing of what early stopping smooths away; none with one bag.
    ///
    /// # Errors
    /// Another number of values, a value of the other kind, a confidence outside `(0, 1)`.
    pub fn curve(&self, values: &[Value<'_>], confidence: f64) -> Result<HazardCurve, HazardError> {
        let ends = self.intervals.ends();
        let scores = self
            .causes
            .iter()
            .enumerate()
            .map(|(c, model)| {
                let fault = |source| HazardError::Ebm {
                    cause: c as u32 + 1,
                    source,
                };
                let mut row = values.to_vec();
                row.push(Value::Number(0.0));
                let last = row.len() - 1;
                let mut score = Vec::with_capacity(ends.len());
                let mut deviations = Vec::with_capacity(ends.len());
                for &end in ends {
                    row[last] = Value::Number(end);
                    let (bins, _) = model.bins(&row).map_err(fault)?;
                    score.push(model.score(&bins));
                    deviations.push(model.deviations(&bins));
                }
                let bags = deviations.first().map_or(0, Vec::len);
                let direction = |bag: usize| deviations.iter().map(|of| of[bag]).collect();
                Ok(Scores {
                    score,
                    directions: (0..bags).map(direction).collect(),
                })
            })
            .collect::<Result<Vec<Scores>, HazardError>>()?;
        curve::curve(ends, Link::Logit, &scores, confidence)
    }
}
