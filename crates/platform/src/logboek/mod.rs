//! Logboek Dataverwerkingen: who had whose data processed, when, for which activity, in which trace.
//!
//! Every act of Helder on personal data leaves one record per data subject. An act is a row, written in the transaction of what
//! the act made: no record, no result. The people it was about are kept beside it, sorted, 16 bytes each; the record of one of
//! them is made when it is read: the act's, with that person and a span of its own under the act's span. So an act about a
//! million people costs half a thousand rows and loses nobody.
//!
//! Nothing is sampled: `sampled=0` in a `traceparent` changes nothing here.
//!
//! # Source
//! Logius, Logboek Dataverwerkingen 1.0 (fields and behaviour) and its extension *lezen* (reading).

mod act;
pub mod http;
mod ids;
mod read;
mod rows;
mod settings;
mod subjects;
#[cfg(test)]
mod tests;
mod wire;

pub use act::{Act, FSC_TRANSACTION, Status, during, on_record};
pub use ids::child_span;
pub use read::{Cursor, Query, Sought, find};
pub use rows::{activity_of, projects_of};
pub use settings::{Days, Extension, JobDays, LEAST_DAYS, LogboekSettings, Whose};
pub use subjects::Subjects;
pub use wire::{
    ProcessingActivity, ProcessingActivityPage, ProcessingActivityQuery, ProcessingStatus, Resource,
};
