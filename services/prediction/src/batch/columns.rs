//! Columns of a Parquet file as inputs of a model.

use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch},
    compute::cast,
    datatypes::{DataType, Field, Float64Type, Int64Type, Schema},
};
use helder_model::{Input, InputType, Row, Scorer, Value, ValueFault};
use helder_platform::problem::{Problem, Result};
use helder_types::Fault;

/// Ordinal of a row in the upload.
pub(crate) const ROW: &str = "_row";
/// How the column with a person's pseudonym ends.
const PSEUDONYM: &str = "_pseudonym";

/// Which column of the file serves which input.
pub(super) struct Columns {
    /// Column per input.
    inputs: Vec<usize>,
    row: Option<usize>,
    pseudonym: Option<usize>,
}

impl Columns {
    /// Finds the inputs of a model in a file.
    ///
    /// # Errors
    /// 400 naming every input that is missing or of another type.
    pub(super) fn find(schema: &Schema, scorer: &Scorer) -> Result<Self> {
        let mut faults = Vec::new();
        let mut inputs = Vec::new();
        for input in scorer.inputs() {
            let pointer = format!("/datasetVersionId/{}", input.name);
            match schema.index_of(&input.name) {
                Ok(column) if fits(input, schema.field(column).data_type()) => inputs.push(column),
                Ok(_) => faults.push(Fault::new(
                    pointer,
                    "wrong-type",
                    "the column has another type than the model asks",
                )),
                Err(_) => faults.push(Fault::new(
                    pointer,
                    "missing-input",
                    "the dataset version has no such column",
                )),
            }
        }
        if !faults.is_empty() {
            return Err(Problem::invalid(faults));
        }
        let is_text = |column: &usize| is_text(schema.field(*column).data_type());
        let mut names = schema.fields().iter().map(|field| field.name());
        let pseudonym = names
            .position(|name| name.ends_with(PSEUDONYM))
            .filter(is_text);
        let row = schema.index_of(ROW).ok();
        Ok(Self {
            inputs,
            row,
            pseudonym,
        })
    }

    /// All columns that are read, for a projection.
    pub(super) fn needed(&self) -> impl Iterator<Item = usize> + '_ {
        self.inputs
            .iter()
            .copied()
            .chain(self.row)
            .chain(self.pseudonym)
    }

    /// The needed columns of a batch that holds just these, cast to what inputs take.
    pub(super) fn take(
        &self,
        batch: &RecordBatch,
        scorer: &Scorer,
        file: &Schema,
    ) -> Result<Block> {
        let column = |place: usize| {
            let name = file.field(place).name();
            batch
                .column_by_name(name)
                .cloned()
                .ok_or_else(|| Problem::internal("a projected column is absent"))
        };
        let as_type = |place: usize, wanted: &DataType| {
            cast(&*column(place)?, wanted).map_err(Problem::internal)
        };
        let inputs = self
            .inputs
            .iter()
            .zip(scorer.inputs())
            .map(|(place, input)| {
                as_type(
                    *place,
                    match input.kind {
                        InputType::Number | InputType::Integer => &DataType::Float64,
                        InputType::Boolean => &DataType::Boolean,
                        InputType::Category => &DataType::Utf8,
                    },
                )
            });
        Ok(Block {
            inputs: inputs.collect::<Result<_>>()?,
            row: self
                .row
                .map(|place| as_type(place, &DataType::Int64))
                .transpose()?,
            pseudonym: self
                .pseudonym
                .map(|place| as_type(place, &DataType::Utf8))
                .transpose()?,
        })
    }
}

/// Whether the columns by whose groups a result is told are there, and have groups.
///
/// # Errors
/// 400 naming every one that is not.
pub(super) fn require_groups(schema: &Schema, names: &[String]) -> Result<()> {
    let fault = |(place, name): (usize, &String)| {
        let found = schema.field_with_name(name).map(Field::data_type);
        let (code, detail) = match found {
            Err(_) => ("unknown-column", "the dataset version has no such column"),
            Ok(kind) if is_text(kind) || kind.is_integer() || *kind == DataType::Boolean => {
                return None;
            }
            Ok(_) => (
                "wrong-type",
                "groups are texts, whole numbers or truth values",
            ),
        };
        let pointer = format!("/control/sensitiveFeatures/{place}");
        Some(Fault::new(pointer, code, detail))
    };
    let faults: Vec<Fault> = names.iter().enumerate().filter_map(fault).collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Problem::invalid(faults))
    }
}

fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

fn fits(input: &Input, kind: &DataType) -> bool {
    match input.kind {
        InputType::Number | InputType::Integer => kind.is_numeric(),
        InputType::Boolean => *kind == DataType::Boolean,
        // Codes are levels too, however they were stored.
        InputType::Category => is_text(kind) || kind.is_integer(),
    }
}

/// Rows of a batch, column by column.
pub(super) struct Block {
    inputs: Vec<ArrayRef>,
    row: Option<ArrayRef>,
    pseudonym: Option<ArrayRef>,
}

impl Block {
    /// Ordinal of the row at `place`; `fallback` where the file has none.
    pub(super) fn row_number(&self, place: usize, fallback: i64) -> i64 {
        let column = self.row.as_ref().map(AsArray::as_primitive::<Int64Type>);
        column
            .filter(|column| column.is_valid(place))
            .map_or(fallback, |column| column.value(place))
    }

    /// Pseudonym of the row at `place`; anything that is not 32 hex digits is no pseudonym and goes nowhere.
    pub(super) fn pseudonym(&self, place: usize) -> Option<&str> {
        let column = self.pseudonym.as_ref()?.as_string::<i32>();
        let text = column.is_valid(place).then(|| column.value(place))?;
        let is_pseudonym = text.len() == 32
            && text
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_pseudonym.then_some(text)
    }

    /// Sets all inputs from the row at `place`; the first input whose value the model refuses, with the reason.
    pub(super) fn fill(
        &self,
        scorer: &Scorer,
        row: &mut Row,
        place: usize,
    ) -> Result<(), (usize, ValueFault)> {
        row.clear();
        for (input, column) in self.inputs.iter().enumerate() {
            let value = if column.is_null(place) {
                Value::Null
            } else {
                match column.data_type() {
                    DataType::Float64 => {
                        let number = column.as_primitive::<Float64Type>().value(place);
                        // As in training: what is no number is missing.
                        if number.is_finite() {
                            Value::Number(number)
                        } else {
                            Value::Null
                        }
                    }
                    DataType::Boolean => Value::Boolean(column.as_boolean().value(place)),
                    _ => Value::Text(column.as_string::<i32>().value(place)),
                }
            };
            scorer
                .set(row, input, value)
                .map_err(|fault| (input, fault))?;
        }
        Ok(())
    }
}
