//! Files that say other things of themselves than they hold.

use std::sync::Arc;

use ::parquet::{
    arrow::{ArrowWriter, arrow_writer::ArrowWriterOptions},
    file::metadata::{
        ColumnChunkMetaData, ColumnChunkMetaDataBuilder, ParquetMetaDataReader,
        ParquetMetaDataWriter, RowGroupMetaDataBuilder,
    },
};
use arrow::{
    array::{ArrayRef, Int64Array, RecordBatch, StringViewBuilder},
    datatypes::{DataType, Field, Schema},
};
use bytes::Bytes;
use helder_dataset::{
    DatasetError, Limits,
    detect::{self, Format},
    read::{RecordSource, RowBlock, parquet},
};
use serde_json::json;

use crate::support::{contract, run, table};

fn file(texts: &[&str]) -> Vec<u8> {
    let schema = Arc::new(Schema::new(vec![
        Field::new("tekst", DataType::Utf8View, true),
        Field::new("n", DataType::Int64, true),
    ]));
    let mut view = StringViewBuilder::new().with_deduplicate_strings();
    for text in texts {
        view.append_value(text);
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(view.finish()),
        Arc::new(Int64Array::from_iter_values(0..texts.len() as i64)),
    ];
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns).unwrap();
    // As other tools write it: nothing but the types of Parquet.
    let options = ArrowWriterOptions::new().with_skip_arrow_metadata(true);
    let mut file = ArrowWriter::try_new_with_options(Vec::new(), schema, options).unwrap();
    file.write(&batch).unwrap();
    file.into_inner().unwrap()
}

/// The file with another footer: what it says of its groups and of their first chunk.
fn lying(
    file: &[u8],
    group: impl FnOnce(RowGroupMetaDataBuilder) -> RowGroupMetaDataBuilder,
    chunk: impl FnOnce(ColumnChunkMetaDataBuilder) -> ColumnChunkMetaDataBuilder,
) -> Bytes {
    let bytes = Bytes::copy_from_slice(file);
    let true_one = ParquetMetaDataReader::new()
        .parse_and_finish(&bytes)
        .unwrap();
    let found = true_one.row_group(0).clone();
    let mut chunks: Vec<ColumnChunkMetaData> = found.columns().to_vec();
    chunks[0] = chunk(chunks[0].clone().into_builder()).build().unwrap();
    let groups = vec![
        group(found.into_builder().set_column_metadata(chunks))
            .build()
            .unwrap(),
    ];
    let lie = true_one.into_builder().set_row_groups(groups).build();
    let footer = u32::from_le_bytes(*file[..file.len() - 4].last_chunk().unwrap()) as usize;
    let mut out = file[..file.len() - 8 - footer].to_vec();
    let mut written = Vec::new();
    ParquetMetaDataWriter::new(&mut written, &lie)
        .finish()
        .unwrap();
    out.extend_from_slice(&written);
    out.into()
}

/// Reads all records, whatever comes of it.
fn read(file: Bytes, limits: &Limits) -> Result<usize, DatasetError> {
    let mut source = parquet::ParquetSource::open(file, limits)?;
    let (mut block, mut rows) = (RowBlock::default(), 0);
    while source.fill(&mut block)? {
        rows += block.len() + block.broken.len();
        assert!(block.bytes.len() < 4 << 20, "a block stays small");
    }
    Ok(rows)
}

#[test]
fn a_footer_that_lies_is_refused_or_does_not_matter() {
    let limits = Limits::default();
    let honest = file(&["a", "b", "c"]);
    assert_eq!(read(honest.clone().into(), &limits).unwrap(), 3);
    let chunks: [fn(ColumnChunkMetaDataBuilder) -> ColumnChunkMetaDataBuilder; 6] = [
        |chunk| chunk.set_data_page_offset(1 << 40),
        |chunk| chunk.set_data_page_offset(-5),
        |chunk| chunk.set_total_compressed_size(i64::MAX / 4),
        |chunk| chunk.set_total_compressed_size(-1),
        |chunk| chunk.set_dictionary_page_offset(Some(i64::MAX)),
        |chunk| chunk.set_total_uncompressed_size(1 << 40),
    ];
    for (at, chunk) in chunks.into_iter().enumerate() {
        let refused = read(lying(&honest, |group| group, chunk), &limits);
        let clear = matches!(
            refused,
            Ok(3) | Err(DatasetError::Refused(_) | DatasetError::TooLarge { .. })
        );
        assert!(clear, "{at}: {refused:?}");
    }
    for rows in [1, 1 << 40, -1, i64::MAX] {
        let outcome = read(
            lying(&honest, |group| group.set_num_rows(rows), |chunk| chunk),
            &limits,
        );
        let clear = match &outcome {
            Ok(found) => *found <= 3,
            Err(error) => matches!(error, DatasetError::Refused(_)),
        };
        assert!(clear, "{rows} rows: {outcome:?}");
    }
    for cut in 0..honest.len() {
        let outcome = read(Bytes::copy_from_slice(&honest[..cut]), &limits);
        assert!(
            matches!(outcome, Err(DatasetError::Refused(_))),
            "cut at {cut}"
        );
    }
}

#[test]
fn a_page_that_would_need_too_much_memory_is_refused_whatever_the_footer_says() {
    let long = "x".repeat(100_000);
    let small = Limits {
        parquet_page_bytes: 50_000,
        ..Limits::default()
    };
    let modest = |chunk: ColumnChunkMetaDataBuilder| chunk.set_total_uncompressed_size(10);
    let lie = lying(&file(&[&long]), |group| group, modest);
    assert_eq!(read(lie.clone(), &Limits::default()).unwrap(), 1);
    let refused = read(lie, &small);
    assert!(
        matches!(refused, Err(DatasetError::TooLarge { limit: 50_000, .. })),
        "{refused:?}"
    );
}

#[test]
fn one_long_text_in_many_rows_is_read_in_small_blocks() {
    let long = "x".repeat(700_000);
    let many = file(&vec![long.as_str(); 400]);
    assert!(many.len() < 1 << 20, "held once in the file");
    assert_eq!(read(many.into(), &Limits::default()).unwrap(), 400);
}

#[test]
fn a_record_that_is_too_long_is_set_apart() {
    let limits = Limits::default();
    let long = "x".repeat(limits.record_bytes + 1);
    let file = Bytes::from(file(&["a", &long, "c"]));
    let sample = parquet::sample(file.clone(), &limits).unwrap();
    let detected = detect::typed(Format::Parquet, &sample, None);
    let fields = contract(json!({"fields": [{"name": "tekst"}, {"name": "n", "type": "integer"}]}));
    let mut source = parquet::ParquetSource::open(file, &limits).unwrap();
    let made = run(&mut source, &fields, &detected).unwrap();
    assert_eq!((made.rows_in, made.accepted), (3, 2));
    assert_eq!(made.rules(), [(2, String::new(), "record-length".into())]);
    assert_eq!(table(&made.analysis)[2], ["3", "c", "2"]);
}
