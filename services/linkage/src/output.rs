//! The Parquet files of a run: the linked dataset, the scored pairs that explain it, what is left over, and groups.

pub(crate) mod clusters;
pub(crate) mod unlinked;

use std::sync::Arc;

use arrow::{
    array::{Array, AsArray, Float64Array, Int64Array, RecordBatch, StringArray},
    datatypes::{DataType, Field, Float64Type, Int64Type, Schema},
};
use helder_platform::{
    objects::{Objects, StoredFile},
    problem::{Problem, Result},
};
use helder_record_linkage::run::{Link, ScoredPair, Step};
use helder_types::OrganisationId;
use parquet::{
    arrow::{ArrowWriter, arrow_reader::ParquetRecordBatchReaderBuilder},
    basic::{Compression, ZstdLevel},
    file::properties::WriterProperties,
};

use crate::{
    parts::Records,
    wire::{LinkageLink, LinkedDataset},
};

const BATCH: usize = 65_536;

pub(crate) fn write<T>(
    objects: &Objects,
    organisation: &OrganisationId,
    schema: Schema,
    items: &[T],
    batch: impl Fn(&Arc<Schema>, &[T]) -> Result<RecordBatch>,
) -> Result<LinkedDataset> {
    let schema = Arc::new(schema);
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(
            ZstdLevel::try_new(3).map_err(Problem::internal)?,
        ))
        .set_created_by("helder".to_owned())
        .build();
    let writer = objects.writer(organisation)?;
    let mut parquet = ArrowWriter::try_new(writer, Arc::clone(&schema), Some(properties))
        .map_err(Problem::internal)?;
    for items in items.chunks(BATCH) {
        parquet
            .write(&batch(&schema, items)?)
            .map_err(Problem::internal)?;
    }
    let (digest, size_bytes) = parquet.into_inner().map_err(Problem::internal)?.finish()?;
    Ok(LinkedDataset {
        digest,
        rows: items.len() as u64,
        size_bytes,
    })
}

/// Writes the linked dataset: `left_row`, `right_row`, `left_pseudonym`, `match_weight` (missing for links that were not
/// weighed), `match_probability`, `step`, `runner_up_gap` (missing without a runner-up).
///
/// # Errors
/// 503 when the object store is away or full.
pub(crate) fn write_links(
    objects: &Objects,
    organisation: &OrganisationId,
    (links, gaps): (&[Link], &[Option<f64>]),
    left: &Records,
    right: &Records,
) -> Result<LinkedDataset> {
    let schema = Schema::new(vec![
        Field::new("left_row", DataType::Int64, false),
        Field::new("right_row", DataType::Int64, false),
        Field::new("left_pseudonym", DataType::Utf8, true),
        Field::new("match_weight", DataType::Float64, true),
        Field::new("match_probability", DataType::Float64, false),
        Field::new("step", DataType::Utf8, false),
        Field::new("runner_up_gap", DataType::Float64, true),
    ]);
    let links: Vec<(&Link, Option<f64>)> = links.iter().zip(gaps.iter().copied()).collect();
    write(objects, organisation, schema, &links, |schema, links| {
        let gaps: Float64Array = links.iter().map(|(_, gap)| *gap).collect();
        let links: Vec<&Link> = links.iter().map(|(link, _)| *link).collect();
        let pseudonym = |link: &&Link| {
            left.pseudonyms
                .as_ref()
                .and_then(|all| all[link.left as usize].as_deref())
        };
        RecordBatch::try_new(
            Arc::clone(schema),
            vec![
                Arc::new(
                    links
                        .iter()
                        .map(|link| left.rows[link.left as usize])
                        .collect::<Int64Array>(),
                ),
                Arc::new(
                    links
                        .iter()
                        .map(|link| right.rows[link.right as usize])
                        .collect::<Int64Array>(),
                ),
                Arc::new(links.iter().map(pseudonym).collect::<StringArray>()),
                Arc::new(
                    links
                        .iter()
                        .map(|link| Some(link.match_weight).filter(|w| w.is_finite()))
                        .collect::<Float64Array>(),
                ),
                Arc::new(
                    links
                        .iter()
                        .map(|link| Some(link.match_probability))
                        .collect::<Float64Array>(),
                ),
                Arc::new(
                    links
                        .iter()
                        .map(|link| Some(link.step.as_str()))
                        .collect::<StringArray>(),
                ),
                Arc::new(gaps),
            ],
        )
        .map_err(Problem::internal)
    })
}

