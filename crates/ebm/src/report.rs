//! How learning went.

use serde::{Deserialize, Serialize};

use crate::{Bins, Ebm, Stride, train::Course};

/// A model and how it came about.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// The model.
    pub model: Ebm,
    /// How learning went.
    pub report: Report,
}

/// How learning went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// How bold the steps were, the best on rows kept apart first; the model is the mean of those that were as good.
    pub strides: Vec<Stride>,
    /// Per bag.
    pub bags: Vec<Course>,
    /// Width in bins by which curves were smoothed; absent where they were not.
    #[serde(default)]
    pub smoothing: Option<f64>,
    /// Columns that were left out, by name: they gained nothing, or less than others where terms are limited.
    #[serde(default)]
    pub left_out: Vec<String>,
    /// Inputs that say nothing, by place.
    pub silent: Vec<(usize, Silence)>,
}

/// Why an input says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Silence {
    /// No row has a value.
    AllMissing,
    /// All rows have one value, and none is missing.
    Constant,
}

impl Report {
    pub(crate) fn new(
        strides: Vec<Stride>,
        bins: &[Bins],
        counts: &[Vec<f64>],
        bags: Vec<Course>,
    ) -> Self {
        let silent = bins.iter().zip(counts).enumerate();
        let silent = silent.filter_map(|(input, (bins, counts))| {
            let used = counts[1..=bins.len()].iter().filter(|rows| **rows > 0.0);
            let used = used.count();
            if used == 0 {
                Some((input, Silence::AllMissing))
            } else if used == 1 && counts[0] == 0.0 {
                Some((input, Silence::Constant))
            } else {
                None
            }
        });
        Self {
            strides,
            bags,
            smoothing: None,
            left_out: Vec::new(),
            silent: silent.collect(),
        }
    }
}
