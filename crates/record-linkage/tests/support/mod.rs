//! Reading test data and counting right and wrong links.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "shared by tests and benches; each uses a part"
)]

use std::{
    collections::HashMap,
    fs::File,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::Path,
};

use arrow::array::{Array, AsArray as _};
use helder_record_linkage::{
    Column, ColumnBuilder, Link, LinkageSpec, Table,
    spec::suggest::{Described, Shape, suggest},
};
use helder_types::SemanticType;
use parquet::arrow::{
    ProjectionMask,
    arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder},
};
use rayon::prelude::*;

/// A table with the truth beside it, which no matcher sees.
pub(crate) struct Labelled {
    pub(crate) table: Table,
    /// Hash of the label of each row.
    pub(crate) truth: Vec<u64>,
}

/// Reads the columns `wanted`, all when it is empty.
pub(crate) fn read_csv(path: &Path, truth: &str, wanted: &[&str]) -> Labelled {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let headers = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let texts = |i: usize| rows.iter().map(move |row| row.get(i));
    let mut table = Table::new(rows.len());
    let mut labels = Vec::new();
    for (i, name) in headers.iter().enumerate() {
        if name == truth {
            labels = texts(i).map(|text| label(text.unwrap())).collect();
        } else if wanted.is_empty() || wanted.contains(&name) {
            table.insert(name, Column::from_texts(texts(i))).unwrap();
        }
    }
    Labelled {
        table,
        truth: labels,
    }
}

/// `rec-1070-org` and `rec-1070-dup-0` are one person; other labels stand for themselves.
fn label(text: &str) -> u64 {
    let person = text
        .strip_prefix("rec-")
        .and_then(|rest| rest.split('-').next())
        .unwrap_or(text);
    let mut hasher = DefaultHasher::new();
    person.hash(&mut hasher);
    hasher.finish()
}

/// One column of a file.
enum ReadColumn {
    Truth(Vec<u64>),
    Texts(String, Column),
}

/// Reads the columns `wanted`, all when it is empty; several at once.
pub(crate) fn read_parquet(path: &Path, truth: &str, wanted: &[&str]) -> Labelled {
    let options = ArrowReaderOptions::new();
    let metadata = ArrowReaderMetadata::load(&File::open(path).unwrap(), options).unwrap();
    let columns = metadata.schema().fields().iter().enumerate();
    let kept: Vec<(usize, &str)> = columns
        .map(|(place, field)| (place, field.name().as_str()))
        .filter(|(_, name)| wanted.is_empty() || *name == truth || wanted.contains(name))
        .collect();
    let read: Vec<ReadColumn> = kept
        .into_par_iter()
        .map(|(place, name)| read_column(path, &metadata, place, (name, name == truth)))
        .collect();
    let mut table = Table::new(metadata.metadata().file_metadata().num_rows() as usize);
    let mut labels = Vec::new();
    for column in read {
        match column {
            ReadColumn::Truth(found) => labels = found,
            ReadColumn::Texts(name, column) => table.insert(name, column).unwrap(),
        }
    }
    assert_eq!(labels.len(), table.n_rows(), "every row has a label");
    Labelled {
        table,
        truth: labels,
    }
}

fn read_column(
    path: &Path,
    metadata: &ArrowReaderMetadata,
    place: usize,
    (name, is_truth): (&str, bool),
) -> ReadColumn {
    let file = File::open(path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone());
    let mask = ProjectionMask::roots(reader.parquet_schema(), [place]);
    let batches = reader.with_projection(mask).with_batch_size(8192).build();
    let (mut labels, mut texts) = (Vec::new(), ColumnBuilder::default());
    for batch in batches.unwrap() {
        let batch = batch.unwrap();
        let array = batch.column(0);
        let numbers = array.as_primitive_opt::<arrow::datatypes::Int64Type>();
        if let Some(numbers) = numbers.filter(|_| is_truth) {
            labels.extend(numbers.values().iter().map(|number| *number as u64));
            continue;
        }
        let text = arrow::compute::cast(array, &arrow::datatypes::DataType::Utf8).unwrap();
        let text = text.as_string::<i32>();
        let values = (0..text.len()).map(|i| (!text.is_null(i)).then(|| text.value(i)));
        if is_truth {
            labels.extend(values.map(|value| label(value.unwrap())));
        } else {
            texts.extend(&values.collect::<Vec<_>>());
        }
    }
    if is_truth {
        ReadColumn::Truth(labels)
    } else {
        ReadColumn::Texts(name.to_owned(), texts.finish())
    }
}

