//! Cleaning steps declared as data. Each says how many rows it touched; no row disappears without a reason.

mod address;
mod expression;
mod name;
mod plan;
mod run;
mod step;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use expression::{Expression, ExpressionError};
pub use plan::{ColumnInfo, Part, columns_of, contract_after};
pub use run::{Cleaned, RecipeSinks, StepReport, clean};

use crate::contract::FieldType;

/// Steps, run in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Recipe {
    /// The steps.
    pub steps: Vec<Step>,
}

/// One step. Columns go by the names under which they are stored (`bsn_pseudonym`, `geboortedatum_year`, `geslachtsnaam` …).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Step {
    /// Removes blanks at both ends and doubled blanks.
    Trim {
        /// Text columns.
        columns: Vec<String>,
    },
    /// Writes all letters alike.
    UnifyCase {
        /// Text columns.
        columns: Vec<String>,
        /// How.
        to: LetterCase,
    },
    /// Replaces letters with accents by plain ones (`é` by `e`).
    FoldDiacritics {
        /// Text columns.
        columns: Vec<String>,
    },
    /// Replaces codes.
    MapCodes {
        /// Text column.
        column: String,
        /// From old code to new.
        codes: std::collections::BTreeMap<String, String>,
        /// What happens to other codes.
        #[serde(default)]
        otherwise: Otherwise,
    },
    /// Turns text into dates; text in none of the formats becomes missing and is counted.
    ParseDates {
        /// Text column.
        column: String,
        /// Formats, tried in order.
        formats: Vec<String>,
    },
    /// Splits a whole name into given names, prefix and surname; they go to the identity part and the column goes away.
    SplitNames {
        /// Text column with `Jan van der Berg` or `Berg, Jan van der`.
        column: String,
    },
    /// Splits an address line into street, number and addition; they go to the identity part and the column goes away.
    NormaliseAddresses {
        /// Text column with `Dorpsstraat 12 a`.
        column: String,
    },
    /// Leaves out rows whose keys equal those of an earlier row.
    Deduplicate {
        /// Columns that together make rows equal.
        keys: Vec<String>,
    },
    /// Adds a column.
    Derive {
        /// Its name.
        name: String,
        /// Its type.
        #[serde(rename = "type")]
        kind: FieldType,
        /// Its value, from columns of the analysis part.
        expression: String,
    },
    /// Leaves out rows.
    Filter {
        /// Rows for which this holds stay.
        keep: String,
        /// Why the others go.
        reason: String,
    },
}

/// How letters are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LetterCase {
    /// `JANSEN`.
    Upper,
    /// `jansen`.
    Lower,
    /// `Jansen`.
    Title,
}

/// What happens to codes that a mapping does not name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Otherwise {
    /// They stay.
    #[default]
    Keep,
    /// They become missing.
    Missing,
}
