//! What happens to values that are missing or invalid.

use super::RowFault;
use crate::{quality::FieldCounts, read::RowBlock, rule::Rule, value::trim};

/// What happens to values that are missing or invalid: the same for every type.
pub(super) struct Sink<'a> {
    pub(super) missing_values: &'a [Vec<u8>],
    pub(super) empty_is_missing: bool,
    pub(super) to_missing: bool,
    pub(super) required: bool,
    /// One per record of the block, after those of the blocks before; taken for valid until something else is found.
    pub(super) valid: &'a mut Vec<bool>,
    pub(super) counts: &'a mut FieldCounts,
    pub(super) faults: &'a mut Vec<RowFault>,
}

impl Sink<'_> {
    #[inline]
    fn is_missing(&self, value: &[u8]) -> bool {
        if value.is_empty() {
            self.empty_is_missing
        } else {
            self.missing_values.iter().any(|missing| missing == value)
        }
    }

    /// Takes all records of a block for valid; gives the position of its first.
    fn open(&mut self, rows: usize) -> usize {
        let first = self.valid.len();
        self.valid.resize(first + rows, true);
        first
    }

    #[inline]
    fn missing(&mut self, first: usize, row: usize) {
        self.counts.missing += 1;
        self.valid[first + row] = false;
        if self.required {
            self.fault(row, Rule::Required);
        }
    }

    #[cold]
    fn fault(&mut self, row: usize, rule: Rule) {
        self.counts.broken[rule as usize] += 1;
        self.faults.push((row, rule));
    }

    #[cold]
    fn invalid(&mut self, first: usize, row: usize, rule: Rule) {
        self.counts.invalid += 1;
        self.valid[first + row] = false;
        if self.to_missing {
            self.counts.set_missing += 1;
            self.counts.broken[rule as usize] += 1;
        } else {
            self.fault(row, rule);
        }
    }

    pub(super) fn each<T: Default>(
        &mut self,
        block: &RowBlock,
        column: usize,
        out: &mut Vec<T>,
        read: impl Fn(&[u8]) -> Result<T, Rule>,
    ) {
        let first = self.open(block.len());
        out.reserve(block.len());
        out.extend(block.column(column).enumerate().map(|(row, raw)| {
            let value = trim(raw);
            if self.is_missing(value) {
                self.missing(first, row);
                return T::default();
            }
            read(value).unwrap_or_else(|rule| {
                self.invalid(first, row, rule);
                T::default()
            })
        }));
    }

    pub(super) fn each_text(
        &mut self,
        block: &RowBlock,
        column: usize,
        bytes: &mut Vec<u8>,
        offsets: &mut Vec<i32>,
        mut write: impl FnMut(&[u8], &mut Vec<u8>) -> Result<(), Rule>,
    ) {
        let first = self.open(block.len());
        offsets.reserve(block.len());
        offsets.extend(block.column(column).enumerate().map(|(row, raw)| {
            let value = trim(raw);
            if self.is_missing(value) {
                self.missing(first, row);
            } else {
                let start = bytes.len();
                if let Err(rule) = write(value, bytes) {
                    bytes.truncate(start);
                    self.invalid(first, row, rule);
                }
            }
            bytes.len() as i32
        }));
    }
}
