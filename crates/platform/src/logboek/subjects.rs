//! Whose data an act processes.

use std::collections::BTreeMap;

/// The people of one act, each once whatever the number of rows about them.
///
/// A person is known by the pseudonym of the project's datasets. Where a table has none for somebody, the row stands for the
/// person: the digest of the table and the number of the row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subjects {
    people: Vec<[u8; 16]>,
    rows: BTreeMap<String, Vec<i64>>,
}

/// People of one kind, ready to be stored.
pub(super) struct Stored {
    pub(super) kind: Kind,
    pub(super) scope: String,
    /// In order, each once, all of one width.
    pub(super) ids: Vec<u8>,
    pub(super) width: usize,
}

/// What an identifier is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Pseudonym of a burgerservicenummer.
    Bsn,
    /// A row of a table.
    Row,
}

impl Kind {
    /// The written form: `dpl.core.data_subject_id_type`.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Bsn => "BSN",
            Self::Row => "table-row",
        }
    }

    pub(super) const fn width(self) -> usize {
        match self {
            Self::Bsn => 16,
            Self::Row => 8,
        }
    }

    pub(super) fn read(text: &str) -> Self {
        if text == "table-row" {
            Self::Row
        } else {
            Self::Bsn
        }
    }
}

impl Subjects {
    /// Adds a person by pseudonym, the 16 bytes behind its 32 hex digits.
    pub fn person(&mut self, pseudonym: [u8; 16]) {
        self.people.push(pseudonym);
    }

    /// Adds a person by pseudonym as text; false when it is none.
    pub fn person_text(&mut self, pseudonym: &str) -> bool {
        let bytes = parse(pseudonym);
        self.people.extend(bytes);
        bytes.is_some()
    }

    /// Adds the person of a row that has no pseudonym.
    ///
    /// * `table` – digest of the table, as text
    pub fn row(&mut self, table: &str, row: i64) {
        match self.rows.get_mut(table) {
            Some(rows) => rows.push(row),
            None => {
                self.rows.insert(table.to_owned(), vec![row]);
            }
        }
    }

    /// Adds many people at once.
    pub fn people(&mut self, pseudonyms: impl IntoIterator<Item = [u8; 16]>) {
        self.people.extend(pseudonyms);
    }

    /// Adds everybody of another list.
    pub fn merge(&mut self, other: Self) {
        self.people.extend(other.people);
        for (table, rows) in other.rows {
            self.rows.entry(table).or_default().extend(rows);
        }
    }

    /// Everybody in order, each once; one entry per kind and table.
    pub(super) fn stored(&self) -> Vec<Stored> {
        let mut stored = Vec::new();
        let mut people = self.people.clone();
        people.sort_unstable();
        people.dedup();
        if !people.is_empty() {
            stored.push(Stored {
                kind: Kind::Bsn,
                scope: String::new(),
                ids: people.into_flattened(),
                width: Kind::Bsn.width(),
            });
        }
        for (table, rows) in &self.rows {
            let mut rows: Vec<_> = rows.iter().map(|row| row_id(*row)).collect();
            rows.sort_unstable();
            rows.dedup();
            stored.push(Stored {
                kind: Kind::Row,
                scope: table.clone(),
                ids: rows.into_flattened(),
                width: Kind::Row.width(),
            });
        }
        stored
    }
}

/// Rows in the order of their numbers; numbers of rows are not negative.
pub(super) const fn row_id(row: i64) -> [u8; 8] {
    row.to_be_bytes()
}

/// The bytes behind 32 lower-case hex digits.
pub(super) fn parse(pseudonym: &str) -> Option<[u8; 16]> {
    let digits = pseudonym.as_bytes();
    if digits.len() != 32 {
        return None;
    }
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(bytes)
}

const fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}
