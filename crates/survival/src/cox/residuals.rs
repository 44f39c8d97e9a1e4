//! What the regression leaves unexplained, row by row.

use serde::Serialize;

use super::{
    CoxFit, TieMethod,
    ordered::Ordered,
    pass::{Pass, cumulative, expected},
    risk_set::RiskSet,
};
use crate::{
    Design, Spells, SurvivalError,
    matrix::Cholesky,
    measures::{Concordance, concordance_within},
};

/// Residuals in the order of the spells. None after exact ties.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Residuals {
    /// Events less expected events, shape `(n,)`, at most 1.
    pub martingale: Vec<f64>,
    /// The same on a scale that is more symmetric.
    pub deviance: Vec<f64>,
    /// Per column and row, what the row adds to the slope of the likelihood: shape `(p, n)`.
    pub score: Vec<Vec<f64>>,
    /// Per column and row, what the row adds to the coefficient, to first order: shape `(p, n)`.
    pub dfbeta: Vec<Vec<f64>>,
    /// The same in standard errors (model-based): shape `(p, n)`.
    pub dfbetas: Vec<Vec<f64>>,
    /// Per event in order of stratum and time: the row, and per column the value less the mean of those at risk.
    pub schoenfeld: Vec<(usize, Vec<f64>)>,
    /// The same events: what each says of the coefficients at its time. Their course over time is that of the coefficients.
    pub scaled_schoenfeld: Vec<(usize, Vec<f64>)>,
}

impl CoxFit {
    /// Residuals on the spells and the design that the regression was fitted on.
    ///
    /// # Errors
    /// A design without the fit's columns, or exact ties.
    ///
    /// # Source
    /// Barlow & Prentice 1988; Therneau, Grambsch & Fleming 1990 (doi 10.1093/biomet/77.1.147); Schoenfeld 1982; Grambsch & Therneau 1994
    /// (doi 10.1093/biomet/81.3.515).
    /// Compared with R 4.2.2, survival 3.5-3 (`residuals.coxph`).
    pub fn residuals(&self, spells: &Spells, design: &Design) -> Result<Residuals, SurvivalError> {
        let (rows, gamma) = self.rows(spells, design)?;
        let pass = Pass::at(&rows, &gamma, self.ties);
        let expected_of = expected(&rows, &pass.risk_sets.risk, &pass.risk_sets.hazards);
        let n = spells.len();
        let mut martingale = vec![0.0; n];
        let mut deviance = vec![0.0; n];
        for (row, &place) in rows.place.iter().enumerate() {
            let observed = f64::from(u8::from(rows.event[row]));
            let expected = if rows.weight[row] > 0.0 {
                expected_of[row] / rows.weight[row]
            } else {
                0.0
            };
            let left = observed - expected;
            let missing = if observed > 0.0 {
                expected.max(f64::MIN_POSITIVE).ln()
            } else {
                0.0
            };
            martingale[place as usize] = left;
            deviance[place as usize] = left.signum() * (-2.0 * (left + missing)).max(0.0).sqrt();
        }
        let of_rows = scores(self.ties, &rows, &gamma);
        let Some(factor) = Cholesky::new(&pass.information) else {
            return Err(SurvivalError::NothingVaries);
        };
        let covariance = factor.inverse();
        let mut score = vec![vec![0.0; n]; rows.p];
        let mut dfbeta = score.clone();
        let mut dfbetas = score.clone();
        for (row, scores) in of_rows.chunks(rows.p).enumerate() {
            let place = rows.place[row] as usize;
            let moved = covariance.times(scores);
            for j in 0..rows.p {
                score[j][place] = scores[j] / rows.scale[j];
                dfbeta[j][place] = rows.weight[row] * moved[j] * rows.scale[j];
                dfbetas[j][place] = rows.weight[row] * moved[j] / covariance.get(j, j).sqrt();
            }
        }
        let mut schoenfeld = Vec::with_capacity(spells.n_events());
        for (t, means) in event_means(self.ties, &rows, &pass.risk_sets.risk) {
            for row in (rows.ties[t].first..rows.ties[t].end)
                .filter(|&row| rows.event[row])
                .rev()
            {
                let of = |j: usize| (rows.row(row)[j] - means[j]) / rows.scale[j];
                schoenfeld.push((rows.place[row] as usize, (0..rows.p).map(of).collect()));
            }
        }
        schoenfeld.reverse();
        let n_events = schoenfeld.len() as f64;
        let scaled = |(place, of_event): &(usize, Vec<f64>)| {
            let own: Vec<f64> = of_event
                .iter()
                .zip(&rows.scale)
                .map(|(r, s)| r * s)
                .collect();
            let moved = covariance.times(&own);
            let at = |j: usize| {
                n_events.mul_add(moved[j] * rows.scale[j], self.coefficients[j].estimate)
            };
            (*place, (0..rows.p).map(at).collect())
        };
        let scaled_schoenfeld = schoenfeld.iter().map(scaled).collect();
        Ok(Residuals {
            martingale,
            deviance,
            score,
            dfbeta,
            dfbetas,
            schoenfeld,
            scaled_schoenfeld,
        })
    }

