//! Records as reviewers see them, and the keys that name them over versions.
//!
//! A record's key is an HMAC, under the key of the project, of the values that identify it: all columns of the identity part and the
//! pseudonym, or the compared columns where a version has no identity part. So it is equal in a later version as long as the record is
//! unchanged, in whatever row it stands; it says nothing to who lacks the key; and it dies with the project's key. When one of those
//! values changed, the key is another, and decisions about the record no longer hold: what was judged is no longer there. Records of one
//! version that are equal in all of them have one key, and one decision holds for each.

use std::collections::{BTreeSet, HashMap};

use helder_platform::{
    keyring::{KeyRing, Pseudonymiser},
    objects::Objects,
    problem::Result,
};
use helder_record_linkage::{LinkageSpec, spec::ColumnPair};
use helder_types::OrganisationId;

use super::wire::FieldPair;
use crate::{
    parts::{self, Records, Waits},
    versions::{Input, Inputs},
};

/// One side with everything that identifies its records.
pub(crate) struct Side {
    records: Records,
    /// Columns of the key, in order.
    named_by: Vec<String>,
}

impl Side {
    /// Reads it.
    ///
    /// # Errors
    /// Those of the object store and the key ring.
    pub(crate) fn read(
        stores: (&Objects, &KeyRing),
        organisation: &OrganisationId,
        (spec, inputs): (&LinkageSpec, &Inputs),
        is_left: bool,
        waits: &impl Waits,
    ) -> Result<Self> {
        let input = if is_left { &inputs.left } else { &inputs.right };
        let compared = compared(spec, is_left);
        let named_by = names(input, &compared);
        // A specification that reads these columns and compares nothing.
        let mut wanted = LinkageSpec::new(Vec::new(), Vec::new());
        for name in compared.iter().chain(&named_by) {
            wanted.deterministic.push(ColumnPair::new(name, name));
        }
        let records = parts::read(stores, organisation, input, (&wanted, &[]), is_left, waits)?;
        Ok(Self { records, named_by })
    }

    /// Bytes it takes.
    pub(crate) fn bytes(&self) -> u64 {
        self.records.bytes()
    }

    fn text(&self, name: &str, place: usize) -> Option<&str> {
        let column = self.records.table.column(name)?;
        column.text(*column.codes().get(place)?)
    }

    /// Stable key of the record at a place of the table.
    pub(crate) fn key(&self, keys: &Pseudonymiser, place: usize) -> String {
        let mut message = Vec::new();
        for name in &self.named_by {
            let text = self.text(name, place).unwrap_or_default();
            for part in [name.as_str(), text] {
                message.extend_from_slice(&(part.len() as u64).to_be_bytes());
                message.extend_from_slice(part.as_bytes());
            }
        }
        String::from_utf8_lossy(&keys.other("record", &message)).into_owned()
    }

    /// Stable key of the record in a row.
    pub(crate) fn key_of_row(&self, keys: &Pseudonymiser, row: i64) -> Option<String> {
        Some(self.key(keys, self.records.place(row)?))
    }

    /// Places of the records with one of these keys.
    pub(crate) fn places(
        &self,
        keys: &Pseudonymiser,
        wanted: &BTreeSet<&str>,
    ) -> HashMap<String, Vec<u32>> {
        let mut found: HashMap<String, Vec<u32>> = HashMap::new();
        for place in 0..self.records.rows.len() {
            let key = self.key(keys, place);
            if wanted.contains(key.as_str()) {
                found.entry(key).or_default().push(place as u32);
            }
        }
        found
    }

    fn value(&self, name: &str, row: i64) -> Option<String> {
        self.text(name, self.records.place(row)?).map(str::to_owned)
    }
}

/// Columns that the specification compares on one side.
fn compared(spec: &LinkageSpec, is_left: bool) -> BTreeSet<String> {
    let columns = spec
        .comparisons
        .iter()
        .flat_map(helder_record_linkage::spec::ComparisonSpec::columns);
    columns
        .filter_map(|(_, left, right)| if is_left { left } else { right })
        .map(str::to_owned)
        .collect()
}

/// Columns that name a record.
fn names(input: &Input, compared: &BTreeSet<String>) -> Vec<String> {
    let mut names: BTreeSet<String> = if input.identity_columns.is_empty() {
        compared.clone()
    } else {
        input.identity_columns.clone()
    };
    names.extend(input.pseudonym.clone());
    names.into_iter().collect()
}

/// Both records side by side: what is compared first, then what else identifies them. Pseudonyms are left out: they tell a person nothing.
pub(crate) fn side_by_side(
    spec: &LinkageSpec,
    inputs: &Inputs,
    (left, right): (&Side, &Side),
    rows: (i64, i64),
) -> Vec<FieldPair> {
    let is_shown = |input: &Input, name: &str| input.pseudonym.as_deref() != Some(name);
    let mut columns: Vec<(Option<String>, Option<String>)> = Vec::new();
    for comparison in &spec.comparisons {
        for (_, left, right) in comparison.columns() {
            let pair = (left.map(str::to_owned), right.map(str::to_owned));
            if !columns.contains(&pair) {
                columns.push(pair);
            }
        }
    }
    let seen: [BTreeSet<String>; 2] = [
        columns.iter().filter_map(|pair| pair.0.clone()).collect(),
        columns.iter().filter_map(|pair| pair.1.clone()).collect(),
    ];
    let more: BTreeSet<&String> = left.named_by.iter().chain(&right.named_by).collect();
    for name in more {
        let of = |side: &Side, seen: &BTreeSet<String>| {
            (side.named_by.contains(name) && !seen.contains(name)).then(|| name.clone())
        };
        let pair = (of(left, &seen[0]), of(right, &seen[1]));
        if pair != (None, None) {
            columns.push(pair);
        }
    }
    for pair in &mut columns {
        pair.0 = pair.0.take().filter(|name| is_shown(&inputs.left, name));
        pair.1 = pair.1.take().filter(|name| is_shown(&inputs.right, name));
    }
    columns.retain(|pair| *pair != (None, None));
    columns
        .into_iter()
        .map(|(left_column, right_column)| FieldPair {
            left: left_column
                .as_deref()
                .and_then(|name| left.value(name, rows.0)),
            right: right_column
                .as_deref()
                .and_then(|name| right.value(name, rows.1)),
            left_column,
            right_column,
        })
        .collect()
}
