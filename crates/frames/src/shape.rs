//! The columns of a frame: few types, so that every reader knows them all.

use datafusion::{
    arrow::datatypes::{DataType, TimeUnit},
    common::Column,
    dataframe::DataFrame,
    error::DataFusionError,
    logical_expr::{Expr, ExprSchemable, cast},
    prelude::lit,
    scalar::ScalarValue,
};
use serde::{Deserialize, Serialize};

use crate::{FrameFault, query::REFERENCE_COLUMN};

/// Type of a frame's column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FrameType {
    /// 64-bit signed.
    Integer,
    /// 64-bit floating point.
    Number,
    /// True or false.
    Boolean,
    /// UTF-8 text.
    Text,
    /// A day.
    Date,
    /// UTC, microseconds.
    Timestamp,
}

/// A column of a frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameColumn {
    /// Name.
    pub name: String,
    /// Type.
    #[serde(rename = "type")]
    pub kind: FrameType,
}

impl FrameType {
    fn of(kind: &DataType) -> Option<Self> {
        Some(match kind {
            DataType::Boolean => Self::Boolean,
            DataType::Float16
            | DataType::Float32
            | DataType::Float64
            | DataType::UInt64
            | DataType::Decimal32(..)
            | DataType::Decimal64(..)
            | DataType::Decimal128(..)
            | DataType::Decimal256(..) => Self::Number,
            kind if kind.is_integer() => Self::Integer,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => {
                Self::Text
            }
            DataType::Dictionary(_, value) => return Self::of(value),
            DataType::Date32 | DataType::Date64 => Self::Date,
            DataType::Timestamp(..) => Self::Timestamp,
            _ => return None,
        })
    }

    fn arrow(self) -> DataType {
        match self {
            Self::Integer => DataType::Int64,
            Self::Number => DataType::Float64,
            Self::Boolean => DataType::Boolean,
            Self::Text => DataType::Utf8,
            Self::Date => DataType::Date32,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        }
    }
}

/// The sorted and cast query with its columns, or why there is none.
pub(crate) type Shaped = Result<(DataFrame, Vec<FrameColumn>), Vec<FrameFault>>;

/// Brings the query of one reference date into the frame's few types and into a total order.
pub(crate) fn shape(
    frame: DataFrame,
    reference_day: Option<i32>,
) -> Result<Shaped, DataFusionError> {
    let schema = frame.schema().clone();
    let mut faults = Vec::new();
    let mut columns = Vec::new();
    let mut select: Vec<Expr> = Vec::new();
    let own_date = schema
        .fields()
        .iter()
        .any(|field| field.name() == REFERENCE_COLUMN);
    if let (Some(day), false) = (reference_day, own_date) {
        select.push(lit(ScalarValue::Date32(Some(day))).alias(REFERENCE_COLUMN));
        columns.push(FrameColumn {
            name: REFERENCE_COLUMN.to_owned(),
            kind: FrameType::Date,
        });
    }
    for (qualifier, field) in schema.iter() {
        let name = field.name();
        // `columns` also holds the date we added, so a clash with it shows here too.
        if columns.iter().any(|column| column.name == *name) {
            faults.push(FrameFault::sql(
                "duplicate_column",
                format!("two columns are called `{name}`: rename one with AS"),
            ));
            continue;
        }
        let Some(kind) = FrameType::of(field.data_type()) else {
            faults.push(FrameFault::sql(
                "column_type",
                format!("column `{name}` is a list or structure: take values out of it"),
            ));
            continue;
        };
        let column = Expr::Column(Column::new(qualifier.cloned(), name.clone()));
        let column = if column.get_type(&schema)? == kind.arrow() {
            column
        } else {
            cast(column, kind.arrow())
        };
        select.push(column.alias(name.clone()));
        columns.push(FrameColumn {
            name: name.clone(),
            kind,
        });
    }
    if columns.is_empty() && faults.is_empty() {
        faults.push(FrameFault::sql("no_columns", "the query selects no column"));
    }
    if !faults.is_empty() {
        return Ok(Err(faults));
    }
    let order = columns
        .iter()
        .map(|column| Expr::Column(Column::new_unqualified(column.name.clone())).sort(true, true))
        .collect();
    Ok(Ok((frame.select(select)?.sort(order)?, columns)))
}
