//! The prefix of a surname (tussenvoegsel), beside what the surname already says.
//!
//! The surname comparison looks at the core alone. Most cores go with one prefix: who is called Berg is called van den Berg, and two records
//! with one core share the prefix whoever they are. So prefixes are counted apart for records whose surnames share a part and for others,
//! and a prefix that follows from the surname counts for nothing a second time.

use super::{
    Compare, ComparisonLevel, MISSING, Outcome, Side,
    features::Features,
    level, mix,
    tokens::{Scratch, Tokens},
};
use crate::{
    spec::{ColumnPair, ComparisonSpec, KeyFunction},
    table::Table,
    value::surname::{self, Prefix},
};

pub(super) const LEVELS: &[ComparisonLevel] = &[
    MISSING,
    level("prefix equal", "voorvoegsel gelijk", false, 0.60),
    level("prefix different", "voorvoegsel verschillend", false, 0.40),
    level(
        "prefix equal, as the surnames are",
        "voorvoegsel gelijk, zoals de achternamen",
        false,
        0.92,
    ),
    level(
        "one prefix shortens the other, surnames agree",
        "het ene voorvoegsel is een afkorting van het andere, achternamen komen overeen",
        false,
        0.06,
    ),
    level(
        "prefix different, where the surnames agree",
        "voorvoegsel verschillend, terwijl de achternamen overeenkomen",
        false,
        0.02,
    ),
];

/// Level 0 is missing; 1 and 2 are reached where surnames differ, 3 to 5 where they share a part.
pub(super) const CONDITIONS: &[u8] = &[0, 0, 0, 1, 1, 1];

/// Parts of a surname that are looked at.
const MOST_PARTS: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
struct Value {
    /// The prefix as one word.
    whole: u32,
    /// First letters of its words.
    initials: u32,
    is_short: bool,
}

/// See [`LEVELS`].
pub(super) struct PrefixComparison {
    values: Features<Value>,
    /// Cores as numbers, 0 where there are no more.
    surnames: Features<[u32; MOST_PARTS]>,
}

fn read(prefix: Option<&str>, name: Option<&str>, tokens: &mut Tokens) -> Option<Value> {
    // Where the field is empty, it may stand with the surname.
    let found = prefix
        .and_then(Prefix::parse)
        .or_else(|| Prefix::within(name?))?;
    Some(Value {
        whole: tokens.intern(&found.whole),
        initials: tokens.intern(&found.initials),
        is_short: found.is_short,
    })
}

fn read_surname(name: &str, tokens: &mut Tokens) -> Option<[u32; MOST_PARTS]> {
    let mut cores = [0; MOST_PARTS];
    for (slot, part) in cores.iter_mut().zip(surname::parts(Some(name), None)) {
        *slot = tokens.intern(&part.core);
    }
    (cores[0] != 0).then_some(cores)
}

impl PrefixComparison {
    pub(super) fn bind(
        (column, surname): (&ColumnPair, &ColumnPair),
        left: &Table,
        right: &Table,
        tokens: &mut Tokens,
    ) -> Self {
        let values = Features::read(
            (left, [Some(&column.left), Some(&surname.left)]),
            (right, [Some(&column.right), Some(&surname.right)]),
            |[prefix, name]| read(prefix, name, tokens),
        );
        let surnames = Features::read(
            (left, [Some(&surname.left)]),
            (right, [Some(&surname.right)]),
            |[name]| read_surname(name?, tokens),
        );
        Self { values, surnames }
    }

    fn surnames_agree(&self, left: usize, right: usize) -> bool {
        let side = |side, row| self.surnames.get(side, row);
        match (side(Side::Left, left), side(Side::Right, right)) {
            (Some(a), Some(b)) => a.iter().any(|core| *core != 0 && b.contains(core)),
            _ => false,
        }
    }
}

impl Compare for PrefixComparison {
    fn levels(&self) -> &[ComparisonLevel] {
        LEVELS
    }

    fn conditions(&self) -> &'static [u8] {
        CONDITIONS
    }

    fn cost(&self) -> u8 {
        2
    }

    fn compare(&self, left: usize, right: usize, _: &Tokens, _: &mut Scratch) -> Outcome {
        let (Some(a), Some(b)) = (
            self.values.get(Side::Left, left),
            self.values.get(Side::Right, right),
        ) else {
            return Outcome::MISSING;
        };
        let shortens = (a.is_short || b.is_short) && a.initials == b.initials;
        Outcome::at(match (self.surnames_agree(left, right), a == b) {
            (true, true) => 3,
            (true, false) if shortens => 4,
            (true, false) => 5,
            (false, true) => 1,
            (false, false) if shortens => 1,
            (false, false) => 2,
        })
    }

    fn keys(&self, side: Side, row: usize, key: KeyFunction, _: &Tokens, out: &mut Vec<u64>) {
        if let (KeyFunction::Whole, Some(value)) = (key, self.values.get(side, row)) {
            out.push(mix(11, u64::from(value.whole)));
        }
    }

    fn n_known(&self) -> f64 {
        self.values.n_known()
    }

    fn collision(&self) -> Option<f64> {
        None
    }

    fn replace_right(&mut self, spec: &ComparisonSpec, right: &Table, tokens: &mut Tokens) {
        let ComparisonSpec::SurnamePrefix {
            column, surname, ..
        } = spec
        else {
            return;
        };
        let names = [Some(column.right.as_str()), Some(surname.right.as_str())];
        self.values
            .replace_right((right, names), |[prefix, name]| read(prefix, name, tokens));
        self.surnames
            .replace_right((right, [names[1]]), |[name]| read_surname(name?, tokens));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Column;

    #[test]
    fn a_prefix_is_counted_apart_where_the_surnames_agree() {
        let side = |prefixes: &[&str], names: &[&str]| {
            let mut table = Table::new(names.len());
            for (column, texts) in [("p", prefixes), ("g", names)] {
                let texts = texts.iter().map(|text| Some(*text));
                table.insert(column, Column::from_texts(texts)).unwrap();
            }
            table
        };
        let left = side(&["van den"], &["Berg"]);
        let right = side(
            &["VAN DEN", "v.d.", "de", "", "", "", "van den", "te", "v/d"],
            &[
                "berg",
                "Berg",
                "Berg",
                "Berg",
                "Berg, van den",
                "v d Berg",
                "Velde",
                "Velde",
                "Velde",
            ],
        );
        let mut tokens = Tokens::default();
        let mut bound = PrefixComparison::bind(
            (&ColumnPair::same("p"), &ColumnPair::same("g")),
            &left,
            &right,
            &mut tokens,
        );
        let found = |bound: &PrefixComparison, n: usize| -> Vec<u8> {
            let tokens = Tokens::default();
            let at = |row| bound.compare(0, row, &tokens, &mut Scratch::none()).level;
            (0..n).map(at).collect()
        };
        assert_eq!(found(&bound, 9), [3, 4, 5, 0, 3, 4, 1, 2, 1]);
        assert_eq!(LEVELS.len(), CONDITIONS.len());
        let spec = ComparisonSpec::SurnamePrefix {
            name: "v".into(),
            column: ColumnPair::same("p"),
            surname: ColumnPair::same("g"),
        };
        bound.replace_right(&spec, &side(&["ter"], &["Berg"]), &mut tokens);
        assert_eq!(found(&bound, 1), [5]);
    }
}
