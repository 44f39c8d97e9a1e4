//! Segments in the database.

use diesel::prelude::*;
use helder_platform::{
    problem::{Problem, Result},
    store::Conn,
};
use helder_types::OrganisationId;

use super::{
    index, places,
    segment::{self, Segment},
};
use crate::{
    schema::processing_segments::{self, dsl},
    wire::LoggedRecord,
};

/// Writes segments, each of which is new. Part of the caller's transaction.
pub(crate) fn insert(conn: &mut Conn, segments: &[Segment]) -> Result<()> {
    for segment in segments {
        let row = (
            dsl::organisation.eq(segment.organisation.as_str()),
            dsl::id.eq(segment.id.as_str()),
            dsl::shared.eq(segment.shared.as_str()),
            dsl::lines.eq(segment.lines.as_str()),
            dsl::records.eq(segment.records),
            dsl::project_id.eq(index::project_of(&segment.shared)),
        );
        // By the backend itself, so that its statement stays prepared.
        let insert = diesel::insert_into(processing_segments::table)
            .values(row)
            .on_conflict_do_nothing();
        let written = match conn {
            Conn::Sqlite(conn) => insert.execute(conn)?,
            Conn::Pg(conn) => insert.execute(conn)?,
        };
        if written == 0 {
            return Err(Problem::internal(
                "a segment of the processing log has the key of another",
            ));
        }
    }
    for (organisation, (id, entries)) in places::of(segments) {
        index::note(conn, organisation, id, &entries)?;
    }
    Ok(())
}

/// Records of an organisation after the one with id `after`, in the order of writing, at most `limit`.
///
/// # Errors
/// Database errors.
pub(crate) fn page(
    conn: &mut Conn,
    organisation: &OrganisationId,
    after: &str,
    limit: i64,
) -> Result<Vec<LoggedRecord>> {
    let (segment, place) = segment::place(after).map_or((after, None), |(s, p)| (s, Some(p)));
    let limit = usize::try_from(limit).unwrap_or(0);
    let skipped = place.map_or(0, |place| place + 1);
    let sizes: Vec<(String, i32)> = processing_segments::table
        .filter(dsl::organisation.eq(organisation.as_str()))
        .filter(dsl::id.ge(segment))
        .order(dsl::id)
        // Each has at least one record, and all of the first may have been read.
        .limit(limit as i64 + 1)
        .select((dsl::id, dsl::records))
        .load(conn)?;
    let mut records = 0;
    let needed = sizes.iter().take_while(|(_, size)| {
        let open = records < limit + skipped;
        records += *size as usize;
        open
    });
    let Some((last, _)) = needed.last() else {
        return Ok(Vec::new());
    };
    let rows: Vec<(String, String, String)> = processing_segments::table
        .filter(dsl::organisation.eq(organisation.as_str()))
        .filter(dsl::id.between(segment, last))
        .order(dsl::id)
        .select((dsl::id, dsl::shared, dsl::lines))
        .load(conn)?;
    let mut page = Vec::with_capacity(limit);
    for (id, shared, lines) in rows {
        let skip = if id == segment { skipped } else { 0 };
        let records = segment::read(&id, &shared, &lines).map_err(Problem::internal)?;
        page.extend(records.into_iter().skip(skip).take(limit - page.len()));
    }
    Ok(page)
}
