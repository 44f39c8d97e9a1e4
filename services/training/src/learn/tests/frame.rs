//! Frames and plans for the tests.

use std::{collections::BTreeSet, fs::File, io::Read, path::PathBuf, sync::Arc};

use arrow::{
    array::{
        ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
    },
    datatypes::{Field, Schema},
};
use helder_model::Parent;
use helder_types::{Digest, Fault};
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::learn::{FrameOrigin, LearnError, Learned, NewTrainingRun, Onlooker, learn};

/// Nobody looks on, and nothing limits.
pub(super) const CALM: Onlooker<'static> = Onlooker {
    step: &|_| false,
    stop: &|| false,
    news: &|_| {},
    chance: &|| None,
    keeper: None,
    memory: None,
};

/// A frame under construction.
#[derive(Default)]
pub(super) struct Frame {
    columns: Vec<(String, ArrayRef)>,
}

impl Frame {
    pub(super) fn integers(
        self,
        name: &str,
        values: impl IntoIterator<Item = Option<i64>>,
    ) -> Self {
        self.with(name, Arc::new(values.into_iter().collect::<Int64Array>()))
    }

    pub(super) fn numbers(self, name: &str, values: impl IntoIterator<Item = Option<f64>>) -> Self {
        self.with(name, Arc::new(values.into_iter().collect::<Float64Array>()))
    }

    pub(super) fn booleans(self, name: &str, values: impl IntoIterator<Item = bool>) -> Self {
        self.with(
            name,
            Arc::new(values.into_iter().map(Some).collect::<BooleanArray>()),
        )
    }

    pub(super) fn maybe(self, name: &str, values: impl IntoIterator<Item = Option<bool>>) -> Self {
        self.with(name, Arc::new(values.into_iter().collect::<BooleanArray>()))
    }

    pub(super) fn texts<'a>(
        self,
        name: &str,
        values: impl IntoIterator<Item = Option<&'a str>>,
    ) -> Self {
        self.with(name, Arc::new(values.into_iter().collect::<StringArray>()))
    }

    pub(super) fn dates(self, name: &str, values: impl IntoIterator<Item = i32>) -> Self {
        self.with(name, Arc::new(Date32Array::from_iter_values(values)))
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.columns.retain(|(known, _)| known != name);
        self
    }

    fn with(mut self, name: &str, column: ArrayRef) -> Self {
        self.columns.push((name.to_owned(), column));
        self
    }

    pub(super) fn file(self) -> NamedTempFile {
        let field = |(name, column): &(String, ArrayRef)| {
            Field::new(name, column.data_type().clone(), true)
        };
        let schema = Arc::new(Schema::new(
            self.columns.iter().map(field).collect::<Vec<_>>(),
        ));
        let columns = self.columns.into_iter().map(|(_, column)| column).collect();
        let batch = RecordBatch::try_new(schema.clone(), columns).unwrap();
        let file = NamedTempFile::new().unwrap();
        let mut writer = ArrowWriter::try_new(file.reopen().unwrap(), schema, None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        file
    }
}

/// A plan for `features` with a column `is_test`; the JSON of a request, to be changed by the test.
pub(super) fn plan(features: &[&str]) -> Value {
    let feature = |name: &&str| json!({"name": name, "meaning": {"nl": name, "en": name}, "justification": "test"});
    json!({
        "projectId": "00000000-0000-7000-8000-000000000001",
        "frameId": "00000000-0000-7000-8000-000000000002",
        "model": {"name": "test-model", "title": {"nl": "Proef", "en": "Test"}, "meaning": {"nl": "kans", "en": "chance"}},
        "algorithm": "logistic-regression",
        "target": "target",
        "features": features.iter().map(feature).collect::<Vec<_>>(),
        "sensitiveFeatures": [],
        "split": {"rule": "column", "column": "is_test"},
        "seed": 7,
    })
}

pub(super) fn parsed(plan: &Value) -> NewTrainingRun {
    serde_json::from_value(plan.clone()).unwrap()
}

