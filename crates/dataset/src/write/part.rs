//! Parquet parts: zstd, small row groups, encodings chosen per type. Same rows, same bytes.

use std::{collections::HashMap, io::Write, sync::Arc};

use arrow::{
    array::{ArrayRef, RecordBatch},
    datatypes::{DataType, Schema, SchemaRef},
};
use bytes::Bytes;
use parquet::{
    arrow::{
        ArrowWriter,
        arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder},
        arrow_writer::{ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves},
    },
    basic::{Compression, Encoding, ZstdLevel},
    column::{page_store::PageStoreFactory, writer::ColumnCloseResult},
    file::{
        properties::{EnabledStatistics, WriterProperties},
        reader::ChunkReader,
        writer::SerializedFileWriter,
    },
    schema::types::ColumnPath,
};

use crate::error::{DatasetError, Result};

/// Rows per row group: what is encoded is held in memory until its group is full.
const ROW_GROUP_ROWS: usize = 256 << 10;
/// Encoded bytes after which a row group ends early, so that long texts do not grow memory.
const ROW_GROUP_BYTES: usize = 32 << 20;

/// Metadata key of text columns with few different values, which are stored through a dictionary.
pub(crate) const FEW_VALUES: &str = "helder:fewValues";

/// Properties under which every part is written.
///
/// # Errors
/// Never in practice: the compression level is a constant within range.
pub fn writer_properties(schema: &Schema) -> Result<WriterProperties> {
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(128 << 10)
        .set_data_page_size_limit(1 << 20)
        .set_write_batch_size(16 << 10)
        .set_dictionary_enabled(false)
        .set_offset_index_disabled(true)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_created_by("helder".to_owned());
    for field in schema.fields() {
        let path = ColumnPath::from(field.name().as_str());
        match field.data_type() {
            DataType::Int64 | DataType::Int32 | DataType::Date32 => {
                builder = builder
                    .set_column_encoding(path.clone(), Encoding::DELTA_BINARY_PACKED)
                    .set_column_statistics_enabled(path, EnabledStatistics::Chunk);
            }
            DataType::Float64 => {
                builder = builder.set_column_statistics_enabled(path, EnabledStatistics::Chunk);
            }
            DataType::Utf8 if field.metadata().contains_key(FEW_VALUES) => {
                builder = builder.set_column_dictionary_enabled(path, true);
            }
            DataType::Utf8 => {
                // Lengths apart from bytes: texts of one length cost nothing for it and compress faster.
                builder = builder.set_column_encoding(path, Encoding::DELTA_LENGTH_BYTE_ARRAY);
            }
            _ => {}
        }
    }
    Ok(builder.build())
}

/// Writes one Parquet part, row group by row group.
pub(crate) struct PartWriter<W: Write + Send> {
    schema: SchemaRef,
    file: SerializedFileWriter<W>,
    factory: ArrowRowGroupWriterFactory,
    /// The row group under way; `None` for a column that is taken over from another part.
    columns: Vec<Option<ArrowColumnWriter>>,
    /// Names of columns that are taken over.
    taken_over: Vec<String>,
    groups: usize,
    rows_in_group: usize,
    rows: u64,
}

impl<W: Write + Send> PartWriter<W> {
    pub(crate) fn new(sink: W, schema: &Schema) -> Result<Self> {
        Self::with(sink, schema, Vec::new(), None)
    }

    /// A part whose columns `taken_over` come encoded with every row group, and whose pages are kept by `pages`.
    pub(super) fn with(
        sink: W,
        schema: &Schema,
        taken_over: Vec<String>,
        pages: Option<Arc<dyn PageStoreFactory>>,
    ) -> Result<Self> {
        let properties = writer_properties(schema)?;
        // The marks were for the properties; readers need not see them.
        let plain: Vec<_> = schema
            .fields()
            .iter()
            .map(|field| field.as_ref().clone().with_metadata(HashMap::new()))
            .collect();
        let schema = Arc::new(Schema::new(plain));
        let writer = ArrowWriter::try_new(sink, Arc::clone(&schema), Some(properties))?;
        let (file, mut factory) = writer.into_serialized_writer()?;
        if let Some(pages) = pages {
            factory = factory.with_page_store_factory(pages);
        }
        Ok(Self {
            schema,
            file,
            factory,
            columns: Vec::new(),
            taken_over,
            groups: 0,
            rows_in_group: 0,
            rows: 0,
        })
    }

