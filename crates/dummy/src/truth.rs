//! The truth folder: what really happened. No service may ever read it.

use std::{fs, io, path::Path};

use serde::Serialize;

use crate::{
    GenerateError, Settings,
    extracts::Defect,
    outcome::{self, Effects, PersonYear},
    rates::BaseRate,
    sheet::{Encoding, Sheet},
    world::World,
};

/// What the whole run was made with and looks like; `truth/parameters.json`.
#[derive(Clone, Debug, Serialize)]
pub struct Parameters {
    /// What was asked.
    pub settings: Settings,
    /// Log-odds of the causes.
    pub effects: Effects,
    /// Intercept for which the base rate holds.
    pub intercept: f64,
    /// Share of outcomes registered, groups A and B.
    pub registered: [f64; 2],
    /// True outcomes per adult-year, groups A and B: equal but for the mediators.
    pub outcome_by_group: [f64; 2],
    /// Reference dates with an outcome, and the last one without.
    pub reference_dates: Vec<String>,
    /// Adults at risk over all reference dates with an outcome.
    pub person_years: u64,
    /// Outcomes among them.
    pub events: u64,
    /// Share of records on welfare that still run after 1, 2, 3, 5 and 8 years (raw, as the case system keeps them).
    pub raw_welfare_survival: Vec<(u32, f64)>,
    /// Base rates with their targets.
    pub base_rates: Vec<BaseRate>,
    /// Records per file.
    pub files: Vec<(String, u64)>,
}

/// Writes the truth. `rows` is the ordinal of each person in `brp_personen.csv`.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn write(
    folder: &Path,
    world: &World,
    years: &[Vec<PersonYear>],
    rows: &[u64],
    defects: &[Defect],
    parameters: &Parameters,
) -> Result<(), GenerateError> {
    fs::create_dir_all(folder)?;
    person_years(
        &folder.join("person_years.csv"),
        world,
        years,
        rows,
        parameters.intercept,
    )?;
    links(&folder.join("signal_links.csv"), &world.signal_links, rows)?;
    links(
        &folder.join("arrears_links.csv"),
        &world.arrears_links,
        rows,
    )?;
    let mut sheet = Sheet::create(
        &folder.join("defects.csv"),
        Encoding::Utf8,
        ',',
        &["file", "row", "column", "rule"],
    )?;
    for defect in defects {
        sheet.row(&[
            &defect.file,
            &defect.row.to_string(),
            &defect.column,
            &defect.rule,
        ])?;
    }
    sheet.finish()?;
    let json = serde_json::to_string_pretty(parameters).map_err(io::Error::other)?;
    fs::write(folder.join("parameters.json"), json + "\n")?;
    Ok(())
}

fn person_years(
    path: &Path,
    world: &World,
    years: &[Vec<PersonYear>],
    rows: &[u64],
    intercept: f64,
) -> io::Result<()> {
    let header = [
        "brp_row",
        "reference_date",
        "group",
        "probability",
        "at_risk",
        "outcome",
        "outcome_date",
        "registered",
    ];
    let mut sheet = Sheet::create(path, Encoding::Utf8, ',', &header)?;
    let flag = |value: bool| if value { "1" } else { "0" };
    for (place, row) in years
        .iter()
        .enumerate()
        .flat_map(|(place, rows)| rows.iter().map(move |r| (place, r)))
    {
        let labelled = place + 1 < years.len();
        let outcome = if labelled {
            flag(row.event.is_some())
        } else {
            ""
        };
        sheet.row(&[
            rows[row.person as usize].to_string().as_str(),
            &format!("{}-01-01", row.year),
            world.person(row.person).group.letter(),
            &format!("{:.9}", outcome::probability(intercept, row.log_odds)),
            flag(row.at_risk),
            outcome,
            &row.event.map(crate::day::Day::iso).unwrap_or_default(),
            if labelled { flag(row.registered) } else { "" },
        ])?;
    }
    sheet.finish().map(drop)
}

fn links(path: &Path, links: &[(u64, u32)], rows: &[u64]) -> io::Result<()> {
    let mut sheet = Sheet::create(path, Encoding::Utf8, ',', &["row", "brp_row"])?;
    for (row, person) in links {
        sheet.row(&[row.to_string(), rows[*person as usize].to_string()])?;
    }
    sheet.finish().map(drop)
}
