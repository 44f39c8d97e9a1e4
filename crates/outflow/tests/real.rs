//! The whole report on real spells: exits from prison, first arrests, the end of unemployment, and jobs that were lost.
//!
//! `tests/data/real_spells` says where the data come from. `unempdur.csv` may not be copied: it is read from `$HELDER_REFERENCE_DATA/ml`, and
//! the test says so where there is none. `reference/real.R` made the figures of R. Pages are left in the folder of temporary files of the
//! target, for whoever wants to see them.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "what cannot be made here fails the test"
)]

use std::path::PathBuf;

use helder_outflow::{
    Column, HazardResult, OutflowAnalysis, OutflowSpec, Reason, Table, analyse, page,
};
use serde_json::Value;

/// Half a unit of the sixth digit, at most, as part of the figure.
const HALF_A_DIGIT: f64 = 5e-6;

/// A file, its empty cells missing; numbers where all values are.
struct File {
    names: Vec<String>,
    cells: Vec<Vec<Option<String>>>,
}

impl File {
    fn read(path: PathBuf) -> Self {
        let mut reader = csv::Reader::from_path(path).unwrap();
        let names: Vec<String> = reader
            .headers()
            .unwrap()
            .iter()
            .map(str::to_owned)
            .collect();
        let mut cells = vec![Vec::new(); names.len()];
        for row in reader.records() {
            for (column, value) in cells.iter_mut().zip(&row.unwrap()) {
                column.push(Some(value.to_owned()).filter(|value| !value.is_empty()));
            }
        }
        Self { names, cells }
    }

    fn copied(name: &str) -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/real_spells");
        Self::read(PathBuf::from(folder).join(name))
    }

    fn texts(&self, name: &str) -> &[Option<String>] {
        &self.cells[self.names.iter().position(|own| own == name).unwrap()]
    }

    fn numbers(&self, name: &str) -> Option<Vec<Option<f64>>> {
        let texts = self.texts(name).iter();
        let number = |text: &Option<String>| text.as_deref().map(str::parse).transpose();
        texts.map(number).collect::<Result<_, _>>().ok()
    }

    /// All columns, with others that were made of them.
    fn table(&self, made: Vec<(&str, Vec<Option<f64>>)>) -> Table {
        let own = self.names.iter().map(|name| {
            let texts = || Column::Text(self.texts(name).to_vec());
            let column = self.numbers(name).map_or_else(texts, Column::Number);
            (name.clone(), column)
        });
        let made = made
            .into_iter()
            .map(|(name, values)| (name.to_owned(), Column::Number(values)));
        Table::new(own.chain(made)).unwrap()
    }
}

/// The report, after a look at its figures against R and at what holds of any report.
fn reported(name: &str, spec: &str, table: &Table) -> OutflowAnalysis {
    let spec: OutflowSpec = serde_json::from_str(spec).unwrap();
    let found = analyse(table, &spec, name, &|_| false).unwrap();
    let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.html"));
    let html = page(&found).render();
    std::fs::write(&out, &html).unwrap();
    println!("{name}: {}", out.display());
    assert!(!html.contains("NaN") && !html.contains("inf"), "{name}");
    let apart: u64 = found.quality.set_apart.iter().map(|apart| apart.rows).sum();
    assert_eq!(found.quality.rows, found.quality.used + apart);
    let wanted: Value = serde_json::from_str(include_str!("reference/real.json")).unwrap();
    let wanted = &wanted[name];
    let equal = |found: f64, wanted: &Value, what: &str| {
        let wanted = wanted.as_f64().unwrap();
        assert!(
            (found - wanted).abs() <= HALF_A_DIGIT * wanted,
            "{name}, {what}: {found} in the report, {wanted} in R"
        );
    };
    equal(found.overall.spells as f64, &wanted["spells"], "spells");
    let mut told = 0;
    for (place, within) in found.overall.within.iter().enumerate() {
        let Some(within) = within else { continue };
        equal(within.estimate, &wanted["left"][place], "left");
        equal(within.lower.unwrap(), &wanted["lower"][place], "lower");
        equal(within.upper.unwrap(), &wanted["upper"][place], "upper");
        told += 1;
    }
    assert!(told >= 3, "{name}: {told}");
    let HazardResult::Fitted { ended, ratios, .. } = &found.hazards[0].result else {
        panic!("{:?}", found.hazards[0].result);
    };
    equal(*ended as f64, &wanted["ended"], "ended");
    assert_eq!(ratios.len(), wanted["ratio"].as_array().unwrap().len());
    for (place, own) in ratios.iter().enumerate() {
        equal(own.ratio, &wanted["ratio"][place], "ratio");
        equal(own.lower, &wanted["ratio_lower"][place], "lower");
        equal(own.upper, &wanted["ratio_upper"][place], "upper");
    }
    found
}

