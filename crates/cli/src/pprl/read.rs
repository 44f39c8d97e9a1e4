//! Reading a key and a CSV file, strictly: all faults at once, by line, without a value.

use std::{
    collections::{HashMap, HashSet},
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

use anyhow::{Context as _, Result, bail};
use helder_pprl::ProjectKey;
use helder_record_linkage::{ColumnBuilder, Table};

/// Most faults that are told one by one.
const MOST_TOLD: usize = 10;

/// A file as columns.
pub(super) struct Source {
    pub(super) table: Table,
    /// What stands for a row at home: its own number, or its line.
    pub(super) ids: Vec<String>,
    pub(super) columns: Vec<String>,
}

/// The key in a file that only its owner can read.
pub(super) fn key(path: &Path) -> Result<ProjectKey> {
    let shown = path.display();
    let mode = fs::metadata(path)
        .with_context(|| format!("cannot read {shown}"))?
        .permissions()
        .mode();
    if mode & 0o077 != 0 {
        bail!(
            "others may read {shown} (mode {:o}); run `chmod 600` on it, and make a new key if somebody did",
            mode & 0o777
        );
    }
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
    ProjectKey::from_text(&text).with_context(|| shown.to_string())
}

/// Reads a CSV file.
pub(super) fn read_csv(path: &Path, id: Option<&str>) -> Result<Source> {
    let shown = path.display();
    let bytes = fs::read(path).with_context(|| format!("cannot read {shown}"))?;
    let text = std::str::from_utf8(&bytes)
        .ok()
        .with_context(|| format!("{shown} is not UTF-8; save it as CSV UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let head = text.lines().next().unwrap_or_default();
    let delimiter = if head.matches(';').count() > head.matches(',').count() {
        b';'
    } else {
        b','
    };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(text.as_bytes());
    let columns = names(&reader.headers()?.clone()).with_context(|| shown.to_string())?;
    let place_of_id = match id {
        None => None,
        Some(id) => Some(
            columns
                .iter()
                .position(|name| name == id)
                .with_context(|| format!("{shown} has no column {id}"))?,
        ),
    };
    let mut builders: Vec<ColumnBuilder> =
        columns.iter().map(|_| ColumnBuilder::default()).collect();
    let (mut ids, mut faults) = (Vec::new(), Vec::new());
    let mut seen: HashSet<String> = HashSet::new();
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        if record.len() != columns.len() {
            faults.push(format!(
                "line {line} has {} fields where the header has {}",
                record.len(),
                columns.len()
            ));
            continue;
        }
        for (builder, text) in builders.iter_mut().zip(&record) {
            builder.push(Some(text));
        }
        let own =
            place_of_id.map_or_else(|| line.to_string(), |place| record[place].trim().to_owned());
        if own.is_empty() {
            faults.push(format!("line {line} has no row number"));
        } else if place_of_id.is_some() && !seen.insert(own.clone()) {
            faults.push(format!("line {line} has the row number of an earlier line"));
        }
        ids.push(own);
    }
    if !faults.is_empty() {
        let told = faults
            .iter()
            .take(MOST_TOLD)
            .cloned()
            .collect::<Vec<_>>()
            .join("; ");
        let more = faults.len().saturating_sub(MOST_TOLD);
        let more = if more > 0 {
            format!("; and {more} more")
        } else {
            String::new()
        };
        bail!("{shown}: {told}{more}");
    }
    let mut table = Table::new(ids.len());
    for (name, builder) in columns.iter().zip(builders) {
        table.insert(name, builder.finish())?;
    }
    Ok(Source {
        table,
        ids,
        columns,
    })
}

fn names(header: &csv::StringRecord) -> Result<Vec<String>> {
    let names: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for name in &names {
        *counts.entry(name).or_default() += 1;
    }
    let mut twice: Vec<&str> = counts
        .into_iter()
        .filter(|(_, n)| *n > 1)
        .map(|(name, _)| name)
        .collect();
    twice.sort_unstable();
    if !twice.is_empty() {
        bail!("columns with one name: {}", twice.join(", "));
    }
    if names.iter().all(String::is_empty) {
        bail!("there is no header");
    }
    Ok(names)
}
