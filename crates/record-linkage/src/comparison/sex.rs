//! Sex, beside what the given names already say of it.
//!
//! Two records with one given name are of one sex, whoever they are: there equality says nothing and a difference is a slip. Where the
//! names differ (a twin, a nickname, a name left out) the sex does tell people apart. The two cases are counted apart.

use super::{
    Compare, ComparisonLevel, MISSING, Outcome, Side,
    ceiling::Tile,
    features::Features,
    level, mix,
    reading::Words,
    tokens::{Scratch, Tokens},
};
use crate::{
    spec::{ColumnPair, ComparisonSpec, KeyFunction},
    table::Table,
    value::{GivenNames, text::normalise},
};

pub(super) const LEVELS: &[ComparisonLevel] = &[
    MISSING,
    level("equal", "gelijk", false, 0.98),
    level("different", "verschillend", false, 0.02),
    level(
        "equal, as the given names are",
        "gelijk, zoals de voornamen",
        false,
        0.98,
    ),
    level(
        "different, where the given names agree",
        "verschillend, terwijl de voornamen overeenkomen",
        false,
        0.02,
    ),
];

/// Level 0 is missing; 1 and 2 are reached where names differ, 3 and 4 where they agree.
pub(super) const CONDITIONS: &[u8] = &[0, 0, 0, 1, 1];

/// Names of one record that are looked at.
const MOST_NAMES: usize = 4;

/// See [`LEVELS`].
pub(super) struct SexComparison {
    values: Features<u8>,
    /// Given names as numbers, 0 where there are no more.
    names: Option<Features<[u32; MOST_NAMES]>>,
    right_names: Option<String>,
}

impl SexComparison {
    pub(super) fn bind(
        column: &ColumnPair,
        names: Option<&ColumnPair>,
        left: &Table,
        right: &Table,
        tokens: &mut Tokens,
    ) -> Self {
        let values = Features::read(
            (left, [Some(&column.left)]),
            (right, [Some(&column.right)]),
            |[text]| read_sex(text?),
        );
        let right_names = names.map(|pair| pair.right.clone());
        let names = names.map(|pair| {
            Features::read_together(
                (left, [Some(&pair.left)]),
                (right, [Some(&pair.right)]),
                Some(tokens),
                |raw, words| read_names(raw.texts[0]?, words),
            )
        });
        Self {
            values,
            names,
            right_names,
        }
    }

    fn names_agree(&self, left: usize, right: usize) -> bool {
        let Some(names) = &self.names else {
            return false;
        };
        let (a, b) = (names.code(Side::Left, left), names.code(Side::Right, right));
        if a == b {
            return a != 0;
        }
        match (names.get(Side::Left, left), names.get(Side::Right, right)) {
            (Some(a), Some(b)) => a.iter().any(|name| *name != 0 && b.contains(name)),
            _ => false,
        }
    }
}

fn read_sex(text: &str) -> Option<u8> {
    match normalise(text).as_str() {
        "m" | "man" | "male" | "1" => Some(1),
        "v" | "vrouw" | "f" | "female" | "2" => Some(2),
        _ => None,
    }
}

fn read_names(text: &str, tokens: &mut impl Words) -> Option<[u32; MOST_NAMES]> {
    let parsed = GivenNames::parse(text)?;
    let mut names = [0; MOST_NAMES];
    for (slot, name) in names.iter_mut().zip(&parsed.names) {
        *slot = tokens.intern(name);
    }
    (names[0] != 0).then_some(names)
}

impl Compare for SexComparison {
    fn levels(&self) -> &[ComparisonLevel] {
        LEVELS
    }

    fn conditions(&self) -> &'static [u8] {
        CONDITIONS
    }

    fn cost(&self) -> u8 {
        1
    }

    fn ceiling(&self, tile: &Tile<'_>, sums: &mut [f32]) {
        let tops = &tile.tops;
        let (equal, different) = (tops.at_any(&[1, 3]), tops.at_any(&[2, 4]));
        tile.add(
            sums,
            |row| self.values.code(Side::Left, row),
            |row| self.values.code(Side::Right, row),
            |a, b| match (a, b) {
                (0, _) | (_, 0) => 0.0,
                _ if a == b => equal,
                _ => different,
            },
        );
    }

    fn compare(&self, left: usize, right: usize, _: &Tokens, _: &mut Scratch) -> Outcome {
        let (a, b) = (
            self.values.code(Side::Left, left),
            self.values.code(Side::Right, right),
        );
        if a == 0 || b == 0 {
            return Outcome::MISSING;
        }
        let agree = if self.names_agree(left, right) { 2 } else { 0 };
        Outcome::at(agree + if a == b { 1 } else { 2 })
    }

    fn keys(&self, side: Side, row: usize, key: KeyFunction, _: &Tokens, out: &mut Vec<u64>) {
        if let (KeyFunction::Whole, Some(value)) = (key, self.values.get(side, row)) {
            out.push(mix(7, u64::from(*value)));
        }
    }

    fn n_known(&self) -> f64 {
        self.values.n_known()
    }

    fn collision(&self) -> Option<f64> {
        None
    }

    fn replace_right(&mut self, spec: &ComparisonSpec, right: &Table, tokens: &mut Tokens) {
        if let ComparisonSpec::Sex { column, .. } = spec {
            let column = [Some(column.right.as_str())];
            self.values
                .replace_right((right, column), |[text]| read_sex(text?));
        }
        if let Some(names) = &mut self.names {
            names.replace_right((right, [self.right_names.as_deref()]), |[text]| {
                read_names(text?, tokens)
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Column;

    #[test]
    fn sex_is_counted_apart_where_the_given_names_settle_it() {
        let side = |names: &[&str], sexes: &[&str]| {
            let mut table = Table::new(names.len());
            for (column, texts) in [("v", names), ("s", sexes)] {
                let texts = texts.iter().map(|text| Some(*text));
                table.insert(column, Column::from_texts(texts)).unwrap();
            }
            table
        };
        let left = side(&["Johanna Maria"], &["V"]);
        let right = side(
            &[
                "johanna",
                "Maria",
                "Marie Johanna",
                "Femke",
                "J.M.",
                "",
                "Anna",
            ],
            &["v", "M", "vrouw", "man", "2", "v", "?"],
        );
        let names = ColumnPair::same("v");
        let bound = SexComparison::bind(
            &ColumnPair::same("s"),
            Some(&names),
            &left,
            &right,
            &mut Tokens::default(),
        );
        let found: Vec<u8> = (0..7)
            .map(|row| {
                bound
                    .compare(0, row, &Tokens::default(), &mut Scratch::none())
                    .level
            })
            .collect();
        assert_eq!(found, [3, 4, 3, 2, 1, 1, 0]);
        assert_eq!(LEVELS.len(), CONDITIONS.len());
    }
}
