#![doc = include_str!("../README.md")]

use arrow::{
    array::{Array, AsArray, RecordBatch},
    compute::cast,
    datatypes::{DataType, Int64Type, Schema},
    error::ArrowError,
};
use parquet::{
    arrow::{ProjectionMask, arrow_reader::ParquetRecordBatchReaderBuilder},
    errors::ParquetError,
    file::reader::ChunkReader,
};

/// Number of a row in the upload.
const ROW: &str = "_row";
/// How the column with a person's pseudonym ends.
const PSEUDONYM: &str = "_pseudonym";
/// Rows read at a time.
const BATCH: usize = 16_384;

/// The people of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct People {
    /// Whether the table has a column of pseudonyms.
    pub has_pseudonyms: bool,
    /// Pseudonyms, the 16 bytes behind their 32 hex digits; in the order of the rows, with repeats.
    pub pseudonyms: Vec<[u8; 16]>,
    /// Rows without one: their numbers in `_row`, or their ordinals from 1 where the table has no such column.
    pub rows: Vec<i64>,
}

/// Why a table cannot be looked through.
#[derive(Debug, thiserror::Error)]
pub enum SubjectsError {
    /// It is no Parquet table.
    #[error("the table cannot be opened")]
    Open(#[from] ParquetError),
    /// Its rows cannot be read.
    #[error("the table cannot be read")]
    Read(#[from] ArrowError),
    /// The caller said so.
    #[error("stopped")]
    Stopped,
}

/// Looks through a table.
///
/// * `go_on` – asked between batches
///
/// # Errors
/// [`SubjectsError`].
pub fn people<R: ChunkReader + 'static>(
    table: R,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<People, SubjectsError> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(table)?;
    let schema = builder.schema();
    let pseudonym = pseudonym_column(schema);
    let columns: Vec<usize> = schema.index_of(ROW).into_iter().chain(pseudonym).collect();
    let name = pseudonym.map(|at| schema.field(at).name().clone());
    let mask = ProjectionMask::roots(builder.parquet_schema(), columns);
    let mut found = People {
        has_pseudonyms: name.is_some(),
        ..People::default()
    };
    let mut before = 0;
    for batch in builder
        .with_projection(mask)
        .with_batch_size(BATCH)
        .build()?
    {
        if !go_on() {
            return Err(SubjectsError::Stopped);
        }
        let batch = batch?;
        found.add(&batch, name.as_deref(), before)?;
        before += batch.num_rows() as i64;
    }
    Ok(found)
}

fn pseudonym_column(schema: &Schema) -> Option<usize> {
    let mut fields = schema.fields().iter();
    fields.position(|field| field.name().ends_with(PSEUDONYM) && is_text(field.data_type()))
}

fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

impl People {
    fn add(
        &mut self,
        batch: &RecordBatch,
        name: Option<&str>,
        before: i64,
    ) -> Result<(), ArrowError> {
        let numbers = batch
            .column_by_name(ROW)
            .and_then(|column| column.as_primitive_opt::<Int64Type>());
        let texts = match name.and_then(|name| batch.column_by_name(name)) {
            Some(column) => Some(cast(column, &DataType::Utf8)?),
            None => None,
        };
        let texts = texts.as_ref().map(AsArray::as_string::<i32>);
        for at in 0..batch.num_rows() {
            let text = texts.filter(|it| it.is_valid(at)).map(|it| it.value(at));
            if let Some(pseudonym) = text.and_then(bytes) {
                self.pseudonyms.push(pseudonym);
                continue;
            }
            let number = numbers.filter(|it| it.is_valid(at)).map(|it| it.value(at));
            self.rows.push(number.unwrap_or(before + at as i64 + 1));
        }
        Ok(())
    }
}

/// The bytes behind 32 lower-case hex digits; anything else is no pseudonym and goes nowhere.
fn bytes(text: &str) -> Option<[u8; 16]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let digits = text.as_bytes();
    if digits.len() != 32 {
        return None;
    }
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use std::{fs::File, sync::Arc};

    use arrow::{
        array::{ArrayRef, Int64Array, StringArray},
        datatypes::Field,
    };
    use parquet::arrow::ArrowWriter;

    use super::*;

    fn table(columns: &[(&str, ArrayRef)]) -> File {
        let fields = columns
            .iter()
            .map(|(name, array)| Field::new(*name, array.data_type().clone(), true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let arrays = columns.iter().map(|(_, array)| Arc::clone(array)).collect();
        let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).unwrap();
        let path = std::env::temp_dir().join(format!(
            "helder-subjects-{}-{}.parquet",
            std::process::id(),
            columns.len()
        ));
        let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), schema, None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let file = File::open(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        file
    }

    #[test]
    fn who_has_no_pseudonym_is_known_by_the_row() {
        let good = "000102030405060708090a0b0c0d0e0f";
        let texts = [
            Some(good),
            None,
            Some("somebody"),
            Some(&good.to_uppercase()),
        ]
        .map(|it| it.map(str::to_owned));
        let file = table(&[
            (
                "_row",
                Arc::new(Int64Array::from(vec![3, 5, 8, 9])) as ArrayRef,
            ),
            ("bsn_pseudonym", Arc::new(StringArray::from(texts.to_vec()))),
            ("amount", Arc::new(Int64Array::from(vec![1, 2, 3, 4]))),
        ]);
        let found = people(file, &mut || true).unwrap();
        assert!(found.has_pseudonyms);
        assert_eq!(found.pseudonyms, [std::array::from_fn(|at| at as u8)]);
        assert_eq!(found.rows, [5, 8, 9]);
    }

    #[test]
    fn rows_without_numbers_are_counted_and_the_work_can_be_stopped() {
        let column = || vec![("amount", Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef)];
        let found = people(table(&column()), &mut || true).unwrap();
        assert_eq!((found.has_pseudonyms, found.rows), (false, vec![1, 2]));
        assert!(matches!(
            people(table(&column()), &mut || false),
            Err(SubjectsError::Stopped)
        ));
        let nothing = tempfile_of_nothing();
        assert!(matches!(
            people(nothing, &mut || true),
            Err(SubjectsError::Open(_))
        ));
    }

    fn tempfile_of_nothing() -> File {
        File::open("/dev/null").unwrap()
    }
}
