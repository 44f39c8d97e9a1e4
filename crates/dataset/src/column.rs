//! Columns under construction: values appended for all records, then those of bad records squeezed out.

use std::sync::Arc;

use arrow::{
    array::{
        Array, ArrayRef, AsArray, BooleanArray, Date32Array, Float64Array, Int32Array, Int64Array,
        StringArray,
    },
    buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer},
    datatypes::{DataType, Date32Type, Field, Float64Type, Int32Type, Int64Type},
};

use crate::error::Result;

/// Texts behind each other.
#[derive(Debug)]
pub(crate) struct Texts {
    pub(crate) bytes: Vec<u8>,
    /// Start of each text and, last, the end.
    pub(crate) offsets: Vec<i32>,
}

impl Texts {
    /// Ends the text whose bytes were appended.
    #[inline]
    pub(crate) fn close(&mut self) {
        self.offsets.push(self.bytes.len() as i32);
    }
}

#[derive(Debug)]
pub(crate) enum Values {
    Int64(Vec<i64>),
    Int32(Vec<i32>),
    Float64(Vec<f64>),
    Boolean(Vec<bool>),
    Date32(Vec<i32>),
    Text(Texts),
}

/// One stored column under construction.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) values: Values,
    pub(crate) valid: Vec<bool>,
    /// Whether few different values are expected.
    pub(crate) few_values: bool,
}

impl Column {
    pub(crate) fn new(name: String, kind: &DataType) -> Self {
        let values = match kind {
            DataType::Int64 => Values::Int64(Vec::new()),
            DataType::Int32 => Values::Int32(Vec::new()),
            DataType::Float64 => Values::Float64(Vec::new()),
            DataType::Boolean => Values::Boolean(Vec::new()),
            DataType::Date32 => Values::Date32(Vec::new()),
            _ => Values::Text(Texts {
                bytes: Vec::new(),
                offsets: vec![0],
            }),
        };
        Self {
            name,
            values,
            valid: Vec::new(),
            few_values: false,
        }
    }

    /// A column with the values of an array; for counting only.
    pub(crate) fn from_array(name: &str, array: &ArrayRef) -> Self {
        let mut column = Self::new(name.to_owned(), array.data_type());
        column.valid = (0..array.len()).map(|at| array.is_valid(at)).collect();
        match &mut column.values {
            Values::Int64(values) => {
                values.extend_from_slice(array.as_primitive::<Int64Type>().values());
            }
            Values::Int32(values) => {
                values.extend_from_slice(array.as_primitive::<Int32Type>().values());
            }
            Values::Date32(values) => {
                values.extend_from_slice(array.as_primitive::<Date32Type>().values());
            }
            Values::Float64(values) => {
                values.extend_from_slice(array.as_primitive::<Float64Type>().values());
            }
            Values::Boolean(values) => values.extend(array.as_boolean().values()),
            Values::Text(texts) => {
                for text in array.as_string::<i32>() {
                    texts
                        .bytes
                        .extend_from_slice(text.unwrap_or_default().as_bytes());
                    texts.close();
                }
            }
        }
        column
    }

