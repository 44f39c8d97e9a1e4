//! No pair goes beyond its reach or its ceiling.

use super::*;
use crate::{
    spec::{
        LinkageSpec,
        suggest::{Described, Shape, suggest},
    },
    table::Column,
};
use helder_types::SemanticType as T;

/// Every value beside every other, so that each level is met.
fn table(n: usize, step: usize) -> Table {
    let words: [(&str, &[&str]); 9] = [
        (
            "v",
            &[
                "Jan",
                "Johannes Petrus",
                "J.P.",
                "Jansen",
                "Petrus",
                "",
                "Johanes",
                "P.",
            ],
        ),
        (
            "g",
            &[
                "Jansen",
                "Janssen",
                "Jan",
                "de Vries-Jansen",
                "Vries",
                "",
                "El Amrani",
                "Petrus",
            ],
        ),
        (
            "d",
            &[
                "19800203", "19800302", "19800101", "19800000", "19810203", "", "19500607",
                "19800005", "19810007",
            ],
        ),
        (
            "p",
            &["1234 AB", "1234 AC", "1243 AB", "1234", "", "9876 ZZ"],
        ),
        ("n", &["1", "1 a", "12", "", "2"]),
        (
            "s",
            &["Dorpsstraat", "Dorpstraat", "Kerkweg", "", "Dorpsstr"],
        ),
        ("q", &["", "Vries", "", "Bakker", "Janssen"]),
        ("w", &["Gouda", "Delft", "", "Gouds"]),
        ("x", &["V", "M", ""]),
    ];
    let mut out = Table::new(n);
    for (place, (name, values)) in words.iter().enumerate() {
        let text = |row: usize| values[(row * step + row / (place + 2)) % values.len()];
        let column = Column::from_texts((0..n).map(|row| Some(text(row))));
        out.insert(*name, column).unwrap();
    }
    out
}

fn spec() -> LinkageSpec {
    let meanings = [
        ("v", T::Voornamen),
        ("g", T::Geslachtsnaam),
        ("d", T::Geboortedatum),
        ("p", T::Postcode),
        ("n", T::Huisnummer),
        ("s", T::Straatnaam),
        ("q", T::GeslachtsnaamPartner),
        ("w", T::Woonplaats),
        ("x", T::Geslacht),
    ];
    let described: Vec<Described> = meanings
        .map(|(name, meaning)| Described {
            name: name.to_owned(),
            semantic_type: Some(meaning),
            shape: Shape::Text,
        })
        .into();
    suggest(&described, &described)
}

#[test]
fn no_pair_reaches_what_its_reach_excludes() {
    let (left, right) = (table(211, 1), table(197, 3));
    let bound = Bound::new(&spec(), &left, &right);
    let pairs: Vec<(u32, u32)> = (0..211)
        .flat_map(|left| (0..197).map(move |right| (left, right)))
        .collect();
    let mut scratch = Scratch::new();
    let (mut outcomes, mut reaches) = (Vec::new(), Vec::new());
    let mut excluded = 0;
    for k in 0..bound.comparisons.len() {
        bound.compare_many(k, &pairs, &mut scratch, &mut outcomes);
        bound.reach_of_many(k, &pairs, &mut reaches);
        for ((pair, outcome), reach) in pairs.iter().zip(&outcomes).zip(&reaches) {
            let rare = outcome.frequency > 0.0 && outcome.frequency < reach.frequency;
            assert!(
                reach.levels >> outcome.level & 1 == 1 && !rare,
                "comparison {k} of {pair:?}: {outcome:?} beyond {reach:?}"
            );
            excluded += usize::from(*reach != Reach::ANYTHING);
        }
    }
    assert!(excluded > pairs.len());
}

#[test]
fn no_pair_weighs_more_than_its_ceiling() {
    let (left, right) = (table(211, 1), table(197, 3));
    let spec = spec();
    let bound = Bound::new(&spec, &left, &right);
    let model = crate::train::train_model(&bound, &spec, &[], &()).unwrap();
    let weights = Weights::new(&model, bound.n_records());
    let rows = |n: u32| (0..n).collect::<Vec<u32>>();
    let (mut scratch, mut found, mut ceilings) = (Scratch::new(), Vec::new(), Vec::new());
    bound.ceilings(&weights, (&rows(211), &rows(197)), &mut ceilings);
    let (mut below, mut tight) = (0, 0);
    for (i, ceiling) in ceilings.iter().enumerate() {
        let (l, r) = (i / 197, i % 197);
        bound.compare(l, r, &mut scratch, &mut found);
        let weight = weights.evidence(&found).matching;
        let room = f64::from(*ceiling) - weight;
        assert!(room > -1e-3, "{l} {r} {weight} above {ceiling}: {found:?}");
        below += usize::from(*ceiling < 0.0);
        tight += usize::from(room < 0.5);
    }
    assert!(below > 1000 && tight > 500, "{below} {tight}");
}
