//! From blocks of records to the parts of a dataset version.

mod check;
mod field;
mod keys;
mod pair;
mod part;
mod pipeline;
mod quarantine;

pub use field::bsn;
pub(crate) use keys::KeySet;
pub(crate) use part::{FEW_VALUES, PartWriter};
pub use part::{part_rows, read_part_batches, writer_properties};
pub use pipeline::{Ingested, Options, PartSummary, Progress, Sinks, ingest};
pub(crate) use quarantine::{Entry, QuarantineWriter};
pub use quarantine::{QuarantinedRow, read_quarantine};

use helder_types::Bsn;

/// Replaces a BSN by a pseudonym. Given by the caller, who holds the key; this crate never sees it.
pub trait Pseudonymise: Send + Sync {
    /// Thirty-two lower-case hex digits that stand for this BSN under the caller's key, always the same for the same BSN.
    fn pseudonym(&self, bsn: Bsn) -> [u8; 32];
}

impl<F: Fn(Bsn) -> [u8; 32] + Send + Sync> Pseudonymise for F {
    fn pseudonym(&self, bsn: Bsn) -> [u8; 32] {
        self(bsn)
    }
}
