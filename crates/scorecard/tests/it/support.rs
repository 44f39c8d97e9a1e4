//! German credit: Statlog, UCI, CC BY 4.0; see `tests/data/german_credit`.

use std::path::Path;

/// Header and rows.
pub(crate) struct German {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl German {
    pub(crate) fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../tests/data/german_credit/german_credit.csv");
        let mut reader = csv::Reader::from_path(path).unwrap();
        let texts = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect();
        let header = texts(reader.headers().unwrap());
        let rows = reader.records().map(|row| texts(&row.unwrap())).collect();
        Self { header, rows }
    }

    pub(crate) fn levels(&self, name: &str) -> Vec<Option<&str>> {
        let place = self.header.iter().position(|it| it == name).unwrap();
        let texts = self.rows.iter().map(|row| row[place].as_str());
        texts
            .map(|text| Some(text).filter(|it| !it.is_empty()))
            .collect()
    }

    pub(crate) fn numbers(&self, name: &str) -> Vec<Option<f64>> {
        let texts = self.levels(name).into_iter();
        texts
            .map(|text| text.map(|text| text.parse().unwrap()))
            .collect()
    }

    pub(crate) fn bad(&self) -> Vec<bool> {
        self.numbers("bad")
            .into_iter()
            .map(|it| it == Some(1.0))
            .collect()
    }
}
