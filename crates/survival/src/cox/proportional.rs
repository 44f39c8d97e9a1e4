//! Are hazards proportional? Does a coefficient change with time?

use serde::Serialize;

use super::{CoxFit, TestResult, ordered::Ordered, pass::Pass, risk_set::RiskSet};
use crate::{
    Design, Spells, SurvivalError, kaplan_meier, matrix::Symmetric, spells::Spells as All,
};

/// How time is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeScale {
    /// One minus Kaplan–Meier's curve just before: robust against late events.
    #[default]
    KaplanMeier,
    /// Time itself.
    Identity,
    /// Rank among all ends.
    Rank,
    /// Logarithm; times must be above 0.
    Log,
}

/// Tests per column and of all together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProportionalHazards {
    /// How time was looked at.
    pub scale: TimeScale,
    /// Per coefficient of the fit.
    pub columns: Vec<(String, TestResult)>,
    /// All columns together.
    pub all: TestResult,
}

impl CoxFit {
    /// Tests whether coefficients change with time: the score test of adding every column times a function of time.
    ///
    /// # Errors
    /// As [`CoxFit::residuals`](CoxFit::residuals); times of 0 with the logarithm.
    ///
    /// # Source
    /// Grambsch & Therneau 1994 (doi 10.1093/biomet/81.3.515), in the exact form of R 4.2.2, survival 3.5-3 (`cox.zph`).
    pub fn proportional_hazards(
        &self,
        spells: &Spells,
        design: &Design,
        scale: TimeScale,
    ) -> Result<ProportionalHazards, SurvivalError> {
        let (rows, gamma) = self.rows(spells, design)?;
        if scale == TimeScale::Log && spells.times().contains(&0.0) {
            return Err(SurvivalError::Setting {
                what: "times",
                demand: "above 0 for their logarithm",
            });
        }
        let moment = moments(spells, scale);
        let (slope, curvature) = self.derivatives(&rows, &gamma, &moment);
        let p = rows.p;
        let test = |columns: &[usize]| {
            let kept: Vec<usize> = (0..p).chain(columns.iter().map(|j| j + p)).collect();
            let mut u = vec![0.0; p];
            u.extend(columns.iter().map(|&j| slope[j]));
            TestResult::new(curvature.part(&kept).quadratic(&u), columns.len())
        };
        Ok(ProportionalHazards {
            scale,
            columns: (0..p)
                .map(|j| (self.coefficients[j].name.clone(), test(&[j])))
                .collect(),
            all: test(&(0..p).collect::<Vec<_>>()),
        })
    }

    /// Slope towards the added columns, and curvature of all `2 p`.
    fn derivatives(&self, rows: &Ordered, gamma: &[f64], moment: &[f64]) -> (Vec<f64>, Symmetric) {
        let p = rows.p;
        let pass = Pass::at(rows, gamma, self.ties);
        let of_tie = |t: usize| moment[rows.place[rows.ties[t].first] as usize];
        let (mut sum, mut n) = (0.0, 0.0);
        for (t, tie) in rows.ties.iter().enumerate() {
            sum += of_tie(t) * tie.n_events as f64;
            n += tie.n_events as f64;
        }
        let middle = sum / n;
        let mut slope = vec![0.0; p];
        let mut curvature = [
            Symmetric::zeros(p),
            Symmetric::zeros(p),
            Symmetric::zeros(p),
        ];
        let mut set = RiskSet::new(rows);
        let mut products = Products::new(p);
        for (t, tie) in rows.ties.iter().enumerate() {
            set.reach(rows, &pass.risk_sets.risk, t);
            products.reach(rows, &pass.risk_sets.risk, t);
            if tie.n_events == 0 {
                continue;
            }
            let g = of_tie(t) - middle;
            let steps: Vec<(f64, f64)> = set.steps(tie, self.ties).collect();
            let each = tie.events_weight / steps.len() as f64;
            for row in (tie.first..tie.end).filter(|&row| rows.event[row]) {
                for (j, slope) in slope.iter_mut().enumerate() {
                    *slope += g * rows.weight[row] * rows.row(row)[j];
                }
            }
            for (step, gone) in steps {
                let mean: Vec<f64> = (0..p).map(|j| set.mean(tie, gone, j)).collect();
                for (slope, mean) in slope.iter_mut().zip(&mean) {
                    *slope -= g * each * mean;
                }
                let spread = products.spread(tie.n_events > 1, gone, step, each, &mean);
                for (sum, factor) in curvature.iter_mut().zip([1.0, g, g * g]) {
                    sum.add_scaled(factor, &spread);
                }
            }
        }
        let mut all = Symmetric::zeros(2 * p);
        for i in 0..p {
            for j in 0..p {
                if j <= i {
                    all.add(i, j, curvature[0].get(i, j));
                    all.add(p + i, p + j, curvature[2].get(i, j));
                }
                all.add(p + i, j, curvature[1].get(i, j));
            }
        }
        (slope, all)
    }
}

/// The function of time at each spell's end.
fn moments(spells: &Spells, scale: TimeScale) -> Vec<f64> {
    let times = spells.times();
    match scale {
        TimeScale::Identity => times.to_vec(),
        TimeScale::Log => times.iter().map(|time| time.ln()).collect(),
        TimeScale::Rank => {
            let mut sorted = times.to_vec();
            sorted.sort_unstable_by(f64::total_cmp);
            let rank = |time: &f64| {
                let below = sorted.partition_point(|other| other < time);
                let upto = sorted.partition_point(|other| other <= time);
                f64::midpoint(below as f64 + 1.0, upto as f64)
            };
            times.iter().map(rank).collect()
        }
        TimeScale::KaplanMeier => {
            let unweighted = All {
                weight: None,
                ..spells.any()
            };
            let curve = kaplan_meier(&unweighted, 0.95);
            times
                .iter()
                .map(|&time| 1.0 - curve.survival_before(time))
                .collect()
        }
    }
}

/// Sums of products over a risk set and over the events of its tie.
struct Products {
    all: Symmetric,
    own: Symmetric,
}

impl Products {
    fn new(p: usize) -> Self {
        Self {
            all: Symmetric::zeros(p),
            own: Symmetric::zeros(p),
        }
    }

    fn reach(&mut self, rows: &Ordered, risk: &[f64], t: usize) {
        let tie = &rows.ties[t];
        if tie.is_first {
            self.all = Symmetric::zeros(rows.p);
        }
        for (row, &risk) in (tie.first..tie.end).zip(&risk[tie.first..tie.end]) {
            self.all.add_outer(risk, rows.row(row));
        }
        if let Some(entered) = &rows.entered {
            let from = if tie.is_first {
                tie.first
            } else {
                entered.until[t - 1]
            };
            for &row in &entered.order[from..entered.until[t]] {
                self.all
                    .add_outer(-risk[row as usize], rows.row(row as usize));
            }
        }
        if tie.n_events > 1 {
            self.own = Symmetric::zeros(rows.p);
            for row in (tie.first..tie.end).filter(|&row| rows.event[row]) {
                self.own.add_outer(risk[row], rows.row(row));
            }
        }
    }

    /// Covariance of the columns in the risk set, times the events.
    fn spread(&self, ties: bool, gone: f64, step: f64, each: f64, mean: &[f64]) -> Symmetric {
        let mut spread = Symmetric::zeros(mean.len());
        spread.add_scaled(step, &self.all);
        if ties {
            spread.add_scaled(-gone * step, &self.own);
        }
        spread.add_outer(-each, mean);
        spread
    }
}
