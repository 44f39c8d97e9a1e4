//! Parquet files as records, so that the same rules hold whatever the format.

mod pages;

use std::{io::Write, sync::Arc};

use arrow::{
    array::RecordBatch,
    datatypes::{DataType, Field, Schema, SchemaRef},
    util::display::{ArrayFormatter, FormatOptions},
};
use parquet::{
    arrow::arrow_reader::{
        ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
        ParquetRecordBatchReaderBuilder,
    },
    file::reader::ChunkReader,
};

use super::{Broken, RecordSource, RowBlock, RowMeta, Span};
use crate::{
    detect::Sample,
    error::{DatasetError, Result},
    limits::Limits,
    rule::Rule,
};

const BATCH_ROWS: usize = 4_096;
/// Bytes of text after which a block is full.
const BLOCK_BYTES: usize = 1 << 20;

/// Reads a Parquet file with flat columns.
pub struct ParquetSource {
    header: Vec<String>,
    batches: ParquetRecordBatchReader,
    /// The batch under way and its first row that was not handed out.
    under_way: Option<(RecordBatch, usize)>,
    record_bytes: usize,
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
        let damaged = |_| damaged();
        let options = ArrowReaderOptions::new();
        let declared = ArrowReaderMetadata::load(&reader, options.clone()).map_err(damaged)?;
        check(declared.schema(), declared.metadata(), limits)?;
        pages::check(&reader, declared.metadata(), limits)?;
        let metadata = ArrowReaderMetadata::try_new(
            Arc::clone(declared.metadata()),
            options.with_schema(viewed(declared.schema())),
        )
        .map_err(damaged)?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(reader, metadata);
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
            under_way: None,
            record_bytes: limits.record_bytes,
            ordinal: 0,
            read: 0,
        })
    }
}

/// The schema with texts that point into the pages, so that one long text named by many rows is held once.
fn viewed(schema: &Schema) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| {
        let kind = match field.data_type() {
            DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
            DataType::Binary | DataType::LargeBinary => DataType::BinaryView,
            other => other.clone(),
        };
        Field::clone(field).with_data_type(kind)
    });
    let fields: Vec<_> = fields.collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
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
        let (batch, first) = match self.under_way.take() {
            Some(rest) => rest,
            None => match self.batches.next() {
                None => return Ok(false),
                Some(batch) => (batch.map_err(|_| damaged())?, 0),
            },
        };
        let next = self.texts(&batch, first, block)?;
        self.read += block.bytes.len() as u64;
        if next < batch.num_rows() {
            self.under_way = Some((batch, next));
        }
        Ok(true)
    }
}

impl ParquetSource {
    /// Writes rows from `first` on as texts until the block is full; gives the first row that was left.
    fn texts(&mut self, batch: &RecordBatch, first: usize, block: &mut RowBlock) -> Result<usize> {
        let options = FormatOptions::new()
            .with_null("")
            .with_timestamp_format(Some("%Y-%m-%d %H:%M:%S"));
        let columns = batch
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column.as_ref(), &options));
        let columns = columns.collect::<std::result::Result<Vec<_>, _>>()?;
        for row in first..batch.num_rows() {
            if block.bytes.len() >= BLOCK_BYTES {
                return Ok(row);
            }
            self.ordinal += 1;
            let meta = RowMeta {
                ordinal: self.ordinal,
                line: self.ordinal,
                raw: Span::default(),
            };
            let (begin, spans) = (block.bytes.len(), block.spans.len());
            for column in &columns {
                let start = block.bytes.len();
                let _ = write!(block.bytes, "{}", column.value(row));
                block.spans.push(Span::new(start, block.bytes.len()));
                if block.bytes.len() - begin > self.record_bytes {
                    break;
                }
            }
            if block.bytes.len() - begin > self.record_bytes {
                block.bytes.truncate(begin);
                block.spans.truncate(spans);
                let rule = Rule::RecordLength;
                block.broken.push(Broken { meta, rule });
            } else {
                block.rows.push(meta);
            }
        }
        Ok(batch.num_rows())
    }
}

fn damaged() -> DatasetError {
    DatasetError::refused("/file", "damaged", "the Parquet file is damaged")
}

/// The first records of a Parquet file.
///
/// # Errors
/// As [`ParquetSource::open`].
pub fn sample<R: ChunkReader + 'static>(reader: R, limits: &Limits) -> Result<Sample> {
    super::sample_records(&mut ParquetSource::open(reader, limits)?, limits)
}
