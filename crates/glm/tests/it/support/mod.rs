//! Open data sets with the design-matrix rules of the reference: test rows `row_index % 5 == 0` (before any filter); numeric
//! columns as they are (a gap becomes the median of the rows, and one 0/1 column says where the gaps are), then per categorical (missing = level `(missing)`) one 0/1 column per level in byte order, first
//! level left out.
#![allow(
    clippy::allow_attributes,
    clippy::float_cmp,
    dead_code,
    reason = "shared by the tests of several crates, each of which uses a part; equal numbers are equal"
)]

use std::{collections::BTreeSet, fs::File, io::Read, path::PathBuf};

use helder_glm::Design;
use serde_json::Value;

/// Rows of a CSV file, as text.
pub(crate) struct Data {
    pub(crate) header: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
    /// Line number after the header, before any filter.
    pub(crate) row_index: Vec<usize>,
}

impl Data {
    pub(crate) fn read(reader: impl Read) -> Self {
        let mut csv = csv::Reader::from_reader(reader);
        let header = csv.headers().unwrap().iter().map(str::to_owned).collect();
        let rows: Vec<Vec<String>> = csv
            .records()
            .map(|record| record.unwrap().iter().map(str::to_owned).collect())
            .collect();
        let row_index = (0..rows.len()).collect();
        Self {
            header,
            rows,
            row_index,
        }
    }

    /// A compressed file of the repository.
    pub(crate) fn open(path: &str) -> Self {
        let file = File::open(repository().join(path)).unwrap();
        Self::read(flate2::read::GzDecoder::new(file))
    }

    /// Keeps the rows for which `holds`, given a look-up by column name.
    pub(crate) fn keep(&mut self, holds: impl Fn(&dyn Fn(&str) -> String) -> bool) {
        self.retain(|data, row| holds(&|name| data.rows[row][data.at(name)].clone()));
    }

    fn at(&self, name: &str) -> usize {
        self.header.iter().position(|h| h == name).unwrap()
    }

    pub(crate) fn text(&self, name: &str) -> Vec<&str> {
        let at = self.at(name);
        self.rows.iter().map(|row| row[at].as_str()).collect()
    }

    pub(crate) fn numbers(&self, name: &str) -> Vec<f64> {
        self.text(name)
            .into_iter()
            .map(|text| text.parse().unwrap())
            .collect()
    }

    fn retain(&mut self, keep: impl Fn(&Self, usize) -> bool) {
        let kept: Vec<usize> = (0..self.rows.len())
            .filter(|&row| keep(self, row))
            .collect();
        self.row_index = kept.iter().map(|&row| self.row_index[row]).collect();
        self.rows = kept
            .into_iter()
            .map(|row| std::mem::take(&mut self.rows[row]))
            .collect();
    }

    /// Places of the test rows, and of the train rows.
    pub(crate) fn split(&self) -> (Vec<usize>, Vec<usize>) {
        (0..self.rows.len()).partition(|&row| self.row_index[row].is_multiple_of(5))
    }

