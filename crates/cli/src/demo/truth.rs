//! The truth of the dummy municipality, read on this side only.

use std::{collections::HashMap, path::Path};

use anyhow::{Context as _, Result};
use serde::Deserialize;

/// What is true of an adult on a reference date.
#[derive(Clone, Copy, Debug)]
pub(super) struct PersonYear {
    /// 0 for group A, 1 for group B.
    pub(super) group: usize,
    /// True probability of the outcome.
    pub(super) probability: f64,
    /// Not yet homeless before.
    pub(super) at_risk: bool,
    /// Became homeless within twelve months.
    pub(super) outcome: bool,
    /// … and was registered.
    pub(super) registered: bool,
}

/// All adults on all reference dates with an outcome.
pub(super) struct PersonYears(HashMap<(String, i64), PersonYear>);

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "columns of the file")]
struct Row {
    brp_row: i64,
    reference_date: String,
    group: String,
    probability: f64,
    at_risk: u8,
    outcome: Option<u8>,
    registered: Option<u8>,
}

impl PersonYears {
    /// Reads `truth/person_years.csv`.
    ///
    /// # Errors
    /// When the file is not there or not what it should be.
    pub(super) fn read(file: &Path) -> Result<Self> {
        let mut reader = csv::Reader::from_path(file)
            .with_context(|| format!("cannot read {}", file.display()))?;
        let mut all = HashMap::new();
        for row in reader.deserialize() {
            let row: Row = row?;
            let (Some(outcome), Some(registered)) = (row.outcome, row.registered) else {
                continue;
            };
            let year = PersonYear {
                group: usize::from(row.group == "B"),
                probability: row.probability,
                at_risk: row.at_risk == 1,
                outcome: outcome == 1,
                registered: registered == 1,
            };
            all.insert((row.reference_date, row.brp_row), year);
        }
        Ok(Self(all))
    }

    /// One adult on one date, by row number in `brp_personen.csv`.
    pub(super) fn get(&self, date: &str, row: i64) -> Option<&PersonYear> {
        self.0.get(&(date.to_owned(), row))
    }

    /// Everybody.
    pub(super) fn all(&self) -> impl Iterator<Item = &PersonYear> {
        self.0.values()
    }
}
