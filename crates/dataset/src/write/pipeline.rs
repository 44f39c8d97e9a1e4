//! The whole way in: records are read and checked on one thread and written on another.

use std::{io::Write, sync::mpsc};

use arrow::datatypes::{DataType, Schema};
use serde::{Deserialize, Serialize};

use super::{
    Pseudonymise, QuarantineWriter,
    check::{Batch, Check},
    field::CompiledField,
    keys::KeySet,
    pair::PairWriter,
};
use crate::{
    column::Column,
    contract::Contract,
    detect::Detected,
    error::{DatasetError, Result},
    limits::Limits,
    quality::{FieldCounts, Profile, Profiles},
    read::RecordSource,
    rule::Rule,
};

/// Batches under way between the threads.
const BATCHES_UNDER_WAY: usize = 2;

/// Where the parts go.
#[derive(Debug)]
pub struct Sinks<W> {
    /// Analysis part (Parquet).
    pub analysis: W,
    /// Identity part (Parquet); the caller seals it. Needed when the contract has directly identifying fields.
    pub identity: Option<W>,
    /// Quarantine part (Parquet).
    pub quarantine: W,
    /// Raw quarantined records (JSON lines); the caller seals them.
    pub raw: W,
}

/// What the work depends on besides file and contract.
#[derive(Clone, Debug)]
pub struct Options {
    /// Days from 1970-01-01 to the day of today; birth dates after it are invalid.
    pub today: i32,
    /// Limits.
    pub limits: Limits,
}

/// How far the work is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Records read.
    pub rows: u64,
    /// Bytes read.
    pub bytes: u64,
}

/// Rows of a part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartSummary {
    /// Rows written.
    pub rows: u64,
}

/// What came of an upload. `rows_in == rows_accepted + rows_quarantined`, checked.
#[derive(Debug)]
pub struct Ingested<W> {
    /// The sinks, with all parts written; flushing or sealing is up to the caller.
    pub sinks: Sinks<W>,
    /// Records in the file.
    pub rows_in: u64,
    /// Records in the analysis part.
    pub rows_accepted: u64,
    /// Records set apart.
    pub rows_quarantined: u64,
    /// Broken rules written to the quarantine part; a record can break several.
    pub quarantine_entries: u64,
    /// Columns of the file that no field names; they were left out.
    pub ignored_columns: Vec<String>,
    /// What the quality report is made of.
    pub profiles: Profiles,
}

/// Faults that keep a file from being read under a contract, all at once.
fn header_faults(contract: &Contract, header: &[String]) -> Vec<helder_types::Fault> {
    let mut faults = contract.faults();
    faults.extend(crate::detect::header_faults(header));
    for (index, field) in contract.fields.iter().enumerate() {
        if !header.iter().any(|name| name == field.header()) {
            let detail = "the file has no column with this header";
            faults.push(helder_types::Fault::new(
                format!("/fields/{index}"),
                "missing-column",
                detail,
            ));
        }
    }
    faults
}

/// Columns that no field names.
fn ignored(contract: &Contract, header: &[String]) -> Vec<String> {
    let names = header.iter();
    names
        .filter(|name| !contract.fields.iter().any(|field| field.header() == *name))
        .cloned()
        .collect()
}

