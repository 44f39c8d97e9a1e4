//! Findings from files and from the command line, and what they come to.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use helder_client::Client;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{BATCHES, text};
use crate::screen::Screen;

/// Most findings of one request.
const MOST: usize = 5_000;
/// Faults that are told one by one.
const TOLD: usize = 20;

/// What was found, and where it stands.
pub(super) struct Findings {
    /// Files with the columns `number` and `outcome`.
    pub(super) files: Vec<PathBuf>,
    /// One finding.
    pub(super) one: Option<(u32, String)>,
    /// Why something changes.
    pub(super) reason: Option<String>,
}

/// Reads all, says every fault at once, and sends what is whole.
///
/// # Errors
/// When a file cannot be read or says what is no finding, or when the platform refuses.
pub(super) async fn send(
    client: &Client,
    batch: Uuid,
    asked: Findings,
    screen: Screen,
) -> Result<()> {
    let (mut known, mut faults) = (BTreeMap::new(), Vec::new());
    for file in &asked.files {
        read(file, &mut known, &mut faults)
            .with_context(|| format!("cannot read {}", file.display()))?;
    }
    if let Some((number, outcome)) = &asked.one {
        match meant(outcome) {
            Some(outcome) if !outcome.is_empty() => {
                known.insert(*number, outcome);
            }
            _ => faults.push(format!("--outcome: {WORDS}")),
        }
    }
    if !faults.is_empty() {
        let more = faults.len().saturating_sub(TOLD);
        let mut told = faults[..faults.len() - more].to_vec();
        if more > 0 {
            told.push(format!("and {more} more"));
        }
        let told = told.join("\n");
        bail!("nothing was sent:\n{told}");
    }
    if known.is_empty() {
        bail!(
            "there is no finding: give files with the columns number and outcome, or --number and --outcome"
        );
    }
    let all: Vec<Value> = known
        .into_iter()
        .map(|(number, outcome)| json!({"number": number, "outcome": outcome}))
        .collect();
    let mut last = Value::Null;
    for part in all.chunks(MOST) {
        let mut body = json!({"findings": part});
        if let Some(reason) = &asked.reason {
            body["reason"] = json!(reason);
        }
        let path = format!("{BATCHES}/{batch}/findings");
        last = client.post::<_, Value>(&path, &body).await?.body;
        screen.line(&format!(
            "{} written down, {} changed, {} known already",
            last["recorded"], last["corrected"], last["unchanged"]
        ));
    }
    screen.line(&format!(
        "of {} on the list {} are known",
        last["rowsListed"], last["rowsRecorded"]
    ));
    screen.result(&last)
}

const WORDS: &str =
    "found (ja, yes, true, 1), not-found (nee, no, false, 0) or undetermined (onbekend, unknown)";

/// What a word says; that of a cell that was not filled in is empty.
fn meant(word: &str) -> Option<&'static str> {
    match word.trim().to_lowercase().as_str() {
        "" => Some(""),
        "found" | "gevonden" | "ja" | "yes" | "true" | "1" => Some("found"),
        "not-found" | "niet-gevonden" | "nee" | "no" | "false" | "0" => Some("not-found"),
        "undetermined" | "niet-vast-te-stellen" | "onbekend" | "unknown" => Some("undetermined"),
        _ => None,
    }
}

/// Adds the findings of a file; faults name the line, never what stands there.
fn read(
    file: &Path,
    known: &mut BTreeMap<u32, &'static str>,
    faults: &mut Vec<String>,
) -> Result<()> {
    let bytes = std::fs::read(file)?;
    // What office programs write here has semicolons.
    let head = bytes
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let delimiter = if head.contains(&b';') { b';' } else { b',' };
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let mut rows = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .from_reader(bytes);
    let head = rows.headers()?.clone();
    let column = |names: [&str; 2]| {
        head.iter()
            .position(|name| names.contains(&name.trim().to_lowercase().as_str()))
    };
    let name = file.display();
    let (Some(number_at), Some(outcome_at)) = (
        column(["number", "nummer"]),
        column(["outcome", "uitkomst"]),
    ) else {
        faults.push(format!("{name}: the columns number and outcome are needed"));
        return Ok(());
    };
    for row in rows.records() {
        let row = row?;
        let line = row.position().map_or(0, csv::Position::line);
        let cell = |at: usize| row.get(at).unwrap_or_default();
        match (
            cell(number_at).trim().parse::<u32>(),
            meant(cell(outcome_at)),
        ) {
            (Err(_), _) => faults.push(format!("{name}, line {line}: no number of the list")),
            (_, None) => faults.push(format!("{name}, line {line}: {WORDS}")),
            (Ok(_), Some("")) => {}
            (Ok(number), Some(outcome)) => {
                if known
                    .insert(number, outcome)
                    .is_some_and(|before| before != outcome)
                {
                    faults.push(format!(
                        "{name}, line {line}: the files say two things of number {number}"
                    ));
                }
            }
        }
    }
    Ok(())
}

