//! A state as a file, so that the next run can go on from it.
//!
//! # Format, version 2
//! Little-endian throughout. Eight bytes `HLDRLNKS`, the version as `u32`, then these sections in this order, each as a name of four
//! letters, the length of its content as `u64`, the FNV-1a-64 checksum of its content as `u64`, and the content:
//!
//! | name | content |
//! |---|---|
//! | `MODL` | JSON: spec with all rules in use, trained model, share of duplicates, whether within one file, counts per rule |
//! | `POPL`, `POPR` | the populations: records as `u64`, number of comparisons as `u64`, per comparison its column names, a table of distinct values and a list of counts |
//! | `LEFT`, `RGHT` | the sources: number of keys as `u64`, keys as texts, a table |
//! | `PAIR` | number as `u64`, per pair left and right row as `u32`, bar of the rivals and weight as bits of an `f64` |
//! | `LINK` | number as `u64`, per link left and right row as `u32`, weight and probability as bits of an `f64`, step (0 deterministic, 1 probabilistic, 2 decided by people) as `u32` |
//! | `CLUS` | groups: list of `u32`, number of groups and of components as `u64`; conflicts: number as `u64`, per conflict two rows as `u32` and two weights |
//! | `ENTS` | next number as `u64`, numbers of left and of right records as lists of `u64` |
//! | `DECI` | decisions of people: number as `u64`, per decision left and right row as `u32`, 1 for one person and 0 for two as `u32` |
//!
//! Version 1 has no `DECI`: nobody had decided anything.
//!
//! A text is its length in bytes as `u32` and UTF-8. A list is its length as `u64` and its numbers. A table is rows as `u64`, columns as
//! `u64`, and per column its name, the number of distinct texts as `u64`, these texts, and one `u32` per row: 0 for missing, else the place of
//! its text from 1.
//!
//! The file holds what was compared, names and birth dates among it: whoever stores it seals it. Records that left a source are not in it;
//! of the population it was learned on it holds how often each value occurred, not who had it.

mod bytes;
mod read;
mod write;

use std::io;

use crate::incremental::{State, entities::Entities};

const MAGIC: &[u8; 8] = b"HLDRLNKS";
const VERSION: u32 = 2;
const SECTIONS: [&str; 10] = [
    "MODL", "POPL", "POPR", "LEFT", "RGHT", "PAIR", "LINK", "CLUS", "ENTS", "DECI",
];

/// Came with version 2.
const DECIDED: &str = "DECI";

/// Why a file is no state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// It does not begin as one.
    #[error("this is not a linkage state")]
    NotAState,
    /// Written by another version of the program.
    #[error("a linkage state of format {0}; this program reads formats 1 and 2")]
    Version(u32),
    /// A section is cut off, out of place or changed since it was written.
    #[error("the linkage state is damaged in section {0}")]
    Damaged(&'static str),
    /// A section is whole but says what cannot be.
    #[error("section {section} of the linkage state: {what}")]
    Content {
        /// The section.
        section: &'static str,
        /// What is wrong.
        what: &'static str,
    },
}

impl State {
    /// Writes the state with the numbers of its persons.
    ///
    /// # Errors
    /// Those of `to`.
    pub fn write(&self, entities: &Entities, to: &mut impl io::Write) -> io::Result<()> {
        write::state(self, entities, to)
    }

    /// Reads what [`Self::write`] wrote.
    ///
    /// # Errors
    /// [`FileError`] when a byte is missing or wrong.
    pub fn read(bytes: &[u8]) -> Result<(Self, Entities), FileError> {
        read::state(bytes)
    }
}