/// Reads a file to its end, checks every value, and writes the parts of a dataset version.
///
/// `observe` is called after every block and may stop the work. Memory does not depend on the number of records.
///
/// # Errors
/// Refusals (contract and header, all faults at once), limits, faults of reading and writing, and what `observe` returns.
pub fn ingest<W: Write + Send>(
    source: &mut dyn RecordSource,
    contract: &Contract,
    detected: &Detected,
    pseudonymise: &dyn Pseudonymise,
    sinks: Sinks<W>,
    options: &Options,
    observe: &mut dyn FnMut(Progress) -> Result<()>,
) -> Result<Ingested<W>> {
    let header = source.header().to_vec();
    let faults = header_faults(contract, &header);
    if !faults.is_empty() {
        return Err(DatasetError::Refused(faults));
    }
    let fields: Vec<CompiledField> = contract
        .fields
        .iter()
        .map(|field| CompiledField::new(contract, field, &header, detected, options.today))
        .collect();
    let Sinks {
        analysis,
        identity,
        quarantine,
        raw,
    } = sinks;
    let analysis_schema = schema(&fields, |field| field.in_analysis, true);
    let identity_schema = schema(&fields, |field| field.in_identity, false);
    let identity = match identity {
        Some(sink) if identity_schema.fields().len() > 1 => Some((sink, &identity_schema)),
        _ if identity_schema.fields().len() > 1 => {
            return Err(DatasetError::Invariant(
                "a contract with identifying fields needs an identity sink",
            ));
        }
        _ => None,
    };
    let parts = PairWriter::new((analysis, &analysis_schema), identity)?;
    let ignored_columns = ignored(contract, &header);
    let mut check = Check {
        keys: (!contract.primary_key.is_empty())
            .then(|| KeySet::new(options.limits.key_memory_bytes)),
        key_fields: contract
            .primary_key
            .iter()
            .filter_map(|key| contract.fields.iter().position(|f| f.name == *key))
            .collect(),
        counts: fields.iter().map(|_| FieldCounts::default()).collect(),
        profiles: fields
            .iter()
            .map(|field| Profile::of(&field.main, field.extra.as_ref(), field.in_analysis))
            .collect(),
        names: contract
            .fields
            .iter()
            .map(|field| field.name.clone())
            .collect(),
        fields,
        rows: Column::new("_row".into(), &DataType::Int64),
        faults: Vec::new(),
        row_faults: Vec::new(),
        quarantine: QuarantineWriter::new(quarantine, Some(raw))?,
        record_faults: vec![0; Rule::ALL.len()],
        attention: crate::quality::Attention::default(),
        rows_in: 0,
        accepted: 0,
        quarantined: 0,
    };
    let (analysis, identity, written) = std::thread::scope(|scope| {
        let (sender, receiver) = mpsc::sync_channel::<Batch>(BATCHES_UNDER_WAY);
        let writer = scope.spawn(move || write_batches(parts, &receiver));
        let outcome = check.all(source, pseudonymise, &sender, observe);
        drop(sender);
        let written = writer
            .join()
            .map_err(|_| DatasetError::Invariant("the writer thread ended early"))?;
        // A fault of the writer closes the channel; it is the cause, the closed channel only the sign.
        let written = written?;
        outcome.map(|()| written)
    })?;
    if check.rows_in != check.accepted + check.quarantined || written != check.accepted {
        return Err(DatasetError::Invariant(
            "rows in must equal rows accepted and quarantined",
        ));
    }
    let (quarantine, raw, quarantine_entries) = check.quarantine.finish()?;
    let raw = raw.ok_or(DatasetError::Invariant("raw records have a sink"))?;
    Ok(Ingested {
        sinks: Sinks {
            analysis,
            identity,
            quarantine,
            raw,
        },
        rows_in: check.rows_in,
        rows_accepted: check.accepted,
        rows_quarantined: check.quarantined,
        quarantine_entries,
        ignored_columns,
        profiles: Profiles {
            names: check.names,
            counts: check.counts,
            columns: check.profiles,
            record_faults: check.record_faults,
            attention: check.attention,
            rows_in: check.rows_in,
            rows_accepted: check.accepted,
        },
    })
}

fn schema(fields: &[CompiledField], main: impl Fn(&CompiledField) -> bool, extras: bool) -> Schema {
    let mut columns = vec![Column::new("_row".into(), &DataType::Int64).field()];
    for field in fields {
        if main(field) {
            columns.push(field.main.field());
        }
        if extras && let Some(extra) = &field.extra {
            columns.push(extra.field());
        }
    }
    Schema::new(columns)
}

type Written<W> = (W, Option<W>, u64);

fn write_batches<W: Write + Send>(
    mut parts: PairWriter<W>,
    batches: &mpsc::Receiver<Batch>,
) -> Result<Written<W>> {
    while let Ok(batch) = batches.recv() {
        parts.write(&batch.analysis, &batch.identity)?;
    }
    parts.finish()
}
