//! How much may be spent, and what it was not spent on.

use serde::{Deserialize, Serialize};

/// What a comparison may cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// Models fitted at most, the inner ones included.
    pub fits: usize,
    /// Seconds after which no fit begins; one that has begun is finished. What is tried then depends on the machine.
    pub seconds: Option<f64>,
}

/// Which limit kept a setting from being tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// The number of fits.
    Fits,
    /// The seconds.
    Seconds,
}
