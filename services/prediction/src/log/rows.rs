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

/// Writes records; a record with an id that is there already is kept as it is. Part of the caller's transaction.
pub(crate) fn insert<'a>(conn: &mut Conn, records: impl Iterator<Item = &'a Record>) -> Result<()> {
    let row = |record: &'a Record| {
        (
            dsl::organisation.eq(record.organisation.as_str()),
            dsl::id.eq(record.id.as_str()),
            dsl::record.eq(record.json.as_str()),
        )
    };
    match conn {
        // One prepared statement, bound again and again; the flush at the end of the transaction is what costs.
        Conn::Sqlite(conn) => {
            for record in records {
                diesel::insert_into(processing_records::table)
                    .values(row(record))
                    .on_conflict_do_nothing()
                    .execute(conn)?;
            }
        }
        // One round trip for many.
        Conn::Pg(conn) => {
            let rows: Vec<_> = records.map(row).collect();
            for rows in rows.chunks(ROWS_PER_STATEMENT) {
                diesel::insert_into(processing_records::table)
                    .values(rows)
                    .on_conflict_do_nothing()
                    .execute(conn)?;
            }
        }
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
