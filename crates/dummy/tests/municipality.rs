//! The municipality as a whole: base rates, injected bias, same seed same bytes.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::{collections::BTreeMap, fs, path::Path};

use helder_dummy::{Settings, Summary, generate};

fn make(folder: &Path, inhabitants: usize, years: u8, seed: u64) -> Summary {
    let settings = Settings {
        seed,
        inhabitants,
        years,
        ..Settings::default()
    };
    generate(folder, &settings, &mut |_, _| {}).unwrap()
}

fn bytes(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for part in ["extracts", "truth"] {
        for entry in fs::read_dir(folder.join(part)).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{part}/{}", path.file_name().unwrap().to_string_lossy());
            found.insert(name, fs::read(path).unwrap());
        }
    }
    found
}

#[test]
fn base_rates_lie_within_five_percent_of_their_sources() {
    let folder = tempfile::tempdir().unwrap();
    let summary = make(folder.path(), 120_000, 10, 7);
    let mut wrong = Vec::new();
    for rate in &summary.parameters.base_rates {
        println!(
            "{:50} {:.4} {:.4} {}",
            rate.quantity, rate.target, rate.measured, rate.events
        );
        if !rate.holds(0.05) {
            wrong.push(rate.quantity);
        }
    }
    println!("{:?}", summary.parameters.raw_welfare_survival);
    println!(
        "{:?} {}",
        summary.parameters.outcome_by_group, summary.parameters.events
    );
    println!("{:?}", summary.parameters.files);
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_does_not() {
    let (a, b, c) = (
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    make(a.path(), 3_000, 2, 5);
    make(b.path(), 3_000, 2, 5);
    make(c.path(), 3_000, 2, 6);
    let (a, b, c) = (bytes(a.path()), bytes(b.path()), bytes(c.path()));
    assert!(a == b);
    assert_eq!(a.len(), 13 + 5);
    assert!(
        a.iter()
            .all(|(name, bytes)| name.ends_with("defects.csv") || c[name] != *bytes)
    );
}

#[test]
fn the_injected_bias_is_there_and_the_group_itself_does_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let parameters = make(folder.path(), 60_000, 8, 11).parameters;
    assert!(parameters.effects.group_b.abs() < f64::EPSILON);
    let [a, b] = parameters.outcome_by_group;
    assert!(
        b / a > 1.2,
        "mediators make the true rate of B higher: {a} {b}"
    );
    let rate = |name: &str| {
        parameters
            .base_rates
            .iter()
            .find(|r| r.quantity == name)
            .unwrap()
            .measured
    };
    assert!(rate("outcomes registered, group B") < rate("outcomes registered, group A") - 0.1);
    assert!(
        rate("sanctions per welfare recipient, group B")
            > 1.6 * rate("sanctions per welfare recipient, group A")
    );
    assert!(
        rate("misspelt names in signals, group B")
            > 2.5 * rate("misspelt names in signals, group A")
    );
}

#[test]
fn every_row_but_the_listed_defects_is_usable() {
    let folder = tempfile::tempdir().unwrap();
    let summary = make(folder.path(), 8_000, 2, 3);
    let text = fs::read_to_string(folder.path().join("extracts/brp_personen.csv")).unwrap();
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(b';')
        .from_reader(text.trim_start_matches('\u{FEFF}').as_bytes());
    let mut bad = Vec::new();
    for (index, row) in reader.records().enumerate() {
        let row = row.unwrap();
        let date_ok = is_date(&row[6]);
        if helder_types::Bsn::parse(row[0].as_bytes()).is_err() || !date_ok {
            bad.push(index as u64 + 1);
        }
    }
    let listed: Vec<u64> = summary
        .defects
        .iter()
        .filter(|d| d.file == "brp_personen.csv")
        .map(|d| d.row)
        .collect();
    assert!(!listed.is_empty());
    assert_eq!(bad, listed);
}

/// A Dutch date that exists, with unknown parts as zeros.
fn is_date(text: &str) -> bool {
    let mut parts = text.split('-').map(|p| p.parse::<u32>().unwrap_or(99));
    let (day, month) = (parts.next().unwrap(), parts.next().unwrap());
    let longest = [31, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    month <= 12 && day <= longest[month as usize]
}
