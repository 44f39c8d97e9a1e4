//! Records with a name that lasts, and what changed between two versions of them.

use std::collections::HashMap;

use crate::{
    spec::LinkageSpec,
    table::{Column, ColumnBuilder, RowCountMismatch, Table},
};

/// Why records cannot be told apart from one version to the next.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// Two records of one key.
    #[error("records {0} and {1} have one key")]
    SameKey(usize, usize),
    /// Another number of keys than of rows.
    #[error("{keys} keys for {rows} rows")]
    Keys {
        /// Keys given.
        keys: usize,
        /// Rows of the table.
        rows: usize,
    },
}

/// A version of a source: records in the order of their keys, so that nothing depends on the order of a file.
#[derive(Clone, Debug, Default)]
pub struct Source {
    pub(super) keys: Vec<String>,
    pub(super) table: Table,
}

impl Source {
    /// Records with their keys: row `i` of the table is called `keys[i]` in every version.
    ///
    /// # Errors
    /// [`SourceError`] when a key is there twice, naming two places, or keys and rows differ in number.
    pub fn new(keys: &[String], table: &Table) -> Result<Self, SourceError> {
        let (n, rows) = (keys.len(), table.n_rows());
        if n != rows {
            return Err(SourceError::Keys { keys: n, rows });
        }
        let mut order: Vec<u32> = (0..rows as u32).collect();
        order.sort_by(|a, b| keys[*a as usize].cmp(&keys[*b as usize]));
        if let Some(pair) = order
            .windows(2)
            .find(|pair| keys[pair[0] as usize] == keys[pair[1] as usize])
        {
            let places = (pair[0] as usize, pair[1] as usize);
            return Err(SourceError::SameKey(places.0, places.1));
        }
        let table = table.pick(&order);
        let keys = order
            .iter()
            .map(|row| keys[*row as usize].clone())
            .collect();
        Ok(Self { keys, table })
    }

    /// Keys, ascending.
    pub fn keys(&self) -> &[String] {
        &self.keys
    }

    /// The records, in the order of the keys.
    pub const fn table(&self) -> &Table {
        &self.table
    }

    /// Bytes it takes.
    pub(super) fn bytes(&self) -> u64 {
        let keys = self.keys.iter().map(|key| size_of::<String>() + key.len());
        keys.sum::<usize>() as u64 + self.table.bytes()
    }

    /// Forgets the columns that a spec does not read.
    pub(super) fn keep(&mut self, spec: &LinkageSpec, left: bool) {
        let named = named(spec, left);
        self.table.retain(|name| named.contains(&name));
    }
}

/// Columns that a spec reads on one side.
fn named(spec: &LinkageSpec, left: bool) -> Vec<&str> {
    let pairs = spec.deterministic.iter();
    let pairs = pairs.map(|p| {
        if left {
            p.left.as_str()
        } else {
            p.right.as_str()
        }
    });
    let compared = spec
        .comparisons
        .iter()
        .flat_map(crate::spec::ComparisonSpec::columns);
    pairs
        .chain(compared.filter_map(|(_, l, r)| if left { l } else { r }))
        .collect()
}

/// What became of the records of a side.
pub(super) struct Diff {
    /// Per new row, the old row that says the same under the same key.
    pub(super) same: Vec<Option<u32>>,
    /// Per old row, its new row, when it says the same.
    pub(super) kept: Vec<Option<u32>>,
    /// Records with a key that was not there.
    pub(super) added: u64,
    /// Records that say something else.
    pub(super) changed: u64,
    /// Records that are gone.
    pub(super) removed: u64,
}

impl Diff {
    pub(super) fn new(old: &Source, new: &Source) -> Self {
        let mut names: Vec<&str> = old.table.names().chain(new.table.names()).collect();
        names.sort_unstable();
        names.dedup();
        // Codes of the old columns as those of the new ones; a text that the new column lacks has none.
        let columns = names.into_iter().map(|name| {
            let (a, b) = (old.table.column(name), new.table.column(name));
            (a, b, translated(a, b))
        });
        let columns: Vec<_> = columns.collect();
        let equal = |a: usize, b: usize| {
            columns.iter().all(|(old, new, codes)| {
                let was = old.map_or(0, |column| column.codes()[a]);
                let is = new.map_or(0, |column| column.codes()[b]);
                codes[was as usize] == Some(is)
            })
        };
        let mut diff = Self {
            same: vec![None; new.keys.len()],
            kept: vec![None; old.keys.len()],
            added: 0,
            changed: 0,
            removed: 0,
        };
        let (mut a, mut b) = (0, 0);
        while a < old.keys.len() || b < new.keys.len() {
            let order = match (old.keys.get(a), new.keys.get(b)) {
                (Some(old), Some(new)) => old.cmp(new),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, _) => std::cmp::Ordering::Greater,
            };
            match order {
                std::cmp::Ordering::Less => {
                    diff.removed += 1;
                    a += 1;
                }
                std::cmp::Ordering::Greater => {
                    diff.added += 1;
                    b += 1;
                }
                std::cmp::Ordering::Equal => {
                    if equal(a, b) {
                        diff.same[b] = Some(a as u32);
                        diff.kept[a] = Some(b as u32);
                    } else {
                        diff.changed += 1;
                    }
                    (a, b) = (a + 1, b + 1);
                }
            }
        }
        diff
    }
}

fn translated(old: Option<&Column>, new: Option<&Column>) -> Vec<Option<u32>> {
    let known: HashMap<&str, u32> = new.map_or_else(HashMap::new, |column| {
        let codes = 1..=column.n_distinct() as u32;
        codes
            .filter_map(|code| Some((column.text(code)?, code)))
            .collect()
    });
    let n = old.map_or(0, Column::n_distinct) as u32;
    let of = |code: u32| known.get(old?.text(code)?).copied();
    std::iter::once(Some(0)).chain((1..=n).map(of)).collect()
}

/// The new rows, and behind them the old rows that say something no longer said.
pub(super) fn with_former(
    new: &Source,
    old: &Source,
    diff: &Diff,
) -> Result<Table, RowCountMismatch> {
    let former: Vec<u32> = (0..old.keys.len() as u32)
        .filter(|row| diff.kept[*row as usize].is_none())
        .collect();
    let mut table = Table::new(new.keys.len() + former.len());
    let mut names: Vec<&str> = old.table.names().chain(new.table.names()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let own = new.table.column(name).cloned();
        let mut builder = own.map_or_else(
            || {
                let mut none = ColumnBuilder::default();
                new.keys.iter().for_each(|_| none.push(None));
                none
            },
            ColumnBuilder::from,
        );
        let before = old.table.column(name);
        for row in &former {
            let text = before.and_then(|column| column.text(column.codes()[*row as usize]));
            builder.push(text);
        }
        table.insert(name, builder.finish())?;
    }
    Ok(table)
}
