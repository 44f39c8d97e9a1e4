//! What may explain how long a spell lasts.

use std::collections::BTreeSet;

use crate::{SurvivalError, spells::same_length};

/// Named columns of numbers, one value per spell, with what goes beside them.
#[derive(Clone, Debug, PartialEq)]
pub struct Design {
    pub(crate) names: Vec<String>,
    pub(crate) columns: Vec<Vec<f64>>,
    pub(crate) strata: Option<Vec<u32>>,
    pub(crate) offset: Option<Vec<f64>>,
    pub(crate) cluster: Option<Vec<u32>>,
}

impl Design {
    /// Columns with their names, each of shape `(n,)`.
    ///
    /// # Errors
    /// Names that occur twice, values that are not finite, lengths that differ.
    pub fn new(columns: Vec<(String, Vec<f64>)>) -> Result<Self, SurvivalError> {
        let mut seen = BTreeSet::new();
        let twice = columns
            .iter()
            .filter(|(name, _)| !seen.insert(name.clone()));
        let twice: BTreeSet<String> = twice.map(|(name, _)| name.clone()).collect();
        if !twice.is_empty() {
            return Err(SurvivalError::DuplicateColumns(twice.into_iter().collect()));
        }
        let n = columns.first().map_or(0, |(_, values)| values.len());
        for (name, values) in &columns {
            same_length(name, n, values.len())?;
        }
        let broken = columns
            .iter()
            .filter(|(_, values)| values.iter().any(|value| !value.is_finite()));
        let broken: Vec<String> = broken.map(|(name, _)| name.clone()).collect();
        if !broken.is_empty() {
            return Err(SurvivalError::NotFinite(broken));
        }
        let (names, columns) = columns.into_iter().unzip();
        Ok(Self {
            names,
            columns,
            strata: None,
            offset: None,
            cluster: None,
        })
    }

    /// Spells of different strata are never compared with each other: each stratum has its own baseline.
    #[must_use]
    pub fn stratified_by(mut self, strata: &[u32]) -> Self {
        self.strata = Some(strata.to_vec());
        self
    }

    /// A known part of the score: it counts with weight 1.
    #[must_use]
    pub fn with_offset(mut self, offset: &[f64]) -> Self {
        self.offset = Some(offset.to_vec());
        self
    }

    /// Rows with the same label are of the same person or household: standard errors become robust, by these labels.
    #[must_use]
    pub fn clustered_by(mut self, cluster: &[u32]) -> Self {
        self.cluster = Some(cluster.to_vec());
        self
    }

    /// The rows at these places, in this order; a place may occur more than once.
    #[must_use]
    pub fn at(&self, places: &[usize]) -> Self {
        let pick = |values: &Vec<f64>| places.iter().map(|&i| values[i]).collect();
        let labels = |values: &Vec<u32>| places.iter().map(|&i| values[i]).collect();
        Self {
            names: self.names.clone(),
            columns: self.columns.iter().map(pick).collect(),
            strata: self.strata.as_ref().map(labels),
            offset: self.offset.as_ref().map(pick),
            cluster: self.cluster.as_ref().map(labels),
        }
    }

    /// Names of the columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    pub(crate) fn check(&self, n: usize) -> Result<(), SurvivalError> {
        for (name, values) in self.names.iter().zip(&self.columns) {
            same_length(name, n, values.len())?;
        }
        for (what, labels) in [("strata", &self.strata), ("clusters", &self.cluster)] {
            if let Some(labels) = labels {
                same_length(what, n, labels.len())?;
            }
        }
        let Some(offset) = &self.offset else {
            return Ok(());
        };
        same_length("offset", n, offset.len())?;
        if offset.iter().any(|value| !value.is_finite()) {
            return Err(SurvivalError::NotFinite(vec!["offset".to_owned()]));
        }
        Ok(())
    }
}
