//! Why a measure does not exist.

/// A fault of the outcomes or the scores. Names places, never values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// Outcomes and scores are not of one length.
    #[error("{outcomes} outcomes but {scores} scores")]
    LengthMismatch {
        /// Number of outcomes.
        outcomes: usize,
        /// Number of scores.
        scores: usize,
    },
    /// Nothing to evaluate.
    #[error("there are no rows to evaluate")]
    Empty,
    /// All outcomes are of one class, so that nothing can be ranked.
    #[error("all {rows} outcomes are {class}: both classes are needed")]
    OneClass {
        /// Rows given.
        rows: usize,
        /// The only class.
        class: bool,
    },
    /// A probability lies outside `[0, 1]` or is no number.
    #[error("the probability of row {row} (counted from 1) does not lie in [0, 1]")]
    NotAProbability {
        /// First such row, counted from 1.
        row: usize,
    },
    /// A setting is out of its range.
    #[error("{setting} must be {demand}")]
    Setting {
        /// Name of the setting.
        setting: &'static str,
        /// What it must be.
        demand: &'static str,
    },
    /// The rows do not determine what was to be learned from them.
    #[error(
        "the rows do not determine it: equal probabilities, separated outcomes, or a reversed order"
    )]
    NotDetermined,
    /// The capacity is zero.
    #[error("a capacity must be at least 1")]
    NoCapacity,
}

/// Checks that outcomes and probabilities belong together.
pub(crate) fn check(y: &[bool], probabilities: &[f64]) -> Result<(), EvaluationError> {
    if y.len() != probabilities.len() {
        return Err(EvaluationError::LengthMismatch {
            outcomes: y.len(),
            scores: probabilities.len(),
        });
    }
    if y.is_empty() {
        return Err(EvaluationError::Empty);
    }
    match probabilities.iter().position(|p| !(0.0..=1.0).contains(p)) {
        Some(row) => Err(EvaluationError::NotAProbability { row: row + 1 }),
        None => Ok(()),
    }
}

/// Like [`check`], and both classes must occur.
pub(crate) fn check_both_classes(y: &[bool], probabilities: &[f64]) -> Result<(), EvaluationError> {
    check(y, probabilities)?;
    if y.iter().all(|positive| *positive == y[0]) {
        return Err(EvaluationError::OneClass {
            rows: y.len(),
            class: y[0],
        });
    }
    Ok(())
}
