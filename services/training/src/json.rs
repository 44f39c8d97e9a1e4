//! JSON in columns of the database.

use helder_platform::problem::{Problem, Result};
use serde::{Serialize, de::DeserializeOwned};

pub(crate) fn text<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(Problem::internal)
}

pub(crate) fn parsed<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(Problem::internal)
}

pub(crate) fn parsed_value<T: DeserializeOwned>(value: serde_json::Value) -> Result<T> {
    serde_json::from_value(value).map_err(Problem::internal)
}
