//! Pairs that are known to be of one person before anything is compared: those that alone share an identifier.

use std::collections::BTreeMap;

use crate::{spec::ColumnPair, table::Table, value::identifier::BsnDigits};

/// Pairs of rows that alone have an equal value in a pair of identifier columns, sorted. A value that several rows of one side have says
/// nothing of who is whom (`999999999`), and nine digits that fail the eleven-test are a slip, not an identifier. Within one file the same
/// table stands on both sides, and a value must be there exactly twice.
pub(crate) fn sharing_identifier(
    columns: &[ColumnPair],
    left: &Table,
    right: &Table,
    within: bool,
) -> Vec<(u32, u32)> {
    let mut found = Vec::new();
    for pair in columns {
        let (Some(l), Some(r)) = (left.column(&pair.left), right.column(&pair.right)) else {
            continue;
        };
        let mut rows: BTreeMap<&str, [Vec<u32>; 2]> = BTreeMap::new();
        for (side, column) in [l, r]
            .into_iter()
            .enumerate()
            .take(if within { 1 } else { 2 })
        {
            for (row, code) in column.codes().iter().enumerate() {
                if let Some(text) = column.text(*code) {
                    rows.entry(text).or_default()[side].push(row as u32);
                }
            }
        }
        for (value, [lefts, rights]) in rows {
            let shared = match (lefts.as_slice(), rights.as_slice()) {
                ([a, b], []) if within => Some((*a, *b)),
                ([a], [b]) if !within => Some((*a, *b)),
                _ => None,
            };
            found.extend(shared.filter(|_| is_identifier(value)));
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// A pseudonym is taken as it is; what is written as a BSN must be one.
fn is_identifier(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let written_as_bsn = text
        .trim()
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b' ' | b'-'))
        && matches!(digits, 8 | 9);
    !written_as_bsn || BsnDigits::parse(text).is_some_and(|bsn| bsn.valid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Column;

    fn table(values: &[&str]) -> Table {
        let mut table = Table::new(values.len());
        let column = Column::from_texts(values.iter().map(|value| Some(*value)));
        table.insert("bsn", column).unwrap();
        table
    }

    #[test]
    fn only_a_valid_identifier_that_one_row_of_each_side_has_makes_a_pair() {
        let left = table(&["111222333", "999999999", "123456789", "7f3a", "123456782"]);
        let right = table(&[
            "123456782",
            "111222333",
            "123456789",
            "7f3a",
            "7f3a",
            "999999999",
        ]);
        let columns = [ColumnPair::same("bsn")];
        // 123456789 fails the eleven-test, 999999999 is a filler, and 7f3a is there twice on the right.
        let found = sharing_identifier(&columns, &left, &right, false);
        assert_eq!(found, [(0, 1), (4, 0)]);
        let one = table(&["7f3a", "9c", "7f3a", "9c", "9c"]);
        assert_eq!(sharing_identifier(&columns, &one, &one, true), [(0, 2)]);
    }
}
