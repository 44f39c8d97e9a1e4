//! Segments: the records of one commit that share organisation, model version and caller.
//!
//! Most of a record is text that the records beside it have too, and a row of its own needs a key of its own. Together in one row,
//! the records of a commit made a prediction a quarter cheaper in CPU (`docs/performance.md`).

use serde::Deserialize;

use super::{
    ids,
    record::{Line, Records, Shared, now_ms},
};
use crate::wire::{LoggedRecord, ProcessingRecord, Resource};

/// A segment takes no further request once it has this many records, so that reading a page reads little beside it.
const FULL: usize = 256;

/// A row of the log.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(super) organisation: String,
    pub(super) id: String,
    pub(super) shared: String,
    pub(super) lines: String,
    pub(super) records: i32,
}

/// Puts the records of several requests together, in their order.
pub(crate) fn join<'a>(all: impl Iterator<Item = &'a Records>) -> Vec<Segment> {
    let mut segments: Vec<(&Shared, Segment)> = Vec::new();
    for records in all {
        let open = segments.iter_mut().rfind(|(shared, segment)| {
            *shared == &records.shared && segment.organisation == records.organisation
        });
        match open {
            Some((_, segment)) if (segment.records as usize) < FULL => segment.extend(records),
            _ => segments.push((
                &records.shared,
                Segment::of(records, ids::segment_id(now_ms())),
            )),
        }
    }
    segments.into_iter().map(|(_, segment)| segment).collect()
}

impl Segment {
    fn of(records: &Records, id: String) -> Self {
        Self {
            organisation: records.organisation.clone(),
            id,
            shared: records.shared.json(),
            lines: records.lines.clone(),
            records: records.count as i32,
        }
    }

    fn extend(&mut self, records: &Records) {
        self.lines.push_str(&records.lines);
        self.records += records.count as i32;
    }
}

/// What the records of a segment share, as it was written.
#[derive(Deserialize)]
struct SharedParts {
    status: String,
    name: String,
    attributes: std::collections::BTreeMap<String, String>,
    resource: Resource,
}

/// The records of a stored segment, in their order; a record's id is its segment's and its place in it.
///
/// # Errors
/// When the stored text is not what [`Records`] writes.
pub(super) fn read(id: &str, shared: &str, lines: &str) -> serde_json::Result<Vec<LoggedRecord>> {
    let shared: SharedParts = serde_json::from_str(shared)?;
    let record = |(place, line): (usize, &str)| {
        let (trace_id, span_id, parent_span_id, start_time, end_time, subject, kind): Line =
            serde_json::from_str(line)?;
        let mut attributes = shared.attributes.clone();
        if let (Some(subject), Some(kind)) = (subject, kind) {
            attributes.insert("dpl.core.data_subject_id".to_owned(), subject);
            attributes.insert("dpl.core.data_subject_id_type".to_owned(), kind);
        }
        Ok(LoggedRecord {
            id: record_id(id, place),
            record: ProcessingRecord {
                trace_id,
                span_id,
                parent_span_id,
                status: shared.status.clone(),
                name: shared.name.clone(),
                start_time,
                end_time,
                attributes,
                resource: shared.resource.clone(),
            },
        })
    };
    lines.lines().enumerate().map(record).collect()
}

/// The id of a record from its place in a segment; ids sort as they were written.
fn record_id(segment: &str, place: usize) -> String {
    format!("{segment}-{place:04x}")
}

/// Where a record stands: its segment and place. `None` for what is no record's id.
pub(super) fn place(id: &str) -> Option<(&str, usize)> {
    let (segment, place) = id.rsplit_once('-')?;
    Some((segment, usize::from_str_radix(place, 16).ok()?))
}
