//! The places of people in the database: written with each commit, moved together from time to time, searched, and taken out again.

use std::{collections::BTreeSet, sync::Weak, time::Duration};

use diesel::{dsl::min, dsl::sql, prelude::*, sql_types::BigInt};
use helder_platform::{
    problem::{Problem, Result},
    store::{Conn, Store},
};
use helder_types::OrganisationId;

use super::places::{self, Entry, Key};
use crate::{
    SUBJECT_PLACES,
    schema::{
        processing_segments as segments, subject_places as runs, subject_places_recent as recent,
    },
};

/// Commits that wait are moved together once there are so many of them …
const COMMITS: i64 = 4_096;
/// … or so many entries in them.
const ENTRIES: i64 = 16_384;
/// Most entries in a run: 6 MB.
const MOST: usize = 262_144;
/// Entries in one row.
const PER_ROW: usize = 256;
/// Segments of the version before that get their places at a time.
const FORMER: i64 = 256;
/// Time between two looks.
const PAUSE: Duration = Duration::from_secs(2);

/// Rows of runs, as they are changed.
#[derive(Insertable)]
#[diesel(table_name = runs)]
struct RunRow<'a> {
    organisation: &'a str,
    run: &'a str,
    place: i64,
    until: &'a str,
    first_key: &'a [u8],
    last_key: &'a [u8],
    entries: &'a [u8],
}

/// Keeps the places of a commit, in its transaction.
pub(super) fn note(conn: &mut Conn, organisation: &str, id: &str, entries: &[Entry]) -> Result<()> {
    let row = (
        recent::organisation.eq(organisation),
        recent::id.eq(id),
        recent::entries.eq(entries.as_flattened()),
    );
    let insert = diesel::insert_into(recent::table).values(row);
    // By the backend itself, so that its statement stays prepared.
    match conn {
        Conn::Sqlite(conn) => insert.execute(conn)?,
        Conn::Pg(conn) => insert.execute(conn)?,
    };
    Ok(())
}

/// The segments in which one of these people stands, in order.
pub(super) fn segments_of(
    conn: &mut Conn,
    organisation: &OrganisationId,
    people: &[Key],
) -> Result<BTreeSet<String>> {
    let own = organisation.as_str();
    let mut found = BTreeSet::new();
    let fresh: Vec<Vec<u8>> = recent::table
        .filter(recent::organisation.eq(own))
        .select(recent::entries)
        .load(conn)?;
    for key in people {
        let rows: Vec<Vec<u8>> = runs::table
            .filter(runs::organisation.eq(own))
            .filter(runs::first_key.le(&key[..]))
            .filter(runs::last_key.ge(&key[..]))
            .select(runs::entries)
            .load(conn)?;
        for entries in rows.iter().chain(&fresh) {
            found.extend(places::segments_of(entries, key));
        }
    }
    Ok(found)
}

