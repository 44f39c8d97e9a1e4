//! What is promised of the rows a model was learned from.

use serde::Serialize;

/// A promise: whoever adds or takes away one row of those learned from changes the probability of any content of the model file
/// by at most a factor e^ε, except with probability δ.
///
/// All numbers of such a file come from answers with noise or from what was public before a row was seen; digests of the frame
/// are random, and no counts of similar cases, deviations or events are kept.
///
/// # Source
/// Dwork, Kenthapadi, Mironov and others (2006), "Our data, ourselves", <https://doi.org/10.1007/11761679_29>.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Privacy {
    /// ε: above 0, at most 20.
    pub epsilon: f64,
    /// δ: above 0, at most 0.01.
    pub delta: f64,
    /// How answers about rows were made noisy.
    pub mechanism: Mechanism,
    /// How their losses were added up.
    pub accountant: Accountant,
}

/// How answers about rows were made noisy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mechanism {
    /// Gaussian noise on sums over rows, of which one row changes each by a known amount at most.
    GaussianSums,
}

/// How losses were added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Accountant {
    /// Gaussian differential privacy: the root of the sum of squares.
    GaussianDp,
}
