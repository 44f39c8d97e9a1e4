//! The ranked result as Parquet, and pages of it.

use std::{io::Write, sync::Arc};

use arrow::{
    array::{
        Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
    },
    datatypes::{DataType, Field, Float64Type, Int64Type, Schema},
};
use helder_model::{Meaning, Reasons, Scorer};
use helder_platform::{
    objects::StoredFile,
    problem::{Problem, Result},
};
use parquet::{
    arrow::{ArrowWriter, arrow_reader::ParquetRecordBatchReaderBuilder},
    basic::{Compression, ZstdLevel},
    file::properties::WriterProperties,
};

use super::{REASONS, ranking::Scored};
use crate::{
    survival::Ends,
    wire::{BatchResult, BatchSurvival},
};

/// Rows written at a time.
const BLOCK: usize = 4_096;

/// The column `value` is there for models that estimate one, `certainty` for those that say how certain a group is, `chances` for survival
/// models: files of other models stay as they are.
fn schema(scorer: &Scorer, chances: &[String]) -> Schema {
    let mut fields = vec![
        Field::new("rank", DataType::Int64, false),
        Field::new("row", DataType::Int64, false),
        Field::new("pseudonym", DataType::Utf8, true),
        Field::new("probability", DataType::Float64, true),
        Field::new("group", DataType::Int64, true),
        Field::new("score", DataType::Float64, false),
        Field::new("has_warnings", DataType::Boolean, false),
    ];
    if scorer.answers_value() {
        fields.push(Field::new("value", DataType::Float64, true));
    }
    if scorer.answers_certainty() {
        fields.push(Field::new("certainty", DataType::Float64, true));
    }
    let chances = chances.iter();
    fields.extend(chances.map(|name| Field::new(name, DataType::Float64, true)));
    for place in 1..=REASONS {
        fields.push(Field::new(
            format!("reason_{place}_nl"),
            DataType::Utf8,
            true,
        ));
        fields.push(Field::new(
            format!("reason_{place}_en"),
            DataType::Utf8,
            true,
        ));
    }
    Schema::new(fields)
}

/// Writes ranked rows. The same rows give the same bytes.
pub(super) fn write<W: Write + Send>(
    out: W,
    ranked: &[Scored],
    (scorer, ends): (&Scorer, Option<&Ends>),
    reasons: &Reasons,
) -> Result<W> {
    let chances = ends.map_or_else(Vec::new, Ends::columns);
    let schema = Arc::new(schema(scorer, &chances));
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(64 * 1024))
        .set_created_by("helder".to_owned())
        .build();
    let mut writer = ArrowWriter::try_new(out, Arc::clone(&schema), Some(properties))
        .map_err(Problem::internal)?;
    for (block, rows) in ranked.chunks(BLOCK).enumerate() {
        let first_rank = (block * BLOCK) as i64 + 1;
        let mut columns = columns(rows, first_rank, scorer);
        columns.extend((0..chances.len()).map(|place| chance(rows, place)));
        columns.extend(texts(rows, scorer, reasons));
        let batch =
            RecordBatch::try_new(Arc::clone(&schema), columns).map_err(Problem::internal)?;
        writer.write(&batch).map_err(Problem::internal)?;
    }
    writer.into_inner().map_err(Problem::internal)
}

/// One number per row; none where a median was not reached.
fn chance(rows: &[Scored], place: usize) -> ArrayRef {
    let of = |row: &Scored| row.chances.as_ref().and_then(|of| of.get(place).copied());
    let known = rows
        .iter()
        .map(|row| of(row).filter(|value| value.is_finite()));
    Arc::new(known.collect::<Float64Array>())
}

/// The columns before the chances.
fn columns(rows: &[Scored], first_rank: i64, scorer: &Scorer) -> Vec<ArrayRef> {
    let finite = |value: f64| value.is_finite().then_some(value);
    let mut columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(
            first_rank..first_rank + rows.len() as i64,
        )),
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.row))),
        Arc::new(
            rows.iter()
                .map(|row| row.pseudonym.map(|p| format!("{p:032x}")))
                .collect::<StringArray>(),
        ),
        Arc::new(
            rows.iter()
                .map(|row| finite(row.probability))
                .collect::<Float64Array>(),
        ),
        Arc::new(
            rows.iter()
                .map(|row| (row.group != u32::MAX).then_some(i64::from(row.group)))
                .collect::<Int64Array>(),
        ),
        Arc::new(Float64Array::from_iter_values(
            rows.iter().map(|row| row.score),
        )),
        Arc::new(
            rows.iter()
                .map(|row| Some(row.has_warnings))
                .collect::<BooleanArray>(),
        ),
    ];
    if scorer.answers_value() {
        columns.push(Arc::new(
            rows.iter()
                .map(|row| finite(row.value))
                .collect::<Float64Array>(),
        ));
    }
    if scorer.answers_certainty() {
        let known = rows.iter().map(|row| finite(row.certainty));
        columns.push(Arc::new(known.collect::<Float64Array>()));
    }
    columns
}