    /// The rows in order with the columns of this fit, and its coefficients on their scale.
    pub(super) fn rows(
        &self,
        spells: &Spells,
        design: &Design,
    ) -> Result<(Ordered<'static>, Vec<f64>), SurvivalError> {
        design.check(spells.len())?;
        if self.ties == TieMethod::Exact {
            return Err(SurvivalError::Setting {
                what: "ties",
                demand: "Efron's or Breslow's for residuals",
            });
        }
        let columns = self.columns(design)?;
        let rows = Ordered::new(spells, design, &columns);
        let gamma = self
            .coefficients
            .iter()
            .zip(&rows.scale)
            .map(|(c, scale)| c.estimate / scale)
            .collect();
        Ok((rows, gamma))
    }
}

/// Per tie with events: the mean columns of those at risk, averaged over the events.
fn event_means(method: TieMethod, rows: &Ordered, risk: &[f64]) -> Vec<(usize, Vec<f64>)> {
    let mut set = RiskSet::new(rows);
    let mut found = Vec::new();
    for (t, tie) in rows.ties.iter().enumerate() {
        set.reach(rows, risk, t);
        if tie.n_events > 0 {
            let steps: Vec<(f64, f64)> = set.steps(tie, method).collect();
            let mean = |j: usize| {
                steps
                    .iter()
                    .map(|(_, gone)| set.mean(tie, *gone, j))
                    .sum::<f64>()
                    / steps.len() as f64
            };
            found.push((t, (0..rows.p).map(mean).collect()));
        }
    }
    found
}

/// Score residuals of the moved and scaled columns, row by row in the order of `rows`, without the row's weight: shape `(n, p)`.
pub(super) fn scores(method: TieMethod, rows: &Ordered, gamma: &[f64]) -> Vec<f64> {
    let pass = Pass::at(rows, gamma, method);
    let p = rows.p;
    let mut set = RiskSet::new(rows);
    // Per tie: the hazard's rise times the mean columns, for those at risk and what the tie's own events met less, and the events' mean.
    let mut rise = vec![0.0; rows.ties.len() * p];
    let mut own = rise.clone();
    let mut met = rise.clone();
    for (t, tie) in rows.ties.iter().enumerate() {
        set.reach(rows, &pass.risk_sets.risk, t);
        let steps: Vec<(f64, f64)> = set.steps(tie, method).collect();
        for j in 0..p {
            for &(step, gone) in &steps {
                let mean = set.mean(tie, gone, j);
                rise[t * p + j] += step * mean;
                own[t * p + j] += gone * step * mean;
                met[t * p + j] += mean / steps.len() as f64;
            }
        }
    }
    let hazard = cumulative(
        &rows.ties,
        pass.risk_sets.hazards.iter().map(|hazard| hazard.rise),
    );
    let means: Vec<Vec<f64>> = (0..p)
        .map(|j| {
            cumulative(
                &rows.ties,
                rise.iter()
                    .skip(j)
                    .step_by(p)
                    .copied()
                    .collect::<Vec<_>>()
                    .into_iter(),
            )
        })
        .collect();
    let mut scores = vec![0.0; rows.place.len() * p];
    for (t, tie) in rows.ties.iter().enumerate() {
        for row in tie.first..tie.end {
            let entry = rows
                .entered
                .as_ref()
                .map_or(rows.ties.len(), |entered| entered.before[row] as usize);
            let is_event = rows.event[row];
            let ratio = if rows.weight[row] > 0.0 {
                pass.risk_sets.risk[row] / rows.weight[row]
            } else {
                0.0
            };
            let since = |of: &[f64]| of[t] - of.get(entry).copied().unwrap_or(0.0);
            let lived = since(&hazard)
                - if is_event {
                    pass.risk_sets.hazards[t].own
                } else {
                    0.0
                };
            let x = rows.row(row);
            for j in 0..p {
                let at = t * p + j;
                let of_means = since(&means[j]) - if is_event { own[at] } else { 0.0 };
                let observed = if is_event { x[j] - met[at] } else { 0.0 };
                scores[row * p + j] = observed - ratio * (x[j] * lived - of_means);
            }
        }
    }
    scores
}

impl CoxFit {
    /// `x'β` of each row of a design that has the fit's columns, with its offset.
    ///
    /// # Errors
    /// A design without the fit's columns.
    pub fn scores(&self, spells: &Spells, design: &Design) -> Result<Vec<f64>, SurvivalError> {
        design.check(spells.len())?;
        let mut scores = design
            .offset
            .clone()
            .unwrap_or_else(|| vec![0.0; spells.len()]);
        for (column, coefficient) in self.columns(design)?.into_iter().zip(&self.coefficients) {
            for (score, x) in scores.iter_mut().zip(&design.columns[column]) {
                *score += coefficient.estimate * x;
            }
        }
        Ok(scores)
    }

    /// Harrell's concordance of score and time, within strata.
    ///
    /// # Errors
    /// A design without the fit's columns.
    pub fn concordance(
        &self,
        spells: &Spells,
        design: &Design,
    ) -> Result<Concordance, SurvivalError> {
        let scores = self.scores(spells, design)?;
        Ok(concordance_within(
            spells,
            &scores,
            design.strata.as_deref(),
        ))
    }

    /// Places of the fit's columns in a design.
    fn columns(&self, design: &Design) -> Result<Vec<usize>, SurvivalError> {
        let place = |name: &str| design.names.iter().position(|found| found == name);
        let columns: Option<Vec<usize>> =
            self.coefficients.iter().map(|c| place(&c.name)).collect();
        columns.ok_or_else(|| SurvivalError::LengthMismatch {
            what: "columns of the fit in the design".to_owned(),
            expected: self.coefficients.len(),
            found: self
                .coefficients
                .iter()
                .filter(|c| place(&c.name).is_some())
                .count(),
        })
    }
}
