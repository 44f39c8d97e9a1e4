//! Values of many rows, input by input.

use super::{
    Incomplete, Row, Scorer, Value, ValueFault,
    row::{ABSENT, Cell, Raw, Slot},
};

/// A number of rows that is scored at once. Make it with [`Scorer::block`] and reuse it: its buffers are kept.
///
/// Rows stand beside each other per input, so that what is to be known of an input is fetched once for all of them.
#[derive(Clone, Debug)]
pub struct Block {
    rows: usize,
    inputs: usize,
    /// Per input, rows whose value is set.
    filled: Vec<usize>,
    /// Input by input, [`Block::ROWS`] each.
    cells: Vec<Cell>,
    /// In the same order, what values were before they were prepared; empty where the model prepares none.
    raw: Vec<Raw>,
}

impl Block {
    /// Most rows. Their values and all that is made of them stay in the nearest two caches; and not a power of two, so that the
    /// columns do not share the same few lines of these.
    pub const ROWS: usize = 248;

    pub(super) fn new(inputs: usize, is_prepared: bool) -> Self {
        Self {
            rows: 0,
            inputs,
            filled: vec![0; inputs],
            cells: vec![ABSENT; inputs * Self::ROWS],
            raw: vec![Raw::Same; if is_prepared { inputs * Self::ROWS } else { 0 }],
        }
    }

    /// Rows in it.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Whether no further row fits.
    pub const fn is_full(&self) -> bool {
        self.rows >= Self::ROWS
    }

    /// Forgets all rows.
    pub fn clear(&mut self) {
        self.rows = 0;
        self.filled.fill(0);
    }

    /// Copies a row out of it, for what is asked of single rows. A row that is not in it has no values.
    pub fn copy_row(&self, place: usize, row: &mut Row) {
        row.clear();
        for (input, filled) in self.filled.iter().enumerate() {
            if place < *filled {
                row.set(input, self.cells[input * Self::ROWS + place]);
                if let Some(raw) = self.raw.get(input * Self::ROWS + place) {
                    row.keep(input, *raw);
                }
            }
        }
    }

    /// Inputs of a row.
    pub(super) const fn inputs(&self) -> usize {
        self.inputs
    }

    /// The values of an input, one per row.
    pub(super) fn column(&self, input: usize) -> &[Cell] {
        &self.cells[input * Self::ROWS..][..self.rows]
    }

    /// Whether it is of a model with so many inputs, all of them set in every row.
    pub(super) fn complete(&self, inputs: usize) -> Result<(), Incomplete> {
        let filled = |input: &usize| self.filled.get(*input) == Some(&self.rows);
        if self.inputs == inputs && (0..inputs).all(|input| filled(&input)) {
            return Ok(());
        }
        let absent = (0..inputs).filter(|input| !filled(input));
        Err(Incomplete(absent.collect()))
    }
}

/// Why a row or a column cannot stand in a block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockFault {
    /// It holds [`Block::ROWS`].
    #[error("a block holds at most {} rows; score and clear it first", Block::ROWS)]
    Full,
    /// The row lacks inputs.
    #[error(transparent)]
    Incomplete(#[from] Incomplete),
    /// A value is refused.
    #[error("row {row}: {fault}")]
    Value {
        /// Position of the row.
        row: usize,
        /// Why.
        fault: ValueFault,
    },
}

impl Scorer {
    /// An empty block for this model.
    pub fn block(&self) -> Block {
        let is_prepared = self.slots.iter().any(Slot::prepares);
        Block::new(self.inputs.len(), is_prepared)
    }

    /// Adds a row.
    ///
    /// # Errors
    /// [`BlockFault`] where the block is full or the row lacks inputs; the block then is as it was.
    pub fn push(&self, block: &mut Block, row: &Row) -> Result<(), BlockFault> {
        if block.is_full() {
            return Err(BlockFault::Full);
        }
        row.complete(block.inputs)?;
        for (input, cell) in row.cells().iter().enumerate() {
            block.cells[input * Block::ROWS + block.rows] = *cell;
        }
        if !block.raw.is_empty() {
            for input in 0..block.inputs {
                block.raw[input * Block::ROWS + block.rows] = row.kept(input);
            }
        }
        block.rows += 1;
        block.filled.fill(block.rows);
        Ok(())
    }

    /// Sets one input of all rows, by the rules of the model. All columns of a block have one length.
    ///
    /// # Errors
    /// [`BlockFault`] for the first value that is refused, or where there are too many; the input then counts as not given.
    pub fn set_column<'v>(
        &self,
        block: &mut Block,
        input: usize,
        values: impl IntoIterator<Item = Value<'v>>,
    ) -> Result<(), BlockFault> {
        let unknown = BlockFault::Value {
            row: 0,
            fault: ValueFault::UnknownInput,
        };
        let (Some(slot), Some(filled)) = (self.slots.get(input), block.filled.get_mut(input))
        else {
            return Err(unknown);
        };
        *filled = 0;
        let cells = &mut block.cells[input * Block::ROWS..][..Block::ROWS];
        let raws = block.raw.get_mut(input * Block::ROWS..);
        let mut raws = raws.filter(|_| slot.prepares());
        let (takes_numbers, mut count) = (slot.takes_numbers(), 0);
        for value in values {
            let cell = cells.get_mut(count).ok_or(BlockFault::Full)?;
            if let Some(raw) = raws.as_mut().and_then(|raws| raws.get_mut(count)) {
                *raw = slot.raw(value);
            }
            *cell = match value {
                Value::Number(number) if takes_numbers && number.is_finite() => Cell::given(number),
                value => slot
                    .resolve(value)
                    .map_err(|fault| BlockFault::Value { row: count, fault })?,
            };
            count += 1;
        }
        *filled = count;
        block.rows = block.rows.max(count);
        Ok(())
    }
}
