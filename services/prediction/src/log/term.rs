//! The end of the term of single predictions' records.

use diesel::{dsl::min, prelude::*};
use helder_platform::{
    logboek::LogboekSettings,
    problem::{Problem, Result},
    retention::{Gone, OldLog, Owner, Past},
    store::Conn,
};
use jiff::Timestamp;

use super::{index, places};
use crate::schema::processing_segments as segments;

/// Most segments in one piece; each has some hundreds of records at most.
const SEGMENTS: i64 = 200;

/// Records of single predictions, with the places of their people.
pub const PREDICTIONS: OldLog = OldLog {
    name: "predictions",
    term: LogboekSettings::days_of,
    owners,
    remove,
};

fn owners(conn: &mut Conn) -> Result<Vec<Owner>> {
    let organisations = index::each(|last| {
        Ok(segments::table
            .filter(segments::organisation.gt(last))
            .select(min(segments::organisation))
            .first(conn)?)
    })?;
    let mut owners = Vec::new();
    for organisation in organisations {
        let projects = index::projects_of(conn, &organisation)?.into_iter();
        owners.extend(projects.map(|project| (organisation.clone(), Some(project))));
    }
    Ok(owners)
}

/// Whole segments, oldest first. What another replica removes at this moment is its to prove.
fn remove(conn: &mut Conn, past: &Past<'_>) -> Result<Option<Gone>> {
    let found: Vec<(String, String, i32)> = segments::table
        .filter(segments::organisation.eq(past.organisation))
        .filter(segments::project_id.eq(past.project))
        .filter(segments::id.lt(past.key()))
        .order(segments::id)
        .limit(SEGMENTS)
        .select((segments::id, segments::lines, segments::records))
        .load(conn)?;
    let (mut gone, mut people) = (None, Vec::new());
    for (id, lines, records) in &found {
        let own = segments::table.find((past.organisation, id));
        if diesel::delete(own).execute(conn)? == 1 {
            let entries: Vec<_> = places::in_lines(id, lines).collect();
            Gone::add(
                &mut gone,
                (records.to_owned().into(), entries.len() as i64),
                written_at(id)?,
            );
            people.extend(entries);
        }
    }
    people.sort_unstable();
    index::forget(conn, past.organisation, &people)?;
    Ok(gone)
}

/// When a segment was written: its key begins with the milliseconds.
fn written_at(id: &str) -> Result<Timestamp> {
    let digits = id.get(..12).unwrap_or_default();
    let ms = i64::from_str_radix(digits, 16).map_err(Problem::internal)?;
    Timestamp::from_millisecond(ms).map_err(Problem::internal)
}
