//! Values of one comparison: each distinct combination of texts is parsed once and gets a number.

use std::hash::Hash;

use super::Side;
use crate::{
    distinct::{Distinct, Finder},
    population::name_of,
    table::{Column, Table},
};

/// Code of a value that was not parsed yet.
const UNREAD: u32 = u32::MAX;

/// Rows whose values are fetched together.
const AT_ONCE: usize = 64;

/// Parsed values with a code per row on both sides. Code 0 is missing; equal values have equal codes, on both sides.
pub(crate) struct Features<V> {
    left: Vec<u32>,
    right: Vec<u32>,
    values: Vec<V>,
    /// Records per code in the population that says how common a value is, left and right, where that is not the two tables.
    population: Option<[Vec<u32>; 2]>,
    /// Finds values again, and how many there were, once the right side is replaced.
    fixed: Option<(Finder, usize)>,
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
            // Most combinations are a value of the first column alone: its codes are numbers already.
            let n_alone = columns[0].map_or(0, Column::n_distinct) + 1;
            let mut alone: Vec<u32> = vec![UNREAD; n_alone];
            let mut read = |raw: [u32; N]| {
                let mut texts = [None; N];
                for (text, (column, code)) in texts.iter_mut().zip(columns.iter().zip(raw)) {
                    *text = column.and_then(|column| column.text(code));
                }
                parse(texts).map_or(0, |value| values.number(value).0 as u32)
            };
            let n = table.n_rows();
            let mut out = Vec::with_capacity(n);
            let mut raws = Vec::with_capacity(AT_ONCE);
            for start in (0..n).step_by(AT_ONCE) {
                raws.clear();
                let rows = start..(start + AT_ONCE).min(n);
                raws.extend(
                    rows.map(|row| columns.map(|column| column.map_or(0, |c| c.codes()[row]))),
                );
                if N > 1 {
                    std::hint::black_box(seen.touch(&raws));
                }
                for raw in &raws {
                    if raw[1..].iter().all(|code| *code == 0) {
                        let code = &mut alone[raw[0] as usize];
                        if *code == UNREAD {
                            *code = read(*raw);
                        }
                        out.push(*code);
                        continue;
                    }
                    let (number, new) = seen.number(*raw);
                    if new {
                        codes.push(read(*raw));
                    }
                    out.push(codes[number]);
                }
            }
            out
        };
        let codes: (Vec<u32>, Vec<u32>) = (side(left), side(right));
        let populations = [left, right].map(|(table, names)| {
            let population = table.population()?;
            population.find(&names)
        });
        let population = if let [Some(l), Some(r)] = populations {
            let counts = [l, r].map(|counted| {
                let columns: [String; N] = std::array::from_fn(name_of);
                let columns = columns.each_ref().map(|name| Some(name.as_str()));
                let codes: Vec<u32> = side((&counted.values, columns));
                let mut sums: Vec<u32> = Vec::new();
                for (code, n) in codes.into_iter().zip(&counted.counts) {
                    let code = code as usize;
                    sums.resize(sums.len().max(code + 1), 0);
                    sums[code] += n;
                }
                sums
            });
            Some(counts)
        } else {
            None
        };
        let values = values.into_values();
        Self {
            left: codes.0,
            right: codes.1,
            population: population.map(|sides| {
                sides.map(|mut counts| {
                    counts.resize(values.len(), 0);
                    counts
                })
            }),
            values,
            fixed: None,
        }
    }

    /// Values with the codes of both sides, and records per code in the populations.
    pub(super) fn of(
        left: Vec<u32>,
        right: Vec<u32>,
        values: Vec<V>,
        population: Option<[Vec<u32>; 2]>,
    ) -> Self {
        Self {
            left,
            right,
            values,
            population,
            fixed: None,
        }
    }

    /// Puts the few rows of another table in place of the right side. Nothing else changes: how common a value is stays what it was, and
    /// values that were in neither table have codes behind all others until the next call.
    pub(crate) fn replace_right<const N: usize>(
        &mut self,
        (table, names): (&Table, [Option<&str>; N]),
        mut parse: impl FnMut([Option<&str>; N]) -> Option<V>,
    ) {
        let values = &mut self.values;
        let (finder, n) = self
            .fixed
            .get_or_insert_with(|| (Finder::of(values), values.len()));
        values.truncate(*n);
        let columns = names.map(|name| name.and_then(|name| table.column(name)));
        self.right.clear();
        self.right.shrink_to(table.n_rows());
        for row in 0..table.n_rows() {
            let texts = columns.map(|column| column.and_then(|c| c.text(c.codes()[row])));
            let code = parse(texts).map_or(0, |value| {
                let passing = |value: &V| Some(*n + values[*n..].iter().position(|v| v == value)?);
                let found = finder.find(&values[..*n], &value);
                found.or_else(|| passing(&value)).unwrap_or_else(|| {
                    values.push(value);
                    values.len() - 1
                })
            });
            self.right.push(code as u32);
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

    /// Reads the values of these rows in a loop that waits for none of them: the processor fetches many at once, where a comparison would
    /// wait for one after the other. The number that comes out means nothing.
    #[inline]
    pub(crate) fn touch(&self, pairs: &[(u32, u32)], of: impl Fn(&V) -> u64) -> u64 {
        let (mut sum, mut last) = (0_u64, u32::MAX);
        for (left, right) in pairs {
            if *left != last {
                last = *left;
                let code = self.left[*left as usize] as usize;
                sum = sum.wrapping_add(of(&self.values[code]));
            }
            let code = self.right[*right as usize] as usize;
            sum = sum.wrapping_add(of(&self.values[code]));
        }
        sum
    }

    /// [`Self::touch`] of some rows of both sides.
    pub(crate) fn touch_rows(&self, (lefts, rights): (&[u32], &[u32]), of: impl Fn(&V) -> u64) {
        for (codes, rows) in [(&self.left, lefts), (&self.right, rights)] {
            let values = rows.iter().map(|row| codes[*row as usize] as usize);
            let sum = values.fold(0_u64, |sum, code| sum.wrapping_add(of(&self.values[code])));
            std::hint::black_box(sum);
        }
    }

    /// Records of the left table with a value.
    pub(crate) fn n_known(&self) -> f64 {
        self.left.iter().filter(|code| **code != 0).count() as f64
    }

    /// Values with the number of records that have them, missing ones left out: those of the population, else of both sides.
    pub(crate) fn counted(&self) -> impl Iterator<Item = (&V, u32)> {
        let counts = self.counts();
        let values = self.values.iter().enumerate().skip(1);
        values.filter_map(move |(code, value)| {
            let n = counts[0][code] + counts[1][code];
            (n > 0).then_some((value, n))
        })
    }

    /// Records per code, left and right.
    fn counts(&self) -> [Vec<u32>; 2] {
        self.population.clone().unwrap_or_else(|| {
            [&self.left, &self.right].map(|codes| {
                let mut counts = vec![0_u32; self.values.len()];
                for code in codes {
                    counts[*code as usize] += 1;
                }
                counts
            })
        })
    }

    /// Share of records per code that carry it, and the probability that two random records (one a side) carry the same.
    pub(crate) fn shares(&self) -> (Vec<f64>, f64) {
        let counts = self.counts();
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
            // Where a population is counted, a value may be new to it: no rarer than one record.
            .map(|(l, r)| f64::from((l + r).max(1)) / (known[0] + known[1]))
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
