//! The bins are those of optbinning 1.0.0 (mixed-integer programming, optimum proved) on German credit, cell for cell.

use helder_scorecard::{BinSettings, Bins, Column, Trend, bin};
use serde_json::Value;

use crate::support::German;

#[test]
fn bins_are_the_optimum_that_integer_programming_proves() {
    let german = German::read();
    let bad = german.bad();
    let text = include_str!("../reference/optbinning_german_credit.json");
    let reference: Value = serde_json::from_str(text).unwrap();
    let step = |name: &str, value: f64| match name {
        "duration" => ((value / 9.0).floor() * 9.0).clamp(9.0, 36.0),
        "amount" => (value / 1500.0).floor().min(5.0),
        "age" => ((value / 5.0).floor() * 5.0).clamp(20.0, 50.0),
        other => panic!("{other}"),
    };
    let mut compared = 0;
    for (name, expected) in reference["columns"].as_object().unwrap() {
        let values: Vec<Option<f64>> = german
            .numbers(name)
            .into_iter()
            .map(|value| value.map(|value| step(name, value)))
            .collect();
        for (trend, word) in [
            (Trend::Ascending, "ascending"),
            (Trend::Descending, "descending"),
        ] {
            for most in [3, 6] {
                let settings = BinSettings {
                    max_bins: most,
                    trend,
                    ..BinSettings::default()
                };
                let found = bin(name, Column::Numbers(&values), &bad, &settings).unwrap();
                let expected = &expected[format!("{word}{most}")];
                let whole = |key: &str| -> Vec<u64> {
                    let numbers = expected[key].as_array().unwrap().iter();
                    numbers.map(|n| n.as_u64().unwrap()).collect()
                };
                let events: Vec<u64> = found.bins().iter().map(|bin| bin.events).collect();
                let others: Vec<u64> = found
                    .bins()
                    .iter()
                    .map(|bin| bin.rows - bin.events)
                    .collect();
                assert_eq!(events, whole("event"), "{name} {word} {most}");
                assert_eq!(others, whole("nonevent"), "{name} {word} {most}");
                let value = found.information_value();
                let wanted = expected["iv"].as_f64().unwrap();
                assert!(
                    (value - wanted).abs() < 1e-12 * wanted.max(1.0),
                    "{value} {wanted}"
                );
                let Bins::Numbers { edges, .. } = &found else {
                    panic!("numbers");
                };
                assert_eq!(edges.len() + 1, events.len());
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 12);
}
