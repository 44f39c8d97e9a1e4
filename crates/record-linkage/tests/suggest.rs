//! What the suggestion makes of numbers, lists, free text and prefixes that nobody explained, on records of the shape of real ones.
#![expect(clippy::unwrap_used, reason = "a test")]

mod support;

use helder_record_linkage::{
    Column, Table, TrainedModel, run,
    spec::{
        ComparisonSpec, LinkageSpec,
        suggest::{Described, suggest},
    },
};
use helder_types::SemanticType;
use support::{Labelled, Score, febrl4, pairs, score};

/// Mixes a few numbers into one.
fn made(parts: &[u64]) -> u64 {
    parts.iter().fold(0x9e37_79b9, |x, part| {
        let x = (x ^ part).wrapping_mul(0xd6e8_feb8_6659_fd93);
        (x ^ (x >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }) >> 16
}

fn words(n: u64, of: impl Fn(u64) -> u64, joined: &str) -> String {
    const WORDS: [&str; 24] = [
        "post", "geld", "huur", "zorg", "werk", "school", "kind", "buurt", "hulp", "brief",
        "schuld", "taal", "reis", "fiets", "arts", "bank", "tuin", "huis", "markt", "kamer",
        "trap", "deur", "lamp", "stoel",
    ];
    let words: Vec<&str> = (0..n).map(|i| WORDS[of(i) as usize % 24]).collect();
    words.join(joined)
}

/// Columns that follow from the person, with errors on the second side, and columns that are noise. Beyond what FEBRL has.
fn with_more(mut side: Labelled, of: u64) -> Labelled {
    let rows: Vec<(u64, u64)> = side.truth.iter().copied().zip(0..).collect();
    let column = |value: &dyn Fn(u64, u64) -> String| {
        let texts: Vec<String> = rows.iter().map(|(p, row)| value(*p, *row)).collect();
        Column::from_texts(texts.iter().map(|text| Some(text.as_str())))
    };
    // One in eight says something else on the second side.
    let wrong = |p: u64, what: u64| u64::from(of == 1 && made(&[p, what, 7]).is_multiple_of(8));
    let columns = [
        (
            "schuld",
            column(&|p, _| format!("{},{:02}", made(&[p, 1 + wrong(p, 1) * 50]) % 9000, p % 100)),
        ),
        (
            "talen",
            column(&|p, _| words(1 + p % 3, |i| made(&[p, 2 + wrong(p, 2) * 50, i]) % 12, ";")),
        ),
        (
            "toelichting",
            column(&|p, _| words(9 - wrong(p, 3) * 3, |i| made(&[p, 3, i]), " ")),
        ),
        (
            "volgnummer",
            column(&|_, row| (made(&[of, row]) % 5000).to_string()),
        ),
        (
            "notitie",
            column(&|_, row| words(8, |i| made(&[of, row, i]), " ")),
        ),
        (
            "voorvoegsel",
            column(&|p, _| ["", "van", "de", "van der"][(p % 4) as usize].to_owned()),
        ),
    ];
    for (name, column) in columns {
        side.table.insert(name, column).unwrap();
    }
    side
}

/// The suggestion for FEBRL without the social security number; columns of its own by what their values look like.
fn spec(left: &Table, right: &Table, more: bool) -> LinkageSpec {
    let side = |table: &Table| -> Vec<Described> {
        let known = |name: &str| match name {
            "given_name" => Some(SemanticType::Voornamen),
            "surname" => Some(SemanticType::Geslachtsnaam),
            "street_number" => Some(SemanticType::Huisnummer),
            "address_1" => Some(SemanticType::Straatnaam),
            "suburb" => Some(SemanticType::Woonplaats),
            _ => None,
        };
        let wanted: Vec<&str> = table
            .names()
            .filter(|name| !matches!(*name, "soc_sec_id" | "address_2" | "state" | "postcode"))
            .filter(|name| known(name).is_some() || *name == "date_of_birth" || more)
            .collect();
        let described = wanted.into_iter().map(|name| {
            let column = Described {
                semantic_type: known(name),
                ..Described::text(name)
            };
            column.by_values(table.column(name).unwrap())
        });
        described.collect()
    };
    suggest(&side(left), &side(right))
}

fn linked(left: &Labelled, right: &Labelled, spec: &LinkageSpec) -> (Score, TrainedModel) {
    let found = run(spec, &left.table, &right.table, &()).unwrap();
    let score = score(left, right, pairs(&found.links));
    (score, found.model.unwrap())
}

/// Weight of agreeing at best and of disagreeing.
fn weights(model: &TrainedModel, name: &str) -> (f64, f64) {
    let comparison = model.comparisons.iter().find(|c| c.name == name).unwrap();
    let levels = &comparison.levels;
    (
        levels[0].match_weight,
        levels[levels.len() - 1].match_weight,
    )
}

#[test]
fn columns_that_nobody_explained_help_where_they_tell_and_do_no_harm_where_they_do_not() {
    let (left, right) = febrl4();
    let (left, right) = (with_more(left, 0), with_more(right, 1));
    let plain = spec(&left.table, &right.table, false);
    let full = spec(&left.table, &right.table, true);
    let kind = |name: &str| {
        let comparison = &full.comparisons[full.position(name).unwrap()];
        serde_json::to_value(comparison).unwrap()["type"].clone()
    };
    for (name, expected) in [
        ("geboortedatum", "date"),
        ("schuld", "number"),
        ("volgnummer", "number"),
        ("talen", "list"),
        ("toelichting", "freeText"),
        ("notitie", "freeText"),
        ("voorvoegsel", "surnamePrefix"),
    ] {
        assert_eq!(kind(name), expected, "{name}");
    }
    assert_eq!(plain.comparisons.len() + 6, full.comparisons.len());

    let (before, _) = linked(&left, &right, &plain);
    let (after, model) = linked(&left, &right, &full);
    println!("{before:?} {after:?}");
    assert!(after.f1 >= before.f1 - 0.0002, "{before:?} {after:?}");
    // What follows from the person tells persons apart, what does not weighs next to nothing.
    for name in ["schuld", "toelichting"] {
        let (agree, differ) = weights(&model, name);
        assert!(agree > 5.0 && differ < -2.0, "{name}: {agree} {differ}");
    }
    for name in ["volgnummer", "notitie"] {
        let comparison = model.comparisons.iter().find(|c| c.name == name).unwrap();
        for level in comparison.levels.iter().filter(|l| l.m_probability > 0.02) {
            assert!(level.match_weight.abs() < 0.7, "{name}: {level:?}");
        }
    }
}

#[test]
fn a_prefix_that_follows_from_the_surname_counts_for_little_a_second_time() {
    // Everybody of one surname has one prefix: beside the surname it tells nothing, and by itself it would.
    let (left, right) = febrl4();
    let with_prefix = |mut side: Labelled| {
        let surnames = side.table.column("surname").unwrap().clone();
        let prefixes: Vec<&str> = surnames
            .codes()
            .iter()
            .map(|code| {
                let name = surnames.text(*code).unwrap_or_default();
                let sum: usize = name.bytes().map(usize::from).sum();
                ["van", "de", "van der", "ter", "op de"][sum % 5]
            })
            .collect();
        let column = Column::from_texts(prefixes.into_iter().map(Some));
        side.table.insert("voorvoegsel", column).unwrap();
        side
    };
    let (left, right) = (with_prefix(left), with_prefix(right));
    let mut spec = spec(&left.table, &right.table, true);
    let (_, model) = linked(&left, &right, &spec);
    let prefix = model.comparisons.iter().find(|c| c.name == "voorvoegsel");
    let level = &prefix.unwrap().levels[2];
    assert!(
        level.label.contains("as the surnames are") && level.match_weight.abs() < 0.3,
        "{level:?}"
    );
    let by_itself = spec.position("voorvoegsel").unwrap();
    spec.comparisons[by_itself] = ComparisonSpec::Exact {
        name: "voorvoegsel".into(),
        column: helder_record_linkage::spec::ColumnPair::same("voorvoegsel"),
    };
    let (_, model) = linked(&left, &right, &spec);
    assert!(weights(&model, "voorvoegsel").0 > 1.5);
}
