//! Reference files with known truth, from the folder that `HELDER_REFERENCE_DATA` names.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "shared by tests and instruments; each uses a part"
)]

use std::io::Write as _;
use std::{collections::HashMap, fs::File, path::Path};

use arrow::{array::AsArray as _, compute::cast, datatypes::DataType};
use helder_record_linkage::{
    Column, LinkageSpec, Table,
    spec::{
        Assignment,
        suggest::{Described, Shape, suggest},
    },
};
use helder_types::SemanticType as S;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// The column with the truth, which no matcher sees.
const TRUTH: &str = "person_id";

/// A table with the truth beside it.
pub(crate) struct Labelled {
    pub(crate) table: Table,
    pub(crate) truth: Vec<String>,
}

fn labelled(columns: Vec<(String, Vec<Option<String>>)>) -> Labelled {
    let mut table = Table::new(columns[0].1.len());
    let mut truth = Vec::new();
    for (name, texts) in columns {
        if name == TRUTH {
            truth = texts.into_iter().map(Option::unwrap).collect();
        } else {
            let column = Column::from_texts(texts.iter().map(Option::as_deref));
            table.insert(name, column).unwrap();
        }
    }
    Labelled { table, truth }
}

fn read(path: &Path) -> Labelled {
    if path.extension().is_some_and(|extension| extension == "csv") {
        let mut reader = csv::Reader::from_path(path).unwrap();
        let names = reader.headers().unwrap().clone();
        let mut columns: Vec<_> = names.iter().map(|n| (n.to_owned(), Vec::new())).collect();
        for record in reader.records() {
            for ((_, texts), text) in columns.iter_mut().zip(&record.unwrap()) {
                texts.push(Some(text.to_owned()));
            }
        }
        return labelled(columns);
    }
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let names = reader.schema().clone();
    let mut columns: Vec<_> = names
        .fields()
        .iter()
        .map(|field| (field.name().clone(), Vec::new()))
        .collect();
    for batch in reader.build().unwrap() {
        for ((_, texts), array) in columns.iter_mut().zip(batch.unwrap().columns()) {
            let text = cast(array, &DataType::Utf8).unwrap();
            let text = text.as_string::<i32>();
            texts.extend(text.iter().map(|value| value.map(str::to_owned)));
        }
    }
    labelled(columns)
}

/// The Dutch pairs of files, left and right, by name; nothing when the environment names no folder.
pub(crate) fn dutch(name: &str) -> Option<[Labelled; 2]> {
    let Some(folder) = std::env::var_os("HELDER_REFERENCE_DATA") else {
        // Past the capture of the test harness: what was not tested is seen in every run.
        let _ = writeln!(
            std::io::stderr(),
            "NOT RUN: HELDER_REFERENCE_DATA names no folder"
        );
        return None;
    };
    Some(pair(&Path::new(&folder).join("linkage").join(name)))
}

/// The files `a` and `b` of a folder, CSV or Parquet.
pub(crate) fn pair(folder: &Path) -> [Labelled; 2] {
    ["a", "b"].map(|side| {
        let csv = folder.join(format!("{side}.csv"));
        if csv.exists() {
            read(&csv)
        } else {
            read(&folder.join(format!("{side}.parquet")))
        }
    })
}

/// The suggested spec for clear text, without the BSN.
pub(crate) fn clear_text_spec() -> LinkageSpec {
    let columns = [
        ("voornamen", S::Voornamen),
        ("voorvoegsel", S::Voorvoegsel),
        ("geslachtsnaam", S::Geslachtsnaam),
        ("voorvoegsel_partner", S::VoorvoegselPartner),
        ("geslachtsnaam_partner", S::GeslachtsnaamPartner),
        ("geboortedatum", S::Geboortedatum),
        ("geslacht", S::Geslacht),
        ("postcode", S::Postcode),
        ("huisnummer", S::Huisnummer),
        ("toevoeging", S::Huisnummertoevoeging),
        ("woonplaats", S::Woonplaats),
    ];
    let described: Vec<Described> = columns
        .iter()
        .map(|(name, meaning)| Described {
            name: (*name).to_owned(),
            semantic_type: Some(*meaning),
            shape: Shape::Text,
        })
        .collect();
    let mut spec = suggest(&described, &described);
    spec.assignment = Assignment::OneLeftPerRight;
    spec
}

/// Precision, recall over all true pairs, and F1.
pub(crate) fn score(
    [left, right]: &[Labelled; 2],
    links: impl IntoIterator<Item = (usize, usize)>,
) -> [f64; 3] {
    let mut n_left: HashMap<&str, u64> = HashMap::new();
    for label in &left.truth {
        *n_left.entry(label).or_default() += 1;
    }
    let all: u64 = right
        .truth
        .iter()
        .filter_map(|label| n_left.get(label.as_str()))
        .sum();
    let (mut found, mut right_ones) = (0_u64, 0_u64);
    for (a, b) in links {
        found += 1;
        right_ones += u64::from(left.truth[a] == right.truth[b]);
    }
    let precision = right_ones as f64 / found.max(1) as f64;
    let recall = right_ones as f64 / all.max(1) as f64;
    let f1 = 2.0 * precision * recall / (precision + recall).max(1e-12);
    [precision, recall, f1]
}