/// The suggested spec for columns with these meanings.
pub(crate) fn suggested(columns: &[(&str, Option<SemanticType>)]) -> LinkageSpec {
    let described: Vec<Described> = columns
        .iter()
        .map(|(name, semantic_type)| Described {
            name: (*name).to_owned(),
            semantic_type: *semantic_type,
            shape: Shape::Text,
        })
        .collect();
    suggest(&described, &described)
}

pub(crate) fn febrl4() -> (Labelled, Labelled) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/febrl4");
    (
        read_csv(&folder.join("a.csv"), "rec_id", &[]),
        read_csv(&folder.join("b.csv"), "rec_id", &[]),
    )
}

/// FEBRL columns without the social security number.
pub(crate) fn febrl_spec() -> LinkageSpec {
    suggested(&[
        ("given_name", Some(SemanticType::Voornamen)),
        ("surname", Some(SemanticType::Geslachtsnaam)),
        ("street_number", Some(SemanticType::Huisnummer)),
        ("address_1", Some(SemanticType::Straatnaam)),
        ("address_2", None),
        ("suburb", Some(SemanticType::Woonplaats)),
        ("postcode", None),
        ("state", None),
        ("date_of_birth", Some(SemanticType::Geboortedatum)),
    ])
}

/// Dutch columns without the BSN.
pub(crate) fn dutch_spec() -> LinkageSpec {
    suggested(&[
        ("voornamen", Some(SemanticType::Voornamen)),
        ("voorvoegsel", Some(SemanticType::Voorvoegsel)),
        ("geslachtsnaam", Some(SemanticType::Geslachtsnaam)),
        (
            "voorvoegsel_partner",
            Some(SemanticType::VoorvoegselPartner),
        ),
        (
            "geslachtsnaam_partner",
            Some(SemanticType::GeslachtsnaamPartner),
        ),
        ("geboortedatum", Some(SemanticType::Geboortedatum)),
        ("geslacht", Some(SemanticType::Geslacht)),
        ("postcode", Some(SemanticType::Postcode)),
        ("huisnummer", Some(SemanticType::Huisnummer)),
        ("toevoeging", Some(SemanticType::Huisnummertoevoeging)),
        ("woonplaats", Some(SemanticType::Woonplaats)),
    ])
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Score {
    pub(crate) precision: f64,
    pub(crate) recall: f64,
    pub(crate) f1: f64,
}

/// Counts pairs; recall over all true pairs, also those no rule reached.
pub(crate) fn score(
    left: &Labelled,
    right: &Labelled,
    links: impl IntoIterator<Item = (u32, u32)>,
) -> Score {
    let mut n_left: HashMap<u64, u64> = HashMap::new();
    for label in &left.truth {
        *n_left.entry(*label).or_default() += 1;
    }
    let all: u64 = right
        .truth
        .iter()
        .filter_map(|label| n_left.get(label))
        .sum();
    let (mut found, mut right_ones) = (0_u64, 0_u64);
    for (l, r) in links {
        found += 1;
        right_ones += u64::from(left.truth[l as usize] == right.truth[r as usize]);
    }
    let (precision, recall) = (
        right_ones as f64 / found.max(1) as f64,
        right_ones as f64 / all.max(1) as f64,
    );
    Score {
        precision,
        recall,
        f1: 2.0 * precision * recall / (precision + recall).max(1e-12),
    }
}

pub(crate) fn pairs<'a>(
    links: impl IntoIterator<Item = &'a Link>,
) -> impl Iterator<Item = (u32, u32)> {
    links.into_iter().map(|link| (link.left, link.right))
}

/// Folder of reference data, when the environment names one.
pub(crate) fn reference_data() -> Option<std::path::PathBuf> {
    let folder = std::env::var_os("HELDER_REFERENCE_DATA").map(std::path::PathBuf::from);
    if folder.is_none() {
        println!("skipped: HELDER_REFERENCE_DATA names no folder");
    }
    folder
}
