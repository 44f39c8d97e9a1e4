//! A spec bound to two tables: every value parsed and interned, ready to compare rows.

use std::hint::black_box;

use rayon::prelude::*;

use crate::{
    blocking::KeptAtoms,
    comparison::{Compare, ComparisonLevel, Outcome, Reach, Scratch, Side, Tile, Tokens, bind},
    groups::{Group, of_rows},
    score::Weights,
    spec::{ComparisonSpec, KeyFunction, LinkageSpec},
    table::Table,
};

/// Levels of all comparisons of one pair, 4 bits each; comparison `k` sits at bits `4k..4k+4`.
pub type Pattern = u64;

/// Level of comparison `k` in `pattern`.
pub const fn level_of(pattern: Pattern, k: usize) -> usize {
    (pattern >> (4 * k)) as usize & 15
}

/// A spec bound to two tables.
pub struct Bound {
    pub(crate) comparisons: Vec<Box<dyn Compare>>,
    /// Words of each comparison.
    tokens: Vec<Tokens>,
    n_left: usize,
    n_right: usize,
    within: bool,
    /// Records among which values are counted: no value is rarer than one of them.
    n_counted: f64,
    /// Groups of every row, left and right.
    groups: [Vec<u8>; 2],
    /// Place of the address among the comparisons.
    address: Option<usize>,
    /// Keys of the rows that were read already.
    atoms: KeptAtoms,
}

impl Bound {
    /// Parses and interns every value the spec names. Columns that do not exist count as missing; see [`LinkageSpec::faults`].
    pub fn new(spec: &LinkageSpec, left: &Table, right: &Table) -> Self {
        let read = || {
            let comparisons = spec.comparisons.par_iter().enumerate();
            comparisons
                .map(|(k, comparison)| {
                    let mut tokens = Tokens::of(k as u32);
                    let bound = bind(comparison, spec, left, right, &mut tokens);
                    tokens.close_for_reading();
                    (bound, tokens)
                })
                .unzip()
        };
        let group = || {
            rayon::join(
                || of_rows(spec, left, Side::Left),
                || of_rows(spec, right, Side::Right),
            )
        };
        let ((comparisons, tokens), groups) = rayon::join(read, group);
        Self {
            comparisons,
            tokens,
            n_left: left.n_rows(),
            n_right: right.n_rows(),
            within: false,
            n_counted: match (left.population(), right.population()) {
                (Some(l), Some(r)) => (l.n_records + r.n_records) as f64,
                _ => (left.n_rows() + right.n_rows()) as f64,
            },
            groups: groups.into(),
            address: spec
                .comparisons
                .iter()
                .position(|comparison| matches!(comparison, ComparisonSpec::Address { .. })),
            atoms: KeptAtoms::default(),
        }
    }

    /// A spec bound to one table on both sides: a pair is two different rows, the first before the second.
    pub fn within(spec: &LinkageSpec, table: &Table) -> Self {
        Self {
            within: true,
            ..Self::new(spec, table, table)
        }
    }

    /// The same with two equal tables taken for one.
    pub(crate) fn made_within(self) -> Self {
        Self {
            within: true,
            ..self
        }
    }

    /// Keys of the rows that were read already.
    pub(crate) const fn atoms(&self) -> &KeptAtoms {
        &self.atoms
    }

    /// Whether both sides are one table.
    pub const fn is_within(&self) -> bool {
        self.within
    }

    /// Whether two rows are a pair at all.
    pub(crate) const fn is_pair(&self, left: usize, right: usize) -> bool {
        !self.within || left < right
    }

    /// Number of pairs there are.
    pub fn n_pairs(&self) -> f64 {
        if self.within {
            0.5 * self.n_left as f64 * (self.n_left as f64 - 1.0)
        } else {
            self.n_left as f64 * self.n_right as f64
        }
    }

    /// Probability that the two rows of a random pair agree at level 1 of comparison `k`, from the counts of its values.
    pub(crate) fn collision(&self, k: usize) -> Option<f64> {
        let found = self.comparisons[k].collision().filter(|p| *p > 0.0)?;
        if !self.within {
            return Some(found);
        }
        // Within one file the counts also see each record agree with itself.
        let known = self.comparisons[k].n_known().max(2.0);
        Some(((found * known - 1.0) / (known - 1.0)).max(1.0 / (known * known)))
    }

