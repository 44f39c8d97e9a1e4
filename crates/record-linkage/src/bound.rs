//! A spec bound to two tables: every value parsed and interned, ready to compare rows.

use crate::{
    comparison::{Compare, ComparisonLevel, Outcome, Scratch, Side, Tokens, bind},
    spec::{BlockingRule, LinkageSpec},
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
    tokens: Tokens,
    n_left: usize,
    n_right: usize,
}

impl Bound {
    /// Parses and interns every value the spec names. Columns that do not exist count as missing; see [`LinkageSpec::faults`].
    pub fn new(spec: &LinkageSpec, left: &Table, right: &Table) -> Self {
        let mut tokens = Tokens::default();
        let comparisons = spec
            .comparisons
            .iter()
            .map(|comparison| bind(comparison, left, right, &mut tokens))
            .collect();
        Self {
            comparisons,
            tokens,
            n_left: left.n_rows(),
            n_right: right.n_rows(),
        }
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
    pub fn levels(&self, k: usize) -> &'static [ComparisonLevel] {
        self.comparisons
            .get(k)
            .map_or(&[], |comparison| comparison.levels())
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
                .map(|comparison| comparison.compare(left, right, &self.tokens, scratch)),
        );
    }

    /// The agreement pattern of two rows.
    pub fn pattern(&self, left: usize, right: usize, scratch: &mut Scratch) -> Pattern {
        self.comparisons
            .iter()
            .enumerate()
            .fold(0, |pattern, (k, comparison)| {
                pattern
                    | u64::from(comparison.compare(left, right, &self.tokens, scratch).level)
                        << (4 * k)
            })
    }

    /// Keys of a row under a rule: the product of the keys of its parts; empty when one is missing.
    pub(crate) fn keys(
        &self,
        spec: &LinkageSpec,
        rule: &BlockingRule,
        side: Side,
        row: usize,
        work: &mut KeyWork,
    ) {
        work.keys.clear();
        work.keys.push(17);
        for key in &rule.keys {
            work.part.clear();
            if let Some(k) = spec.position(&key.comparison) {
                self.comparisons[k].keys(side, row, key.key, &self.tokens, &mut work.part);
            }
            work.next.clear();
            for known in &work.keys {
                work.next.extend(
                    work.part
                        .iter()
                        .map(|part| crate::comparison::mix(*known, *part)),
                );
            }
            std::mem::swap(&mut work.keys, &mut work.next);
        }
        work.keys.sort_unstable();
        work.keys.dedup();
    }
}

/// Buffers for [`Bound::keys`].
#[derive(Default)]
pub(crate) struct KeyWork {
    pub(crate) keys: Vec<u64>,
    part: Vec<u64>,
    next: Vec<u64>,
}