    /// Appends rows; a full row group is written.
    pub(crate) fn write(&mut self, columns: &[ArrayRef]) -> Result<()> {
        self.append(columns)?;
        if self.is_full() {
            self.end_group(&[])?;
        }
        Ok(())
    }

    /// Appends rows to the row group under way.
    pub(super) fn append(&mut self, columns: &[ArrayRef]) -> Result<()> {
        // Checks that columns and schema fit.
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns.to_vec())?;
        if batch.num_rows() == 0 {
            return Ok(());
        }
        if self.columns.is_empty() {
            let writers = self.factory.create_column_writers(self.groups)?;
            let names = self.schema.fields().iter().map(|field| field.name());
            self.columns = names
                .zip(writers)
                .map(|(name, writer)| (!self.taken_over.contains(name)).then_some(writer))
                .collect();
        }
        let fields = self.schema.fields().iter().zip(columns);
        for ((field, array), writer) in fields.zip(&mut self.columns) {
            let Some(writer) = writer else { continue };
            for leaf in compute_leaves(field, array)? {
                writer.write(&leaf)?;
            }
        }
        self.rows_in_group += batch.num_rows();
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    /// Whether the row group under way has all the rows or bytes it may have.
    pub(super) fn is_full(&self) -> bool {
        let held = || {
            let sizes = self.columns.iter().flatten();
            sizes.map(ArrowColumnWriter::memory_size).sum::<usize>()
        };
        self.rows_in_group >= ROW_GROUP_ROWS || held() >= ROW_GROUP_BYTES
    }

    /// Writes the row group under way; gives how each of its own columns was closed.
    pub(super) fn end_group(&mut self, taken_over: &[Encoded]) -> Result<Vec<ColumnCloseResult>> {
        let mut closed = Vec::new();
        if self.rows_in_group == 0 {
            return Ok(closed);
        }
        let mut group = self.file.next_row_group()?;
        let fields = self.schema.fields().iter();
        for (field, writer) in fields.zip(std::mem::take(&mut self.columns)) {
            if let Some(writer) = writer {
                let chunk = writer.close()?;
                closed.push(chunk.close().clone());
                chunk.append_to_row_group(&mut group)?;
            } else {
                let found = taken_over
                    .iter()
                    .find(|encoded| encoded.name == *field.name());
                let found = found.ok_or(DatasetError::Invariant("a column to take over"))?;
                group.append_column(&found.bytes, found.close.clone())?;
            }
        }
        group.close()?;
        self.groups += 1;
        self.rows_in_group = 0;
        Ok(closed)
    }

    /// Ends the file; gives the sink and the number of rows back.
    pub(crate) fn finish(mut self) -> Result<(W, u64)> {
        self.end_group(&[])?;
        Ok((self.file.into_inner()?, self.rows))
    }
}

/// A column of a row group, encoded and compressed.
pub(super) struct Encoded {
    pub(super) name: String,
    pub(super) bytes: Bytes,
    pub(super) close: ColumnCloseResult,
}

/// Reads a part as record batches.
///
/// # Errors
/// When the bytes are no Parquet file.
pub fn read_part_batches<R: ChunkReader + 'static>(
    reader: R,
    batch_rows: usize,
) -> Result<(SchemaRef, ParquetRecordBatchReader)> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(reader)?;
    let schema = Arc::clone(builder.schema());
    Ok((schema, builder.with_batch_size(batch_rows).build()?))
}

/// Rows of a part, as its footer says.
///
/// # Errors
/// When the bytes are no Parquet file.
pub fn part_rows<R: ChunkReader + 'static>(reader: R) -> Result<u64> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(reader)?;
    Ok(builder
        .metadata()
        .file_metadata()
        .num_rows()
        .max(0)
        .unsigned_abs())
}
