//! The columns of a frame that a plan needs, in memory.

use std::{collections::BTreeMap, fs::File, path::Path};

use arrow::{
    array::{Array, ArrayRef, AsArray},
    datatypes::{DataType, Date32Type, Float64Type, Int64Type},
};
use helder_model::Value;
use helder_types::Fault;
use parquet::arrow::{ProjectionMask, arrow_reader::ParquetRecordBatchReaderBuilder};

use super::{
    LearnError, memory,
    plan::{NewTrainingRun, REFERENCE_DATE},
};

/// A column with its gaps.
#[derive(Clone, Debug)]
pub(super) enum Column {
    /// Whole numbers.
    Integer(Vec<Option<f64>>),
    /// Numbers; NaN and infinities count as missing.
    Number(Vec<Option<f64>>),
    /// True or false.
    Boolean(Vec<Option<bool>>),
    /// Texts; the empty text counts as missing.
    Text(Vec<Option<String>>),
    /// Days since 1970-01-01.
    Date(Vec<Option<i32>>),
}

/// Columns by name; all of one length.
#[derive(Clone, Debug)]
pub(super) struct Table {
    columns: BTreeMap<String, Column>,
    n_rows: usize,
}

impl Table {
    /// Rows.
    pub(super) const fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Bytes that lie in memory.
    pub(super) fn bytes(&self) -> u64 {
        self.columns.values().map(Column::bytes).sum()
    }

    /// A column that [`read`] has found.
    pub(super) fn column(&self, name: &str) -> Result<&Column, LearnError> {
        self.columns
            .get(name)
            .ok_or_else(|| LearnError::internal(format!("column {name} was not read")))
    }
}

impl Column {
    fn bytes(&self) -> u64 {
        let text = |text: &Option<String>| match text {
            // The smallest piece holds 24 bytes; larger ones are rounded up.
            Some(text) => {
                memory::TEXT + (text.len() as u64).saturating_sub(24).next_multiple_of(16)
            }
            None => memory::PLACE,
        };
        match self {
            Self::Integer(values) | Self::Number(values) => values.len() as u64 * 16,
            Self::Boolean(values) => values.len() as u64,
            Self::Text(values) => values.iter().map(text).sum(),
            Self::Date(values) => values.len() as u64 * 8,
        }
    }

    /// Numbers of a numeric or boolean column; `None` for others.
    pub(super) fn numbers(&self) -> Option<Vec<Option<f64>>> {
        match self {
            Self::Integer(values) | Self::Number(values) => Some(values.clone()),
            Self::Boolean(values) => Some(
                values
                    .iter()
                    .map(|v| v.map(|v| f64::from(u8::from(v))))
                    .collect(),
            ),
            Self::Text(_) | Self::Date(_) => None,
        }
    }

    /// The raw value of a row, as prediction would be given it.
    pub(super) fn value(&self, row: usize) -> Value<'_> {
        let value = match self {
            Self::Integer(values) => values[row].map(|value| Value::Integer(value as i64)),
            Self::Number(values) => values[row].map(Value::Number),
            Self::Boolean(values) => values[row].map(Value::Boolean),
            Self::Text(values) => values[row].as_deref().map(Value::Text),
            Self::Date(_) => None,
        };
        value.unwrap_or(Value::Null)
    }

    /// Values as text, for grouping; `None` for numbers with decimals.
    pub(super) fn texts(&self) -> Option<Vec<Option<String>>> {
        match self {
            Self::Text(values) => Some(values.clone()),
            Self::Boolean(values) => {
                Some(values.iter().map(|v| v.map(|v| v.to_string())).collect())
            }
            Self::Integer(values) => Some(
                values
                    .iter()
                    .map(|v| v.map(|v| format!("{v:.0}")))
                    .collect(),
            ),
            Self::Date(values) => Some(values.iter().map(|v| v.map(|v| v.to_string())).collect()),
            Self::Number(_) => None,
        }
    }
}

/// Reads the columns that `plan` names.
///
/// # Errors
/// [`LearnError::Invalid`] naming each column that the frame lacks; [`LearnError::Internal`] when the file cannot be read.
pub(super) fn read(file: &Path, plan: &NewTrainingRun) -> Result<Table, LearnError> {
    read_also(file, plan, Vec::new())
}

/// [`read`] with more columns, each with the pointer to blame.
///
/// # Errors
/// As [`read`].
pub(super) fn read_also(
    file: &Path,
    plan: &NewTrainingRun,
    more: Vec<(String, &str)>,
) -> Result<Table, LearnError> {
    read_columns(file, wanted(plan).into_iter().chain(more))
}

