//! The columns of a frame that a report on outflow needs.

use std::path::Path;

use helder_outflow::{Column, OutflowSpec, Table};

use super::{
    LearnError, memory,
    table::{self, Column as Found},
};

/// Reads the columns that `spec` names. True and false become texts, dates become texts too: a time is a number that the query counted.
///
/// # Errors
/// [`LearnError::Invalid`] naming each column that the frame lacks; [`LearnError::Memory`] when reading or analysing them would take more
/// than `allowed` bytes; [`LearnError::Internal`] when the file cannot be read.
pub(crate) fn spells(
    file: &Path,
    spec: &OutflowSpec,
    allowed: Option<u64>,
) -> Result<Table, LearnError> {
    let names = spec.columns().into_iter().map(|(_, name)| name);
    let reads = memory::to_read_columns(file, names)?;
    memory::fits(allowed, "reading the frame", reads)?;
    let wanted = spec.columns().into_iter();
    let wanted = wanted.map(|(pointer, name)| (format!("/spec{pointer}"), name));
    let found = table::read_columns(file, wanted)?;
    let analyses = memory::to_analyse(&found, spec)?;
    memory::fits(allowed, "analysing the spells", analyses)?;
    let columns = spec.columns().into_iter().map(|(_, name)| {
        let column = found.column(name)?;
        let column = match column {
            Found::Integer(values) | Found::Number(values) => Column::Number(values.clone()),
            Found::Text(_) | Found::Boolean(_) | Found::Date(_) => {
                Column::Text(column.texts().unwrap_or_default())
            }
        };
        Ok((name.to_owned(), column))
    });
    let columns: Vec<(String, Column)> = columns.collect::<Result<_, LearnError>>()?;
    Table::new(columns).map_err(LearnError::internal)
}
