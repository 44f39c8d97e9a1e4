//! Types of values in tensors, and what they are to a model.

use helder_model::{InputType, Value};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Types of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Datatype {
    /// True or false.
    Bool,
    /// Whole numbers from here to the next.
    Int8,
    /// See above.
    Int16,
    /// See above.
    Int32,
    /// See above.
    Int64,
    /// See above.
    Uint8,
    /// See above.
    Uint16,
    /// See above.
    Uint32,
    /// See above.
    Uint64,
    /// Numbers from here to the next.
    Fp16,
    /// See above.
    Fp32,
    /// See above.
    Fp64,
    /// Texts.
    Bytes,
}

/// Values of an output.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum Data {
    /// FP64.
    Numbers(Vec<f64>),
    /// INT64.
    Integers(Vec<u64>),
    /// BYTES.
    Texts(Vec<String>),
}

impl Datatype {
    /// The type in which an input is asked.
    pub(super) const fn of(input: InputType) -> Self {
        match input {
            InputType::Number => Self::Fp64,
            InputType::Integer => Self::Int64,
            InputType::Boolean => Self::Bool,
            InputType::Category => Self::Bytes,
        }
    }

    /// Whether values of this type can be those of an input: any number where a number is asked, any whole number where one
    /// is asked.
    pub(super) const fn suits(self, input: InputType) -> bool {
        match input {
            InputType::Number => self.is_whole() || self.is_real(),
            InputType::Integer => self.is_whole(),
            InputType::Boolean => matches!(self, Self::Bool),
            InputType::Category => matches!(self, Self::Bytes),
        }
    }

    const fn is_whole(self) -> bool {
        matches!(
            self,
            Self::Int8
                | Self::Int16
                | Self::Int32
                | Self::Int64
                | Self::Uint8
                | Self::Uint16
                | Self::Uint32
                | Self::Uint64
        )
    }

    const fn is_real(self) -> bool {
        matches!(self, Self::Fp16 | Self::Fp32 | Self::Fp64)
    }

    /// The value for a model; nothing when it is not of this type. Bounds of the narrow types are not looked at: JSON has one
    /// kind of number.
    pub(super) fn value(self, json: &serde_json::Value) -> Option<Value<'_>> {
        match json {
            serde_json::Value::Null => Some(Value::Null),
            serde_json::Value::Bool(value) => {
                (self == Self::Bool).then_some(Value::Boolean(*value))
            }
            serde_json::Value::String(text) => (self == Self::Bytes).then_some(Value::Text(text)),
            serde_json::Value::Number(number) if self.is_whole() => {
                number.as_i64().map(Value::Integer)
            }
            serde_json::Value::Number(number) if self.is_real() => {
                number.as_f64().map(Value::Number)
            }
            _ => None,
        }
    }
}