    /// The column as a field of a schema; every column but `_row` may have missing values.
    pub(crate) fn field(&self) -> Field {
        let kind = match &self.values {
            Values::Int64(_) => DataType::Int64,
            Values::Int32(_) => DataType::Int32,
            Values::Float64(_) => DataType::Float64,
            Values::Boolean(_) => DataType::Boolean,
            Values::Date32(_) => DataType::Date32,
            Values::Text(_) => DataType::Utf8,
        };
        let field = Field::new(&self.name, kind, self.name != "_row");
        if self.few_values {
            field.with_metadata([(crate::write::FEW_VALUES.to_owned(), "true".to_owned())].into())
        } else {
            field
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.valid.len()
    }

    /// Bytes of its texts.
    pub(crate) fn text_bytes(&self) -> usize {
        match &self.values {
            Values::Text(texts) => texts.bytes.len(),
            _ => 0,
        }
    }

    /// Removes the values at `bad` (ascending positions).
    pub(crate) fn squeeze(&mut self, bad: &[usize]) {
        if bad.is_empty() {
            return;
        }
        squeeze_slice(&mut self.valid, bad);
        match &mut self.values {
            Values::Int64(values) => squeeze_slice(values, bad),
            Values::Int32(values) | Values::Date32(values) => squeeze_slice(values, bad),
            Values::Float64(values) => squeeze_slice(values, bad),
            Values::Boolean(values) => squeeze_slice(values, bad),
            Values::Text(texts) => squeeze_texts(texts, bad),
        }
    }

    /// Takes the values out as an array and leaves the column empty.
    pub(crate) fn finish(&mut self) -> Result<ArrayRef> {
        let rows = self.valid.len();
        let missing = self.valid.iter().any(|valid| !valid);
        let nulls = missing.then(|| NullBuffer::new(BooleanBuffer::from(self.valid.as_slice())));
        self.valid.clear();
        Ok(match &mut self.values {
            Values::Int64(values) => Arc::new(Int64Array::try_new(taken(values), nulls)?),
            Values::Int32(values) => Arc::new(Int32Array::try_new(taken(values), nulls)?),
            Values::Date32(values) => Arc::new(Date32Array::try_new(taken(values), nulls)?),
            Values::Float64(values) => Arc::new(Float64Array::try_new(taken(values), nulls)?),
            Values::Boolean(values) => {
                let array = BooleanArray::new(BooleanBuffer::from(values.as_slice()), nulls);
                values.clear();
                Arc::new(array)
            }
            Values::Text(texts) => {
                let room = texts.bytes.len();
                let bytes = Buffer::from_vec(std::mem::replace(
                    &mut texts.bytes,
                    Vec::with_capacity(room),
                ));
                let mut starts = Vec::with_capacity(rows + 1);
                starts.push(0);
                let offsets = ScalarBuffer::from(std::mem::replace(&mut texts.offsets, starts));
                // Checks once more that all is UTF-8, which costs little and is needed for soundness.
                Arc::new(StringArray::try_new(
                    OffsetBuffer::new(offsets),
                    bytes,
                    nulls,
                )?)
            }
        })
    }
}

fn taken<T: arrow::datatypes::ArrowNativeType>(values: &mut Vec<T>) -> ScalarBuffer<T> {
    let room = values.len();
    ScalarBuffer::from(std::mem::replace(values, Vec::with_capacity(room)))
}

fn squeeze_slice<T: Copy>(values: &mut Vec<T>, bad: &[usize]) {
    let mut to = bad[0];
    for (at, &position) in bad.iter().enumerate() {
        let from = position + 1;
        let end = bad.get(at + 1).copied().unwrap_or(values.len());
        values.copy_within(from..end, to);
        to += end - from;
    }
    values.truncate(to);
}

fn squeeze_texts(texts: &mut Texts, bad: &[usize]) {
    let rows = texts.offsets.len() - 1;
    let mut to_row = bad[0];
    let mut to_byte = texts.offsets[bad[0]] as usize;
    for (at, &position) in bad.iter().enumerate() {
        let from = position + 1;
        let end = bad.get(at + 1).copied().unwrap_or(rows);
        let (first, last) = (texts.offsets[from] as usize, texts.offsets[end] as usize);
        texts.bytes.copy_within(first..last, to_byte);
        let shift = (first - to_byte) as i32;
        for row in from..end {
            texts.offsets[to_row + 1] = texts.offsets[row + 1] - shift;
            to_row += 1;
        }
        to_byte += last - first;
    }
    texts.offsets.truncate(to_row + 1);
    texts.bytes.truncate(to_byte);
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn squeezing_leaves_exactly_the_good_values(rows in proptest::collection::vec(("[a-z]{0,5}", proptest::bool::ANY), 1..60)) {
            let mut column = Column::new("x".into(), &DataType::Utf8);
            for (text, _) in &rows {
                let Values::Text(texts) = &mut column.values else { unreachable!() };
                texts.bytes.extend_from_slice(text.as_bytes());
                texts.close();
                column.valid.push(true);
            }
            let bad: Vec<usize> = rows.iter().enumerate().filter(|(_, row)| row.1).map(|(at, _)| at).collect();
            column.squeeze(&bad);
            let array = column.finish().unwrap();
            let left: Vec<&str> = array.as_string::<i32>().iter().flatten().collect();
            let expected: Vec<&str> = rows.iter().filter(|row| !row.1).map(|row| row.0.as_str()).collect();
            proptest::prop_assert_eq!(left, expected);
        }
    }
}