#[test]
fn who_comes_back_to_prison_is_told_as_by_r() {
    let table = File::copied("recid.csv").table(Vec::new());
    let found = reported("recid", include_str!("real/recid.json"), &table);
    assert!(found.honesty.as_ref().unwrap().concordance > 0.6);
    assert_eq!(
        found.hazards.len(),
        1,
        "of one cause there is one regression"
    );
}

#[test]
fn arrests_after_release_are_told_as_by_r_and_what_was_drawn_by_lot_or_begins_later_is_no_characteristic()
 {
    let file = File::copied("rossi.csv");
    let money = file.texts("fin").iter();
    let money = money.map(|fin| (fin.as_deref() == Some("yes")).then_some(0.0));
    let works =
        |row: usize, week: usize| file.texts(&format!("emp{week}"))[row].as_deref() == Some("yes");
    // Working in week 1 is known from its beginning.
    let first = |row| (1..=52).find(|week| works(row, *week));
    let work = (0..file.texts("week").len()).map(|row| first(row).map(|week| week as f64 - 1.0));
    let table = file.table(vec![
        ("money_from_week", money.collect()),
        ("work_from_week", work.collect()),
    ]);
    let found = reported("rossi", include_str!("real/rossi.json"), &table);
    // 114 arrests cannot show a ratio of 1.5: nothing is said, also where the lot decided.
    for one in &found.provisions {
        assert_eq!(one.verdict, "noStatement", "{}", one.column);
        assert!(one.ratio.is_none() && !one.needed.is_empty());
    }
    let HazardResult::Fitted {
        ratios,
        proportional_p_value,
        ..
    } = &found.hazards[0].result
    else {
        panic!();
    };
    assert!(proportional_p_value.unwrap() < 0.01);
    assert!(ratios.iter().all(|one| one.change_p_value.unwrap() > 0.05));
    let html = page(&found).render();
    assert!(html.contains("Alle verhoudingen samen veranderen wel"));
}

#[test]
fn the_end_of_unemployment_is_told_as_by_r() {
    let Some(folder) = std::env::var_os("HELDER_REFERENCE_DATA") else {
        eprintln!("NOT RUN: HELDER_REFERENCE_DATA names no folder with unempdur.csv");
        return;
    };
    let file = File::read(PathBuf::from(folder).join("ml/unempdur.csv"));
    let days = file.numbers("spell").unwrap();
    let days = days
        .into_iter()
        .map(|n| n.map(|fortnights| 14.0 * fortnights));
    let flags = [1, 2, 3, 4].map(|n| file.numbers(&format!("censor{n}")).unwrap());
    let is = |flag: usize, row: usize| flags[flag][row] == Some(1.0);
    let rows = 0..flags[0].len();
    let exit = rows.clone().map(|row| (0..3).find(|flag| is(*flag, row)));
    let exit = exit.map(|flag| flag.map(|flag| (flag + 1) as f64));
    // Without any flag it is not known whether the spell has ended.
    let ended = rows.map(|row| match (0..4).find(|flag| is(*flag, row)) {
        Some(3) => Some(0.0),
        Some(_) => Some(1.0),
        None => None,
    });
    let table = file.table(vec![
        ("days", days.collect()),
        ("exit", exit.collect()),
        ("ended", ended.collect()),
    ]);
    let found = reported("unempdur", include_str!("real/unempdur.json"), &table);
    let apart = &found.quality.set_apart[0];
    assert_eq!((apart.reason, apart.rows), (Reason::EndUnknown, 102));
}

#[test]
fn jobs_that_were_lost_are_told_as_by_r() {
    let file = File::copied("ui_benefits.csv");
    let years = file.numbers("tenure").unwrap();
    let months = years.into_iter().map(|n| n.map(|years| 12.0 * years));
    let table = file.table(vec![("months", months.collect())]);
    let found = reported("ui_benefits", include_str!("real/ui_benefits.json"), &table);
    assert_eq!(found.overall.ended, Some(found.overall.spells));
    let told = |found: &OutflowAnalysis, words: &str| {
        found.limits.iter().any(|limit| limit.nl.contains(words))
    };
    assert!(told(&found, "Alle trajecten in dit bestand zijn beëindigd"));
}
