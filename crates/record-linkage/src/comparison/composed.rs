//! Comparisons whose levels are composed: text, words and numbers.

use rapidfuzz::distance::{jaro_winkler, osa};

use super::{
    Compare, ComparisonLevel, MISSING, Outcome, Side,
    features::Features,
    level,
    surname::prefix_key,
    tokens::{Frequencies, Scratch, Tokens},
};
use crate::{
    spec::{ColumnPair, ComparisonSpec, KeyFunction, LevelSpec, LevelTest},
    table::Table,
    value::text::normalise,
};

/// Similarities from here on are remembered per pair of words.
const REMEMBERED: f64 = 0.8;
/// Words of one value that count.
const MOST_WORDS: usize = 64;

/// How a text is taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// Words between blanks.
    Words,
    /// Entries of a list, `["a","b"]` or between `;`, `,` and `|`; an entry may have blanks.
    List,
    /// A number.
    Number,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
struct Value {
    whole: u32,
    /// Distinct, sorted.
    words: Box<[u32]>,
    /// Bits of the number.
    number: Option<u64>,
}

/// See the module.
pub(super) struct ComposedComparison {
    tests: Vec<LevelSpec>,
    levels: Vec<ComparisonLevel>,
    values: Features<Value>,
    words: Frequencies,
    shares: Vec<f64>,
    collision: Option<f64>,
    reading: Reading,
}

/// Levels as the rest of the engine sees them: missing, one per test, different.
pub(super) fn levels_of(tests: &[LevelSpec]) -> Vec<ComparisonLevel> {
    // EM starts at four fifths on the first level and halves from level to level.
    let n = tests.len() as i32;
    let rest = |place: i32| 0.2 * 0.5_f64.powi(place) / (1.0 - 0.5_f64.powi(n));
    let mut out = vec![MISSING];
    for (place, test) in tests.iter().enumerate() {
        let start = if place == 0 { 0.8 } else { rest(place as i32) };
        out.push(level("composed", "samengesteld", test.by_frequency, start));
    }
    let different = if n == 0 { 1.0 } else { rest(n) };
    out.push(level("different", "verschillend", false, different));
    out
}

/// A number as people write it: `1.234,50`, `1,234.50`, `12`. A single separator with three digits behind it separates thousands.
pub(crate) fn number(text: &str) -> Option<f64> {
    let kept: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '€' | '\''))
        .collect();
    let last = kept.rfind([',', '.']);
    let separators = kept.matches([',', '.']).count();
    let decimal = last.filter(|at| {
        let behind = kept.len() - at - 1;
        let others = kept[..*at].matches([',', '.']).count();
        let same_kind = kept[..*at].contains(&kept[*at..=*at]);
        separators > 0 && !same_kind && (others > 0 || behind != 3)
    });
    let plain: String = kept
        .char_indices()
        .filter_map(|(at, c)| match c {
            ',' | '.' => (Some(at) == decimal).then_some('.'),
            c => Some(c),
        })
        .collect();
    let starts_as_number = plain
        .bytes()
        .next()
        .is_some_and(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.'));
    let value: f64 = plain.parse().ok()?;
    (starts_as_number && value.is_finite()).then_some(value + 0.0)
}

impl ComposedComparison {
    pub(super) fn bind(
        column: &ColumnPair,
        (tests, reading): (Vec<LevelSpec>, Reading),
        left: &Table,
        right: &Table,
        tokens: &mut Tokens,
    ) -> Self {
        let values = Features::read(
            (left, [Some(&column.left)]),
            (right, [Some(&column.right)]),
            |[text]| read(text?, reading, tokens),
        );
        let mut words = Frequencies::new(tokens.len());
        for (value, n) in values.counted() {
            words.add_records(n, value.words.iter().copied());
        }
        let (shares, collision) = values.shares();
        let first_is_equality =
            matches!(tests.first().map(|test| &test.when), Some(LevelTest::Equal));
        Self {
            levels: levels_of(&tests),
            tests,
            values,
            words,
            shares,
            collision: first_is_equality.then_some(collision),
            reading,
        }
    }

