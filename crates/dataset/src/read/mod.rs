//! Readers: files in, blocks of records out, with memory that does not grow with the file.

mod block;
pub mod csv;
pub mod decode;
pub mod jsonl;
pub mod parquet;
mod scan;
pub mod xlsx;

pub use block::{Broken, RowBlock, RowMeta, Span};

use crate::{
    detect::{Sample, check_header},
    error::Result,
    limits::Limits,
};

/// A file read as blocks of records. Every record gets an ordinal, also when it is broken.
pub trait RecordSource: Send {
    /// Headers, in file order; `column_1` and so on where the file has none.
    fn header(&self) -> &[String];

    /// Empties `block` and fills it with the next records; `false` when none are left.
    ///
    /// # Errors
    /// When the file cannot be read on. Single broken records are no error: they are in [`RowBlock::broken`].
    fn fill(&mut self, block: &mut RowBlock) -> Result<bool>;

    /// Bytes of the (decoded) file read so far, for progress.
    fn bytes_read(&self) -> u64;
}

/// The first records of a source, as text.
pub(crate) fn sample_records(source: &mut dyn RecordSource, limits: &Limits) -> Result<Sample> {
    check_header(source.header())?;
    let mut sample = Sample {
        header: source.header().to_vec(),
        rows: Vec::new(),
    };
    let mut block = RowBlock::default();
    let mut bytes = 0;
    while sample.rows.len() < limits.sample_rows
        && bytes < limits.sample_bytes
        && source.fill(&mut block)?
    {
        bytes += block.bytes.len();
        for row in 0..block.len().min(limits.sample_rows - sample.rows.len()) {
            let cells = (0..block.columns)
                .map(|column| String::from_utf8_lossy(block.field(row, column)).into_owned());
            sample.rows.push(cells.collect());
        }
    }
    Ok(sample)
}
