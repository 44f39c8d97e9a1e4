//! The effect of one column as a curve.

use serde::Serialize;

use super::{CoxFit, TestResult};
use crate::{
    RestrictedCubicSpline, SurvivalError,
    matrix::{Symmetric, dot},
    normal,
};

/// The hazard at one value of a column beside that at another, all else equal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct EffectPoint {
    /// The value.
    pub value: f64,
    /// Logarithm of the hazard ratio; 0 at the value that is compared with.
    pub log_hazard_ratio: f64,
    /// Its standard error, robust where the fit is.
    pub standard_error: f64,
    /// The hazard ratio, above 0.
    pub hazard_ratio: f64,
    /// Its lower limit.
    pub lower: f64,
    /// Its upper limit.
    pub upper: f64,
}

impl CoxFit {
    /// The curve of a column that went in as `spline.columns(name, …)`, beside its height at `reference`.
    ///
    /// # Errors
    /// A fit without that column.
    pub fn effect(
        &self,
        spline: &RestrictedCubicSpline,
        name: &str,
        values: &[f64],
        reference: f64,
    ) -> Result<Vec<EffectPoint>, SurvivalError> {
        let (kept, places) = self.places(&spline.names(name))?;
        let covariance = self.part(&places);
        let estimates: Vec<f64> = places
            .iter()
            .map(|&place| self.coefficients[place].estimate)
            .collect();
        let at_reference = spline.basis(reference);
        let z = normal::two_sided(self.confidence);
        let point = |&value: &f64| {
            let basis = spline.basis(value);
            let far: Vec<f64> = kept.iter().map(|&k| basis[k] - at_reference[k]).collect();
            let effect = dot(&far, &estimates);
            let error = covariance.form(&far).max(0.0).sqrt();
            EffectPoint {
                value,
                log_hazard_ratio: effect,
                standard_error: error,
                hazard_ratio: effect.exp(),
                lower: (effect - z * error).exp(),
                upper: (effect + z * error).exp(),
            }
        };
        Ok(values.iter().map(point).collect())
    }

    /// Wald's test that the coefficients of these columns are all 0; with the robust covariance where there is one. For a spline's
    /// [`names`](RestrictedCubicSpline::names) without the first it is the test that the curve is a line.
    ///
    /// # Errors
    /// A fit without any of the columns.
    pub fn wald(&self, names: &[String]) -> Result<TestResult, SurvivalError> {
        let (_, places) = self.places(names)?;
        let estimates: Vec<f64> = places
            .iter()
            .map(|&place| self.coefficients[place].estimate)
            .collect();
        let statistic = self.part(&places).quadratic(&estimates);
        Ok(TestResult::new(statistic, places.len()))
    }

    /// Which of the names are in the fit, and where; columns that were left out have no coefficient.
    fn places(&self, names: &[String]) -> Result<(Vec<usize>, Vec<usize>), SurvivalError> {
        let place = |name: &String| self.coefficients.iter().position(|c| c.name == *name);
        let found: Vec<(usize, usize)> = names
            .iter()
            .enumerate()
            .filter_map(|(k, name)| Some((k, place(name)?)))
            .collect();
        let known = |name: &String| place(name).is_some() || self.dropped.contains(name);
        if found.is_empty() || !names.iter().all(known) {
            return Err(SurvivalError::LengthMismatch {
                what: "columns of the fit with these names".to_owned(),
                expected: names.len(),
                found: found.len(),
            });
        }
        Ok(found.into_iter().unzip())
    }

    fn part(&self, places: &[usize]) -> Symmetric {
        let covariance = self.robust_covariance.as_ref().unwrap_or(&self.covariance);
        let mut part = Symmetric::zeros(places.len());
        for (i, &a) in places.iter().enumerate() {
            for (j, &b) in places.iter().enumerate().take(i + 1) {
                part.add(i, j, covariance[a][b]);
            }
        }
        part
    }
}