/// The reasons, Dutch beside English.
fn texts(rows: &[Scored], scorer: &Scorer, reasons: &Reasons) -> Vec<ArrayRef> {
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(2 * REASONS);
    let mut scratch = scorer.row();
    let texts: Vec<Vec<Meaning>> = rows
        .iter()
        .map(|row| {
            let counted = row.reasons(scorer, &mut scratch);
            counted
                .into_iter()
                .map(|(input, contribution)| reasons.meaning(&scratch, input, contribution))
                .collect()
        })
        .collect();
    for place in 0..REASONS {
        let nl = texts
            .iter()
            .map(|texts| texts.get(place).map(|text| text.nl.as_str()));
        let en = texts
            .iter()
            .map(|texts| texts.get(place).map(|text| text.en.as_str()));
        columns.push(Arc::new(nl.collect::<StringArray>()));
        columns.push(Arc::new(en.collect::<StringArray>()));
    }
    columns
}

/// Rows after rank `after`, at most `limit`.
///
/// # Errors
/// When the stored result cannot be read.
pub(crate) fn page(file: &StoredFile, after: usize, limit: usize) -> Result<Vec<BatchResult>> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(file.open()?)
        .map_err(Problem::internal)?
        .with_offset(after)
        .with_limit(limit)
        .build()
        .map_err(Problem::internal)?;
    let mut results = Vec::with_capacity(limit);
    for batch in reader {
        let batch = batch.map_err(Problem::internal)?;
        for place in 0..batch.num_rows() {
            results.push(
                result(&batch, place)
                    .ok_or_else(|| Problem::internal("a result file lacks columns"))?,
            );
        }
    }
    Ok(results)
}

/// Chances by time, where the file has them.
fn survival(batch: &RecordBatch, number: &dyn Fn(&str) -> Option<f64>) -> Option<BatchSurvival> {
    let schema = batch.schema();
    let of = |prefix: &str| -> Vec<f64> {
        let names = schema.fields().iter().map(|field| field.name());
        let own = names.filter(|name| name.starts_with(prefix));
        own.filter_map(|name| number(name)).collect()
    };
    let lasting = of("lasting_");
    let ended = (1..).map(|cause| of(&format!("ended_{cause}_")));
    (!lasting.is_empty()).then(|| BatchSurvival {
        median_days: number("median_days"),
        lasting,
        ended: ended.take_while(|chances| !chances.is_empty()).collect(),
    })
}

fn result(batch: &RecordBatch, place: usize) -> Option<BatchResult> {
    let column = |name: &str| {
        batch
            .column_by_name(name)
            .map(|column| (column, column.is_valid(place)))
    };
    let whole = |name: &str| {
        let (column, known) = column(name)?;
        known.then(|| column.as_primitive::<Int64Type>().value(place))
    };
    let number = |name: &str| {
        let (column, known) = column(name)?;
        known.then(|| column.as_primitive::<Float64Type>().value(place))
    };
    let text = |name: &str| {
        let (column, known) = column(name)?;
        known.then(|| column.as_string::<i32>().value(place).to_owned())
    };
    let reason = |n: usize| {
        Some(Meaning {
            nl: text(&format!("reason_{n}_nl"))?,
            en: text(&format!("reason_{n}_en"))?,
        })
    };
    Some(BatchResult {
        rank: whole("rank")?,
        row: whole("row")?,
        pseudonym: text("pseudonym"),
        probability: number("probability"),
        value: number("value"),
        group: whole("group"),
        certainty: number("certainty"),
        survival: survival(batch, &number),
        score: number("score")?,
        has_warnings: column("has_warnings")?.0.as_boolean().value(place),
        reasons: (1..=REASONS).filter_map(reason).collect(),
    })
}
