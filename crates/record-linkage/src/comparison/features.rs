//! Values of one comparison: each distinct combination of texts is parsed once and gets a number.

use std::hash::Hash;

use super::Side;
use crate::{
    distinct::Distinct,
    table::{Column, Table},
};

/// Parsed values with a code per row on both sides. Code 0 is missing; equal values have equal codes, on both sides.
pub(crate) struct Features<V> {
    left: Vec<u32>,
    right: Vec<u32>,
    values: Vec<V>,
}

impl<V: Clone + Eq + Hash + Default> Features<V> {
    /// Reads the named columns of both tables. `parse` gets the texts in the order of the names.
    pub(crate) fn read<const N: usize>(
        left: (&Table, [Option<&str>; N]),
        right: (&Table, [Option<&str>; N]),
        mut parse: impl FnMut([Option<&str>; N]) -> Option<V>,
    ) -> Self {
        let mut values = Distinct::new();
        values.number(V::default());
        let mut side = |(table, names): (&Table, [Option<&str>; N])| {
            let columns: [Option<&Column>; N] =
                names.map(|name| name.and_then(|name| table.column(name)));
            let mut seen: Distinct<[u32; N]> = Distinct::new();
            let mut codes: Vec<u32> = Vec::new();
            (0..table.n_rows())
                .map(|row| {
                    let raw = columns.map(|column| column.map_or(0, |column| column.codes()[row]));
                    let (number, new) = seen.number(raw);
                    if new {
                        let mut texts = [None; N];
                        for (text, (column, code)) in texts.iter_mut().zip(columns.iter().zip(raw))
                        {
                            *text = column.and_then(|column| column.text(code));
                        }
                        codes.push(parse(texts).map_or(0, |value| values.number(value).0 as u32));
                    }
                    codes[number]
                })
                .collect()
        };
        let (left, right) = (side(left), side(right));
        Self {
            left,
            right,
            values: values.into_values(),
        }
    }

    /// Codes of all rows of a side.
    pub(crate) fn codes(&self, side: Side) -> &[u32] {
        match side {
            Side::Left => &self.left,
            Side::Right => &self.right,
        }
    }

    /// Code of a row.
    pub(crate) fn code(&self, side: Side, row: usize) -> u32 {
        match side {
            Side::Left => self.left[row],
            Side::Right => self.right[row],
        }
    }

    /// Every distinct value with its code; the first is that of missing.
    pub(crate) fn values(&self) -> &[V] {
        &self.values
    }

    /// Value of a row, if not missing.
    pub(crate) fn get(&self, side: Side, row: usize) -> Option<&V> {
        let code = self.code(side, row);
        (code != 0).then(|| &self.values[code as usize])
    }

    /// Records of the left table with a value.
    pub(crate) fn n_known(&self) -> f64 {
        self.left.iter().filter(|code| **code != 0).count() as f64
    }

    /// Every record's value, left then right, missing ones left out.
    pub(crate) fn records(&self) -> impl Iterator<Item = &V> {
        self.left
            .iter()
            .chain(&self.right)
            .filter(|code| **code != 0)
            .map(|code| &self.values[*code as usize])
    }

    /// Share of records per code that carry it, and the probability that two random records (one a side) carry the same.
    pub(crate) fn shares(&self) -> (Vec<f64>, f64) {
        let mut counts = [
            vec![0_u32; self.values.len()],
            vec![0_u32; self.values.len()],
        ];
        for (count, codes) in counts.iter_mut().zip([&self.left, &self.right]) {
            for code in codes {
                count[*code as usize] += 1;
            }
        }
        let known = counts.each_ref().map(|count| {
            count
                .iter()
                .skip(1)
                .map(|n| f64::from(*n))
                .sum::<f64>()
                .max(1.0)
        });
        let shares = counts[0]
            .iter()
            .zip(&counts[1])
            .map(|(l, r)| f64::from(l + r) / (known[0] + known[1]))
            .collect();
        let both = counts[0]
            .iter()
            .zip(&counts[1])
            .skip(1)
            .map(|(l, r)| f64::from(*l) * f64::from(*r))
            .sum::<f64>();
        (shares, both / (known[0] * known[1]))
    }
}
