//! The made spells that the survival crate keeps, and digits.

use std::path::Path;

use helder_survival::{Intervals, Spells};
use serde_json::Value;

pub(crate) struct Made {
    header: Vec<String>,
    rows: Vec<Vec<f64>>,
    pub(crate) expected: Value,
}

impl Made {
    pub(crate) fn read() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let spells = here.join("../survival/tests/reference/spells.csv");
        let mut csv = csv::Reader::from_path(spells).unwrap();
        let header = csv.headers().unwrap().iter().map(str::to_owned).collect();
        let records = csv.records();
        let rows = records.map(|row| {
            row.unwrap()
                .iter()
                .map(|text| text.parse().unwrap())
                .collect()
        });
        let text = std::fs::read_to_string(here.join("tests/reference/hazard.json")).unwrap();
        Self {
            header,
            rows: rows.collect(),
            expected: serde_json::from_str(&text).unwrap(),
        }
    }

    pub(crate) fn column(&self, name: &str) -> Vec<f64> {
        let place = self.header.iter().position(|known| known == name).unwrap();
        self.rows.iter().map(|row| row[place]).collect()
    }

    pub(crate) fn columns(&self, names: &[&str]) -> Vec<(String, Vec<f64>)> {
        names
            .iter()
            .map(|name| ((*name).to_owned(), self.column(name)))
            .collect()
    }

    pub(crate) fn spells(&self) -> Spells {
        let cause: Vec<u32> = self
            .column("cause")
            .iter()
            .map(|&cause| cause as u32)
            .collect();
        Spells::competing(&self.column("time"), &cause)
            .unwrap()
            .entered_at(&self.column("entry"))
            .unwrap()
    }

    /// The intervals of the reference: units of time up to 24.
    pub(crate) fn intervals() -> Intervals {
        Intervals::of_width(1.0, 24).unwrap()
    }
}

pub(crate) fn floats(values: &Value) -> Vec<f64> {
    values
        .as_array()
        .unwrap()
        .iter()
        .map(|value| value.as_f64().unwrap())
        .collect()
}

/// Prints on how many digits two sequences agree, relative to each expected value, and asks some.
pub(crate) fn ask(what: &str, found: &[f64], expected: &[f64], asked: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let digits = found
        .iter()
        .zip(expected)
        .map(|(found, expected)| {
            let error = ((found - expected) / expected.abs().max(f64::MIN_POSITIVE)).abs();
            -error.max(1e-16).log10()
        })
        .fold(16.0, f64::min);
    println!("{what}: {digits:.1} digits");
    assert!(digits >= asked, "{what}: {digits:.1} digits, {asked} asked");
}
