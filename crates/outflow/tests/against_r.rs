//! The chances of a report are those of R's survfit (`reference/welfare_spells.R`) to the six digits a report has.

#![expect(
    clippy::unwrap_used,
    reason = "what cannot be made here fails the test"
)]

use helder_outflow::{Column, OutflowSpec, Table, analyse};
use serde_json::{Value, json};

/// Half a unit of the sixth digit, at most, as part of the value.
const HALF_A_DIGIT: f64 = 5e-6;

fn spells() -> Table {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/data/welfare_spells/welfare_spells.csv"
    );
    let mut reader = csv::Reader::from_path(file).unwrap();
    let names = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let columns = names.iter().enumerate().map(|(place, name)| {
        let text = |row: &csv::StringRecord| Some(row[place].to_owned()).filter(|t| !t.is_empty());
        let column = if name == "reden_einde" {
            Column::Text(rows.iter().map(text).collect())
        } else {
            Column::Number(rows.iter().map(|row| row[place].parse().ok()).collect())
        };
        (name.to_owned(), column)
    });
    Table::new(columns).unwrap()
}

fn spec() -> OutflowSpec {
    let cause = |code: &str, kind: &str| json!({"codes": [code], "kind": kind});
    serde_json::from_value(json!({
        "title": {"nl": "Uitstroom", "en": "Outflow"},
        "time": "dagen",
        "entry": "gezien_vanaf_dag",
        "ends": {"cause": "reden_einde", "causes": [
            cause("werk", "work"),
            cause("partner", "partner"),
            cause("verhuizing", "moved"),
            cause("overig", "other"),
        ]},
        "characteristics": [
            {"column": "leeftijd", "kind": "number", "bands": [27, 45], "title": {"nl": "leeftijd", "en": "age"}},
        ],
        "horizons": [3, 6, 12, 24],
        "mostGroups": 2,
        "seed": 7,
    }))
    .unwrap()
}

#[test]
fn chances_to_leave_and_by_reason_with_delayed_entry_equal_survfit_of_r() {
    let wanted: Value =
        serde_json::from_str(include_str!("reference/welfare_spells.json")).unwrap();
    let found = analyse(&spells(), &spec(), "welfare_spells", &|_| false).unwrap();
    assert_eq!(found.overall.spells, wanted["spells"].as_u64().unwrap());
    let mut compared = 0;
    let mut equal = |found: Option<f64>, wanted: &Value, what: &str| {
        let Some(found) = found else { return };
        let wanted = wanted.as_f64().unwrap();
        assert!(
            (found - wanted).abs() <= HALF_A_DIGIT * wanted,
            "{what}: {found} {wanted}"
        );
        compared += 1;
    };
    for (place, within) in found.overall.within.iter().enumerate() {
        let chance = within.map(|limits| limits.estimate);
        equal(chance, &wanted["left"][place], "left");
    }
    for (cause, name) in found
        .causes
        .iter()
        .zip(["werk", "partner", "verhuizing", "overig"])
    {
        for (place, within) in cause.within.iter().enumerate() {
            let chance = within.map(|limits| limits.estimate);
            equal(chance, &wanted["causes"][name][place], name);
        }
    }
    // What rests on too few is withheld: four in all, and sixteen by reason at most.
    println!("{compared} chances equal those of R");
    assert!(compared >= 16, "{compared}");
}