    fn reaches(
        test: &LevelTest,
        (a, b): (&Value, &Value),
        tokens: &Tokens,
        scratch: &mut Scratch,
    ) -> bool {
        let texts = || (tokens.text(a.whole), tokens.text(b.whole));
        let numbers = || {
            a.number
                .zip(b.number)
                .map(|(a, b)| (f64::from_bits(a), f64::from_bits(b)))
        };
        match test {
            LevelTest::Equal => a == b,
            LevelTest::SameSpelling => tokens.spelling(a.whole) == tokens.spelling(b.whole),
            LevelTest::SameSound => tokens.sound(a.whole) == tokens.sound(b.whole),
            LevelTest::SameStart { letters } => {
                let (a, b) = texts();
                let n = usize::from(*letters);
                a.len() >= n && b.len() >= n && a.as_bytes()[..n] == b.as_bytes()[..n]
            }
            LevelTest::Similar { at_least } if *at_least >= REMEMBERED => {
                f64::from(tokens.likeness(a.whole, b.whole, scratch)) >= *at_least
            }
            LevelTest::Similar { at_least } => {
                let (a, b) = texts();
                jaro_winkler::similarity(a.bytes(), b.bytes()) >= *at_least
            }
            LevelTest::Keystrokes { at_most } => {
                let (a, b) = texts();
                let most = usize::from(*at_most);
                a.len().abs_diff(b.len()) <= most && osa::distance(a.bytes(), b.bytes()) <= most
            }
            LevelTest::WordsInCommon { at_least } => in_common(a, b) >= usize::from(*at_least),
            LevelTest::ShareOfWords { at_least } => {
                let common = in_common(a, b);
                let all = a.words.len() + b.words.len() - common;
                common as f64 >= *at_least * all as f64 && common > 0
            }
            LevelTest::Difference { at_most } => {
                numbers().is_some_and(|(a, b)| (a - b).abs() <= *at_most)
            }
            LevelTest::RelativeDifference { at_most } => {
                numbers().is_some_and(|(a, b)| (a - b).abs() <= *at_most * a.abs().max(b.abs()))
            }
        }
    }

    /// Share of the records that carry what two values agree on.
    fn frequency(&self, test: &LevelSpec, (a, b): (&Value, &Value), shares: [f64; 2]) -> f64 {
        if !test.by_frequency {
            return 0.0;
        }
        match test.when {
            LevelTest::WordsInCommon { .. } | LevelTest::ShareOfWords { .. } => {
                let common = a.words.iter().filter(|word| b.words.contains(word));
                common.map(|word| self.words.of(*word)).fold(1.0, f64::min)
            }
            _ => f64::max(shares[0], shares[1]),
        }
    }
}

fn in_common(a: &Value, b: &Value) -> usize {
    a.words.iter().filter(|word| b.words.contains(word)).count()
}

fn read(text: &str, reading: Reading, tokens: &mut Tokens) -> Option<Value> {
    let pieces: Vec<&str> = match reading {
        Reading::Words => text.split_whitespace().collect(),
        Reading::List => text.split([';', ',', '|', '[', ']', '\n']).collect(),
        Reading::Number => Vec::new(),
    };
    let number = number(text);
    if reading == Reading::Number {
        // One text per number, so that `1.000,00` and `1000` are one value.
        let whole = tokens.intern(&number?.to_string());
        return Some(Value {
            whole,
            words: Box::default(),
            number: number.map(f64::to_bits),
        });
    }
    let mut words: Vec<u32> = pieces
        .into_iter()
        .flat_map(|piece| {
            let plain = normalise(piece);
            match reading {
                Reading::List => vec![plain],
                _ => plain.split(' ').map(str::to_owned).collect(),
            }
        })
        .filter(|word| !word.is_empty())
        .take(MOST_WORDS)
        .map(|word| tokens.intern(&word))
        .collect();
    words.sort_unstable();
    words.dedup();
    let whole = normalise(text);
    (!whole.is_empty() && !words.is_empty()).then(|| Value {
        whole: if reading == Reading::List {
            // The order of a list says nothing.
            let mut entries: Vec<&str> = words.iter().map(|word| tokens.text(*word)).collect();
            entries.sort_unstable();
            let joined = entries.join(" ");
            tokens.intern(&joined)
        } else {
            tokens.intern(&whole)
        },
        words: words.into(),
        number: number.map(f64::to_bits),
    })
}

impl Compare for ComposedComparison {
    fn levels(&self) -> &[ComparisonLevel] {
        &self.levels
    }

    fn cost(&self) -> u8 {
        6
    }

    fn compare(
        &self,
        left: usize,
        right: usize,
        tokens: &Tokens,
        scratch: &mut Scratch,
    ) -> Outcome {
        let codes = [
            self.values.code(Side::Left, left),
            self.values.code(Side::Right, right),
        ];
        let (Some(a), Some(b)) = (
            self.values.get(Side::Left, left),
            self.values.get(Side::Right, right),
        ) else {
            return Outcome::MISSING;
        };
        let shares = codes.map(|code| self.shares.get(code as usize).copied().unwrap_or(0.0));
        for (place, test) in self.tests.iter().enumerate() {
            if Self::reaches(&test.when, (a, b), tokens, scratch) {
                return Outcome::with(place as u8 + 1, self.frequency(test, (a, b), shares));
            }
        }
        Outcome::at(self.tests.len() as u8 + 1)
    }

