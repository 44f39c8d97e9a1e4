//! Links against the truth. The truth stays on this side.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use anyhow::{Context as _, Result, bail};

use super::{Truth, report::LinkScore};

/// A pair of record ordinals, from 1: left file, right file.
pub(super) type Pair = (i64, i64);

/// Files in which the truth is looked up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Files<'a> {
    /// Folder of the plan.
    pub(super) folder: &'a Path,
    /// The left file.
    pub(super) left: &'a Path,
    /// The right file.
    pub(super) right: &'a Path,
}

/// All true pairs.
///
/// # Errors
/// When a file or column is not there.
pub(super) fn true_pairs(truth: &Truth, files: Files<'_>) -> Result<BTreeSet<Pair>> {
    match truth {
        Truth::Pairs { file, left, right } => {
            let file = files.folder.join(file);
            let (left, right) = (column(&file, left)?, column(&file, right)?);
            let ordinal = |text: &String| {
                text.parse::<i64>()
                    .context("an ordinal in the truth is no number")
            };
            left.iter()
                .zip(&right)
                .map(|(l, r)| Ok((ordinal(l)?, ordinal(r)?)))
                .collect()
        }
        Truth::Columns {
            left,
            right,
            split,
            part,
        } => {
            let key = |value: &str| match split {
                None => Some(value.to_owned()),
                Some(split) => value.split(split.as_str()).nth(*part).map(str::to_owned),
            };
            let mut by_key: BTreeMap<String, Vec<i64>> = BTreeMap::new();
            for (row, value) in (1..).zip(column(files.left, left)?) {
                if let Some(key) = key(&value) {
                    by_key.entry(key).or_default().push(row);
                }
            }
            let mut pairs = BTreeSet::new();
            for (row, value) in (1..).zip(column(files.right, right)?) {
                for left in key(&value)
                    .and_then(|key| by_key.get(&key))
                    .into_iter()
                    .flatten()
                {
                    pairs.insert((*left, row));
                }
            }
            Ok(pairs)
        }
    }
}

/// Precision and recall of links, counted in pairs.
pub(super) fn score(links: &BTreeSet<Pair>, truth: &BTreeSet<Pair>) -> LinkScore {
    let found = links.intersection(truth).count() as u64;
    let share = |of: usize| {
        if of == 0 {
            1.0
        } else {
            found as f64 / of as f64
        }
    };
    LinkScore {
        true_pairs: truth.len() as u64,
        found,
        links: links.len() as u64,
        precision: share(links.len()),
        recall: share(truth.len()),
    }
}

/// A column of a CSV file with commas or semicolons.
fn column(file: &Path, name: &str) -> Result<Vec<String>> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let head = bytes
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let mark = |mark: char| String::from_utf8_lossy(head).matches(mark).count();
    let delimiter = if mark(';') > mark(',') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(bytes.as_slice());
    let place = reader
        .headers()?
        .iter()
        .position(|header| header.trim_start_matches('\u{FEFF}') == name);
    let Some(place) = place else {
        bail!("{} has no column {name:?}", file.display())
    };
    reader
        .records()
        .map(|row| Ok(row?.get(place).unwrap_or_default().trim().to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_within_values_make_pairs() {
        let folder = tempfile::tempdir().unwrap();
        let (left, right) = (folder.path().join("a.csv"), folder.path().join("b.csv"));
        std::fs::write(&left, "rec_id,x\nrec-1-org,a\nrec-2-org,b\n").unwrap();
        std::fs::write(
            &right,
            "rec_id;x\nrec-2-dup-0;b\nrec-2-dup-1;b\nrec-9-dup-0;c\n",
        )
        .unwrap();
        let truth = Truth::Columns {
            left: "rec_id".into(),
            right: "rec_id".into(),
            split: Some("-".into()),
            part: 1,
        };
        let files = Files {
            folder: folder.path(),
            left: &left,
            right: &right,
        };
        let pairs = true_pairs(&truth, files).unwrap();
        assert_eq!(pairs, BTreeSet::from([(2, 1), (2, 2)]));
        let score = score(&BTreeSet::from([(2, 1), (1, 3)]), &pairs);
        assert!((score.precision - 0.5).abs() < 1e-12 && (score.recall - 0.5).abs() < 1e-12);
    }
}