/// Shows what a control sample came to, and writes the page where one is asked.
///
/// # Errors
/// When the platform refuses, or the file cannot be written.
pub(super) async fn show(
    client: &Client,
    batch: Uuid,
    page: Option<PathBuf>,
    screen: Screen,
) -> Result<()> {
    let path = format!("{BATCHES}/{batch}/control-result");
    let result: Value = client.get(&path).await?.body;
    for (part, name) in [
        ("picked", "picked by the model"),
        ("rest", "by lot, not picked"),
    ] {
        let counts = &result[part];
        let told = share(&counts["share"]).unwrap_or_else(|| "fewer than 10 people".to_owned());
        screen.line(&format!(
            "{name}: {} found of {}: {told}",
            text(&counts["found"]),
            text(&counts["listed"])
        ));
    }
    let contrast = &result["contrast"];
    if let Some(verdict) = contrast["verdict"].as_str() {
        let points = share(&contrast["difference"]).unwrap_or_default();
        let least = contrast["smallestDetectableDifference"].as_f64();
        let least = least
            .filter(|_| verdict == "not-enough-data")
            .map_or_else(String::new, |least| {
                format!("; only {:.1} % or more would have shown", least * 100.0)
            });
        screen.line(&format!("difference: {points}, {verdict}{least}"));
    }
    if let Some(missed) = share(&result["missed"]["share"]) {
        screen.line(&format!("missed by the model, of all cases: {missed}"));
    }
    if let Some(out) = page {
        let html = client.get_text(&path, "text/html").await?;
        std::fs::write(&out, html).with_context(|| format!("cannot write {}", out.display()))?;
        screen.line(&format!("page in {}", out.display()));
    }
    screen.result(&result)
}

/// A share with its interval, in per cent.
fn share(estimate: &Value) -> Option<String> {
    let [value, lower, upper] = ["value", "lower", "upper"].map(|part| estimate[part].as_f64());
    let percent = |share: f64| share * 100.0;
    Some(format!(
        "{:.1} % ({:.1} to {:.1})",
        percent(value?),
        percent(lower?),
        percent(upper?)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (BTreeMap<u32, &'static str>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("f.csv");
        std::fs::write(&file, text).unwrap();
        let (mut known, mut faults) = (BTreeMap::new(), Vec::new());
        read(&file, &mut known, &mut faults).unwrap();
        (known, faults)
    }

    #[test]
    fn what_municipal_programs_write_is_read() {
        let (known, faults) =
            of("\u{feff}Nummer;row;Uitkomst\r\n1;9;ja\r\n2;8;NEE\r\n3;7;onbekend\r\n4;6;\r\n");
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!(
            known,
            BTreeMap::from([(1, "found"), (2, "not-found"), (3, "undetermined")])
        );
        assert_eq!(
            of("number,outcome\n7,found\n7,1\n").0,
            BTreeMap::from([(7, "found")])
        );
    }

    #[test]
    fn every_fault_is_named_and_no_value_is_repeated() {
        let (_, faults) = of("number,outcome\nJansen,ja\n2,misschien\n3,ja\n3,nee\n");
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert!(!faults.join("").contains("Jansen") && !faults.join("").contains("misschien"));
        assert!(faults[0].contains("line 2") && faults[2].contains("number 3"));
        assert_eq!(of("a,b\n1,ja\n").1.len(), 1);
    }
}
