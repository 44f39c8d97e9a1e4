//! How many training rows resemble one, and how many of those had the event.
//!
//! The model keeps counts, never rows. Training cuts its rows by the inputs that weigh most into cells of at least ten; a case is
//! *like this one* when it lies in the same cell. Cells do not overlap and together hold all training rows, so no count of rows
//! follows from others. How many had the event is kept only where it, and its complement, is at least ten and cannot be worked out
//! from the other cells and the total.

mod find;
mod learn;

use serde::Serialize;

use crate::Side;

pub use find::{Cases, Similar};

/// The least rows of a cell, and the least cases with and without the event that are told.
pub const SMALLEST_CELL: u64 = 10;

/// Counts of similar cases.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SimilarCases {
    /// Training rows by the inputs that weigh most.
    pub cells: CaseNode,
}

/// Training rows, cut further or counted.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum CaseNode {
    /// Cut by an input.
    Split(CaseSplit),
    /// Counted.
    Cell(CaseCell),
}

/// Training rows cut by one input.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CaseSplit {
    /// Where it is cut: into as many parts as the side has steps.
    #[serde(flatten)]
    pub side: Side,
    /// The part of values that are not known, where these count by themselves; absent where no value is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown_part: Option<u64>,
    /// One per step, then one for unknown values where these have a part of their own.
    pub parts: Vec<CaseNode>,
}

/// Rows that are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CaseCell {
    /// How many, at least ten.
    pub rows: u64,
    /// How many of them had the event; absent where that is not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<u64>,
    /// Why `events` is not told; absent where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withheld: Option<Withheld>,
}

/// Why the count of events is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Withheld {
    /// Fewer than ten had the event.
    Few,
    /// All but fewer than ten had it.
    Most,
    /// It would give away the count of another cell.
    Protects,
}

impl CaseNode {
    /// All cells, in their order.
    pub fn cells(&self) -> Vec<&CaseCell> {
        match self {
            Self::Cell(cell) => vec![cell],
            Self::Split(split) => split.parts.iter().flat_map(Self::cells).collect(),
        }
    }

    fn each_cell(&mut self, change: &mut impl FnMut(&mut CaseCell)) {
        match self {
            Self::Cell(cell) => change(cell),
            Self::Split(split) => {
                for part in &mut split.parts {
                    part.each_cell(change);
                }
            }
        }
    }
}
