//! A model over a whole dataset version: streamed in, scored, logged per subject, ranked, kept as Parquet.

mod columns;
mod control;
mod job;
mod ranking;
mod results;
mod rows;
mod scoring;
#[cfg(test)]
mod tests;

pub(crate) use columns::ROW;
pub(crate) use control::{Control, page as work_list_page};
pub(crate) use job::{BatchJob, Payload};
pub(crate) use results::page as results_page;
pub(crate) use rows::{NewRow, find, insert, list, reveal};

/// Kind of the job.
pub(crate) const KIND: &str = "prediction-batch";
/// Most rows of one batch: the ranking is held in memory, about 150 bytes per row.
pub const MAX_ROWS: u64 = 2_000_000;
/// Reasons kept per row.
pub(crate) const REASONS: usize = 3;
