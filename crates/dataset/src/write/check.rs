//! The checking thread: block after block, bad records are set apart and good ones go to the writer.

use std::{io::Write, sync::mpsc};

use arrow::array::ArrayRef;

use super::{
    Entry, Progress, Pseudonymise, QuarantineWriter,
    field::{CompiledField, RowFault},
    keys::KeySet,
};
use crate::{
    column::{Column, Values},
    error::{DatasetError, Result},
    quality::{FieldCounts, Profile},
    read::{RecordSource, RowBlock},
    rule::Rule,
};

/// Rows per batch handed to the writer.
const BATCH_ROWS: usize = 16 << 10;
/// Values after which a batch of a wide file is handed over with fewer rows.
const BATCH_VALUES: usize = 1 << 20;
/// Bytes of text after which a batch is handed over with fewer rows.
const BATCH_BYTES: usize = 8 << 20;

/// Rows on their way to the writer.
pub(super) struct Batch {
    pub(super) analysis: Vec<ArrayRef>,
    pub(super) identity: Vec<ArrayRef>,
}

/// State of the checking thread.
pub(super) struct Check<W: Write + Send> {
    pub(super) fields: Vec<CompiledField>,
    pub(super) names: Vec<String>,
    pub(super) counts: Vec<FieldCounts>,
    pub(super) profiles: Vec<Profile>,
    pub(super) rows: Column,
    pub(super) keys: Option<KeySet>,
    pub(super) key_fields: Vec<usize>,
    /// Faults of the block: (record, field, rule).
    pub(super) faults: Vec<(usize, usize, Rule)>,
    pub(super) row_faults: Vec<RowFault>,
    pub(super) quarantine: QuarantineWriter<W>,
    pub(super) record_faults: Vec<u64>,
    pub(super) attention: crate::quality::Attention,
    pub(super) rows_in: u64,
    pub(super) accepted: u64,
    pub(super) quarantined: u64,
}

impl<W: Write + Send> Check<W> {
    /// Takes all records of a source and hands batches of good ones to the writer.
    pub(super) fn all(
        &mut self,
        source: &mut dyn RecordSource,
        pseudonymise: &dyn Pseudonymise,
        sender: &mpsc::SyncSender<Batch>,
        observe: &mut dyn FnMut(Progress) -> Result<()>,
    ) -> Result<()> {
        let mut block = RowBlock::default();
        while source.fill(&mut block)? {
            self.block(&block, pseudonymise)?;
            if self.is_full() {
                self.send(sender)?;
            }
            observe(Progress {
                rows: self.rows_in,
                bytes: source.bytes_read(),
            })?;
        }
        self.send(sender)
    }

    /// Whether the batch under way has all it may have.
    fn is_full(&self) -> bool {
        let texts = || self.fields.iter().map(|field| field.main.text_bytes());
        self.rows.len() >= BATCH_ROWS
            || self.rows.len() * self.fields.len() >= BATCH_VALUES
            || texts().sum::<usize>() >= BATCH_BYTES
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