/// Reads columns, each with the pointer to blame.
///
/// # Errors
/// As [`read`].
pub(super) fn read_columns<'a>(
    file: &Path,
    columns: impl IntoIterator<Item = (String, &'a str)>,
) -> Result<Table, LearnError> {
    let file = File::open(file).map_err(LearnError::internal)?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(LearnError::internal)?;
    let schema = builder.schema().clone();
    let mut faults = Vec::new();
    let mut places = BTreeMap::new();
    for (pointer, name) in columns {
        match schema.index_of(name) {
            Ok(place) => {
                places.insert(place, name.to_owned());
            }
            Err(_) => {
                faults.push(Fault::new(
                    pointer,
                    "unknown-column",
                    format!("the frame has no column `{name}`"),
                ));
            }
        }
    }
    if !faults.is_empty() {
        return Err(LearnError::Invalid(faults));
    }
    // Read where it is there, to judge whether the model is as good later.
    if let Ok(place) = schema.index_of(REFERENCE_DATE) {
        places.insert(place, REFERENCE_DATE.to_owned());
    }
    let mask = ProjectionMask::roots(builder.parquet_schema(), places.keys().copied());
    let reader = builder
        .with_projection(mask)
        .build()
        .map_err(LearnError::internal)?;
    let mut columns: BTreeMap<String, Column> = BTreeMap::new();
    let mut n_rows = 0;
    for batch in reader {
        let batch = batch.map_err(LearnError::internal)?;
        n_rows += batch.num_rows();
        for (name, array) in places.values().zip(batch.columns()) {
            append(&mut columns, name, array)?;
        }
    }
    if n_rows == 0 {
        return Err(LearnError::fault(
            "/frameId",
            "empty-frame",
            "the frame has no rows",
        ));
    }
    Ok(Table { columns, n_rows })
}

/// Columns of the plan, each with the pointer to blame.
pub(super) fn wanted(plan: &NewTrainingRun) -> Vec<(String, &str)> {
    let mut wanted: Vec<(String, &str)> = plan
        .features
        .iter()
        .enumerate()
        .map(|(n, f)| (format!("/features/{n}/name"), f.name.as_str()))
        .collect();
    wanted.extend(
        plan.target
            .as_deref()
            .map(|target| ("/target".to_owned(), target)),
    );
    let offset = plan.offset.as_ref().map(|offset| offset.name.as_str());
    let net = plan.hyperparameters.elastic_net.as_ref();
    for (pointer, name) in [
        (
            "/hyperparameters/elasticNet/foldGroup",
            net.and_then(|net| net.fold_group.as_deref()),
        ),
        (
            "/hyperparameters/rowGroup",
            plan.hyperparameters.row_group.as_deref(),
        ),
        ("/offset/name", offset),
        ("/exposure", plan.exposure.as_deref()),
        ("/trials", plan.trials.as_deref()),
        ("/weights", plan.weights.as_deref()),
        ("/event", plan.event.as_deref()),
        ("/entry", plan.entry.as_deref()),
        ("/area", plan.area.as_deref()),
    ] {
        wanted.extend(name.map(|name| (pointer.to_owned(), name)));
    }
    let truth = plan.truth.iter().flat_map(super::plan::Truth::columns);
    wanted.extend(truth.map(|(pointer, name)| (pointer.to_owned(), name)));
    let graph = plan.causal_graph.iter();
    wanted.extend(graph.flat_map(super::plan::CausalGraph::columns));
    let sensitive = plan.sensitive_features.iter().enumerate();
    wanted.extend(sensitive.map(|(n, name)| (format!("/sensitiveFeatures/{n}"), name.as_str())));
    wanted.extend(
        plan.split
            .column()
            .map(|column| ("/split".to_owned(), column)),
    );
    wanted
}

fn append(
    columns: &mut BTreeMap<String, Column>,
    name: &str,
    array: &ArrayRef,
) -> Result<(), LearnError> {
    let part = match array.data_type() {
        DataType::Int64 => Column::Integer(
            array
                .as_primitive::<Int64Type>()
                .iter()
                .map(|value| value.map(|value| value as f64))
                .collect(),
        ),
        DataType::Float64 => Column::Number(
            array
                .as_primitive::<Float64Type>()
                .iter()
                .map(|value| value.filter(|value| value.is_finite()))
                .collect(),
        ),
        DataType::Boolean => Column::Boolean(array.as_boolean().iter().collect()),
        DataType::Utf8 => Column::Text(
            array
                .as_string::<i32>()
                .iter()
                .map(|v| v.filter(|v| !v.is_empty()).map(str::to_owned))
                .collect(),
        ),
        DataType::Date32 => Column::Date(array.as_primitive::<Date32Type>().iter().collect()),
        // A point in time is no feature and no group; only its gaps are kept.
        _ => Column::Date(
            (0..array.len())
                .map(|row| array.is_valid(row).then_some(0))
                .collect(),
        ),
    };
    match (columns.get_mut(name), part) {
        (None, part) => {
            columns.insert(name.to_owned(), part);
        }
        (Some(Column::Integer(all)), Column::Integer(part))
        | (Some(Column::Number(all)), Column::Number(part)) => {
            all.extend(part);
        }
        (Some(Column::Boolean(all)), Column::Boolean(part)) => all.extend(part),
        (Some(Column::Text(all)), Column::Text(part)) => all.extend(part),
        (Some(Column::Date(all)), Column::Date(part)) => all.extend(part),
        _ => {
            return Err(LearnError::internal(
                "a column changes its type within the file",
            ));
        }
    }
    Ok(())
}