    fn keys(&self, side: Side, row: usize, key: KeyFunction, tokens: &Tokens, out: &mut Vec<u64>) {
        let Some(value) = self.values.get(side, row) else {
            return;
        };
        match key {
            KeyFunction::Whole => out.push(u64::from(value.whole)),
            KeyFunction::AnyName => out.extend(value.words.iter().map(|word| u64::from(*word))),
            KeyFunction::Spelling => out.push(u64::from(tokens.spelling(value.whole))),
            KeyFunction::Sound => out.push(tokens.sound(value.whole)),
            KeyFunction::Prefix => out.push(prefix_key(tokens.text(value.whole))),
            _ => {}
        }
    }

    fn n_known(&self) -> f64 {
        self.values.n_known()
    }

    fn collision(&self) -> Option<f64> {
        self.collision
    }

    fn replace_right(&mut self, spec: &ComparisonSpec, right: &Table, tokens: &mut Tokens) {
        let (ComparisonSpec::Number { column, .. }
        | ComparisonSpec::FreeText { column, .. }
        | ComparisonSpec::List { column, .. }
        | ComparisonSpec::Composed { column, .. }) = spec
        else {
            return;
        };
        let reading = self.reading;
        self.values
            .replace_right((right, [Some(column.right.as_str())]), |[text]| {
                read(text?, reading, tokens)
            });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        spec::level::{of_free_text, of_list, of_number},
        table::Column,
    };

    /// Level that each right value reaches beside the first left one.
    fn reached(tests: &[LevelSpec], reading: Reading, left: &str, rights: &[&str]) -> Vec<u8> {
        let table = |texts: &[&str]| {
            let mut table = Table::new(texts.len());
            let texts = texts.iter().map(|text| Some(*text));
            table.insert("x", Column::from_texts(texts)).unwrap();
            table
        };
        let (left, right) = (table(&[left]), table(rights));
        let mut tokens = Tokens::default();
        let bound = ComposedComparison::bind(
            &ColumnPair::same("x"),
            (tests.to_vec(), reading),
            &left,
            &right,
            &mut tokens,
        );
        tokens.close_for_reading();
        let mut scratch = Scratch::none();
        (0..rights.len())
            .map(|row| bound.compare(0, row, &tokens, &mut scratch).level)
            .collect()
    }

    #[test]
    fn numbers_are_compared_as_numbers_however_they_are_written() {
        let found = reached(
            &of_number(),
            Reading::Number,
            "1.250,00",
            &[
                "1250",
                "1,250.00",
                "€ 1250.0",
                "1350",
                "1255",
                "1200",
                "9",
                "x",
            ],
        );
        assert_eq!(found, [1, 1, 1, 2, 2, 2, 5, 0]);
        assert_eq!(number("1.234"), Some(1234.0));
        assert_eq!(number("12,5"), Some(12.5));
        assert_eq!(number("1.234.567"), Some(1_234_567.0));
        assert_eq!(
            (number("nan"), number("inf"), number("")),
            (None, None, None)
        );
    }

    #[test]
    fn free_text_agrees_on_the_words_it_shares() {
        let found = reached(
            &of_free_text(),
            Reading::Words,
            "Begeleiding bij schulden, thuis",
            &[
                "begeleiding bij SCHULDEN thuis",
                "thuis begeleiding schulden",
                "begeleiding thuis",
                "begeleiding bij iets heel anders",
                "schulden of iets geheel anders",
                "niets",
            ],
        );
        assert_eq!(found, [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn the_order_of_a_list_says_nothing() {
        let found = reached(
            &of_list(),
            Reading::List,
            r#"["Arabisch","Frans","Nederlands"]"#,
            &[
                "frans; nederlands; arabisch",
                "Frans|Arabisch",
                "frans",
                "Pools",
            ],
        );
        assert_eq!(found, [1, 2, 3, 4]);
    }

    #[test]
    fn the_first_level_whose_test_holds_is_reached() {
        let tests = [
            LevelSpec::new(LevelTest::Equal, true),
            LevelSpec::new(LevelTest::SameSpelling, false),
            LevelSpec::new(LevelTest::Keystrokes { at_most: 1 }, false),
            LevelSpec::new(LevelTest::Similar { at_least: 0.9 }, false),
            LevelSpec::new(LevelTest::SameStart { letters: 3 }, false),
            LevelSpec::new(LevelTest::Similar { at_least: 0.5 }, false),
        ];
        let found = reached(
            &tests,
            Reading::Words,
            "dijkstra",
            &[
                "Dijkstra",
                "Dykstra",
                "dijksta",
                "dijkstrahof",
                "dijken",
                "kwzq",
                "dakster",
            ],
        );
        assert_eq!(found, [1, 2, 3, 4, 5, 7, 6]);
    }

    #[test]
    fn starting_values_are_a_distribution() {
        for n in 0..14 {
            let tests = vec![LevelSpec::new(LevelTest::Equal, false); n];
            let sum: f64 = levels_of(&tests).iter().map(|level| level.start_m).sum();
            assert!((sum - 1.0).abs() < 1e-9, "{n} {sum}");
        }
    }
}