pub(super) fn origin() -> FrameOrigin {
    FrameOrigin {
        digest: Digest::of(b"frame"),
        parents: vec![Parent {
            name: "t".to_owned(),
            digest: Digest::of(b"parent"),
        }],
        provisions: None,
    }
}

pub(super) fn learned(frame: Frame, plan: &Value) -> Result<Learned, LearnError> {
    learn(frame.file().path(), &parsed(plan), &origin(), &|_| false)
}

/// Faults of the data; panics when it was learned from.
pub(super) fn faults(frame: Frame, plan: &Value) -> Vec<Fault> {
    match learned(frame, plan) {
        Err(LearnError::Invalid(faults)) => faults,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was learned from"),
    }
}

pub(super) fn parse(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

/// An open data set: header and rows as text.
pub(super) struct Csv {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Csv {
    pub(super) fn read(path: &str) -> Self {
        let file = File::open(repository().join(path)).unwrap();
        let reader: Box<dyn Read> = if path.contains(".gz") {
            Box::new(flate2::read::GzDecoder::new(file))
        } else {
            Box::new(file)
        };
        let mut csv = csv::Reader::from_reader(reader);
        let header = csv.headers().unwrap().iter().map(str::to_owned).collect();
        let rows = csv
            .records()
            .map(|record| record.unwrap().iter().map(str::to_owned).collect())
            .collect();
        Self { header, rows }
    }

    pub(super) fn column(&self, name: &str) -> Vec<&str> {
        let at = self
            .header
            .iter()
            .position(|header| header == name)
            .unwrap();
        self.rows.iter().map(|row| row[at].as_str()).collect()
    }

    /// A frame with the columns named, the outcome and the split of the reference.
    pub(super) fn frame(
        &self,
        numeric: &[String],
        texts: &BTreeSet<String>,
        target: &str,
    ) -> Frame {
        let (name, positive) = target.split_once(" == ").unwrap_or((target, "1"));
        let is_positive = |value: &str| value == positive.trim_matches('\'');
        let mut frame = Frame::default()
            .booleans("target", self.column(name).into_iter().map(is_positive))
            .booleans(
                "is_test",
                (0..self.rows.len()).map(|row| row.is_multiple_of(5)),
            );
        for name in numeric {
            frame = frame.integers(
                name,
                self.column(name).into_iter().map(|text| text.parse().ok()),
            );
        }
        for name in texts {
            // As in the reference: this level has no positive at all.
            let known = |text: &&str| !text.is_empty() && *text != "Never-worked";
            frame = frame.texts(
                name,
                self.column(name)
                    .into_iter()
                    .map(|text| Some(text).filter(known)),
            );
        }
        frame
    }
}

pub(super) fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Made-up rows: an outcome that depends on age, debt (with gaps) and town.
pub(super) fn clients(n: i64) -> Frame {
    let age = |i: i64| 20 + (i * 37) % 50;
    let debt = |i: i64| (i % 7 != 0).then_some(((i * 53) % 97) as f64 / 10.0);
    let town = |i: i64| ["Best", "Eindhoven", "Son"][(i * 29 % 31 % 3) as usize];
    let outcome =
        |i: i64| (age(i) - 45 + (debt(i).unwrap_or(3.0) * 6.0) as i64 + (i * 71) % 41 - 20) > 30;
    Frame::default()
        .booleans("target", (0..n).map(outcome))
        .booleans("is_test", (0..n).map(|i| i % 3 == 0))
        .integers("age", (0..n).map(|i| Some(age(i))))
        .numbers("debt", (0..n).map(debt))
        .texts("town", (0..n).map(|i| Some(town(i))))
        .texts(
            "origin",
            (0..n).map(|i| Some(if i % 4 == 0 { "a" } else { "b" })),
        )
        .texts(
            "person_pseudonym",
            (0..n).map(|i| Some(if i % 2 == 0 { "p" } else { "q" })),
        )
        .dates("reference_date", (0..n).map(|i| 19_000 + (i % 10) as i32))
}
