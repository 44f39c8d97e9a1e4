//! Equality and plain text.

use super::{
    Compare, ComparisonLevel, MISSING, Outcome, Side,
    features::Features,
    level,
    surname::prefix_key,
    tokens::{CLOSE, Scratch, Tokens},
};
use crate::{
    spec::{ColumnPair, ComparisonSpec, KeyFunction},
    table::Table,
    value::text::normalise,
};

pub(super) const EXACT_LEVELS: &[ComparisonLevel] = &[
    MISSING,
    level("equal", "gelijk", true, 0.9),
    level("different", "verschillend", false, 0.1),
];

pub(super) const TEXT_LEVELS: &[ComparisonLevel] = &[
    MISSING,
    level("equal", "gelijk", true, 0.80),
    level("nearly equal", "bijna gelijk", true, 0.10),
    level("similar", "lijkt erop", false, 0.05),
    level("different", "verschillend", false, 0.05),
];

/// Equal or not.
pub(super) struct Equality {
    text: TextComparison,
}

impl Equality {
    pub(super) fn exact(
        column: &ColumnPair,
        left: &Table,
        right: &Table,
        tokens: &mut Tokens,
    ) -> Self {
        Self {
            text: TextComparison::bind(column, left, right, tokens),
        }
    }
}

impl Compare for Equality {
    fn levels(&self) -> &[ComparisonLevel] {
        EXACT_LEVELS
    }

    fn touch(&self, pairs: &[(u32, u32)], _: &Tokens) -> u64 {
        self.text.values.touch(pairs, |token| u64::from(*token))
    }

    fn cost(&self) -> u8 {
        1
    }

    fn compare(&self, left: usize, right: usize, _: &Tokens, _: &mut Scratch) -> Outcome {
        let (a, b) = (
            self.text.values.code(Side::Left, left),
            self.text.values.code(Side::Right, right),
        );
        match (a, b) {
            (0, _) | (_, 0) => Outcome::MISSING,
            (a, b) if a != b => Outcome::at(2),
            (a, _) => Outcome::with(1, self.text.shares[a as usize]),
        }
    }

    fn keys(&self, side: Side, row: usize, key: KeyFunction, tokens: &Tokens, out: &mut Vec<u64>) {
        self.text.keys(side, row, key, tokens, out);
    }

    fn n_known(&self) -> f64 {
        self.text.values.n_known()
    }

    fn collision(&self) -> Option<f64> {
        self.text.collision()
    }

    fn replace_right(&mut self, spec: &ComparisonSpec, right: &Table, tokens: &mut Tokens) {
        self.text.replace_right(spec, right, tokens);
    }
}

fn read_text(text: &str) -> Option<String> {
    Some(normalise(text)).filter(|text| !text.is_empty())
}

/// See [`TEXT_LEVELS`].
pub(super) struct TextComparison {
    parse: fn(&str) -> Option<String>,
    values: Features<u32>,
    shares: Vec<f64>,
    collision: f64,
}

impl TextComparison {
    pub(super) fn bind(
        column: &ColumnPair,
        left: &Table,
        right: &Table,
        tokens: &mut Tokens,
    ) -> Self {
        Self::read(column, left, right, tokens, read_text)
    }

    fn read(
        column: &ColumnPair,
        left: &Table,
        right: &Table,
        tokens: &mut Tokens,
        parse: fn(&str) -> Option<String>,
    ) -> Self {
        let values = Features::read(
            (left, [Some(&column.left)]),
            (right, [Some(&column.right)]),
            |[text]| parse(text?).map(|text| tokens.intern(&text)),
        );
        let (shares, collision) = values.shares();
        Self {
            parse,
            values,
            shares,
            collision,
        }
    }
}

impl Compare for TextComparison {
    fn levels(&self) -> &[ComparisonLevel] {
        TEXT_LEVELS
    }

    fn touch(&self, pairs: &[(u32, u32)], tokens: &Tokens) -> u64 {
        self.values.touch(pairs, |token| tokens.touch(*token))
    }

    fn cost(&self) -> u8 {
        4
    }

    fn compare(
        &self,
        left: usize,
        right: usize,
        tokens: &Tokens,
        scratch: &mut Scratch,
    ) -> Outcome {
        let (Some(a), Some(b)) = (
            self.values.get(Side::Left, left),
            self.values.get(Side::Right, right),
        ) else {
            return Outcome::MISSING;
        };
        // A value that neither table had is rarer than any that one of them has.
        let share = |side, row| {
            let code = self.values.code(side, row) as usize;
            self.shares.get(code).copied().unwrap_or(0.0)
        };
        if a == b {
            return Outcome::with(1, share(Side::Left, left));
        }
        let likeness = tokens.likeness(*a, *b, scratch);
        if likeness >= CLOSE {
            return Outcome::with(2, share(Side::Left, left).max(share(Side::Right, right)));
        }
        Outcome::at(if likeness >= 0.8 { 3 } else { 4 })
    }

    fn keys(&self, side: Side, row: usize, key: KeyFunction, tokens: &Tokens, out: &mut Vec<u64>) {
        let Some(token) = self.values.get(side, row) else {
            return;
        };
        match key {
            KeyFunction::Whole => out.push(u64::from(*token)),
            KeyFunction::Spelling => out.push(u64::from(tokens.spelling(*token))),
            KeyFunction::Sound => out.push(tokens.sound(*token)),
            KeyFunction::Prefix => out.push(prefix_key(tokens.text(*token))),
            _ => {}
        }
    }

    fn n_known(&self) -> f64 {
        self.values.n_known()
    }

    fn collision(&self) -> Option<f64> {
        Some(self.collision)
    }

    fn replace_right(&mut self, spec: &ComparisonSpec, right: &Table, tokens: &mut Tokens) {
        let (ComparisonSpec::Text { column, .. } | ComparisonSpec::Exact { column, .. }) = spec
        else {
            return;
        };
        let parse = self.parse;
        self.values
            .replace_right((right, [Some(column.right.as_str())]), |[text]| {
                parse(text?).map(|text| tokens.intern(&text))
            });
    }
}
