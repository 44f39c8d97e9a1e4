//! Rules that fit the comparisons.

use crate::spec::{BlockingRule, ComparisonSpec, KeyFunction as K};

const V: &str = "voornamen";
const G: &str = "geslachtsnaam";
const D: &str = "geboortedatum";
const A: &str = "adres";

const BLOCKING: &[&[(&str, K)]] = &[
    &[(D, K::Whole)],
    &[(A, K::PlaceNumber)],
    &[(G, K::AnyName), (V, K::First)],
    &[(G, K::AnyName), (V, K::Initial), (D, K::MonthDay)],
    &[(G, K::AnyName), (V, K::Initial), (D, K::YearMonth)],
    &[(G, K::AnyName), (V, K::Initial), (A, K::Postcode4)],
    &[(G, K::AnyName), (D, K::Year), (A, K::Postcode4)],
    &[(A, K::Place), (G, K::Prefix)],
    &[(A, K::Place), (V, K::Initial)],
    &[(A, K::Place), (D, K::Year)],
    &[(G, K::Spelling), (V, K::Spelling), (D, K::Year)],
    &[(G, K::Spelling), (V, K::Spelling), (D, K::MonthDay)],
    // Names written by ear, both of them, where the birth date need not hold.
    &[(G, K::Sound), (V, K::Sound), (A, K::Postcode4)],
    &[(G, K::Prefix), (V, K::First), (D, K::Year)],
    &[(G, K::Prefix), (V, K::First), (A, K::Postcode4)],
    &[(G, K::Prefix), (V, K::Initial), (D, K::MonthDay)],
    &[(G, K::Prefix), (V, K::Initial), (D, K::YearMonth)],
    &[(V, K::First), (A, K::Postcode4), (D, K::Year)],
    &[(V, K::AnyName), (G, K::AnyName), (D, K::Year)],
    // Who has no birth date to be found by is found by less.
    &[(V, K::First), (D, K::YearAlone)],
    &[(G, K::AnyName), (D, K::YearAlone)],
];

const TRAINING: &[&[(&str, K)]] = &[
    &[(D, K::Whole)],
    &[(A, K::PlaceNumber)],
    &[(V, K::First), (G, K::AnyName)],
];

/// Most rules that are suggested.
const MOST: usize = 30;

/// Blocking rules (many narrow ones) and training rules (few, each on one thing).
pub(super) fn rules(comparisons: &[ComparisonSpec]) -> (Vec<BlockingRule>, Vec<BlockingRule>) {
    let has = |name: &str| {
        comparisons
            .iter()
            .any(|comparison| comparison.name() == name)
    };
    let fits = |keys: &&[(&str, K)]| keys.iter().all(|(name, _)| has(name));
    let select = |rules: &[&[(&str, K)]]| {
        let rules = rules.iter().copied().filter(fits);
        rules.map(BlockingRule::new).collect::<Vec<_>>()
    };
    let mut blocking = select(BLOCKING);
    if has(V) && has(G) && !has(D) && !has(A) {
        // Names are all there is: what sounds alike in both is worth a look.
        blocking.push(BlockingRule::new(&[(G, K::Sound), (V, K::Sound)]));
    }
    let mut training = select(TRAINING);
    for identifier in ["telefoonnummer", "email", "persoonsnummer"] {
        if has(identifier) {
            blocking.push(BlockingRule::new(&[(identifier, K::Whole)]));
        }
    }
    if blocking.is_empty() {
        blocking = of_anything(comparisons);
    } else {
        // A text both sides share lends the dates and names a further narrow rule.
        for text in texts(comparisons) {
            for (name, key) in [(G, K::AnyName), (V, K::First)] {
                if has(name) && blocking.len() < MOST {
                    blocking.push(BlockingRule::new(&[(text, K::Whole), (name, key)]));
                }
            }
        }
    }
    if training.len() < 2 {
        training.clear();
    }
    (blocking, training)
}

fn texts(comparisons: &[ComparisonSpec]) -> Vec<&str> {
    let texts = comparisons.iter();
    texts
        .filter(|c| matches!(c, ComparisonSpec::Text { .. }))
        .map(ComparisonSpec::name)
        .collect()
}

/// Nothing is known about the columns: pairs must agree on one of them, and the cap drops what is too common. Numbers and lists are shared
/// by too many to be looked at one by one; where there is nothing else, pairs agree on two of them.
fn of_anything(comparisons: &[ComparisonSpec]) -> Vec<BlockingRule> {
    let whole = comparisons
        .iter()
        .filter(|comparison| comparison.keys().contains(&K::Whole));
    let (common, telling): (Vec<_>, Vec<_>) = whole.partition(|comparison| {
        matches!(
            comparison,
            ComparisonSpec::Number { .. } | ComparisonSpec::List { .. }
        )
    });
    let mut rules: Vec<BlockingRule> = telling
        .iter()
        .map(|comparison| BlockingRule::new(&[(comparison.name(), K::Whole)]))
        .collect();
    let texts = texts(comparisons);
    for (place, one) in texts.iter().enumerate() {
        for other in &texts[place + 1..] {
            // Two texts that both sound alike: one of them, or both, written by ear.
            if rules.len() < MOST {
                rules.push(BlockingRule::new(&[(one, K::Sound), (other, K::Sound)]));
            }
        }
    }
    if rules.is_empty() {
        for (place, one) in common.iter().enumerate() {
            for other in &common[place + 1..] {
                if rules.len() < MOST {
                    let keys = [(one.name(), K::Whole), (other.name(), K::Whole)];
                    rules.push(BlockingRule::new(&keys));
                }
            }
        }
        if let ([only], true) = (common.as_slice(), rules.is_empty()) {
            rules.push(BlockingRule::new(&[(only.name(), K::Whole)]));
        }
    }
    rules
}
