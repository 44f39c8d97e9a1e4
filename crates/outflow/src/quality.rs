//! What the data are worth: rows used and set apart, and what is missing.

use std::collections::BTreeSet;

use helder_model::Meaning;
use serde::{Deserialize, Serialize};

use crate::{
    RecordCounts, check::End, prepare::CauseName, small::rounded, spec::OutflowSpec, table::Table,
};

/// Rows in = rows used + rows set apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Quality {
    /// Rows of the frame.
    pub rows: u64,
    /// Rows that are spells.
    pub used: u64,
    /// Rows that are none, by the first reason found.
    pub set_apart: Vec<SetApart>,
    /// Columns with their gaps among the rows used.
    pub columns: Vec<ColumnQuality>,
    /// Share of the ended spells whose reason is not known, in `[0, 1]`.
    pub reason_unknown: f64,
    /// Persons, where the spec names a column for them.
    pub persons: Option<u64>,
    /// What the rows were made of, where they are spells made of records; whoever has the frame fills it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<RecordCounts>,
}

/// Rows set apart for one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetApart {
    /// Why.
    pub reason: Reason,
    /// How many.
    pub rows: u64,
}

/// Why a row is no spell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reason {
    /// The time is missing.
    NoTime,
    /// The time lies before the beginning.
    NegativeTime,
    /// The time of coming into sight is missing.
    NoEntry,
    /// The time of coming into sight lies before the beginning.
    NegativeEntry,
    /// The spell came into sight at its end or after it.
    EntryNotBeforeEnd,
    /// It is not known whether the spell has ended.
    EndUnknown,
}

impl Reason {
    /// In words.
    pub fn words(self) -> Meaning {
        match self {
            Self::NoTime => Meaning::new("duur ontbreekt", "time is missing"),
            Self::NegativeTime => {
                Meaning::new("einde ligt voor het begin", "ends before it begins")
            }
            Self::NoEntry => Meaning::new("begin van waarneming ontbreekt", "entry is missing"),
            Self::NegativeEntry => Meaning::new(
                "waarneming ligt voor het begin",
                "entry before the beginning",
            ),
            Self::EntryNotBeforeEnd => Meaning::new(
                "pas gezien op of na het einde",
                "first seen at the end or later",
            ),
            Self::EndUnknown => Meaning::new("niet bekend of het eindigde", "end not known"),
        }
    }
}

/// A column and its gaps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ColumnQuality {
    /// The column.
    pub column: String,
    /// What it means.
    pub words: Meaning,
    /// Filled badly or by judgement, says the spec.
    pub soft: bool,
    /// Spells without a value.
    pub missing: u64,
    /// Their share, in `[0, 1]`.
    pub missing_share: f64,
    /// Share without a value among spells that ended.
    pub missing_among_ended: f64,
    /// Share without a value among spells that still run.
    pub missing_among_running: f64,
}

impl Quality {
    pub(crate) fn new(
        table: &Table,
        spec: &OutflowSpec,
        rows: &[usize],
        ends: &[End],
        set_apart: Vec<SetApart>,
        causes: &[CauseName],
    ) -> Self {
        let named = spec
            .characteristics
            .iter()
            .map(|c| (&c.column, &c.title, c.soft));
        let columns = named.filter_map(|(column, words, soft)| {
            let values = table.column(column)?;
            let is_missing = |place: usize| values.is_missing(rows[place]);
            let share = |wanted: &dyn Fn(End) -> bool| {
                let among: Vec<usize> = (0..rows.len()).filter(|&i| wanted(ends[i])).collect();
                let missing = among.iter().filter(|&&i| is_missing(i)).count();
                (
                    missing as u64,
                    rounded(missing as f64 / among.len().max(1) as f64),
                )
            };
            let (missing, missing_share) = share(&|_| true);
            Some(ColumnQuality {
                column: column.clone(),
                words: words.clone(),
                soft,
                missing,
                missing_share,
                missing_among_ended: share(&|end| end != End::Running).1,
                missing_among_running: share(&|end| end == End::Running).1,
            })
        });
        let ended: usize = causes.iter().map(|cause| cause.n).sum();
        let unknown = ends.iter().filter(|end| **end == End::Unknown).count();
        let persons = spec.person.as_deref().and_then(|name| table.column(name));
        let persons = persons.map(|column| {
            let mut seen: BTreeSet<String> = BTreeSet::new();
            let mut nameless = 0;
            for &row in rows {
                match column.code(row) {
                    Some(code) => {
                        seen.insert(code.into_owned());
                    }
                    None => nameless += 1,
                }
            }
            seen.len() as u64 + nameless
        });
        Self {
            rows: table.rows() as u64,
            used: rows.len() as u64,
            set_apart,
            columns: columns.collect(),
            reason_unknown: rounded(unknown as f64 / ended.max(1) as f64),
            persons,
            records: None,
        }
    }
}
