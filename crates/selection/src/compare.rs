//! One line per contender, from its folds.

use serde::{Deserialize, Serialize};

use crate::{Contender, Estimate, FoldFigures, NestedFold, Reading, Role, State, Tried};

/// What figures can be.
const SHARE: (f64, f64) = (0.0, 1.0);
const POSITIVE: (f64, f64) = (0.0, f64::INFINITY);
const ANY: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

/// A contender as judged by the outer folds, its setting chosen anew in each by the inner ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Compared {
    /// As what it took part.
    pub role: Role,
    /// Setting chosen in each outer fold; empty when nothing was learned.
    pub chosen: Vec<usize>,
    /// Setting to learn with on all rows: the lowest mean log loss over the outer folds.
    pub setting: Option<usize>,
    /// Discrimination.
    pub auc: Option<Estimate>,
    /// Log loss.
    pub log_loss: Option<Estimate>,
    /// Brier score.
    pub brier: Option<Estimate>,
    /// Calibration slope; absent when a fold does not determine it.
    pub calibration_slope: Option<Estimate>,
    /// Precision at capacity; absent when a fold picks fewer than 10.
    pub precision: Option<Estimate>,
    /// Lift at capacity.
    pub lift: Option<Estimate>,
    /// What there is to read: the middle over the outer folds.
    pub reading: Option<Reading>,
    /// Figures per outer fold.
    pub folds: Vec<FoldFigures>,
    /// Log loss less that of the candidate with the lowest; 0 for that one.
    pub behind: Option<Estimate>,
}

/// Lines in the order of the contenders.
pub fn compare(contenders: &[Contender], tried: &Tried, folds: &[NestedFold]) -> Vec<Compared> {
    let ratio = test_ratio(folds);
    let mut lines: Vec<Compared> = contenders
        .iter()
        .zip(&tried.trials)
        .map(|(contender, trials)| {
            let done: Vec<usize> = (0..trials.len())
                .filter(|setting| trials[*setting].state == State::Done)
                .collect();
            let lowest = |loss: &dyn Fn(usize) -> f64| {
                done.iter()
                    .copied()
                    .min_by(|a, b| loss(*a).total_cmp(&loss(*b)))
            };
            let chosen: Vec<usize> = (0..folds.len())
                .filter_map(|fold| {
                    lowest(&|setting| match trials[setting].inner.get(fold) {
                        Some(loss) => loss.unwrap_or(f64::INFINITY),
                        None => 0.0,
                    })
                })
                .collect();
            let mean = |setting: usize| trials[setting].outer.iter().map(|f| f.log_loss).sum();
            let figures: Vec<FoldFigures> = chosen
                .iter()
                .enumerate()
                .map(|(fold, setting)| trials[*setting].outer[fold])
                .collect();
            let readings = chosen
                .iter()
                .enumerate()
                .filter_map(|(fold, setting)| trials[*setting].readings.get(fold).copied());
            let all = |pick: fn(&FoldFigures) -> Option<f64>, (least, most): (f64, f64)| {
                let values: Option<Vec<f64>> = figures.iter().map(pick).collect();
                let estimate = values.and_then(|values| Estimate::corrected(&values, ratio));
                estimate.map(|estimate| estimate.within(least, most))
            };
            Compared {
                role: contender.role,
                setting: lowest(&mean),
                auc: all(|f| Some(f.auc), SHARE),
                log_loss: all(|f| Some(f.log_loss), POSITIVE),
                brier: all(|f| Some(f.brier), SHARE),
                calibration_slope: all(|f| f.calibration_slope, ANY),
                precision: all(|f| f.precision, SHARE),
                lift: all(|f| f.lift, POSITIVE),
                reading: middle(readings.collect()),
                folds: figures,
                chosen,
                behind: None,
            }
        })
        .collect();
    if let Some(best) = best(&lines) {
        let best: Vec<f64> = losses(&lines[best]).collect();
        for line in &mut lines {
            let behind: Vec<f64> = losses(line)
                .zip(&best)
                .map(|(own, best)| own - best)
                .collect();
            line.behind = Estimate::corrected(&behind, ratio);
        }
    }
    lines
}

/// Rows tested on per row learned from, over the outer folds.
pub fn test_ratio(folds: &[NestedFold]) -> f64 {
    let sum = |rows: fn(&NestedFold) -> usize| folds.iter().map(rows).sum::<usize>() as f64;
    sum(|fold| fold.outer.test.len()) / sum(|fold| fold.outer.train.len()).max(1.0)
}

/// The candidate with the lowest mean log loss.
pub(crate) fn best(lines: &[Compared]) -> Option<usize> {
    let loss = |line: usize| lines[line].log_loss.map_or(f64::INFINITY, |l| l.mean);
    (0..lines.len())
        .filter(|line| lines[*line].role == Role::Candidate && lines[*line].log_loss.is_some())
        .min_by(|a, b| loss(*a).total_cmp(&loss(*b)))
}

/// Log loss per outer fold.
pub(crate) fn losses(line: &Compared) -> impl Iterator<Item = f64> {
    line.folds.iter().map(|fold| fold.log_loss)
}

fn middle(mut readings: Vec<Reading>) -> Option<Reading> {
    readings.sort_unstable();
    readings.get(readings.len() / 2).copied()
}
