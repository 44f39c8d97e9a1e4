use std::io::Cursor;

use arrow::{
    array::{Array, RecordBatch},
    util::display::{ArrayFormatter, FormatOptions},
};
use helder_dataset::{
    Contract, DatasetError, Detected, Limits, QualityReport, detect, quality,
    read::{RecordSource, csv::CsvSource, decode::Utf8Reader},
    write::{self, Options, QuarantinedRow, Sinks},
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// 2026-01-01.
pub(crate) const TODAY: i32 = 20_454;

pub(crate) struct Outcome {
    pub(crate) rows_in: u64,
    pub(crate) accepted: u64,
    pub(crate) quarantined: u64,
    pub(crate) analysis: Vec<u8>,
    pub(crate) identity: Vec<u8>,
    pub(crate) quarantine: Vec<QuarantinedRow>,
    pub(crate) raw: String,
    pub(crate) report: QualityReport,
}

impl Outcome {
    /// (line, column, rule) of every entry.
    pub(crate) fn rules(&self) -> Vec<(i64, String, String)> {
        let entries = self.quarantine.iter();
        entries
            .map(|e| {
                (
                    e.line.unwrap_or(0),
                    e.column.clone().unwrap_or_default(),
                    e.rule.clone(),
                )
            })
            .collect()
    }
}

pub(crate) fn contract(json: serde_json::Value) -> Contract {
    let contract: Contract = serde_json::from_value(json).unwrap();
    assert_eq!(contract.faults(), []);
    contract
}

pub(crate) fn pseudonym(bsn: helder_types::Bsn) -> [u8; 32] {
    let mut out = *b"pseudonym-of-a-person-..........";
    let sum: u32 = bsn
        .digits()
        .iter()
        .enumerate()
        .map(|(at, digit)| (at as u32 + 7) * u32::from(*digit - b'0'))
        .sum();
    out[22..].copy_from_slice(format!("{sum:010}").as_bytes());
    out
}

pub(crate) fn run(
    source: &mut dyn RecordSource,
    contract: &Contract,
    detected: &Detected,
) -> Result<Outcome, DatasetError> {
    let sinks = Sinks {
        analysis: Vec::new(),
        identity: Some(Vec::new()),
        quarantine: Vec::new(),
        raw: Vec::new(),
    };
    let options = Options {
        today: TODAY,
        limits: Limits::default(),
    };
    let made = write::ingest(
        source,
        contract,
        detected,
        &pseudonym,
        sinks,
        &options,
        &mut |_| Ok(()),
    )?;
    assert_eq!(made.rows_in, made.rows_accepted + made.rows_quarantined);
    let quarantine =
        write::read_quarantine(bytes::Bytes::from(made.sinks.quarantine), 0, usize::MAX)?;
    Ok(Outcome {
        rows_in: made.rows_in,
        accepted: made.rows_accepted,
        quarantined: made.rows_quarantined,
        analysis: made.sinks.analysis,
        identity: made.sinks.identity.unwrap_or_default(),
        quarantine,
        raw: String::from_utf8(made.sinks.raw).unwrap(),
        report: quality::report(&made.profiles, contract, made.ignored_columns, None),
    })
}

/// Detects and ingests CSV; without a contract the suggested one is used.
pub(crate) fn csv(bytes: &[u8], contract: Option<&Contract>) -> Result<Outcome, DatasetError> {
    let limits = Limits::default();
    let mut scan = detect::EncodingScan::default();
    scan.update(bytes);
    let found = detect::csv(
        &bytes[..bytes.len().min(limits.sample_bytes)],
        &scan,
        &[],
        &limits,
    )?;
    let encoding = found.detected.encoding.unwrap();
    let reader = Utf8Reader::new(Cursor::new(bytes.to_vec()), encoding);
    let transcoded = encoding != detect::Encoding::Utf8;
    let suggested =
        helder_dataset::contract::suggest(&found.sample, &found.detected.columns).contract;
    let mut source = CsvSource::new(
        reader,
        found.sample.header,
        &found.dialect,
        transcoded,
        limits,
    );
    run(&mut source, contract.unwrap_or(&suggested), &found.detected)
}

pub(crate) fn batches(part: &[u8]) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(part.to_vec()))
        .unwrap()
        .build()
        .unwrap();
    reader.map(Result::unwrap).collect()
}

/// A part as texts: header, then rows; `-` for missing.
pub(crate) fn table(part: &[u8]) -> Vec<Vec<String>> {
    let options = FormatOptions::new().with_null("-");
    let mut rows = Vec::new();
    for batch in batches(part) {
        if rows.is_empty() {
            rows.push(
                batch
                    .schema()
                    .fields()
                    .iter()
                    .map(|field| field.name().clone())
                    .collect(),
            );
        }
        let columns: Vec<_> = batch
            .columns()
            .iter()
            .map(|c| ArrayFormatter::try_new(c.as_ref() as &dyn Array, &options).unwrap())
            .collect();
        rows.extend((0..batch.num_rows()).map(|row| {
            columns
                .iter()
                .map(|c| c.value(row).to_string())
                .collect::<Vec<_>>()
        }));
    }
    rows
}
