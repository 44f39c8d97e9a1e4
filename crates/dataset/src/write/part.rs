//! Parquet parts: zstd, small row groups, encodings chosen per type. Same rows, same bytes.

use std::{collections::HashMap, io::Write, sync::Arc};

use arrow::{
    array::{ArrayRef, RecordBatch},
    datatypes::{DataType, Schema, SchemaRef},
};
use parquet::{
    arrow::{
        ArrowWriter,
        arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder},
    },
    basic::{Compression, Encoding, ZstdLevel},
    file::{
        properties::{EnabledStatistics, WriterProperties},
        reader::ChunkReader,
    },
    schema::types::ColumnPath,
};

use crate::error::Result;

/// Rows per row group: what is encoded is held in memory until its group is full.
const ROW_GROUP_ROWS: usize = 256 << 10;

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

/// Writes one Parquet part.
pub(crate) struct PartWriter<W: Write + Send> {
    schema: SchemaRef,
    writer: ArrowWriter<W>,
    rows: u64,
}

impl<W: Write + Send> PartWriter<W> {
    pub(crate) fn new(sink: W, schema: &Schema) -> Result<Self> {
        let properties = writer_properties(schema)?;
        // The marks were for the properties; readers need not see them.
        let plain: Vec<_> = schema
            .fields()
            .iter()
            .map(|field| field.as_ref().clone().with_metadata(HashMap::new()))
            .collect();
        let schema = Arc::new(Schema::new(plain));
        let writer = ArrowWriter::try_new(sink, Arc::clone(&schema), Some(properties))?;
        Ok(Self {
            schema,
            writer,
            rows: 0,
        })
    }

    pub(crate) fn write(&mut self, columns: Vec<ArrayRef>) -> Result<()> {
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns)?;
        self.rows += batch.num_rows() as u64;
        self.writer.write(&batch)?;
        Ok(())
    }

    /// Ends the file; gives the sink and the number of rows back.
    pub(crate) fn finish(self) -> Result<(W, u64)> {
        let rows = self.rows;
        Ok((self.writer.into_inner()?, rows))
    }
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
