//! Reading the values of a comparison by all cores together; numbers come out as if one had read everything from the first row on.

use std::{borrow::Cow, hash::Hash};

use rayon::prelude::*;

use super::{features::Features, tokens::Tokens};
use crate::{
    distinct::Texts,
    number::{number_keys, number_values},
    population::name_of,
    table::{Column, Table},
};

/// Combinations of texts that a worker parses at a time.
const PIECE: usize = 4096;

/// Gives words their numbers, from 1; 0 is none.
pub(crate) trait Words {
    /// Number of `text`, new when it was not seen before.
    fn intern(&mut self, text: &str) -> u32;
}

impl Words for Tokens {
    fn intern(&mut self, text: &str) -> u32 {
        Self::intern(self, text)
    }
}

/// Words of some values, numbered among themselves.
#[derive(Default)]
pub(crate) struct Piece(Texts);

impl Words for Piece {
    fn intern(&mut self, text: &str) -> u32 {
        self.0.number(text).0 as u32 + 1
    }
}

impl Piece {
    /// Per number here the number among all words.
    fn numbers(&self, tokens: &mut Tokens) -> Vec<u32> {
        let texts = (0..self.0.len()).filter_map(|place| self.0.get(place));
        let numbers = texts.map(|text| tokens.intern(text));
        std::iter::once(0).chain(numbers).collect()
    }
}

/// A value that may hold numbers of words.
pub(crate) trait Worded {
    /// Puts other numbers in place of them.
    fn renumber(&mut self, numbers: &[u32]);
}

impl<const N: usize> Worded for [u32; N] {
    fn renumber(&mut self, numbers: &[u32]) {
        for word in self {
            *word = numbers[*word as usize];
        }
    }
}

/// Texts that are read together.
pub(crate) struct Raw<'a, const N: usize> {
    pub(crate) texts: [Option<&'a str>; N],
    /// Their codes in the columns of the table.
    pub(crate) codes: [u32; N],
}

/// The named columns of a table.
pub(crate) fn columns_of<'a, const N: usize>(
    table: &'a Table,
    names: [Option<&str>; N],
) -> [Option<&'a Column>; N] {
    names.map(|name| name.and_then(|name| table.column(name)))
}

/// The distinct combinations of texts in some columns.
struct Combinations<'a, const N: usize> {
    columns: [Option<&'a Column>; N],
    /// Per combination the first row that has it; of one column its codes are the combinations.
    firsts: Option<Vec<u32>>,
    n: usize,
    /// Combination per row.
    rows: Cow<'a, [u32]>,
}

impl<'a, const N: usize> Combinations<'a, N> {
    fn of(table: &'a Table, names: [Option<&str>; N]) -> Self {
        let columns = columns_of(table, names);
        let n = table.n_rows();
        if let ([only], 1) = (&columns[..], N) {
            return Self {
                columns,
                firsts: None,
                n: only.map_or(0, Column::n_distinct) + 1,
                rows: only.map_or_else(|| vec![0; n].into(), |column| column.codes().into()),
            };
        }
        let numbered = number_keys(n, |row| codes_of(&columns, row));
        Self {
            columns,
            n: numbered.firsts.len(),
            firsts: Some(numbered.firsts),
            rows: numbered.codes.into(),
        }
    }

    /// A combination by its place.
    fn raw(&self, place: usize) -> Raw<'a, N> {
        let codes = match &self.firsts {
            None => [place as u32; N],
            Some(firsts) => codes_of(&self.columns, firsts[place] as usize),
        };
        let mut texts = [None; N];
        for (text, (column, code)) in texts.iter_mut().zip(self.columns.iter().zip(codes)) {
            *text = column.and_then(|column| column.text(code));
        }
        Raw { texts, codes }
    }
}

fn codes_of<const N: usize>(columns: &[Option<&Column>; N], row: usize) -> [u32; N] {
    columns.map(|column| column.map_or(0, |column| column.codes()[row]))
}

