//! Reads the data sets and references, and compares digits.

use std::{fs::File, path::PathBuf};

use serde_json::Value;

/// A CSV file as text by column.
pub(crate) struct Data {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// A file of the reference data; `None`, with a notice, where there are none.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("HELDER_REFERENCE_DATA") else {
        eprintln!("NOT RUN: HELDER_REFERENCE_DATA names no folder with {path}");
        return None;
    };
    Some(PathBuf::from(folder).join("ml").join(path))
}

/// A data set of the reference data beside its reference values.
pub(crate) fn with_reference(data: &str, reference: &str) -> Option<(Data, Value)> {
    let data = Data::read(shared(data)?);
    let file = File::open(shared(&format!("reference/{reference}"))?).unwrap();
    Some((data, serde_json::from_reader(file).unwrap()))
}

impl Data {
    pub(crate) fn read(path: PathBuf) -> Self {
        let mut csv = csv::Reader::from_path(path).unwrap();
        let header = csv.headers().unwrap().iter().map(str::to_owned).collect();
        let records = csv.records();
        let rows = records.map(|row| row.unwrap().iter().map(str::to_owned).collect());
        Self {
            header,
            rows: rows.collect(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn text(&self, name: &str) -> Vec<&str> {
        let place = self.header.iter().position(|found| found == name).unwrap();
        self.rows.iter().map(|row| row[place].as_str()).collect()
    }

    pub(crate) fn numbers(&self, name: &str) -> Vec<f64> {
        self.text(name)
            .iter()
            .map(|text| text.parse().unwrap())
            .collect()
    }

    pub(crate) fn is(&self, name: &str, value: &str) -> Vec<f64> {
        self.text(name)
            .iter()
            .map(|text| f64::from(u8::from(*text == value)))
            .collect()
    }

    /// Keeps the rows of which `holds`, given their number.
    pub(crate) fn keep(&mut self, holds: impl Fn(usize) -> bool) {
        let mut row = 0..;
        self.rows.retain(|_| holds(row.next().unwrap()));
    }
}

/// Numbers of the reference; one number stands without brackets there.
pub(crate) fn floats(values: &Value) -> Vec<f64> {
    if let Some(one) = values.as_f64() {
        return vec![one];
    }
    values
        .as_array()
        .unwrap()
        .iter()
        .map(|value| value.as_f64().unwrap_or(f64::NAN))
        .collect()
}

/// Equal decimal digits of two numbers, 16 when they are the same; absolute below 1.
pub(crate) fn digits(found: f64, expected: f64) -> f64 {
    if found == expected {
        return 16.0;
    }
    let size = expected.abs().max(f64::MIN_POSITIVE);
    let error = ((found - expected) / size).abs();
    if error.is_nan() {
        -1.0
    } else {
        -error.max(1e-16).log10()
    }
}

/// The fewest digits on which two sequences agree; lengths must be equal.
pub(crate) fn fewest(found: impl IntoIterator<Item = f64>, expected: &Value) -> f64 {
    let found: Vec<f64> = found.into_iter().collect();
    let expected = floats(expected);
    assert_eq!(found.len(), expected.len());
    found
        .into_iter()
        .zip(expected)
        .map(|(found, expected)| digits(found, expected))
        .fold(16.0, f64::min)
}

/// Prints what was found and asks the digits.
pub(crate) fn ask(what: &str, found: f64, asked: f64) {
    println!("{what}: {found:.1} digits");
    assert!(found >= asked, "{what}: {found:.1} digits, {asked} asked");
}

/// Digits on which two sequences agree beside the largest value: numbers near 0 lose digits to the rounding of their parts.
pub(crate) fn close(found: &[f64], expected: &Value) -> f64 {
    let expected = floats(expected);
    assert_eq!(found.len(), expected.len());
    let size = expected.iter().map(|x| x.abs()).fold(0.0, f64::max);
    let worst = found
        .iter()
        .zip(&expected)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max);
    -(worst / size).max(1e-16).log10()
}
