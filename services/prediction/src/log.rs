//! The processing log (Logboek Dataverwerkingen): one record per subject, durable before the answer leaves.
//!
//! Requests hand their records to one writer thread. It takes whatever waits, writes it in one transaction and tells all of
//! them; so many requests share one flush to disk, and a row (a segment). The queue is bounded: a full queue or a log that cannot be written is a 503,
//! and nothing is answered.

mod group;
mod ids;
mod index;
mod numbers;
mod places;
mod read;
mod record;
mod rows;
mod segment;
mod term;

pub(crate) use group::unwritable;
pub use group::{Log, LogSettings};
pub(crate) use index::keep;
pub use index::turn as join_places;
pub use numbers::LogNumbers;
pub use read::{more, projects};
pub use record::{Records, Span, now_ms};
pub(crate) use rows::{insert, page};
pub(crate) use segment::join;
pub use term::PREDICTIONS;