    /// Groups of two rows, as bits.
    pub(crate) fn groups(&self, left: usize, right: usize) -> [u8; 2] {
        [self.groups[0][left], self.groups[1][right]]
    }

    /// Whether two rows have different addresses.
    pub(crate) fn moved(&self, left: usize, right: usize) -> bool {
        self.address.is_some_and(|k| {
            let found =
                self.comparisons[k].compare(left, right, &self.tokens[k], &mut Scratch::none());
            found.level > crate::comparison::SAME_HOME
        })
    }

    /// Groups that a pair belongs to, see [`crate::groups`].
    pub fn groups_of(&self, left: usize, right: usize) -> Vec<Group> {
        let bits = crate::run::groups_of(self, left, right);
        let all = Group::ALL.into_iter();
        all.filter(|group| bits & group.bit() != 0).collect()
    }

    /// Rows on the left.
    pub const fn n_left(&self) -> usize {
        self.n_left
    }

    /// Rows on the right.
    pub const fn n_right(&self) -> usize {
        self.n_right
    }

    /// Levels of comparison `k`, the missing one first.
    pub fn levels(&self, k: usize) -> &[ComparisonLevel] {
        self.comparisons
            .get(k)
            .map_or(&[], |comparison| comparison.levels())
    }

    /// Per level of comparison `k`, under which condition it can be reached; empty = one condition.
    pub(crate) fn conditions(&self, k: usize) -> &'static [u8] {
        self.comparisons
            .get(k)
            .map_or(&[], |comparison| comparison.conditions())
    }

    /// Writes the names one person goes by into the spec, those learned from the tables among them.
    pub(crate) fn note_other_names(&self, spec: &mut LinkageSpec) {
        let bound = self.comparisons.iter().zip(&self.tokens);
        for ((bound, tokens), spec) in bound.zip(&mut spec.comparisons) {
            if let ComparisonSpec::GivenNames { other_names, .. } = spec {
                *other_names = bound.other_names(tokens);
            }
        }
    }

    /// Compares two rows on everything; `found` is overwritten.
    pub fn compare(
        &self,
        left: usize,
        right: usize,
        scratch: &mut Scratch,
        found: &mut Vec<Outcome>,
    ) {
        found.clear();
        found.extend(
            self.comparisons
                .iter()
                .zip(&self.tokens)
                .map(|(comparison, tokens)| comparison.compare(left, right, tokens, scratch)),
        );
    }

    /// The agreement pattern of two rows.
    pub fn pattern(&self, left: usize, right: usize, scratch: &mut Scratch) -> Pattern {
        self.comparisons.iter().zip(&self.tokens).enumerate().fold(
            0,
            |pattern, (k, (comparison, tokens))| {
                let found = comparison.compare(left, right, tokens, scratch);
                pattern | u64::from(found.level) << (4 * k)
            },
        )
    }

    /// Agreement patterns of many pairs; `found` and `out` are overwritten.
    pub(crate) fn patterns(
        &self,
        pairs: &[(u32, u32)],
        scratch: &mut Scratch,
        found: &mut Vec<Outcome>,
        out: &mut Vec<Pattern>,
    ) {
        out.clear();
        out.resize(pairs.len(), 0);
        for k in 0..self.comparisons.len() {
            self.compare_many(k, pairs, scratch, found);
            for (pattern, outcome) in out.iter_mut().zip(found.iter()) {
                *pattern |= u64::from(outcome.level) << (4 * k);
            }
        }
    }

    /// Rows of both sides; with a population, records of it.
    pub(crate) const fn n_records(&self) -> f64 {
        self.n_counted
    }

    /// Makes ready for [`Self::replace_right`].
    pub(crate) fn open_for_passing(&mut self) {
        for tokens in &mut self.tokens {
            tokens.open_for_passing();
        }
    }

    /// Puts a few records in place of the right side, until the next call. Values keep their shares: comparing a right row of before, put
    /// back alone, finds to the bit what it found before. Groups of records are not kept.
    pub(crate) fn replace_right(
        &mut self,
        spec: &LinkageSpec,
        right: &Table,
        scratch: &mut Scratch,
    ) {
        let gone: Vec<(u32, u32)> = self
            .tokens
            .iter_mut()
            .filter_map(Tokens::forget_passing)
            .collect();
        scratch.forget(&gone);
        let comparisons = self.comparisons.iter_mut().zip(&mut self.tokens);
        for ((comparison, tokens), spec) in comparisons.zip(&spec.comparisons) {
            comparison.replace_right(spec, right, tokens);
        }
        self.n_right = right.n_rows();
        self.atoms = KeptAtoms::default();
        self.groups[1] = vec![Group::All.bit(); self.n_right];
    }

    /// Rows of a side.
    pub(crate) const fn n_rows(&self, side: Side) -> usize {
        match side {
            Side::Left => self.n_left,
            Side::Right => self.n_right,
        }
    }

    /// Compares many pairs on comparison `k`; `out` is overwritten.
    pub(crate) fn compare_many(
        &self,
        k: usize,
        pairs: &[(u32, u32)],
        scratch: &mut Scratch,
        out: &mut Vec<Outcome>,
    ) {
        self.touch(k, pairs);
        self.compare_touched(k, pairs, scratch, out);
    }

    /// Reads what comparing these rows on comparison `k` will ask, without waiting for one after the other.
    pub(crate) fn touch(&self, k: usize, rows: &[(u32, u32)]) {
        black_box(self.comparisons[k].touch(rows, &self.tokens[k]));
    }

    /// [`Self::compare_many`] of rows that were touched.
    pub(crate) fn compare_touched(
        &self,
        k: usize,
        pairs: &[(u32, u32)],
        scratch: &mut Scratch,
        out: &mut Vec<Outcome>,
    ) {
        self.comparisons[k].compare_many(pairs, &self.tokens[k], scratch, out);
    }

    /// What many pairs can reach on comparison `k`; `out` is overwritten.
    pub(crate) fn reach_of_many(&self, k: usize, pairs: &[(u32, u32)], out: &mut Vec<Reach>) {
        self.comparisons[k].reach_of_many(pairs, &self.tokens[k], out);
    }

    /// The most that each pair of these rows can have for "the same person", those of the first left row first; `sums` is overwritten. A
    /// little too high at times; too low by what rounding does at most.
    pub(crate) fn ceilings(
        &self,
        weights: &Weights,
        (lefts, rights): (&[u32], &[u32]),
        sums: &mut Vec<f32>,
    ) {
        sums.clear();
        sums.resize(lefts.len() * rights.len(), 0.0);
        // What is looked at is fetched for many rows at once.
        let last = |rows: &[u32], i: usize| rows.get(i).or(rows.last()).copied().unwrap_or(0);
        let rows: Vec<(u32, u32)> = (0..lefts.len().max(rights.len()))
            .map(|i| (last(lefts, i), last(rights, i)))
            .collect();
        for (k, (comparison, tokens)) in self.comparisons.iter().zip(&self.tokens).enumerate() {
            self.touch(k, &rows);
            let tops = weights.tops(k);
            let tile = Tile {
                lefts,
                rights,
                tokens,
                tops,
            };
            comparison.ceiling(&tile, sums);
        }
    }

    /// Whether comparison `k` can tell what a pair can reach.
    pub(crate) fn has_reach(&self, k: usize) -> bool {
        self.comparisons[k].has_reach()
    }

    /// Roughly what comparison `k` costs beside the others.
    pub(crate) fn cost(&self, k: usize) -> u32 {
        u32::from(self.comparisons[k].cost())
    }

    /// Comparisons in the order in which they are best done when nothing is known of the pairs: cheap ones first.
    pub(crate) fn by_cost(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.comparisons.len()).collect();
        order.sort_by_key(|k| self.comparisons[*k].cost());
        order
    }

    /// Appends the keys that comparison `k` gives of a row.
    pub(crate) fn atom_keys(
        &self,
        k: usize,
        side: Side,
        row: usize,
        key: KeyFunction,
        out: &mut Vec<u64>,
    ) {
        self.comparisons[k].keys(side, row, key, &self.tokens[k], out);
    }
}

#[cfg(test)]
mod tests;
