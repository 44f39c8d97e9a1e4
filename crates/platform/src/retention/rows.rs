//! The platform's own logs, and the proofs.

use diesel::{dsl::min, prelude::*};
use helder_types::OrganisationId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Gone, OldLog, Owner, Past, moment};
use crate::{
    clock,
    logboek::LogboekSettings,
    problem::{Problem, Result},
    schema::{audit, log_removals, processing_acts as acts, processing_subjects as subjects},
    store::Conn,
};

/// Most acts in one piece.
const ACTS: i64 = 200;
/// A piece takes no further act once it has so many people: about 16 MB.
const PEOPLE: i64 = 1_000_000;
/// Most lines in one piece.
const LINES: i64 = 5_000;

/// Logs that every service has.
pub(super) const OWN: [OldLog; 2] = [
    OldLog {
        name: "processing-activities",
        term: LogboekSettings::days_of,
        owners: owners_of_acts,
        remove: remove_acts,
    },
    OldLog {
        name: "audit",
        term: LogboekSettings::days_of,
        owners: owners_of_lines,
        remove: remove_lines,
    },
];

/// A proof that old records of a log were removed. Nobody is named in it.
#[derive(
    Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize, ToSchema,
)]
#[diesel(table_name = log_removals)]
#[serde(rename_all = "camelCase")]
pub struct LogRemoval {
    /// Identifier, in order of time.
    pub id: String,
    /// Whose.
    #[serde(skip)]
    pub organisation: String,
    /// Which log: `processing-activities`, `audit`, `predictions` or `jobs`.
    pub log: String,
    /// The project that the records were about; absent where they are about none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
    /// Term that was over, days.
    pub term_days: i64,
    /// Everything before this moment went, UTC.
    #[schema(format = DateTime)]
    pub older_than: String,
    /// Acts, lines or records removed.
    pub records: i64,
    /// People they were about, counted once per act; 0 for lines.
    pub people: i64,
    /// Time of the oldest of them, UTC.
    #[schema(format = DateTime)]
    pub oldest: String,
    /// Time of the newest of them, UTC.
    #[schema(format = DateTime)]
    pub newest: String,
    /// When they were removed, UTC.
    #[schema(format = DateTime)]
    pub at: String,
}

/// Writes the proof, in the transaction of the removal.
pub(super) fn prove(
    conn: &mut Conn,
    log: &str,
    past: &Past<'_>,
    days: u16,
    gone: Gone,
) -> Result<LogRemoval> {
    let proof = LogRemoval {
        id: Uuid::now_v7().to_string(),
        organisation: past.organisation.to_owned(),
        log: log.to_owned(),
        project_id: past.project.map(str::to_owned),
        term_days: days.into(),
        older_than: moment(past.before),
        records: gone.records,
        people: gone.people,
        oldest: moment(gone.oldest),
        newest: moment(gone.newest),
        at: clock::now(),
    };
    diesel::insert_into(log_removals::table)
        .values(&proof)
        .execute(conn)?;
    Ok(proof)
}

/// A page of an organisation's proofs, oldest first, after the one with this id.
pub(super) fn page(
    conn: &mut Conn,
    organisation: &OrganisationId,
    after: &str,
    limit: i64,
) -> Result<Vec<LogRemoval>> {
    Ok(log_removals::table
        .filter(log_removals::organisation.eq(organisation.as_str()))
        .filter(log_removals::id.gt(after))
        .order(log_removals::id)
        .limit(limit)
        .select(LogRemoval::as_select())
        .load(conn)?)
}

fn owners_of_acts(conn: &mut Conn) -> Result<Vec<Owner>> {
    let owners: Vec<(String, String)> = acts::table
        .select((acts::organisation, acts::project_id))
        .distinct()
        .load(conn)?;
    let owners = owners.into_iter();
    Ok(owners
        .map(|(organisation, project)| (organisation, Some(project)))
        .collect())
}

/// Whole acts with their people, oldest first. What another replica removes at this moment is its to prove.
fn remove_acts(conn: &mut Conn, past: &Past<'_>) -> Result<Option<Gone>> {
    let found: Vec<(String, i64, i64)> = acts::table
        .filter(acts::organisation.eq(past.organisation))
        .filter(acts::project_id.eq(past.project.unwrap_or_default()))
        .filter(acts::id.lt(past.key()))
        .order(acts::id)
        .limit(ACTS)
        .select((acts::id, acts::subjects, acts::end_ms))
        .load(conn)?;
    let (mut gone, mut seen): (Option<Gone>, i64) = (None, 0);
    for (id, people, end_ms) in found {
        if seen > 0 && seen + people > PEOPLE {
            break;
        }
        seen += people;
        diesel::delete(
            subjects::table
                .filter(subjects::organisation.eq(past.organisation))
                .filter(subjects::act_id.eq(&id)),
        )
        .execute(conn)?;
        let act = acts::table
            .filter(acts::organisation.eq(past.organisation))
            .filter(acts::id.eq(&id));
        if diesel::delete(act).execute(conn)? == 1 {
            let at = Timestamp::from_millisecond(end_ms).map_err(Problem::internal)?;
            Gone::add(&mut gone, (1, people), at);
        }
    }
    Ok(gone)
}

fn owners_of_lines(conn: &mut Conn) -> Result<Vec<Owner>> {
    let (mut owners, mut last) = (Vec::new(), String::new());
    // One look at the index for each, instead of one at each line.
    while let Some(next) = audit::table
        .filter(audit::organisation.gt(&last))
        .select(min(audit::organisation))
        .first::<Option<String>>(conn)?
    {
        owners.push((next.clone(), None));
        last = next;
    }
    Ok(owners)
}

fn remove_lines(conn: &mut Conn, past: &Past<'_>) -> Result<Option<Gone>> {
    let before = moment(past.before);
    let old = || {
        audit::table
            .filter(audit::organisation.eq(past.organisation))
            .filter(audit::at.lt(&before))
    };
    let times: Vec<String> = old()
        .order(audit::at)
        .limit(LINES)
        .select(audit::at)
        .load(conn)?;
    let (Some(oldest), Some(newest)) = (times.first(), times.last()) else {
        return Ok(None);
    };
    // Those of one moment go together.
    let records = diesel::delete(old().filter(audit::at.le(newest))).execute(conn)? as i64;
    let at = |text: &String| text.parse().map_err(Problem::internal);
    Ok((records > 0).then_some(Gone {
        records,
        people: 0,
        oldest: at(oldest)?,
        newest: at(newest)?,
    }))
}

impl Gone {
    /// Counts so many records about so many people.
    pub fn add(sum: &mut Option<Self>, (records, people): (i64, i64), at: Timestamp) {
        let all = sum.get_or_insert(Self {
            records: 0,
            people: 0,
            oldest: at,
            newest: at,
        });
        all.records += records;
        all.people += people;
        all.oldest = all.oldest.min(at);
        all.newest = all.newest.max(at);
    }
}
