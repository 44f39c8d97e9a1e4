//! Parquet files as records, so that the same rules hold whatever the format.

use std::io::Write;

use arrow::{
    array::RecordBatch,
    datatypes::{DataType, SchemaRef},
    util::display::{ArrayFormatter, FormatOptions},
};
use parquet::{
    arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder},
    file::reader::ChunkReader,
};

use super::{RecordSource, RowBlock, RowMeta, Span};
use crate::{
    detect::Sample,
    error::{DatasetError, Result},
    limits::Limits,
};

const BATCH_ROWS: usize = 4_096;

/// Reads a Parquet file with flat columns.
pub struct ParquetSource {
    header: Vec<String>,
    batches: ParquetRecordBatchReader,
    ordinal: i64,
    read: u64,
}

impl std::fmt::Debug for ParquetSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetSource")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

impl ParquetSource {
    /// Opens a file and checks what it declares before any page is read.
    ///
    /// # Errors
    /// Damaged files, nested columns, too many columns, chunks that would need too much memory.
    pub fn open<R: ChunkReader + 'static>(reader: R, limits: &Limits) -> Result<Self> {
        let damaged = |_| DatasetError::refused("/file", "damaged", "the Parquet file is damaged");
        let builder = ParquetRecordBatchReaderBuilder::try_new(reader).map_err(damaged)?;
        check(builder.schema(), builder.metadata(), limits)?;
        let header = builder
            .schema()
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect();
        let batches = builder
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(damaged)?;
        Ok(Self {
            header,
            batches,
            ordinal: 0,
            read: 0,
        })
    }
}

fn check(
    schema: &SchemaRef,
    metadata: &parquet::file::metadata::ParquetMetaData,
    limits: &Limits,
) -> Result<()> {
    if schema.fields().len() > limits.columns {
        let detail = format!(
            "the file has {} columns; {} are allowed",
            schema.fields().len(),
            limits.columns
        );
        return Err(DatasetError::refused("/file", "too-many-columns", detail));
    }
    let nested =
        schema.fields().iter().enumerate().filter(|(_, field)| {
            field.data_type().is_nested() && !is_dictionary(field.data_type())
        });
    let faults: Vec<_> = nested
        .map(|(at, _)| {
            helder_types::Fault::new(
                format!("/columns/{}", at + 1),
                "nested",
                "nested columns are not read",
            )
        })
        .collect();
    if !faults.is_empty() {
        return Err(DatasetError::Refused(faults));
    }
    let largest = metadata
        .row_groups()
        .iter()
        .flat_map(parquet::file::metadata::RowGroupMetaData::columns)
        .map(|chunk| chunk.uncompressed_size().max(0))
        .max();
    if largest.unwrap_or(0) as u64 > limits.parquet_chunk_bytes {
        return Err(DatasetError::TooLarge {
            what: "bytes of a Parquet column chunk",
            limit: limits.parquet_chunk_bytes,
        });
    }
    Ok(())
}

fn is_dictionary(kind: &DataType) -> bool {
    matches!(kind, DataType::Dictionary(_, value) if !value.is_nested())
}

impl RecordSource for ParquetSource {
    fn header(&self) -> &[String] {
        &self.header
    }

    fn bytes_read(&self) -> u64 {
        self.read
    }

    fn fill(&mut self, block: &mut RowBlock) -> Result<bool> {
        block.reset(self.header.len());
        let Some(batch) = self.batches.next() else {
            return Ok(false);
        };
        let batch = batch.map_err(|_| {
            DatasetError::refused("/file", "damaged", "the Parquet file is damaged")
        })?;
        self.read += batch.get_array_memory_size() as u64;
        for_each_row(&batch, |spans, bytes| {
            self.ordinal += 1;
            block.bytes = bytes;
            block.spans.extend_from_slice(spans);
            block.rows.push(RowMeta {
                ordinal: self.ordinal,
                line: self.ordinal,
                raw: Span::default(),
            });
            std::mem::take(&mut block.bytes)
        })
        .map(|bytes| {
            block.bytes = bytes;
            true
        })
    }
}

/// Writes every row as texts into one buffer, handing it over and back.
fn for_each_row(
    batch: &RecordBatch,
    mut row_done: impl FnMut(&[Span], Vec<u8>) -> Vec<u8>,
) -> Result<Vec<u8>> {
    let options = FormatOptions::new()
        .with_null("")
        .with_timestamp_format(Some("%Y-%m-%d %H:%M:%S"));
    let columns = batch
        .columns()
        .iter()
        .map(|column| ArrayFormatter::try_new(column.as_ref(), &options));
    let columns = columns.collect::<std::result::Result<Vec<_>, _>>()?;
    let mut bytes = Vec::new();
    let mut spans = Vec::with_capacity(columns.len());
    for row in 0..batch.num_rows() {
        spans.clear();
        for column in &columns {
            let start = bytes.len();
            let _ = write!(bytes, "{}", column.value(row));
            spans.push(Span::new(start, bytes.len()));
        }
        bytes = row_done(&spans, bytes);
    }
    Ok(bytes)
}

/// The first records of a Parquet file.
///
/// # Errors
/// As [`ParquetSource::open`].
pub fn sample<R: ChunkReader + 'static>(reader: R, limits: &Limits) -> Result<Sample> {
    super::sample_records(&mut ParquetSource::open(reader, limits)?, limits)
}
