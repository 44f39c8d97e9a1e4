//! Reads a settings struct from TOML and environment.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::de::DeserializeOwned;
use toml::{Table, Value};

/// What every variable of this platform starts with.
const PREFIX: &str = "HELDER_";
/// Variables that are no keys of the configuration.
const NOT_KEYS: [&str; 5] = [
    "HELDER_BIN",
    "HELDER_CONFIG",
    "HELDER_KEEP",
    "HELDER_REFERENCE_DATA",
    "HELDER_TOKEN",
];

/// What the variables start with that tests are told by.
const FOR_TESTS: &str = "HELDER_TEST_";

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read configuration file {0}")]
    File(PathBuf, #[source] std::io::Error),
    /// The file is not TOML.
    #[error("configuration file {0} is not TOML, line {1}")]
    Toml(PathBuf, usize),
    /// A key is unknown, missing or has a wrong value.
    #[error("configuration key {key}: {demand}")]
    Key {
        /// Dotted name.
        key: String,
        /// What it must be.
        demand: String,
    },
}

/// Reads `T` from the file (when given) and the process environment.
///
/// # Errors
/// [`ConfigError`] names the file or the key.
pub fn load<T: DeserializeOwned>(file: Option<&Path>) -> Result<T, ConfigError> {
    from_parts(table_of(file)?, std::env::vars())
}

/// The file as a table; an empty one without a file.
///
/// # Errors
/// [`ConfigError::File`], [`ConfigError::Toml`].
pub fn table_of(file: Option<&Path>) -> Result<Table, ConfigError> {
    let text = match file {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| ConfigError::File(path.to_owned(), error))?,
        None => String::new(),
    };
    text.parse::<Table>().map_err(|error| {
        let line = error
            .span()
            .map_or(0, |span| text[..span.start].lines().count().max(1));
        ConfigError::Toml(file.map(Path::to_owned).unwrap_or_default(), line)
    })
}

/// Reads `T` from a table and variables; the part of [`load`] without side effects.
///
/// # Errors
/// [`ConfigError::Key`].
pub fn from_parts<T: DeserializeOwned>(
    mut table: Table,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<T, ConfigError> {
    match overlaid(&mut table, variables).pop() {
        Some(fault) => Err(fault),
        None => parsed(table),
    }
}

/// Puts the variables over the table; gives those that do not fit it.
pub(super) fn overlaid(
    table: &mut Table,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Vec<ConfigError> {
    let variables: BTreeMap<_, _> = variables
        .into_iter()
        .filter(|(name, _)| {
            name.starts_with(PREFIX)
                && !name.starts_with(FOR_TESTS)
                && !NOT_KEYS.contains(&name.as_str())
        })
        .collect();
    let mut faults = Vec::new();
    for (name, text) in &variables {
        let path = name[PREFIX.len()..].to_lowercase();
        let keys: Vec<_> = path.split("__").collect();
        if set(table, &keys, value_of(text)).is_none() {
            faults.push(ConfigError::Key {
                key: keys.join("."),
                demand: format!("the variable {name} goes into something that is not a section"),
            });
        }
    }
    faults
}

/// The table as settings.
pub(super) fn parsed<T: DeserializeOwned>(table: Table) -> Result<T, ConfigError> {
    serde_path_to_error::deserialize(Value::Table(table)).map_err(|error| {
        let message = error.inner().message().to_owned();
        let mut key = error.path().to_string();
        let quoted = message.split('`').nth(1).unwrap_or_default();
        let demand = if message.starts_with("unknown field") {
            "there is no such key".to_owned()
        } else if message.starts_with("missing field") {
            key = if key == "." {
                quoted.to_owned()
            } else {
                format!("{key}.{quoted}")
            };
            "this key is needed".to_owned()
        } else if let Some((_, expected)) = message.rsplit_once(", expected ") {
            format!("expected {expected}")
        } else {
            "this value cannot be used here".to_owned()
        };
        if message.starts_with("unknown field") && !key.ends_with(quoted) {
            key = if key == "." {
                quoted.to_owned()
            } else {
                format!("{key}.{quoted}")
            };
        }
        ConfigError::Key { key, demand }
    })
}

/// A variable's text as TOML when it is TOML (`8`, `true`, `["a"]`), else as text.
fn value_of(text: &str) -> Value {
    let parsed = format!("value = {text}")
        .parse::<Table>()
        .ok()
        .and_then(|mut table| table.remove("value"));
    parsed.unwrap_or_else(|| Value::String(text.to_owned()))
}

fn set(table: &mut Table, keys: &[&str], value: Value) -> Option<()> {
    let (first, rest) = keys.split_first()?;
    if rest.is_empty() {
        table.insert((*first).to_owned(), value);
        return Some(());
    }
    let next = table
        .entry(*first)
        .or_insert_with(|| Value::Table(Table::new()));
    set(next.as_table_mut()?, rest, value)
}
