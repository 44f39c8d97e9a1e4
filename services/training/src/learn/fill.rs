//! Rows of the frame as a stored model reads them.

use helder_model::{Block, Incomplete, Model, Row, Scorer, SimilarCases};

use super::{
    LearnError,
    plan::NewTrainingRun,
    regress::outcomes,
    split::Rows,
    table::{Column, Table},
};

/// The columns of a model's inputs, in their order.
pub(super) struct Filler<'a> {
    columns: Vec<&'a Column>,
    scorer: &'a Scorer,
}

impl From<Incomplete> for LearnError {
    fn from(error: Incomplete) -> Self {
        Self::internal(error)
    }
}

impl<'a> Filler<'a> {
    pub(super) fn new(table: &'a Table, scorer: &'a Scorer) -> Result<Self, LearnError> {
        let columns = scorer.inputs().iter();
        let columns = columns.map(|input| table.column(&input.name));
        Ok(Self {
            columns: columns.collect::<Result<_, _>>()?,
            scorer,
        })
    }

    /// Sets all inputs to what stands in the frame's row `at`.
    pub(super) fn fill(&self, at: usize, row: &mut Row) -> Result<(), LearnError> {
        for (input, column) in self.columns.iter().enumerate() {
            self.scorer
                .set(row, input, column.value(at))
                .map_err(LearnError::internal)?;
        }
        Ok(())
    }

    /// Sets all inputs of a block to what stands in these rows of the frame, at most [`Block::ROWS`].
    pub(super) fn fill_block(&self, rows: &[usize], block: &mut Block) -> Result<(), LearnError> {
        block.clear();
        for (input, column) in self.columns.iter().enumerate() {
            let values = rows.iter().map(|&at| column.value(at));
            self.scorer
                .set_column(block, input, values)
                .map_err(LearnError::internal)?;
        }
        Ok(())
    }
}

/// How many of the rows learned from resemble one: counts for the model file.
pub(super) fn similar_cases(
    table: &Table,
    plan: &NewTrainingRun,
    rows: &Rows,
    model: &Model,
) -> Result<Option<SimilarCases>, LearnError> {
    let scorer = Scorer::new(model).map_err(LearnError::internal)?;
    let filler = Filler::new(table, &scorer)?;
    let outcomes = outcomes(table, plan)?;
    let outcomes: Vec<bool> = rows.train.iter().map(|row| outcomes[*row]).collect();
    SimilarCases::count(&scorer, &outcomes, |at, row| {
        filler.fill(rows.train[at], row)
    })
}
