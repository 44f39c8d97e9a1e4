//! The made welfare spells of the reference data: some 9,000, with four ways out and a hidden employability.

use std::{fs::File, path::PathBuf};

use helder_effect::{Column, Missing, Settings, Study};
use serde_json::Value;

/// The spells as columns.
pub(crate) struct Welfare {
    header: Vec<String>,
    rows: Vec<Vec<Option<f64>>>,
}

/// A file of the reference data; `None`, with a notice, where there are none.
fn shared(path: &str) -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("HELDER_REFERENCE_DATA") else {
        eprintln!("NOT RUN: HELDER_REFERENCE_DATA names no folder with {path}");
        return None;
    };
    Some(PathBuf::from(folder).join("ml").join(path))
}

/// R's values.
pub(crate) fn reference() -> Option<Value> {
    let file = File::open(shared("reference/survival_synth_dev.json")?).unwrap();
    Some(serde_json::from_reader(file).unwrap())
}

impl Welfare {
    /// All spells; `complete` leaves out those of which the education is not known, as R's script does.
    pub(crate) fn read(complete: bool) -> Option<Self> {
        let mut csv = csv::Reader::from_path(shared("synth_dev_spells.csv")?).unwrap();
        let header: Vec<String> = csv.headers().unwrap().iter().map(str::to_owned).collect();
        let education = header.iter().position(|name| name == "education").unwrap();
        let rows = csv.records().map(|row| {
            let row = row.unwrap();
            row.iter().map(|text| text.parse().ok()).collect()
        });
        let rows = rows.filter(|row: &Vec<Option<f64>>| !complete || row[education].is_some());
        let rows = rows.collect();
        Some(Self { header, rows })
    }

    pub(crate) fn maybe(&self, name: &str) -> Vec<Option<f64>> {
        let place = self.header.iter().position(|found| found == name).unwrap();
        self.rows.iter().map(|row| row[place]).collect()
    }

    /// NaN where missing.
    pub(crate) fn numbers(&self, name: &str) -> Vec<f64> {
        let values = self.maybe(name).into_iter();
        values.map(|value| value.unwrap_or(f64::NAN)).collect()
    }

    /// The columns of R's regressions.
    pub(crate) fn columns(&self) -> Vec<(&'static str, Vec<f64>)> {
        let yes = |it: bool| f64::from(u8::from(it));
        let (age, kids) = (self.numbers("age"), self.numbers("kids"));
        let (woman, partner) = (self.numbers("woman"), self.numbers("partner"));
        let debt = self.numbers("debt_eur");
        let n = age.len();
        let of = |value: &dyn Fn(usize) -> f64| (0..n).map(value).collect();
        vec![
            ("age10", of(&|i| (age[i] - 40.0) / 10.0)),
            ("education", self.numbers("education")),
            ("health_barrier", self.numbers("health_barrier")),
            ("kw", of(&|i| yes(kids[i] > 0.0) * woman[i])),
            ("prior_spells", self.numbers("prior_spells")),
            ("dbt", of(&|i| yes(debt[i] > 0.0))),
            (
                "u27",
                of(&|i| yes(partner[i] == 0.0 && kids[i] == 0.0 && age[i] < 27.0)),
            ),
        ]
    }

    /// What a study borrows.
    pub(crate) fn spells(&self) -> Owned {
        let status = self.numbers("status");
        Owned {
            entry: self.numbers("entry_days"),
            end: self.numbers("time_days"),
            cause: status.iter().map(|status| *status as u32).collect(),
            provision: self.maybe("provision_day"),
            columns: self.columns(),
        }
    }
}

/// Spells with their columns.
pub(crate) struct Owned {
    pub(crate) entry: Vec<f64>,
    pub(crate) end: Vec<f64>,
    pub(crate) cause: Vec<u32>,
    pub(crate) provision: Vec<Option<f64>>,
    pub(crate) columns: Vec<(&'static str, Vec<f64>)>,
}

impl Owned {
    pub(crate) fn study(&self) -> Study<'_> {
        let columns = self.columns.iter().map(|(name, values)| Column {
            name: (*name).to_owned(),
            values,
            missing: Missing::Indicator,
        });
        Study {
            person: None,
            entry: &self.entry,
            end: &self.end,
            cause: &self.cause,
            provision: &self.provision,
            columns: columns.collect(),
            groupings: Vec::new(),
            settings: Settings::default(),
        }
    }
}
