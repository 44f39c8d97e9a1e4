//! How large an input may be.

use serde::{Deserialize, Serialize};

/// Bounds on what is read. Beyond them the input is refused with a reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Columns in a file.
    pub columns: usize,
    /// Bytes in one record; a longer one is quarantined.
    pub record_bytes: usize,
    /// Bytes in one quoted field before the quote counts as broken.
    pub quoted_field_bytes: usize,
    /// Bytes after decompression.
    pub expanded_bytes: u64,
    /// Expanded size over compressed size, checked beyond 64 MiB.
    pub expansion_ratio: u64,
    /// Bytes of a spreadsheet file; its shared strings are held in memory.
    pub xlsx_bytes: u64,
    /// Bytes of a spreadsheet after inflating all its parts, measured before it is parsed.
    pub xlsx_expanded_bytes: u64,
    /// Bytes of those parts of a spreadsheet that are held in memory after inflating: its shared texts and its styles.
    pub xlsx_held_bytes: u64,
    /// Bytes of one Parquet column chunk after decompression, as declared.
    pub parquet_chunk_bytes: u64,
    /// Bytes of one Parquet page after decompression, as it declares; pages are held whole.
    pub parquet_page_bytes: u64,
    /// Bytes looked at when detecting and suggesting.
    pub sample_bytes: usize,
    /// Records looked at when detecting and suggesting.
    pub sample_rows: usize,
    /// Memory for the check that primary keys are unique, bytes.
    pub key_memory_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            columns: 2_000,
            record_bytes: 1 << 20,
            quoted_field_bytes: 64 << 10,
            expanded_bytes: 20 << 30,
            expansion_ratio: 200,
            xlsx_bytes: 64 << 20,
            xlsx_expanded_bytes: 1 << 30,
            xlsx_held_bytes: 64 << 20,
            parquet_chunk_bytes: 256 << 20,
            parquet_page_bytes: 32 << 20,
            sample_bytes: 2 << 20,
            sample_rows: 5_000,
            key_memory_bytes: 64 << 20,
        }
    }
}
