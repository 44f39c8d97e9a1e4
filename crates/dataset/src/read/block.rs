//! A block of records that share one buffer.

use crate::rule::Rule;

/// A stretch of the block's bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// Number of bytes.
    pub len: u32,
}

impl Span {
    /// The stretch from `start` up to `end`.
    pub const fn new(start: usize, end: usize) -> Self {
        Self {
            start: start as u32,
            len: (end - start) as u32,
        }
    }

    /// The bytes it stands for.
    #[inline]
    pub fn of(self, bytes: &[u8]) -> &[u8] {
        let start = self.start as usize;
        &bytes[start..start + self.len as usize]
    }
}

/// Where a record stood in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowMeta {
    /// 1-based number of the record; headers and blank lines do not count, broken records do.
    pub ordinal: i64,
    /// 1-based line on which it begins (for Parquet: the ordinal).
    pub line: i64,
    /// Its bytes as they stood in the file, where the format has such.
    pub raw: Span,
}

/// A record that could not be split into fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Where it stood.
    pub meta: RowMeta,
    /// What is wrong with it.
    pub rule: Rule,
}

/// Records with the same number of fields, sharing one buffer. Reused from block to block, so nothing is allocated per record.
#[derive(Debug, Default)]
pub struct RowBlock {
    /// The bytes that all spans point into.
    pub bytes: Vec<u8>,
    /// Fields, record after record.
    pub(crate) spans: Vec<Span>,
    /// Records.
    pub(crate) rows: Vec<RowMeta>,
    /// Records set apart already.
    pub broken: Vec<Broken>,
    /// Fields per record.
    pub(crate) columns: usize,
}

impl RowBlock {
    /// Number of whole records.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it has no whole record.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Where each record stood.
    pub fn rows(&self) -> &[RowMeta] {
        &self.rows
    }

    /// Bytes of one field.
    #[inline]
    pub fn field(&self, row: usize, column: usize) -> &[u8] {
        self.spans[row * self.columns + column].of(&self.bytes)
    }

    /// The fields of one column, from the first record to the last.
    pub(crate) fn column(&self, column: usize) -> impl Iterator<Item = &[u8]> {
        self.spans
            .iter()
            .skip(column)
            .step_by(self.columns.max(1))
            .map(|span| span.of(&self.bytes))
    }

    /// Empties the block for records of `columns` fields.
    pub(crate) fn reset(&mut self, columns: usize) {
        self.bytes.clear();
        self.spans.clear();
        self.rows.clear();
        self.broken.clear();
        self.columns = columns;
    }

    /// Appends a record given as texts; for readers of formats without lines.
    pub(crate) fn push_record<'a>(
        &mut self,
        meta: RowMeta,
        fields: impl Iterator<Item = &'a [u8]>,
    ) {
        for field in fields {
            let start = self.bytes.len();
            self.bytes.extend_from_slice(field);
            self.spans.push(Span::new(start, self.bytes.len()));
        }
        self.rows.push(meta);
    }
}