/// Moves places together until the service stops, and gives segments of the version before theirs.
pub(crate) async fn keep(store: Store, alive: Weak<()>) {
    while alive.strong_count() > 0 && !store.is_closing() {
        if let Err(problem) = turn(&store).await {
            // Another replica was faster, which is as good.
            if problem.status() != 409 {
                problem.log();
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// One look: everybody's segments of the version before, then everybody's commits.
///
/// # Errors
/// Database errors; 409 when another replica was faster.
pub async fn turn(store: &Store) -> Result<()> {
    let across = store.across(SUBJECT_PLACES);
    let former = across.read(|conn| {
        each(|last| {
            Ok(segments::table
                .filter(segments::project_id.is_null())
                .filter(segments::organisation.gt(last))
                .select(min(segments::organisation))
                .first(conn)?)
        })
    });
    for organisation in former.await? {
        let own = store.of(&organisation.parse().map_err(Problem::internal)?);
        let organisation = organisation.clone();
        while own
            .write({
                let organisation = organisation.clone();
                move |conn| adopt(conn, &organisation)
            })
            .await?
        {}
    }
    let waiting = across.read(|conn| {
        each(|last| {
            Ok(recent::table
                .filter(recent::organisation.gt(last))
                .select(min(recent::organisation))
                .first(conn)?)
        })
    });
    for organisation in waiting.await? {
        let own = store.of(&organisation.parse().map_err(Problem::internal)?);
        loop {
            let whose = organisation.clone();
            if !own.read(move |conn| is_due(conn, &whose)).await? {
                break;
            }
            let whose = organisation.clone();
            own.write(move |conn| join(conn, &whose)).await?;
        }
    }
    Ok(())
}

/// Every value of a column, by the next one after each: a look at the index for each instead of one at each row.
pub(super) fn each(mut next: impl FnMut(&str) -> Result<Option<String>>) -> Result<Vec<String>> {
    let mut found: Vec<String> = Vec::new();
    while let Some(value) = next(found.last().map_or("", String::as_str))? {
        found.push(value);
    }
    Ok(found)
}

/// Gives some segments of the version before their project and places; false when there are none.
fn adopt(conn: &mut Conn, organisation: &str) -> Result<bool> {
    let rows: Vec<(String, String, String)> = segments::table
        .filter(segments::organisation.eq(organisation))
        .filter(segments::project_id.is_null())
        .order(segments::id)
        .limit(FORMER)
        .select((segments::id, segments::shared, segments::lines))
        .load(conn)?;
    for (id, shared, lines) in &rows {
        let own = segments::table.find((organisation, id));
        let project = project_of(shared).unwrap_or_default();
        diesel::update(own)
            .set(segments::project_id.eq(project))
            .execute(conn)?;
        let mut entries: Vec<_> = places::in_lines(id, lines).collect();
        entries.sort_unstable();
        entries.dedup();
        if !entries.is_empty() {
            note(conn, organisation, id, &entries)?;
        }
    }
    Ok(!rows.is_empty())
}

/// The project that the records of a segment are about, from what they share.
pub(super) fn project_of(shared: &str) -> Option<&str> {
    // Inside a text the quotes would be escaped.
    const NAME: &str = "\"helder.project_id\":\"";
    let start = shared.find(NAME)? + NAME.len();
    shared[start..].split('"').next()
}

/// The projects of an organisation's segments; those of the version before have none yet.
pub(super) fn projects_of(conn: &mut Conn, organisation: &str) -> Result<Vec<String>> {
    each(|last| {
        Ok(segments::table
            .filter(segments::organisation.eq(organisation))
            .filter(segments::project_id.gt(last))
            .select(min(segments::project_id))
            .first(conn)?)
    })
}

fn is_due(conn: &mut Conn, organisation: &str) -> Result<bool> {
    let (commits, bytes): (i64, i64) = recent::table
        .filter(recent::organisation.eq(organisation))
        .select((
            diesel::dsl::count_star(),
            sql::<BigInt>("CAST(COALESCE(SUM(LENGTH(entries)), 0) AS BIGINT)"),
        ))
        .first(conn)?;
    Ok(commits >= COMMITS || bytes >= ENTRIES * size_of::<Entry>() as i64)
}

/// Makes a run of the commits that wait.
///
/// # Errors
/// 409 when another replica did so meanwhile, or a commit of before has come in; the next look goes on.
pub(super) fn join(conn: &mut Conn, organisation: &str) -> Result<()> {
    let rows: Vec<(String, Vec<u8>)> = recent::table
        .filter(recent::organisation.eq(organisation))
        .order(recent::id)
        .limit(2 * COMMITS)
        .select((recent::id, recent::entries))
        .load(conn)?;
    let (mut entries, mut taken, mut last): (Vec<Entry>, _, _) = (Vec::new(), 0, String::new());
    for (id, more) in rows {
        if entries.len() >= MOST {
            break;
        }
        entries.extend_from_slice(more.as_chunks().0);
        (taken, last) = (taken + 1, id);
    }
    entries.sort_unstable();
    let keys = || entries.iter().map(places::segment);
    let (Some(run), Some(until)) = (keys().min(), keys().max()) else {
        return Ok(());
    };
    for (place, entries) in (0..).zip(entries.chunks(PER_ROW)) {
        let row = RunRow {
            organisation,
            run: &run,
            place,
            until: &until,
            first_key: &places::key(&entries[0]),
            last_key: &places::key(&entries[entries.len() - 1]),
            entries: entries.as_flattened(),
        };
        let insert = diesel::insert_into(runs::table).values(row);
        match conn {
            Conn::Sqlite(conn) => insert.execute(conn)?,
            Conn::Pg(conn) => insert.execute(conn)?,
        };
    }
    let gone = diesel::delete(
        recent::table
            .filter(recent::organisation.eq(organisation))
            .filter(recent::id.le(&last)),
    )
    .execute(conn)?;
    if gone != taken {
        return Err(Problem::conflict(
            "places-moved",
            "the places of people changed meanwhile",
        ));
    }
    Ok(())
}

/// Takes the places of removed segments out. `removed` are their entries, in order.
pub(super) fn forget(conn: &mut Conn, organisation: &str, removed: &[Entry]) -> Result<()> {
    let keys = || removed.iter().map(places::segment);
    let (Some(first), Some(last)) = (keys().min(), keys().max()) else {
        return Ok(());
    };
    let stays = |entries: &[u8]| -> Option<Vec<u8>> {
        let entries = entries.as_chunks::<24>().0;
        let left: Vec<Entry> = entries
            .iter()
            .filter(|entry| removed.binary_search(entry).is_err())
            .copied()
            .collect();
        (left.len() < entries.len()).then(|| left.into_flattened())
    };
    let rows: Vec<(String, Vec<u8>)> = recent::table
        .filter(recent::organisation.eq(organisation))
        .filter(recent::id.le(&last))
        .select((recent::id, recent::entries))
        .load(conn)?;
    for (id, entries) in rows {
        let row = recent::table.find((organisation, &id));
        match stays(&entries) {
            None => {}
            Some(left) if left.is_empty() => {
                diesel::delete(row).execute(conn)?;
            }
            Some(left) => {
                diesel::update(row)
                    .set(recent::entries.eq(left))
                    .execute(conn)?;
            }
        }
    }
    let rows: Vec<(String, i64, Vec<u8>)> = runs::table
        .filter(runs::organisation.eq(organisation))
        .filter(runs::run.le(&last))
        .filter(runs::until.ge(&first))
        .select((runs::run, runs::place, runs::entries))
        .load(conn)?;
    for (run, place, entries) in rows {
        let row = runs::table.find((organisation, &run, place));
        match stays(&entries) {
            None => {}
            Some(left) if left.is_empty() => {
                diesel::delete(row).execute(conn)?;
            }
            Some(left) => {
                diesel::update(row)
                    .set(runs::entries.eq(left))
                    .execute(conn)?;
            }
        }
    }
    Ok(())
}
