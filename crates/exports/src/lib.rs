#![doc = include_str!("../README.md")]

mod error;
mod points;
mod sheet;
mod sql;
mod sum;

pub use error::ExportError;
use helder_model::{Algorithm, Model};
pub use sheet::Filled;
use sql::Dialect;
use sum::Sum;

/// A way to write a model down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// A table of everything that is added, as CSV.
    Points,
    /// A statement for SQLite.
    Sqlite,
    /// A statement for PostgreSQL.
    Postgres,
    /// A workbook that computes (XLSX), for Excel and `LibreOffice`.
    Sheet,
}

impl Form {
    /// All forms.
    pub const ALL: [Self; 4] = [Self::Points, Self::Sqlite, Self::Postgres, Self::Sheet];

    /// The name in addresses and commands.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Points => "points",
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::Sheet => "sheet",
        }
    }

    /// The form of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.as_str() == name)
    }

    /// Of its bytes.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Points => "text/csv; charset=utf-8; header=present",
            Self::Sqlite | Self::Postgres => "application/sql",
            Self::Sheet => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    /// What comes behind the name of the model in the name of a file.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Points => "points.csv",
            Self::Sqlite => "sqlite.sql",
            Self::Postgres => "postgres.sql",
            Self::Sheet => "xlsx",
        }
    }
}

/// Writes a model down. Equal models give equal bytes.
///
/// # Errors
/// [`ExportError`] for groups, for models with more parts than the form takes, and for models that do not hold together.
pub fn export(model: &Model, form: Form) -> Result<Vec<u8>, ExportError> {
    if let Algorithm::DecisionTree(fit) | Algorithm::RuleList(fit) = &model.algorithm {
        return match form {
            Form::Points => points::leaves(model, fit),
            Form::Sqlite => Ok(sql::tree(model, fit, Dialect::Sqlite)?.into_bytes()),
            Form::Postgres => Ok(sql::tree(model, fit, Dialect::Postgres)?.into_bytes()),
            Form::Sheet => sheet::of_tree(model, fit, &[]),
        };
    }
    let sum = Sum::new(model)?;
    match form {
        Form::Points => points::table(&sum),
        Form::Sqlite => Ok(sql::sql(&sum, Dialect::Sqlite)?.into_bytes()),
        Form::Postgres => Ok(sql::sql(&sum, Dialect::Postgres)?.into_bytes()),
        Form::Sheet => sheet::workbook(&sum, &[]),
    }
}

/// The workbook with rows filled in: one value per input of the model.
///
/// # Errors
/// As [`export`].
pub fn workbook(model: &Model, rows: &[Vec<Filled>]) -> Result<Vec<u8>, ExportError> {
    match &model.algorithm {
        Algorithm::DecisionTree(fit) | Algorithm::RuleList(fit) => sheet::of_tree(model, fit, rows),
        _ => sheet::workbook(&Sum::new(model)?, rows),
    }
}
