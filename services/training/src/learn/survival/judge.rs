//! How good the outlooks of the stored model are, on the rows kept apart.

use helder_fairness::Verdict;
use helder_model::{Meaning, Model, Outlook, Scorer};
use helder_survival::{
    AalenJohansen, Censoring, Spells, aalen_johansen, dynamic_auc, uno_concordance,
};
use serde::Serialize;

use super::{
    HORIZONS, IntervalSummary, Lasted, RegressionSummary, Summary, SurvivalSummary,
    calibration::{CalibrationRow, calibration},
    groups::{GroupOutlooks, group_outlooks},
    measures::{Ordered, brier, mean_over, ordered},
};
use crate::learn::{
    LearnError,
    audit::NotJudged,
    fill::Filler,
    judge::{EvaluationDocument, FairnessDocument, Judged, RowCounts},
    plan::{NewTrainingRun, SMALLEST_GROUP},
    split::Rows,
    table::Table,
};

/// Classes of rows by their chance, in which what was said is held against what came.
const CLASSES: usize = 5;
/// Times over which Brier scores are averaged.
const GRID: usize = 12;
const CONFIDENCE: f64 = 0.95;

/// The part of `evaluation.json` about survival.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct SurvivalQuality {
    /// The regressions on the train rows; absent where an expert changed the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fit: Option<SurvivalSummary>,
    /// The curves by interval on the train rows; absent for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intervals: Option<IntervalSummary>,
    /// The regressions by interval on the train rows; absent for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regression: Option<RegressionSummary>,
    /// One per cause, on the test rows.
    pub causes: Vec<CauseQuality>,
    /// What cannot be said, and why.
    pub not_judged: Vec<NotJudged>,
}

/// How well ends by one cause are foreseen.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct CauseQuality {
    pub name: String,
    pub meaning: Meaning,
    /// Test rows that ended by it; absent where fewer than ten.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<usize>,
    /// Harrell's concordance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concordance: Option<Ordered>,
    /// Uno's, of ends before the last horizon that can be judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uno_concordance: Option<f64>,
    /// Brier score averaged over time until the last horizon that can be judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integrated_brier: Option<f64>,
    /// The same when everybody gets the share of the train rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integrated_brier_of_share: Option<f64>,
    pub horizons: Vec<HorizonQuality>,
}

/// How well ends by one cause until one time are foreseen.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct HorizonQuality {
    /// Days.
    pub days: f64,
    /// Area under the curve of "ended by it until then" against "had not ended then".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auc: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brier: Option<f64>,
    /// When everybody gets the share of the train rows (Aalen and Johansen; with one cause Kaplan and Meier).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brier_of_share: Option<f64>,
    /// That share.
    pub share_in_training: f64,
    pub everybody: CalibrationRow,
    /// Rows by their chance, lowest first.
    pub classes: Vec<CalibrationRow>,
}

/// What the model says of rows.
pub(super) struct Said {
    /// Per cause and row.
    pub(super) scores: Vec<Vec<f64>>,
    /// Per cause, horizon and row.
    pub(super) chances: Vec<Vec<Vec<f64>>>,
    /// Per cause, time of the grid and row.
    grid: Vec<Vec<Vec<f64>>>,
}

/// Outlooks of the stored model, as prediction will give them.
///
/// # Errors
/// [`LearnError::Invalid`] for a row that the model refuses.
pub(super) fn outlooks(
    table: &Table,
    model: &Model,
    rows: &[usize],
) -> Result<Vec<Outlook>, LearnError> {
    let mut found = Vec::with_capacity(rows.len());
    each_outlook(table, model, rows, false, &mut |outlook| {
        found.push(outlook);
    })?;
    Ok(found)
}

fn each_outlook(
    table: &Table,
    model: &Model,
    rows: &[usize],
    with_curve: bool,
    each: &mut dyn FnMut(Outlook),
) -> Result<(), LearnError> {
    let scorer = Scorer::new(model).map_err(LearnError::internal)?;
    let filler = Filler::new(table, &scorer)?;
    let mut row = scorer.row();
    for &at in rows {
        row.clear();
        filler.fill(at, &mut row)?;
        let outlook = scorer
            .outlook(&row, with_curve)
            .map_err(LearnError::internal)?;
        each(outlook.ok_or_else(|| LearnError::internal("the model has no outlook"))?);
    }
    Ok(())
}