/// Writes the scored pairs: `left_row`, `right_row`, `rival_bar`, `match_weight`.
///
/// # Errors
/// 503 when the object store is away or full.
pub(crate) fn write_scored(
    objects: &Objects,
    organisation: &OrganisationId,
    scored: &[ScoredPair],
    left: &Records,
    right: &Records,
) -> Result<LinkedDataset> {
    let schema = Schema::new(vec![
        Field::new("left_row", DataType::Int64, false),
        Field::new("right_row", DataType::Int64, false),
        Field::new("rival_bar", DataType::Float64, false),
        Field::new("match_weight", DataType::Float64, false),
    ]);
    write(objects, organisation, schema, scored, |schema, scored| {
        RecordBatch::try_new(
            Arc::clone(schema),
            vec![
                Arc::new(
                    scored
                        .iter()
                        .map(|pair| left.rows[pair.left as usize])
                        .collect::<Int64Array>(),
                ),
                Arc::new(
                    scored
                        .iter()
                        .map(|pair| right.rows[pair.right as usize])
                        .collect::<Int64Array>(),
                ),
                Arc::new(
                    scored
                        .iter()
                        .map(|pair| Some(pair.rival_bar))
                        .collect::<Float64Array>(),
                ),
                Arc::new(
                    scored
                        .iter()
                        .map(|pair| Some(pair.match_weight))
                        .collect::<Float64Array>(),
                ),
            ],
        )
        .map_err(Problem::internal)
    })
}

/// Rows from place `offset` on, at most `limit`.
///
/// # Errors
/// 500 when the file is no table.
pub(crate) fn read<T>(
    file: &StoredFile,
    offset: usize,
    limit: usize,
    row: impl Fn(&RecordBatch, usize) -> T,
) -> Result<Vec<T>> {
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(file.open()?).map_err(Problem::internal)?;
    let batches = reader
        .with_offset(offset)
        .with_limit(limit)
        .with_batch_size(BATCH.min(limit.max(1)))
        .build();
    let mut rows = Vec::new();
    for batch in batches.map_err(Problem::internal)? {
        let batch = batch.map_err(Problem::internal)?;
        rows.extend((0..batch.num_rows()).map(|at| row(&batch, at)));
    }
    Ok(rows)
}

/// One link of a batch of [`write_links`].
pub(crate) fn link(batch: &RecordBatch, at: usize) -> LinkageLink {
    let weights = batch.column(3).as_primitive::<Float64Type>();
    let pseudonyms = batch.column(2).as_string::<i32>();
    // Runs of before have no such column.
    let gaps = batch
        .column_by_name("runner_up_gap")
        .map(AsArray::as_primitive::<Float64Type>);
    LinkageLink {
        left_row: batch.column(0).as_primitive::<Int64Type>().value(at),
        right_row: batch.column(1).as_primitive::<Int64Type>().value(at),
        match_weight: weights.is_valid(at).then(|| weights.value(at)),
        match_probability: batch.column(4).as_primitive::<Float64Type>().value(at),
        step: match batch.column(5).as_string::<i32>().value(at) {
            "deterministic" => Step::Deterministic,
            "reviewed" => Step::Reviewed,
            _ => Step::Probabilistic,
        },
        runner_up_gap: gaps
            .filter(|gaps| gaps.is_valid(at))
            .map(|gaps| gaps.value(at)),
        left_pseudonym: pseudonyms
            .is_valid(at)
            .then(|| pseudonyms.value(at).to_owned()),
    }
}

/// Links from place `offset`, at most `limit`.
///
/// # Errors
/// 500 when the file is not one of [`write_links`].
pub(crate) fn read_links(
    file: &StoredFile,
    offset: usize,
    limit: usize,
) -> Result<Vec<LinkageLink>> {
    read(file, offset, limit, link)
}

/// The link between two rows, if the run made it.
///
/// # Errors
/// 500 when the file is not one of [`write_links`].
pub(crate) fn find_link(file: &StoredFile, pair: (i64, i64)) -> Result<Option<LinkageLink>> {
    let links = read_links(file, 0, usize::MAX >> 1)?;
    Ok(links
        .into_iter()
        .find(|link| (link.left_row, link.right_row) == pair))
}

/// The rivals' bar of a pair, if it came near.
///
/// # Errors
/// 500 when the file is not one of [`write_scored`].
pub(crate) fn find_rival_bar(file: &StoredFile, pair: (i64, i64)) -> Result<Option<f64>> {
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(file.open()?).map_err(Problem::internal)?;
    for batch in reader
        .with_batch_size(BATCH)
        .build()
        .map_err(Problem::internal)?
    {
        let batch = batch.map_err(Problem::internal)?;
        let (left, right) = (
            batch.column(0).as_primitive::<Int64Type>(),
            batch.column(1).as_primitive::<Int64Type>(),
        );
        let bars = batch.column(2).as_primitive::<Float64Type>();
        if let Some(i) = (0..batch.num_rows()).find(|i| (left.value(*i), right.value(*i)) == pair) {
            return Ok(Some(bars.value(i)));
        }
    }
    Ok(None)
}
