//! By what a record is known again in the next version.

use std::{collections::HashMap, fmt::Write as _};

use helder_platform::problem::{Problem, Result};
use helder_record_linkage::{LinkageSpec, Table};
use helder_types::Digest;

use super::RecordKeys;
use crate::{parts, parts::Records};

impl RecordKeys {
    /// The column of one side.
    pub(crate) fn column(&self, is_left: bool) -> &str {
        let right = self.right.as_ref().filter(|_| !is_left);
        right.unwrap_or(&self.left)
    }
}

/// The key of every row.
///
/// # Errors
/// 409 `record-keys` when rows have no key or share one.
pub(super) fn of(
    records: &Records,
    spec: &LinkageSpec,
    keys: Option<&RecordKeys>,
    is_left: bool,
) -> Result<Vec<String>> {
    match keys {
        Some(keys) => named(&records.table, keys.column(is_left), is_left),
        None => Ok(by_content(&records.table, spec, is_left)),
    }
}

fn named(table: &Table, column: &str, is_left: bool) -> Result<Vec<String>> {
    let column = table
        .column(column)
        .ok_or_else(|| Problem::internal("the column of the keys was not read"))?;
    let mut seen = vec![false; column.n_distinct() + 1];
    let (mut missing, mut again) = (0_u64, 0_u64);
    let mut keys = Vec::with_capacity(table.n_rows());
    for code in column.codes() {
        let text = column.text(*code).map(str::trim).unwrap_or_default();
        if text.is_empty() {
            missing += 1;
        } else if std::mem::replace(&mut seen[*code as usize], true) {
            again += 1;
        }
        keys.push(text.to_owned());
    }
    if missing + again == 0 {
        return Ok(keys);
    }
    let side = if is_left { "left" } else { "right" };
    Err(Problem::conflict(
        "record-keys",
        format!(
            "the column of record keys of the {side} version has {missing} rows without a value and {again} with one that was there before; \
             name a column that tells records apart, or none"
        ),
    ))
}

/// A digest of what is compared; the second record that says the same is called so, in the order of the rows.
fn by_content(table: &Table, spec: &LinkageSpec, is_left: bool) -> Vec<String> {
    let columns: Vec<_> = parts::named(spec, is_left)
        .into_iter()
        .map(|name| (name, table.column(name)))
        .collect();
    let mut times: HashMap<String, u64> = HashMap::new();
    let mut bytes = Vec::new();
    (0..table.n_rows())
        .map(|row| {
            bytes.clear();
            for (name, column) in &columns {
                let text = column.and_then(|column| column.text(column.codes()[row]));
                for part in [Some(*name), text] {
                    // The length before the text: no two rows are the same bytes by accident.
                    let length = part.map_or(u64::MAX, |part| part.len() as u64);
                    bytes.extend(length.to_le_bytes());
                    bytes.extend(part.unwrap_or_default().as_bytes());
                }
            }
            let mut key = Digest::of(&bytes).hex();
            let before = times.entry(key.clone()).or_insert(0);
            *before += 1;
            if *before > 1 {
                // Writing to a string cannot fail.
                let _ = write!(key, "-{before}");
            }
            key
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use helder_record_linkage::{Column, spec::ColumnPair};

    use super::*;

    fn records(texts: &[Option<&str>]) -> Records {
        let mut table = Table::new(texts.len());
        let column = Column::from_texts(texts.iter().copied());
        table.insert("klant", column).unwrap();
        Records {
            table,
            rows: (1..=texts.len() as i64).collect(),
            pseudonyms: None,
        }
    }

    fn spec() -> LinkageSpec {
        let mut spec = LinkageSpec::new(Vec::new(), Vec::new());
        spec.deterministic = vec![ColumnPair::same("klant")];
        spec
    }

    #[test]
    fn a_key_is_there_and_only_once() {
        let by = RecordKeys {
            left: "klant".into(),
            right: None,
        };
        let keys = |texts: &[Option<&str>]| of(&records(texts), &spec(), Some(&by), true);
        assert_eq!(keys(&[Some("b"), Some(" a ")]).unwrap(), ["b", "a"]);
        let refused = keys(&[Some("b"), None, Some("b")]).unwrap_err();
        assert_eq!(refused.status(), 409);
        let told = format!("{refused:?}");
        assert!(
            told.contains("1 rows without a value and 1 with one"),
            "{told}"
        );
    }

    #[test]
    fn without_a_column_a_record_is_what_it_says() {
        let keys = |texts: &[Option<&str>]| of(&records(texts), &spec(), None, true).unwrap();
        let one = keys(&[Some("b"), Some("a"), None, Some("b")]);
        let other = keys(&[None, Some("b"), Some("c"), Some("b")]);
        assert_eq!(one[0], other[1]);
        assert_eq!((&one[2], &one[3]), (&other[0], &other[3]));
        assert_eq!(one[3], format!("{}-2", one[0]));
        assert!(one[1] != one[0] && one[1] != other[2]);
    }
}
