//! What a black box would reach. It answers probabilities of rows; nothing of it is kept.

use helder_selection::{Fold, Rule, folds};
use helder_yardstick::YardstickError;

use super::{plan::NewSelection, simple::shares};
use crate::learn::{
    LearnError,
    prepare::MISSING,
    table::{Column, Table},
};

/// One part in so many of the rows to learn from says when to stop.
const PARTS: usize = 5;

/// The inputs as a black box takes them.
pub(super) struct Ceiling<'a> {
    inputs: Vec<Given<'a>>,
    outcome: &'a [bool],
    rule: Rule<'a>,
    seed: u64,
}

enum Given<'a> {
    Numbers(Vec<f64>),
    Levels(&'a [Option<String>]),
}

impl<'a> Ceiling<'a> {
    pub(super) fn new(
        table: &'a Table,
        plan: &NewSelection,
        outcome: &'a [bool],
        rule: Rule<'a>,
    ) -> Result<Self, LearnError> {
        let inputs = plan.features.iter().map(|feature| {
            Ok(match table.column(&feature.name)? {
                Column::Text(levels) => Given::Levels(levels),
                column => {
                    let values = column.numbers().unwrap_or_default().into_iter();
                    Given::Numbers(values.map(|value| value.unwrap_or(f64::NAN)).collect())
                }
            })
        });
        Ok(Self {
            // A date is no feature; the candidates say so.
            inputs: inputs
                .filter(|input| !matches!(input, Ok(Given::Numbers(values)) if values.is_empty()))
                .collect::<Result<_, LearnError>>()?,
            outcome,
            rule,
            seed: u64::from(plan.seed),
        })
    }

    /// Learns on most of the rows to learn from, stops by the others, and answers.
    ///
    /// # Errors
    /// [`LearnError::Invalid`] when nothing can be learned from these rows.
    pub(super) fn probabilities(&self, fold: &Fold) -> Result<Vec<f64>, LearnError> {
        let unfit = |error: String| LearnError::fault("/ceiling", "no-ceiling", error);
        let parts = folds(&fold.train, self.outcome, self.rule, PARTS, self.seed);
        let parts = parts.map_err(|error| unfit(error.to_string()))?;
        // By time the last part comes after the others.
        let Some(part) = parts.last() else {
            return Err(unfit("there are no rows to stop by".to_owned()));
        };
        let columns: Vec<Vec<f64>> = self
            .inputs
            .iter()
            .map(|input| match input {
                Given::Numbers(values) => values.clone(),
                Given::Levels(levels) => {
                    let name = |row: &usize| levels[*row].as_deref().unwrap_or(MISSING);
                    let shares = shares(self.outcome, &part.train, name);
                    let rows = 0..levels.len();
                    rows.map(|row| shares.get(name(&row)).copied().unwrap_or(f64::NAN))
                        .collect()
                }
            })
            .collect();
        helder_yardstick::probabilities(
            &columns,
            self.outcome,
            &part.train,
            &part.test,
            &fold.test,
            self.seed,
        )
        .map_err(|error| match error {
            YardstickError::Grow(_) | YardstickError::Rows => LearnError::internal(error),
            other => unfit(other.to_string()),
        })
    }
}
