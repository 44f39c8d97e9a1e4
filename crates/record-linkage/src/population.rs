//! How common values were among the records a model was learned on: counts, kept when those records are gone.
//!
//! A weight depends on how common a value is. Would that follow the tables at hand, one new record would change every weight a little.
//! So whoever links again with the same model counts in the population the model was learned on.

use std::collections::HashMap;

use crate::{
    comparison::Side,
    spec::{ComparisonSpec, LinkageSpec},
    table::{ColumnBuilder, RowCountMismatch, Table},
};

/// Values of some columns together, each combination once, with the number of records that have it. Nothing tells which combinations of
/// different comparisons belong to one record.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    /// The columns, in the order in which the comparison reads them.
    pub(crate) names: Vec<Option<String>>,
    /// One row per combination; columns are called by their place.
    pub(crate) values: Table,
    /// Records per row of `values`.
    pub(crate) counts: Vec<u32>,
}

/// Counts of the values of one side.
#[derive(Clone, Debug, Default)]
pub(crate) struct Population {
    /// Records.
    pub(crate) n_records: u64,
    /// Per comparison.
    pub(crate) counted: Vec<Counted>,
}

/// The columns of a side whose values, together, are what a comparison counts.
fn counted_columns(comparison: &ComparisonSpec, side: Side) -> Vec<Option<String>> {
    let not_counted = match side {
        // Names read only to see an exchange are not counted, nor is the other side's partner.
        Side::Left => ["surname", "givenNames", "rightPartner"],
        Side::Right => ["surname", "givenNames", "leftPartner"],
    };
    let columns = comparison.columns().into_iter();
    columns
        .filter(|(field, ..)| !not_counted.contains(field))
        .map(|(_, left, right)| match side {
            Side::Left => left.map(str::to_owned),
            Side::Right => right.map(str::to_owned),
        })
        .collect()
}

/// How a column of `Counted::values` is called.
pub(crate) fn name_of(place: usize) -> String {
    format!("{place:02}")
}

impl Counted {
    fn of(table: &Table, names: Vec<Option<String>>) -> Result<Self, RowCountMismatch> {
        let columns: Vec<_> = names
            .iter()
            .map(|name| table.column(name.as_deref()?))
            .collect();
        let mut places: HashMap<Vec<u32>, usize> = HashMap::new();
        let (mut found, mut counts): (Vec<Vec<u32>>, Vec<u32>) = (Vec::new(), Vec::new());
        for row in 0..table.n_rows() {
            let codes: Vec<u32> = columns
                .iter()
                .map(|column| column.map_or(0, |column| column.codes()[row]))
                .collect();
            if codes.iter().all(|code| *code == 0) {
                continue;
            }
            let place = *places.entry(codes).or_insert_with_key(|codes| {
                found.push(codes.clone());
                counts.push(0);
                counts.len() - 1
            });
            counts[place] += 1;
        }
        let mut values = Table::new(found.len());
        for (place, column) in columns.iter().enumerate() {
            let mut builder = ColumnBuilder::default();
            for codes in &found {
                builder.push(column.and_then(|column| column.text(codes[place])));
            }
            values.insert(name_of(place), builder.finish())?;
        }
        Ok(Self {
            names,
            values,
            counts,
        })
    }
}

impl Population {
    /// Counts the values that `spec` compares on one side.
    pub(crate) fn of(
        spec: &LinkageSpec,
        table: &Table,
        side: Side,
    ) -> Result<Self, RowCountMismatch> {
        let mut all = Self {
            n_records: table.n_rows() as u64,
            counted: Vec::new(),
        };
        for comparison in &spec.comparisons {
            let names = counted_columns(comparison, side);
            let wanted: Vec<Option<&str>> = names.iter().map(Option::as_deref).collect();
            if all.find(&wanted).is_none() {
                all.counted.push(Counted::of(table, names)?);
            }
        }
        Ok(all)
    }

    /// Counts of some columns together.
    pub(crate) fn find(&self, names: &[Option<&str>]) -> Option<&Counted> {
        self.counted.iter().find(|counted| {
            let known = counted.names.iter().zip(names);
            counted.names.len() == names.len() && known.into_iter().all(|(a, b)| a.as_deref() == *b)
        })
    }
}
