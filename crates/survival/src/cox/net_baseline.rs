//! The curves of a penalised regression.

use serde::Serialize;

use super::{CoxNet, CoxPath, CoxPathPoint, newton, ordered::Ordered};
use crate::{Design, Spells, SurvivalError, matrix::dot};

/// Cumulative hazard of one stratum at a point of a path.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PathBaseline {
    /// The stratum; 0 without strata.
    pub stratum: u32,
    /// Times of events, rising.
    pub time: Vec<f64>,
    /// Cumulative hazard just after each, of somebody with all columns 0.
    pub cumulative_hazard: Vec<f64>,
}

impl CoxNet {
    /// Cumulative hazard per stratum at columns of 0, at a point of a path fitted on these rows: with the coefficients it gives anybody's
    /// curve, `exp(−Λ exp(x'β))`. There are no limits: after a choice by the same rows none are honest.
    ///
    /// # Errors
    /// Rows without the path's columns, or of another length.
    pub fn baselines(
        &self,
        spells: &Spells,
        design: &Design,
        path: &CoxPath,
        point: &CoxPathPoint,
    ) -> Result<Vec<PathBaseline>, SurvivalError> {
        self.check()?;
        design.check(spells.len())?;
        let place = |name: &String| design.names.iter().position(|known| known == name);
        let columns: Vec<usize> = path.columns.iter().filter_map(place).collect();
        if columns.len() != point.coefficients.len() {
            return Err(SurvivalError::LengthMismatch {
                what: "columns of the path in the design".to_owned(),
                expected: point.coefficients.len(),
                found: columns.len(),
            });
        }
        let rows = Ordered::new(spells, design, &columns);
        let scaled = point.coefficients.iter().zip(&rows.scale);
        let gamma: Vec<f64> = scaled.map(|(beta, scale)| beta / scale).collect();
        let hazards = newton::surface(&self.cox(), &rows, &gamma)?
            .risk_sets
            .map_or_else(Vec::new, |risk_sets| risk_sets.hazards);
        let at_zero = (-dot(&point.coefficients, &rows.centre)).exp();
        let mut found: Vec<PathBaseline> = Vec::new();
        // Ties stand with the latest first.
        for ties in rows.ties.chunk_by(|a, b| a.stratum == b.stratum).rev() {
            let mut baseline = PathBaseline {
                stratum: ties[0].stratum,
                time: Vec::new(),
                cumulative_hazard: Vec::new(),
            };
            let first = rows.ties.partition_point(|tie| tie.first < ties[0].first);
            let mut sum = 0.0;
            for (tie, hazard) in ties.iter().zip(&hazards[first..]).rev() {
                if tie.n_events > 0 {
                    sum += hazard.rise * at_zero;
                    baseline.time.push(tie.time);
                    baseline.cumulative_hazard.push(sum);
                }
            }
            found.push(baseline);
        }
        found.reverse();
        Ok(found)
    }
}