impl Said {
    fn of(
        table: &Table,
        model: &Model,
        rows: &[usize],
        grid: &[f64],
        n_causes: usize,
    ) -> Result<Self, LearnError> {
        let mut said = Self {
            scores: vec![Vec::with_capacity(rows.len()); n_causes],
            chances: vec![vec![Vec::with_capacity(rows.len()); HORIZONS.len()]; n_causes],
            grid: vec![vec![Vec::with_capacity(rows.len()); grid.len()]; n_causes],
        };
        each_outlook(table, model, rows, true, &mut |outlook| {
            for (place, cause) in outlook.causes.iter().enumerate() {
                said.scores[place].push(cause.score);
                for (chances, chance) in said.chances[place].iter_mut().zip(&cause.ended) {
                    chances.push(chance.chance);
                }
                let Some(curve) = &outlook.curve else {
                    continue;
                };
                for (chances, time) in said.grid[place].iter_mut().zip(grid) {
                    let at = curve
                        .time
                        .partition_point(|other| other <= time)
                        .checked_sub(1);
                    chances.push(at.map_or(0.0, |at| curve.ended[place][at]));
                }
            }
        })?;
        Ok(said)
    }
}

/// Scores the test rows with the stored model and judges its chances. Whether a difference between groups is fair depends on what the
/// chances are used for, so there is no verdict but `notEnoughData`.
///
/// # Errors
/// [`LearnError::Invalid`] when spells of the test rows do not fit together or a sensitive column is no grouping.
pub(in crate::learn) fn judge(
    table: &Table,
    plan: &NewTrainingRun,
    rows: &Rows,
    model: &Model,
    summary: Summary,
) -> Result<Judged, LearnError> {
    let (train, test) = (
        Lasted::of(table, plan, &rows.train)?,
        Lasted::of(table, plan, &rows.test)?,
    );
    let spoken = model.algorithm.spoken();
    let hazards = spoken.ok_or_else(|| LearnError::internal("no survival model"))?;
    let followed = Followed::of(&train.spells, &test.spells);
    let last = HORIZONS
        .iter()
        .copied()
        .rfind(|horizon| followed.reaches(*horizon));
    let grid = last.map_or_else(Vec::new, |last| grid(model, last));
    let said = Said::of(table, model, &rows.test, &grid, hazards.causes.len())?;
    let shares = aalen_johansen(&train.spells, CONFIDENCE);
    let mut not_judged = followed.not_judged();
    let causes = hazards
        .causes
        .iter()
        .enumerate()
        .map(|(place, (name, meaning, _))| {
            let own = test.spells.only(place as u32 + 1);
            let events = own.n_events();
            let enough = events >= SMALLEST_GROUP;
            if !enough {
                not_judged.push(few(meaning));
            }
            let score = &said.scores[place];
            let of = Judging {
                followed: &followed,
                test: &test.spells,
                own: &own,
                shares: &shares,
                cause: place,
            };
            let over = |chances: &dyn Fn(usize) -> Vec<f64>| {
                let scores: Option<Vec<f64>> = (0..grid.len())
                    .map(|at| {
                        brier(
                            &followed.censoring,
                            &test.spells,
                            &chances(at),
                            (place as u32 + 1, grid[at]),
                        )
                    })
                    .collect();
                scores
                    .filter(|_| enough)
                    .and_then(|scores| mean_over(&grid, &scores))
            };
            let n = rows.test.len();
            CauseQuality {
                name: (*name).to_owned(),
                meaning: (*meaning).clone(),
                events: enough.then_some(events),
                concordance: ordered(&own, score).filter(|_| enough),
                uno_concordance: last
                    .filter(|_| enough)
                    .and_then(|last| uno_concordance(&followed.censoring, &own, score, last).ok()),
                integrated_brier: over(&|at| said.grid[place][at].clone()),
                integrated_brier_of_share: over(&|at| vec![share_at(&shares, place, grid[at]); n]),
                horizons: HORIZONS
                    .iter()
                    .enumerate()
                    .filter(|(_, horizon)| followed.reaches(**horizon))
                    .map(|(at, horizon)| of.horizon(*horizon, &said.chances[place][at]))
                    .collect(),
            }
        });
    let causes = causes.collect();
    let outlooks = group_outlooks(table, plan, rows, &test.spells, (&said, &hazards))?;
    let (fit, intervals, regression) = match summary {
        Summary::Cox(fit) => (Some(fit), None, None),
        Summary::Intervals(intervals) => (None, Some(intervals), None),
        Summary::Regression(regression) => (None, None, Some(regression)),
    };
    let quality = SurvivalQuality {
        fit,
        intervals,
        regression,
        causes,
        not_judged,
    };
    Ok(documents(RowCounts::of(rows), quality, outlooks))
}

/// Times over which Brier scores are averaged: twelve, evenly; where chances change by interval, ends of intervals.
fn grid(model: &Model, last: f64) -> Vec<f64> {
    if let Some(ends) = model.algorithm.interval_ends() {
        let ends: Vec<f64> = ends.iter().copied().filter(|end| *end <= last).collect();
        let every = ends.len().div_ceil(GRID).max(1);
        // Backwards, so that the last is among them.
        let mut kept: Vec<f64> = ends.into_iter().rev().step_by(every).collect();
        kept.reverse();
        return kept;
    }
    (1..=GRID)
        .map(|part| last * part as f64 / GRID as f64)
        .collect()
}

