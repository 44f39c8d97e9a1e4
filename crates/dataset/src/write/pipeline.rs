//! The whole way in: records are read and checked on one thread and written on another.

use std::{io::Write, sync::mpsc};

use arrow::{
    array::ArrayRef,
    datatypes::{DataType, Schema},
};
use serde::{Deserialize, Serialize};

use super::{
    Entry, PartWriter, Pseudonymise, QuarantineWriter,
    field::{CompiledField, RowFault},
    keys::KeySet,
};
use crate::{
    column::{Column, Values},
    contract::Contract,
    detect::Detected,
    error::{DatasetError, Result},
    limits::Limits,
    quality::{FieldCounts, Profile, Profiles},
    read::{RecordSource, RowBlock},
    rule::Rule,
};

/// Rows per batch handed to the writer.
const BATCH_ROWS: usize = 16 << 10;
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
    let analysis = PartWriter::new(analysis, &analysis_schema)?;
    let identity = identity_writer(&fields, identity)?;
    let ignored_columns = header
        .iter()
        .filter(|name| !contract.fields.iter().any(|field| field.header() == *name))
        .cloned()
        .collect();
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
        let writer = scope.spawn(move || write_batches(analysis, identity, &receiver));
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

/// The writer of the identity part, where the contract has identifying fields.
fn identity_writer<W: Write + Send>(
    fields: &[CompiledField],
    sink: Option<W>,
) -> Result<Option<PartWriter<W>>> {
    let schema = schema(fields, |field| field.in_identity, false);
    // One column is the row number, which every part has.
    if schema.fields().len() <= 1 {
        return Ok(None);
    }
    let sink = sink.ok_or(DatasetError::Invariant(
        "a contract with identifying fields needs an identity sink",
    ))?;
    PartWriter::new(sink, &schema).map(Some)
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

/// Rows on their way to the writer.
struct Batch {
    analysis: Vec<ArrayRef>,
    identity: Vec<ArrayRef>,
}

type Written<W> = (W, Option<W>, u64);

fn write_batches<W: Write + Send>(
    mut analysis: PartWriter<W>,
    mut identity: Option<PartWriter<W>>,
    batches: &mpsc::Receiver<Batch>,
) -> Result<Written<W>> {
    while let Ok(batch) = batches.recv() {
        analysis.write(batch.analysis)?;
        if let Some(identity) = &mut identity {
            identity.write(batch.identity)?;
        }
    }
    let (analysis, rows) = analysis.finish()?;
    let identity = match identity {
        Some(identity) => {
            let (sink, identity_rows) = identity.finish()?;
            if identity_rows != rows {
                return Err(DatasetError::Invariant(
                    "both parts must have the same rows",
                ));
            }
            Some(sink)
        }
        None => None,
    };
    Ok((analysis, identity, rows))
}

/// State of the checking thread.
struct Check<W: Write + Send> {
    fields: Vec<CompiledField>,
    names: Vec<String>,
    counts: Vec<FieldCounts>,
    profiles: Vec<Profile>,
    rows: Column,
    keys: Option<KeySet>,
    key_fields: Vec<usize>,
    /// Faults of the block: (record, field, rule).
    faults: Vec<(usize, usize, Rule)>,
    row_faults: Vec<RowFault>,
    quarantine: QuarantineWriter<W>,
    record_faults: Vec<u64>,
    attention: crate::quality::Attention,
    rows_in: u64,
    accepted: u64,
    quarantined: u64,
}

impl<W: Write + Send> Check<W> {
    fn all(
        &mut self,
        source: &mut dyn RecordSource,
        pseudonymise: &dyn Pseudonymise,
        sender: &mpsc::SyncSender<Batch>,
        observe: &mut dyn FnMut(Progress) -> Result<()>,
    ) -> Result<()> {
        let mut block = RowBlock::default();
        while source.fill(&mut block)? {
            self.block(&block, pseudonymise)?;
            if self.rows.len() >= BATCH_ROWS {
                self.send(sender)?;
            }
            observe(Progress {
                rows: self.rows_in,
                bytes: source.bytes_read(),
            })?;
        }
        self.send(sender)
    }

    fn block(&mut self, block: &RowBlock, pseudonymise: &dyn Pseudonymise) -> Result<()> {
        self.rows_in += (block.len() + block.broken.len()) as u64;
        for broken in &block.broken {
            self.record_faults[broken.rule as usize] += 1;
            self.attention.add(None, broken.rule, broken.meta.ordinal);
            let entry = Entry {
                row: broken.meta.ordinal,
                line: Some(broken.meta.line),
                column: None,
                rule: broken.rule,
                reason: None,
            };
            self.quarantine.entry(entry)?;
            self.quarantine.raw_record(broken.meta, block)?;
        }
        self.quarantined += block.broken.len() as u64;
        self.faults.clear();
        for (at, field) in self.fields.iter_mut().enumerate() {
            self.row_faults.clear();
            field.run(
                block,
                &mut self.counts[at],
                &mut self.row_faults,
                pseudonymise,
            );
            self.faults
                .extend(self.row_faults.iter().map(|(row, rule)| (*row, at, *rule)));
        }
        let first = self.rows.len();
        let Values::Int64(rows) = &mut self.rows.values else {
            return Err(DatasetError::Invariant("_row is Int64"));
        };
        rows.extend(block.rows().iter().map(|meta| meta.ordinal));
        self.rows.valid.resize(first + block.len(), true);
        self.duplicate_keys(block)?;
        self.set_apart(block, first)
    }

    fn duplicate_keys(&mut self, block: &RowBlock) -> Result<()> {
        let Some(keys) = &mut self.keys else {
            return Ok(());
        };
        let mut bad: Vec<usize> = self.faults.iter().map(|fault| fault.0).collect();
        bad.sort_unstable();
        for row in 0..block.len() {
            if bad.binary_search(&row).is_ok() {
                continue;
            }
            let mut fingerprint = 0;
            for &field in &self.key_fields {
                let Some(column) = self.fields[field].column else {
                    continue;
                };
                fingerprint = crate::hash::join(
                    fingerprint,
                    crate::hash::of_bytes(crate::value::trim(block.field(row, column))),
                );
            }
            if !keys.insert(fingerprint)? {
                let field = self.key_fields.first().copied().unwrap_or(0);
                self.counts[field].broken[Rule::PrimaryKey as usize] += 1;
                self.faults.push((row, field, Rule::PrimaryKey));
            }
        }
        Ok(())
    }

    /// Writes the records with faults to the quarantine and squeezes them out of the columns.
    fn set_apart(&mut self, block: &RowBlock, first: usize) -> Result<()> {
        self.faults
            .sort_unstable_by_key(|(row, field, _)| (*row, *field));
        let mut bad: Vec<usize> = Vec::new();
        for &(row, field, rule) in &self.faults {
            let meta = block.rows()[row];
            if bad.last() != Some(&(first + row)) {
                bad.push(first + row);
                self.quarantine.raw_fields(meta, block, row)?;
            }
            let column = self.names[field].as_str();
            self.attention.add(Some(field), rule, meta.ordinal);
            let entry = Entry {
                row: meta.ordinal,
                line: Some(meta.line),
                column: Some(column),
                rule,
                reason: None,
            };
            self.quarantine.entry(entry)?;
        }
        self.quarantined += bad.len() as u64;
        self.accepted += (block.len() - bad.len()) as u64;
        self.rows.squeeze(&bad);
        for field in &mut self.fields {
            field.columns_mut().for_each(|column| column.squeeze(&bad));
        }
        Ok(())
    }

    fn send(&mut self, sender: &mpsc::SyncSender<Batch>) -> Result<()> {
        if self.rows.len() == 0 {
            return Ok(());
        }
        let rows = self.rows.finish()?;
        let mut batch = Batch {
            analysis: vec![rows.clone()],
            identity: vec![rows],
        };
        for (field, profile) in self.fields.iter_mut().zip(&mut self.profiles) {
            profile.add(&field.main, field.extra.as_ref());
            let main = field.main.finish()?;
            if field.in_identity {
                batch.identity.push(main.clone());
            }
            if field.in_analysis {
                batch.analysis.push(main);
            }
            if let Some(extra) = &mut field.extra {
                batch.analysis.push(extra.finish()?);
            }
        }
        sender
            .send(batch)
            .map_err(|_| DatasetError::Invariant("the writer stopped"))
    }
}
