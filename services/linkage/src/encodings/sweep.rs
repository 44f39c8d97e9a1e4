//! Offers that nobody linked in time: their files go, a day after their term, so that no linkage that began in time loses one.

use std::time::Duration;

use diesel::prelude::*;
use helder_platform::{
    audit, clock,
    identity::TokenMint,
    objects::Objects,
    problem::{Problem, Result},
    store::{Conn, Store},
};
use helder_types::{Digest, OrganisationId};
use jiff::Timestamp;
use uuid::Uuid;

use super::{
    OFFER_TERM,
    table::{OFFERED, encodings},
};

/// How long after its term a file stays.
const GRACE: Duration = Duration::from_hours(24);

/// Removes the files of all such offers; gives the offers.
///
/// # Errors
/// When a store is away; what was done stays done.
pub(crate) async fn run(store: &Store, objects: &Objects, mint: &TokenMint) -> Result<Vec<Uuid>> {
    let before = Timestamp::now().checked_sub(GRACE);
    let before = clock::text(before.map_err(Problem::internal)?);
    let until = before.clone();
    let all = store.across(OFFER_TERM);
    let owners = all.read(move |conn| owners(conn, &until)).await?;
    let mut removed = Vec::new();
    for owner in owners {
        let organisation: OrganisationId = owner.parse().map_err(Problem::internal)?;
        let (own, until) = (organisation.clone(), before.clone());
        let expired = store.of(&organisation);
        let expired = expired.read(move |conn| expired_of(conn, &own, &until));
        for (id, object) in expired.await? {
            let id: Uuid = id.parse().map_err(Problem::internal)?;
            let object: Digest = object.parse().map_err(Problem::internal)?;
            if !objects.exists(&organisation, &object).await? {
                continue;
            }
            objects.delete(&organisation, &object).await?;
            let caller = mint.own_caller(organisation.clone(), Vec::new());
            let noted = store.of(&organisation);
            let noted = noted.write(move |conn| {
                audit::record(
                    conn,
                    &caller,
                    "encoding.expire",
                    &format!("/encodings/{id}"),
                )
            });
            noted.await?;
            removed.push(id);
        }
    }
    Ok(removed)
}

/// Who has such offers, in the scope of [`OFFER_TERM`].
fn owners(conn: &mut Conn, before: &str) -> Result<Vec<String>> {
    Ok(encodings::table
        .filter(encodings::state.eq(OFFERED))
        .filter(encodings::expires_at.lt(before))
        .select(encodings::organisation)
        .distinct()
        .order(encodings::organisation)
        .load(conn)?)
}

fn expired_of(
    conn: &mut Conn,
    organisation: &OrganisationId,
    before: &str,
) -> Result<Vec<(String, String)>> {
    Ok(encodings::table
        .filter(encodings::organisation.eq(organisation.as_str()))
        .filter(encodings::state.eq(OFFERED))
        .filter(encodings::expires_at.lt(before))
        .order(encodings::id)
        .select((encodings::id, encodings::object))
        .load(conn)?)
}

#[cfg(test)]
mod tests {
    use helder_platform::testing::{TestDatabase, caller};
    use helder_types::Permission;

    use super::*;
    use crate::MIGRATIONS;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_file_of_an_offer_goes_a_day_after_its_term_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let database = TestDatabase::sqlite().unwrap();
        let store = database.open(&[MIGRATIONS]).unwrap();
        let objects = Objects::local(folder.path().join("objects")).unwrap();
        let mint = TokenMint::generate("linkage").unwrap();
        let anna = caller("GM0772", "anna", &[Permission::LinkageWrite]).unwrap();
        let organisation = anna.organisation.clone();
        let mut files = Vec::new();
        for (days, state) in [
            (-2, "offered"),
            (0, "offered"),
            (3, "offered"),
            (-2, "linked"),
        ] {
            let bytes = format!("{days} {state}").into_bytes();
            let object = objects
                .put_bytes(&organisation, bytes.into())
                .await
                .unwrap();
            let hours = jiff::SignedDuration::from_hours(24 * days - 1);
            let until = clock::text(Timestamp::now().checked_add(hours).unwrap());
            let own = organisation.clone();
            let own_rows = store.of(&organisation);
            let insert = own_rows.write(move |conn| {
                diesel::insert_into(encodings::table)
                    .values((
                        encodings::id.eq(Uuid::now_v7().to_string()),
                        encodings::organisation.eq(own.as_str()),
                        encodings::project_id.eq(Uuid::nil().to_string()),
                        encodings::activity.eq("urn:x"),
                        encodings::partner.eq("GM0363"),
                        encodings::header.eq("{}"),
                        encodings::object.eq(object.to_string()),
                        encodings::size_bytes.eq(1_i64),
                        encodings::state.eq(state),
                        encodings::created_by.eq("anna"),
                        encodings::created_at.eq(clock::now()),
                        encodings::expires_at.eq(until),
                    ))
                    .execute(conn)?;
                Ok(())
            });
            insert.await.unwrap();
            files.push(object);
        }
        assert_eq!(run(&store, &objects, &mint).await.unwrap().len(), 1);
        let mut there = Vec::new();
        for file in &files {
            there.push(objects.exists(&organisation, file).await.unwrap());
        }
        assert_eq!(there, [false, true, true, true]);
        assert!(run(&store, &objects, &mint).await.unwrap().is_empty());
    }
}