    /// Design of `rows` by the rules of the reference.
    pub(crate) fn design(
        &self,
        numeric: &[String],
        categorical: &[String],
        rows: &[usize],
    ) -> Design {
        let mut columns: Vec<(String, Vec<f64>)> = Vec::new();
        let mut gaps = Vec::new();
        for name in numeric {
            let values: Vec<Option<f64>> = self
                .text(name)
                .into_iter()
                .map(|text| (!text.is_empty()).then(|| text.parse().unwrap()))
                .collect();
            let mut known: Vec<f64> = rows.iter().filter_map(|&row| values[row]).collect();
            known.sort_by(f64::total_cmp);
            let middle = known.len() / 2;
            let median = f64::midpoint(known[middle], known[(known.len() - 1) / 2]);
            let filled = rows.iter().map(|&row| values[row].unwrap_or(median));
            columns.push((name.clone(), filled.collect()));
            if known.len() < rows.len() {
                let missing = |row: &usize| f64::from(u8::from(values[*row].is_none()));
                let column = rows.iter().map(missing).collect();
                gaps.push((format!("{name}__missing"), column));
            }
        }
        columns.extend(gaps);
        for name in categorical {
            let values: Vec<&str> = self
                .text(name)
                .into_iter()
                .map(|text| if text.is_empty() { "(missing)" } else { text })
                .collect();
            let levels: BTreeSet<&str> = values.iter().copied().collect();
            for level in levels.into_iter().skip(1) {
                let column = rows
                    .iter()
                    .map(|&row| f64::from(u8::from(values[row] == level)))
                    .collect();
                columns.push((format!("{name}={level}"), column));
            }
        }
        Design::new(rows.len(), columns).unwrap()
    }
}

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Folder with data that may not be copied; prints a notice when it is not set.
pub(crate) fn reference_data() -> Option<PathBuf> {
    let folder =
        std::env::var_os("HELDER_REFERENCE_DATA").map(|folder| PathBuf::from(folder).join("ml"));
    if folder.is_none() {
        eprintln!("skipped: HELDER_REFERENCE_DATA is not set");
    }
    folder
}

pub(crate) fn json(path: PathBuf) -> Value {
    serde_json::from_reader(File::open(path).unwrap()).unwrap()
}

/// A reference file beside the test.
pub(crate) fn reference(name: &str) -> Value {
    json(
        PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("tests/reference")
            .join(name),
    )
}

pub(crate) fn german_credit() -> Data {
    Data::read(File::open(repository().join("tests/data/german_credit/german_credit.csv")).unwrap())
}

/// Adult; with `separated` the ten `Never-worked` rows stay as they are, otherwise they count as missing.
pub(crate) fn adult(separated: bool) -> Data {
    let file = File::open(repository().join("tests/data/adult/adult.csv.gz")).unwrap();
    let mut data = Data::read(flate2::read::GzDecoder::new(file));
    let at = data.at("workclass");
    for row in data
        .rows
        .iter_mut()
        .filter(|row| !separated && row[at] == "Never-worked")
    {
        row[at].clear();
    }
    data
}

pub(crate) fn compas() -> Option<Data> {
    let mut data = Data::read(File::open(reference_data()?.join("compas_two_years.csv")).unwrap());
    let (days, recid, degree) = (
        data.at("days_b_screening_arrest"),
        data.at("is_recid"),
        data.at("c_charge_degree"),
    );
    data.retain(|data, row| {
        let row = &data.rows[row];
        row[days]
            .parse::<f64>()
            .is_ok_and(|days| days.abs() <= 30.0)
            && row[recid] != "-1"
            && row[degree] != "O"
    });
    Some(data)
}

pub(crate) fn outcome(data: &Data, target: &str, rows: &[usize]) -> Vec<bool> {
    let (name, positive) = target.split_once(" == ").unwrap_or((target, "1"));
    // Some files add a word of explanation behind the quoted level.
    let positive = match positive.strip_prefix('\'') {
        Some(quoted) => quoted.split('\'').next().unwrap(),
        None => positive,
    };
    let values = data.text(name);
    rows.iter().map(|&row| values[row] == positive).collect()
}

pub(crate) fn floats(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_f64().unwrap())
        .collect()
}

pub(crate) fn strings(value: &Value) -> Vec<String> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_str().unwrap().to_owned())
        .collect()
}

/// Agreeing decimal digits: −log10 of the relative difference, at most 17.
pub(crate) fn digits(ours: f64, theirs: f64) -> f64 {
    if ours == theirs {
        return 17.0;
    }
    -((ours - theirs).abs() / theirs.abs().max(f64::MIN_POSITIVE)).log10()
}

/// The fewest agreeing digits of two sequences.
pub(crate) fn fewest_digits(ours: impl IntoIterator<Item = f64>, theirs: &[f64]) -> f64 {
    let ours: Vec<f64> = ours.into_iter().collect();
    assert_eq!(ours.len(), theirs.len());
    ours.into_iter()
        .zip(theirs)
        .map(|(a, b)| digits(a, *b))
        .fold(17.0, f64::min)
}
