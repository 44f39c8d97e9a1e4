//! Which SQL is let through, and how the engine's complaints are told.

use datafusion::{
    arrow::error::ArrowError,
    common::SchemaError,
    error::DataFusionError,
    sql::{
        parser::{DFParser, Statement},
        sqlparser::ast::Statement as Sql,
    },
};

use crate::{FrameError, FrameFault, guard};

/// Parses the text and lets exactly one query through.
pub(crate) fn parse(sql: &str) -> Result<Statement, FrameFault> {
    let mut statements = DFParser::parse_sql(sql).map_err(|error| {
        FrameFault::sql(
            "syntax",
            format!("this is not SQL the platform reads{}", place(&error)),
        )
    })?;
    if statements.len() != 1 {
        return Err(FrameFault::sql("one_query", "write exactly one SELECT"));
    }
    match statements.pop_front() {
        Some(Statement::Statement(statement)) if matches!(*statement, Sql::Query(_)) => {
            Ok(Statement::Statement(statement))
        }
        _ => Err(FrameFault::sql(
            "read_only",
            "only a SELECT is allowed: nothing that writes, sets or explains",
        )),
    }
}

/// The line and column of a syntax fault; the offending word itself may be a value and is left out.
fn place(error: &DataFusionError) -> String {
    let text = error.to_string();
    text.find("at Line: ").map_or_else(String::new, |start| {
        let rest = &text[start + "at Line: ".len()..];
        let mut numbers = rest
            .split(|c: char| !c.is_ascii_digit())
            .filter(|part| !part.is_empty());
        match (numbers.next(), numbers.next()) {
            (Some(line), Some(column)) => format!(": see line {line}, column {column}"),
            _ => String::new(),
        }
    })
}

/// Tells a planning error as a fault in the query.
pub(crate) fn plan_fault(error: &DataFusionError, aliases: &[&str]) -> FrameFault {
    match error.find_root() {
        DataFusionError::SchemaError(error, _) => schema_fault(error),
        DataFusionError::Plan(message)
            if message.contains("not found") && message.starts_with("table ") =>
        {
            FrameFault::sql(
                "unknown_table",
                format!("unknown table; the tables here are: {}", aliases.join(", ")),
            )
        }
        DataFusionError::Plan(message) if message.contains("function") => match quoted(message) {
            Some(name) => FrameFault::sql(
                "unknown_function",
                format!("no function `{name}` here, or not with these arguments"),
            ),
            None => FrameFault::sql(
                "unknown_function",
                "a function does not exist here, or not with these arguments",
            ),
        },
        DataFusionError::NotImplemented(_) => {
            FrameFault::sql("unsupported", "the query uses SQL that is not supported")
        }
        _ => FrameFault::sql(
            "plan",
            "the query does not fit the tables: compare its columns and their types with them",
        ),
    }
}

fn schema_fault(error: &SchemaError) -> FrameFault {
    match error {
        SchemaError::FieldNotFound {
            field,
            valid_fields,
        } => {
            let mut known: Vec<_> = valid_fields
                .iter()
                .map(|column| column.name.as_str())
                .collect();
            known.sort_unstable();
            known.dedup();
            FrameFault::sql(
                "unknown_column",
                format!(
                    "unknown column `{}`; the columns here are: {}",
                    field.name,
                    known.join(", ")
                ),
            )
        }
        SchemaError::AmbiguousReference { field } => FrameFault::sql(
            "ambiguous_column",
            format!(
                "column `{}` stands in two tables: write table.column",
                field.name
            ),
        ),
        SchemaError::DuplicateQualifiedField { name, .. }
        | SchemaError::DuplicateUnqualifiedField { name } => FrameFault::sql(
            "duplicate_column",
            format!("two columns are called `{name}`: rename one with AS"),
        ),
    }
}

fn quoted(message: &str) -> Option<&str> {
    let start = message.find('\'')? + 1;
    let end = start + message[start..].find('\'')?;
    let name = &message[start..end];
    name.bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'_')
        .then_some(name)
}

/// Tells an error that came up while the query ran.
pub(crate) fn run_error(error: DataFusionError, memory_bytes: usize) -> FrameError {
    match error.find_root() {
        DataFusionError::Plan(message) if message.contains(guard::WITHOUT_KEYS) => {
            FrameError::Invalid(vec![FrameFault::sql(
                "join_without_keys",
                "two tables are joined without an equal key, which compares every row with every row: join on keys",
            )])
        }
        DataFusionError::ResourcesExhausted(_) => FrameError::MemoryLimit(memory_bytes),
        // The engine reports a full spill folder as an input/output fault.
        DataFusionError::ArrowError(error, _)
            if matches!(**error, ArrowError::IoError(..))
                && error.to_string().contains("max_temp_directory_size") =>
        {
            FrameError::MemoryLimit(memory_bytes)
        }
        // The message of these holds the value.
        DataFusionError::ArrowError(error, _) if is_value_error(error) => FrameError::Value,
        DataFusionError::Execution(_) => FrameError::Value,
        _ => FrameError::internal(error),
    }
}

fn is_value_error(error: &ArrowError) -> bool {
    use ArrowError as E;
    matches!(
        error,
        E::CastError(_)
            | E::ParseError(_)
            | E::ComputeError(_)
            | E::DivideByZero
            | E::ArithmeticOverflow(_)
            | E::InvalidArgumentError(_)
    )
}