impl<V: Clone + Eq + Hash + Default + Worded + Send + Sync> Features<V> {
    /// Reads the named columns of both tables. `parse` gets the texts in the order of the names; the words it asks for become `tokens`.
    pub(crate) fn read_together<const N: usize>(
        left: (&Table, [Option<&str>; N]),
        right: (&Table, [Option<&str>; N]),
        tokens: Option<&mut Tokens>,
        parse: impl Fn(&Raw<'_, N>, &mut Piece) -> Option<V> + Sync,
    ) -> Self {
        Self::read_prepared(
            left,
            right,
            tokens,
            |_| (),
            |raw, (), words| parse(raw, words),
        )
    }

    /// [`Self::read_together`] where `parse` also gets what `prepare` makes of the columns of the table.
    pub(crate) fn read_prepared<const N: usize, P: Send + Sync>(
        left: (&Table, [Option<&str>; N]),
        right: (&Table, [Option<&str>; N]),
        tokens: Option<&mut Tokens>,
        prepare: impl Fn([Option<&Column>; N]) -> P + Sync,
        parse: impl Fn(&Raw<'_, N>, &P, &mut Piece) -> Option<V> + Sync,
    ) -> Self {
        let mut tables = vec![left];
        // Within one file both sides are one.
        let is_one = std::ptr::eq(left.0, right.0) && left.1 == right.1;
        if !is_one {
            tables.push(right);
        }
        let populations = [left, right].map(|(table, names)| table.population()?.find(&names));
        let columns: [String; N] = std::array::from_fn(name_of);
        let columns = columns.each_ref().map(|name| Some(name.as_str()));
        let counted = match populations {
            [Some(l), Some(r)] => vec![l, r],
            _ => Vec::new(),
        };
        tables.extend(counted.iter().map(|counted| (&counted.values, columns)));
        // One table after the other, each by all cores: what that takes of memory is there once.
        let (tables, prepared): (Vec<Combinations<'_, N>>, Vec<P>) = tables
            .into_iter()
            .map(|(table, names)| {
                let prepared = prepare(columns_of(table, names));
                (Combinations::of(table, names), prepared)
            })
            .unzip();
        let mut values = parsed(&tables, &prepared, tokens, parse);
        drop(prepared);
        let numbered = number_values(&values);
        let mut base = 1;
        let mut codes = tables.into_iter().map(|table| {
            let of_raw = &numbered.codes[base..base + table.n];
            base += table.n;
            let rows = table.rows.par_iter();
            rows.map(|raw| of_raw[*raw as usize]).collect::<Vec<u32>>()
        });
        let left = codes.next().unwrap_or_default();
        let right = if is_one { None } else { codes.next() };
        let right = right.unwrap_or_else(|| left.clone());
        let n_values = numbered.firsts.len();
        let counts: Vec<Vec<u32>> = codes
            .zip(counted)
            .map(|(codes, counted)| {
                let mut sums = vec![0; n_values];
                for (code, n) in codes.into_iter().zip(&counted.counts) {
                    sums[code as usize] += n;
                }
                sums
            })
            .collect();
        for (number, first) in numbered.firsts.iter().enumerate() {
            values.swap(number, *first as usize);
        }
        values.truncate(n_values);
        values.shrink_to_fit();
        Self::of(left, right, values, counts.try_into().ok())
    }
}

/// What the combinations of all tables say, the missing value before them all.
fn parsed<const N: usize, V: Clone + Default + Worded + Send + Sync, P: Sync>(
    tables: &[Combinations<'_, N>],
    prepared: &[P],
    tokens: Option<&mut Tokens>,
    parse: impl Fn(&Raw<'_, N>, &P, &mut Piece) -> Option<V> + Sync,
) -> Vec<V> {
    let n: usize = tables.iter().map(|table| table.n).sum();
    let mut values = vec![V::default(); n + 1];
    let mut rest = &mut values[1..];
    let mut pieces = Vec::new();
    for (table, prepared) in tables.iter().zip(prepared) {
        for start in (0..table.n).step_by(PIECE) {
            let (piece, behind) = rest.split_at_mut(PIECE.min(table.n - start));
            pieces.push((table, prepared, start, piece));
            rest = behind;
        }
    }
    let (read, words): (Vec<&mut [V]>, Vec<Piece>) = pieces
        .into_par_iter()
        .map(|(table, prepared, start, piece)| {
            let mut words = Piece::default();
            for (place, slot) in (start..).zip(&mut *piece) {
                let value = parse(&table.raw(place), prepared, &mut words);
                *slot = value.unwrap_or_default();
            }
            (piece, words)
        })
        .unzip();
    if let Some(tokens) = tokens {
        // In order, so that words have the numbers that reading one after the other gives.
        let numbers = words.into_iter().map(|words| words.numbers(tokens));
        let numbers: Vec<Vec<u32>> = numbers.collect();
        read.into_par_iter()
            .zip(&numbers)
            .for_each(|(piece, numbers)| piece.iter_mut().for_each(|v| v.renumber(numbers)));
    }
    values
}
