//! Records in the database.

use diesel::prelude::*;
use helder_platform::{
    problem::{Problem, Result},
    store::Conn,
};
use helder_types::OrganisationId;

use super::Record;
use crate::{
    schema::processing_records::{self, dsl},
    wire::LoggedRecord,
};

/// Rows per statement on PostgreSQL; three values each, far under its limit of 65,535.
const ROWS_PER_STATEMENT: usize = 2_000;

/// What a record means whose key is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeats {
    /// A fault: no record may stand for two predictions.
    Refused,
    /// The same work done again after a crash; the first record stays.
    Kept,
}

/// Writes records. Part of the caller's transaction.
pub(crate) fn insert<'a>(
    conn: &mut Conn,
    records: impl Iterator<Item = &'a Record>,
    repeats: Repeats,
) -> Result<()> {
    let row = |record: &'a Record| {
        (
            dsl::organisation.eq(record.organisation.as_str()),
            dsl::id.eq(record.id.as_str()),
            dsl::record.eq(record.json.as_str()),
        )
    };
    let (mut given, mut written) = (0, 0);
    match conn {
        // One prepared statement, bound again and again; the flush at the end of the transaction is what costs.
        Conn::Sqlite(conn) => {
            for record in records {
                let insert = diesel::insert_into(processing_records::table).values(row(record));
                given += 1;
                written += insert.on_conflict_do_nothing().execute(conn)?;
            }
        }
        // One round trip for many.
        Conn::Pg(conn) => {
            let rows: Vec<_> = records.map(row).collect();
            given = rows.len();
            for rows in rows.chunks(ROWS_PER_STATEMENT) {
                let insert = diesel::insert_into(processing_records::table).values(rows);
                written += insert.on_conflict_do_nothing().execute(conn)?;
            }
        }
    }
    if written < given && repeats == Repeats::Refused {
        return Err(Problem::internal(
            "a processing record has the key of another",
        ));
    }
    Ok(())
}

/// Records of an organisation after `after`, oldest first, at most `limit`.
///
/// # Errors
/// Database errors.
pub(crate) fn page(
    conn: &mut Conn,
    organisation: &OrganisationId,
    after: &str,
    limit: i64,
) -> Result<Vec<LoggedRecord>> {
    let rows: Vec<(String, String)> = processing_records::table
        .filter(dsl::organisation.eq(organisation.as_str()))
        .filter(dsl::id.gt(after))
        .order(dsl::id)
        .limit(limit)
        .select((dsl::id, dsl::record))
        .load(conn)?;
    rows.into_iter()
        .map(|(id, record)| {
            Ok(LoggedRecord {
                id,
                record: serde_json::from_str(&record).map_err(Problem::internal)?,
            })
        })
        .collect()
}