fn documents(rows: RowCounts, quality: SurvivalQuality, outlooks: Vec<GroupOutlooks>) -> Judged {
    Judged {
        fairness: FairnessDocument {
            format: "helder-fairness/1",
            rows,
            picked: None,
            sensitive_features: Vec::new(),
            memberships: Vec::new(),
            means: Vec::new(),
            outlooks,
            verdict: Verdict::NotEnoughData,
            sections: None,
        },
        evaluation: EvaluationDocument {
            format: "helder-evaluation/1",
            rows,
            predictions: None,
            estimates: None,
            survival: Some(quality),
            fit: None,
            boosting: None,
            scorecard: None,
            tree: None,
            edit: None,
            groups: None,
            sections: None,
        },
    }
}

fn share_at(shares: &AalenJohansen, cause: usize, time: f64) -> f64 {
    let point = shares.at(time).and_then(|point| point.causes.get(cause));
    point.map_or(0.0, |found| found.share)
}

/// How long rows were followed.
struct Followed {
    censoring: Censoring,
    /// Sorted ends of the test rows.
    times: Vec<f64>,
}

impl Followed {
    fn of(train: &Spells, test: &Spells) -> Self {
        let mut times = test.times().to_vec();
        times.sort_unstable_by(f64::total_cmp);
        Self {
            censoring: Censoring::of(&train.any()),
            times,
        }
    }

    /// Whether a time can be judged: ten test rows lasted longer, and some of the train rows were still followed.
    fn reaches(&self, time: f64) -> bool {
        let longer = self.times.len() - self.times.partition_point(|other| *other <= time);
        longer >= SMALLEST_GROUP && self.censoring.at(time) > 0.0
    }

    fn not_judged(&self) -> Vec<NotJudged> {
        let beyond = HORIZONS.iter().filter(|horizon| !self.reaches(**horizon));
        let months: Vec<String> = beyond
            .map(|horizon| super::months(*horizon).to_string())
            .collect();
        if months.is_empty() {
            return Vec::new();
        }
        let list = months.join(", ");
        vec![NotJudged::new(
            "follow-up",
            format!("Kansen na {list} maanden: te weinig rijen zijn zo lang gevolgd."),
            format!("Chances after {list} months: too few rows were followed that long."),
        )]
    }
}

fn few(cause: &Meaning) -> NotJudged {
    NotJudged::new(
        "few-events",
        format!("{}: minder dan tien testrijen eindigen zo.", cause.nl),
        format!("{}: fewer than ten test rows end this way.", cause.en),
    )
}

/// One cause on the test rows.
struct Judging<'a> {
    followed: &'a Followed,
    test: &'a Spells,
    own: &'a Spells,
    shares: &'a AalenJohansen,
    cause: usize,
}

impl Judging<'_> {
    fn horizon(&self, horizon: f64, chances: &[f64]) -> HorizonQuality {
        let cause = self.cause as u32 + 1;
        let ended = self.own.times().iter().zip(self.own.causes());
        let ended = ended
            .filter(|(time, cause)| **time <= horizon && **cause > 0)
            .count();
        let enough = ended >= SMALLEST_GROUP;
        let share = share_at(self.shares, self.cause, horizon);
        let brier = |chances: &[f64]| {
            brier(
                &self.followed.censoring,
                self.test,
                chances,
                (cause, horizon),
            )
            .filter(|_| enough)
        };
        let auc = dynamic_auc(&self.followed.censoring, self.own, chances, &[horizon]);
        HorizonQuality {
            days: horizon,
            auc: auc.ok().map(|found| found.auc[0]).filter(|_| enough),
            brier: brier(chances),
            brier_of_share: brier(&vec![share; chances.len()]),
            share_in_training: share,
            everybody: calibration(
                self.test,
                chances,
                (0..chances.len()).collect(),
                (self.cause, horizon),
            ),
            classes: self.classes(horizon, chances),
        }
    }

    fn classes(&self, horizon: f64, chances: &[f64]) -> Vec<CalibrationRow> {
        let mut order: Vec<usize> = (0..chances.len()).collect();
        order.sort_by(|a, b| chances[*a].total_cmp(&chances[*b]));
        let n = (order.len() / (2 * SMALLEST_GROUP)).clamp(1, CLASSES);
        (0..n)
            .map(|class| {
                let part = class * order.len() / n..(class + 1) * order.len() / n;
                calibration(
                    self.test,
                    chances,
                    order[part].to_vec(),
                    (self.cause, horizon),
                )
            })
            .collect()
    }
}
