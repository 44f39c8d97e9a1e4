//! Cox regression with the provision as its first column.

use helder_survival::{Cox, CoxFit, Design, Spells, SurvivalError};

use crate::{HazardRatio, Reason};

/// Name of the column of the provision; with a character that no adjusted column ends in.
pub(crate) const PROVISION: &str = "provision\u{0}";

/// A regression of one way out: `first` columns are asked about, `others` are held equal.
pub(crate) struct Regression<'a> {
    pub(crate) spells: &'a Spells,
    pub(crate) first: Vec<(String, Vec<f64>)>,
    pub(crate) others: Vec<(String, Vec<f64>)>,
    /// Person per row, for standard errors by person.
    pub(crate) cluster: Option<Vec<u32>>,
    pub(crate) strata: Option<Vec<u32>>,
}

impl Regression<'_> {
    /// Fits, leaving out other columns along which the likelihood rises without end.
    pub(crate) fn fit(mut self) -> Result<CoxFit, Reason> {
        loop {
            let columns = self.first.iter().chain(&self.others).cloned().collect();
            let mut design = Design::new(columns).map_err(|_| Reason::NoEstimate)?;
            if let Some(cluster) = &self.cluster {
                design = design.clustered_by(cluster);
            }
            if let Some(strata) = &self.strata {
                design = design.stratified_by(strata);
            }
            match Cox::new().fit(self.spells, &design) {
                Ok(fit) => return Ok(fit),
                Err(SurvivalError::MonotoneLikelihood(names))
                    if self.others.iter().any(|(name, _)| names.contains(name)) =>
                {
                    self.others.retain(|(name, _)| !names.contains(name));
                }
                Err(_) => return Err(Reason::NoEstimate),
            }
        }
    }

    /// The hazard ratio of the first column.
    pub(crate) fn hazard_ratio(self, confidence: f64) -> Result<HazardRatio, Reason> {
        let asked = self.first[0].0.clone();
        let others: Vec<String> = self.others.iter().map(|(name, _)| name.clone()).collect();
        let fit = self.fit()?;
        let found = fit.coefficients.iter().find(|it| it.name == asked);
        let found = found.ok_or(Reason::NoEstimate)?;
        let error = found.robust_standard_error.unwrap_or(found.standard_error);
        if !(found.estimate.is_finite() && error.is_finite() && error > 0.0) {
            return Err(Reason::NoEstimate);
        }
        let kept = |name: &String| fit.coefficients.iter().any(|it| it.name == *name);
        let (adjusted_for, left_out) = others.into_iter().partition(kept);
        Ok(HazardRatio {
            adjusted_for,
            left_out,
            ..HazardRatio::new(found.estimate, error, fit.n_events, confidence)
        })
    }
}

/// The provision as one column.
pub(crate) fn provision(exposed: &[bool]) -> Vec<(String, Vec<f64>)> {
    let values = exposed.iter().map(|it| f64::from(u8::from(*it))).collect();
    vec![(PROVISION.to_owned(), values)]
}
