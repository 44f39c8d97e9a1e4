//! A contract and a file in CSV or JSON lines: a refusal, or every record is accepted or put aside.
#![no_main]

use std::io::Cursor;

use helder_dataset::{
    Contract, Limits,
    contract::suggest,
    detect::{self, Detected, EncodingScan, Sample},
    read::{RecordSource, csv::CsvSource, decode::Utf8Reader, jsonl},
    write::{Options, Sinks, ingest},
};
use libfuzzer_sys::fuzz_target;

/// 2026-01-01, days since 1970.
const TODAY: i32 = 20_454;

fn opened(file: &[u8]) -> helder_dataset::Result<(Detected, Sample, Box<dyn RecordSource>)> {
    let limits = Limits::default();
    let start = &file[..file.len().min(limits.sample_bytes)];
    let bytes = Cursor::new(file.to_vec());
    match detect::sniff(start)? {
        detect::Format::Csv => {
            let mut scan = EncodingScan::default();
            scan.update(file);
            let found = detect::csv(start, &scan, &[], &limits)?;
            let encoding = found.detected.encoding.expect("text has one");
            let source = CsvSource::new(
                Utf8Reader::new(bytes, encoding),
                found.sample.header.clone(),
                &found.dialect,
                encoding != detect::Encoding::Utf8,
                limits,
            );
            Ok((found.detected, found.sample, Box::new(source)))
        }
        detect::Format::Jsonl => {
            let sample = jsonl::sample(start, &limits)?;
            let reader = Utf8Reader::new(bytes, detect::Encoding::Utf8);
            let source = jsonl::JsonLinesSource::new(reader, sample.header.clone(), limits);
            let detected = detect::typed(detect::Format::Jsonl, &sample, None);
            Ok((detected, sample, Box::new(source)))
        }
        _ => Err(helder_dataset::DatasetError::refused(
            "", "format", "not here",
        )),
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((cut, rest)) = input.split_first() else {
        return;
    };
    let (asked, file) = rest.split_at((usize::from(*cut) * 8).min(rest.len()));
    let asked = serde_json::from_slice::<Contract>(asked)
        .ok()
        .filter(|contract| contract.faults().is_empty());
    let Ok((detected, sample, mut source)) = opened(file) else {
        return;
    };
    let mut contract = asked.unwrap_or_else(|| suggest(&sample, &detected.columns).contract);
    contract.complete(&detected);
    let sinks = Sinks {
        analysis: Vec::new(),
        identity: contract.has_identity().then(Vec::new),
        quarantine: Vec::new(),
        raw: Vec::new(),
    };
    let options = Options {
        today: TODAY,
        limits: Limits::default(),
    };
    let pseudonym = |_: helder_types::Bsn| [7; 32];
    let made = ingest(
        source.as_mut(),
        &contract,
        &detected,
        &pseudonym,
        sinks,
        &options,
        &mut |_| Ok(()),
    );
    if let Ok(made) = made {
        assert_eq!(made.rows_in, made.rows_accepted + made.rows_quarantined);
    }
});
