//! Row-level security as the second wall: what the application's role reads when every filter is forgotten.

use std::sync::Arc;

use diesel::{
    Connection as _, PgConnection, QueryableByName, RunQueryDsl as _,
    connection::SimpleConnection as _, sql_query, sql_types,
};
use helder_types::{Caller, OrganisationId};

use super::{Migrations, Status, Store, StoreError, Work, down, status, up};
use crate::{
    audit,
    problem::Problem,
    testing::{TestDatabase, caller, on_every_database},
};

const MUNICIPALITIES: [&str; 3] = ["GM0772", "GM0796", "GM0758"];

#[derive(QueryableByName)]
struct Seen {
    #[diesel(sql_type = sql_types::BigInt)]
    all_rows: i64,
    #[diesel(sql_type = sql_types::BigInt)]
    own_rows: i64,
}

fn somebody(gemeente: &str) -> Caller {
    caller(gemeente, "anna", &[]).unwrap()
}

fn organisation(gemeente: &str) -> OrganisationId {
    gemeente.parse().unwrap()
}

/// A query whose filter somebody forgot: all rows it sees, and those of `gemeente`.
fn unfiltered(conn: &mut super::Conn, gemeente: &str) -> crate::problem::Result<(i64, i64)> {
    let seen: Seen = sql_query(format!(
        "SELECT count(*) AS all_rows, count(*) FILTER (WHERE organisation = '{gemeente}') AS own_rows FROM audit"
    ))
    .get_result(conn)?;
    Ok((seen.all_rows, seen.own_rows))
}

/// Each municipality has as many lines as its place in the list, counted from one.
async fn filled(database: &TestDatabase) -> Store {
    let store = database.open(&[]).unwrap();
    for (lines, gemeente) in (1..).zip(MUNICIPALITIES) {
        for line in 0..lines {
            store
                .of(&organisation(gemeente))
                .write(move |conn| {
                    audit::record(conn, &somebody(gemeente), "a.b", &format!("/{line}"))
                })
                .await
                .unwrap();
        }
    }
    store
}

#[tokio::test]
async fn a_forgotten_filter_reads_and_changes_nothing_of_others() {
    let Some(database) = TestDatabase::postgres().unwrap() else {
        return;
    };
    let store = filled(&database).await;
    let read = |conn: &mut super::Conn| unfiltered(conn, "GM0796");
    // Nobody's transaction, and a task that has no business here.
    assert_eq!(store.nobody().read(read).await.unwrap(), (0, 0));
    for work in [Work::LEASE, Work::MIGRATION, Work::named("made-up")] {
        assert_eq!(store.across(work).read(read).await.unwrap(), (0, 0));
    }
    // An organisation that tries to be a piece of SQL cannot be named; one that is unknown has no rows.
    assert_eq!(
        store.of(&organisation("GM9999")).read(read).await.unwrap(),
        (0, 0)
    );
    let own = store.of(&organisation("GM0796"));
    assert_eq!(own.read(read).await.unwrap(), (2, 2));
    for (sql, rows) in [
        ("UPDATE audit SET action = 'x'", 2),
        ("DELETE FROM audit WHERE organisation = 'GM0772'", 0),
        ("DELETE FROM audit", 2),
    ] {
        let changed = own
            .write(move |conn| Ok(sql_query(sql).execute(conn)?))
            .await
            .unwrap();
        assert_eq!(changed, rows, "{sql}");
    }
    for gemeente in ["GM0772", "GM0758", ""] {
        let added = own
            .write(move |conn| {
                sql_query(format!(
                    "INSERT INTO audit VALUES ('{gemeente}x', '', '{gemeente}', '', '', '', '')"
                ))
                .execute(conn)
                .map_err(Problem::from)
            })
            .await;
        assert_eq!(added.unwrap_err().status(), 500, "{gemeente}");
    }
    let others = store.of(&organisation("GM0758"));
    assert_eq!(
        others
            .read(|conn| unfiltered(conn, "GM0758"))
            .await
            .unwrap(),
        (3, 3)
    );
}

#[tokio::test]
async fn the_applications_role_cannot_take_the_wall_down() {
    let Some(database) = TestDatabase::postgres().unwrap() else {
        return;
    };
    let store = filled(&database).await;
    for sql in [
        "ALTER TABLE audit DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE audit NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY tenant ON audit",
        "CREATE POLICY mine ON audit USING (true)",
        "CREATE TABLE own (id TEXT)",
        "DROP TABLE jobs",
        "TRUNCATE audit",
        "INSERT INTO __diesel_schema_migrations VALUES ('29990101000000', now())",
        "SET ROLE helder_test_owner",
        "SET row_security = off; SELECT * FROM audit",
    ] {
        let done = store
            .across(Work::MIGRATION)
            .write(move |conn| Ok(conn.batch_execute(sql)?))
            .await;
        assert!(done.is_err(), "{sql}");
    }
    // The owner is held back as well, until it says that it migrates.
    let mut owner = PgConnection::establish(&plain(&database.owner_url)).unwrap();
    let schema = schema_of(&database.url);
    owner
        .batch_execute(&format!("SET search_path = {schema}"))
        .unwrap();
    let count = |conn: &mut PgConnection| {
        sql_query("SELECT count(*) AS all_rows, 0::bigint AS own_rows FROM audit")
            .get_result::<Seen>(conn)
            .unwrap()
            .all_rows
    };
    assert_eq!(count(&mut owner), 0);
    owner
        .batch_execute("SET helder.work = 'migration'")
        .unwrap();
    assert_eq!(count(&mut owner), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_mixed_requests_on_pooled_connections_see_their_own_rows_only() {
    let Some(database) = TestDatabase::postgres().unwrap() else {
        return;
    };
    let store = Arc::new(filled(&database).await);
    let mut tasks = Vec::new();
    for client in 0..10_usize {
        let store = Arc::clone(&store);
        tasks.push(tokio::spawn(async move {
            for n in 0..1_000_usize {
                let place = (client * 7 + n * 5) % 3;
                let gemeente = MUNICIPALITIES[place];
                let own = store.of(&organisation(gemeente));
                let expected = (place as i64 + 1, place as i64 + 1);
                match n % 10 {
                    // Somebody says SET where SET LOCAL is meant: it must not reach the next user of the connection.
                    0 => {
                        let set = own.read(move |conn| {
                            conn.batch_execute("SET helder.organisation = 'GM0758'")?;
                            conn.batch_execute("SET helder.work = 'lease'")?;
                            Ok(())
                        });
                        set.await.unwrap();
                    }
                    // A request that fails half-way.
                    1 => {
                        let failed = own.write(move |conn| {
                            unfiltered(conn, gemeente)?;
                            Err::<(), _>(Problem::not_found())
                        });
                        assert_eq!(failed.await.unwrap_err().status(), 404);
                    }
                    2 => {
                        let nobody = store.nobody();
                        let seen = nobody.read(|conn| unfiltered(conn, "GM0758"));
                        assert_eq!(seen.await.unwrap(), (0, 0));
                    }
                    3 => {
                        let seen = own.write(move |conn| unfiltered(conn, gemeente));
                        assert_eq!(seen.await.unwrap(), expected);
                    }
                    _ => {
                        let seen = own.read(move |conn| unfiltered(conn, gemeente));
                        assert_eq!(seen.await.unwrap(), expected);
                    }
                }
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn a_role_that_the_wall_does_not_hold_back_does_not_start() {
    let Some(database) = TestDatabase::postgres().unwrap() else {
        return;
    };
    drop(database.open(&[]).unwrap());
    let server = std::env::var("HELDER_TEST_POSTGRES_URL").unwrap();
    let schema = schema_of(&database.url);
    PgConnection::establish(&server)
        .unwrap()
        .batch_execute(&format!(
            "DO $$ BEGIN CREATE ROLE helder_test_bypass LOGIN BYPASSRLS;
             EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
             GRANT USAGE ON SCHEMA {schema} TO helder_test_bypass;
             GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO helder_test_bypass;
             DO $$ BEGIN CREATE ROLE helder_test_member LOGIN;
             EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
             GRANT USAGE ON SCHEMA {schema} TO helder_test_member;
             GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO helder_test_member;
             GRANT helder_test_owner TO helder_test_member"
        ))
        .unwrap();
    let joint = if server.contains('?') { '&' } else { '?' };
    for (url, fault) in [
        (format!("{server}{joint}schema={schema}"), "superuser"),
        (database.owner_url.clone(), "owns the tables"),
        (
            database.url.replace("helder_test@", "helder_test_bypass@"),
            "BYPASSRLS",
        ),
        (
            database.url.replace("helder_test@", "helder_test_member@"),
            "become their owner",
        ),
    ] {
        let error = Store::open(&url, &[]).err().unwrap();
        assert!(matches!(error, StoreError::Role(_)), "{error}");
        let said = error.to_string();
        assert!(said.contains(fault) && said.contains("roles=one"), "{said}");
        // The way out for a developer's machine; it cannot be taken by accident.
        if fault != "BYPASSRLS" {
            Store::open(&format!("{url}&roles=one"), &[]).unwrap();
        }
        let wrong = Store::open(&format!("{url}&roles=two"), &[]).err().unwrap();
        assert!(matches!(wrong, StoreError::Roles), "{wrong}");
    }
}

#[tokio::test]
async fn tables_that_are_old_or_open_do_not_start_and_newer_ones_do() {
    let Some(database) = TestDatabase::postgres().unwrap() else {
        return;
    };
    let refused = || Store::open(&database.url, &[]).err().unwrap();
    let StoreError::Behind(missing) = refused() else {
        panic!("a database without tables was taken");
    };
    // All of the platform's own, and nothing else.
    assert_eq!(missing, up(&database.owner_url, &[]).unwrap());
    assert!(!missing.is_empty());
    Store::open(&database.url, &[]).unwrap();
    for (open, close) in [
        (
            "ALTER TABLE jobs DISABLE ROW LEVEL SECURITY",
            "ALTER TABLE jobs ENABLE ROW LEVEL SECURITY",
        ),
        (
            "ALTER TABLE jobs NO FORCE ROW LEVEL SECURITY",
            "ALTER TABLE jobs FORCE ROW LEVEL SECURITY",
        ),
        ("CREATE TABLE newcomer (id TEXT)", "DROP TABLE newcomer"),
    ] {
        database.tamper(open).unwrap();
        assert!(
            matches!(refused(), StoreError::Unguarded(tables) if tables.len() == 1),
            "{open}"
        );
        database.tamper(close).unwrap();
        Store::open(&database.url, &[]).unwrap();
    }
    // A newer program has been here: this one goes on.
    database
        .tamper(
            "ALTER TABLE jobs ADD COLUMN colour TEXT;
             INSERT INTO __diesel_schema_migrations VALUES ('29990101000000', now())",
        )
        .unwrap();
    Store::open(&database.url, &[]).unwrap();
    assert_eq!(
        status(&database.url, &[]).unwrap().newer,
        ["29990101000000"]
    );
}

#[tokio::test]
async fn a_table_that_nobody_declared_is_closed_and_named() {
    let Some(database) = TestDatabase::postgres().unwrap() else {
        return;
    };
    drop(database.open(&[]).unwrap());
    database
        .tamper("CREATE TABLE notes (id TEXT, remark TEXT); INSERT INTO notes VALUES ('1', 'x')")
        .unwrap();
    up(&database.owner_url, &[]).unwrap();
    assert_eq!(status(&database.url, &[]).unwrap().unguarded, ["notes"]);
    let target = database.url.parse().unwrap();
    let mut conn = super::connect(&target, super::Mode::Read).unwrap();
    let seen: Seen = sql_query("SELECT count(*) AS all_rows, 0::bigint AS own_rows FROM notes")
        .get_result(&mut conn)
        .unwrap();
    assert_eq!(seen.all_rows, 0);
}

#[tokio::test]
async fn up_down_and_up_again_give_the_same_tables_and_policies() {
    on_every_database(async |database: TestDatabase| {
        let none: &[Migrations] = &[];
        let empty = shape(&database);
        let ran = up(&database.owner_url, none).unwrap();
        assert!(!ran.is_empty());
        let first = shape(&database);
        assert!(first.len() > 10, "{first:?}");
        assert!(up(&database.owner_url, none).unwrap().is_empty());
        assert_eq!(shape(&database), first);
        let mut undone = down(&database.owner_url, none, ran.len()).unwrap();
        undone.reverse();
        assert_eq!(undone, ran);
        let left: Vec<_> = shape(&database)
            .into_iter()
            .filter(|line| !line.contains("__diesel_schema_migrations"))
            .collect();
        assert_eq!(left, empty);
        let Status {
            applied, pending, ..
        } = status(&database.owner_url, none).unwrap();
        assert_eq!((applied, pending), (Vec::new(), ran.clone()));
        let too_far = down(&database.owner_url, none, 1).unwrap_err();
        assert!(matches!(too_far, StoreError::TooFar(0)), "{too_far}");
        assert_eq!(up(&database.owner_url, none).unwrap(), ran);
        assert_eq!(shape(&database), first);
    })
    .await
    .unwrap();
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = sql_types::Text)]
    line: String,
}

/// Columns, indices and policies as the database tells them.
fn shape(database: &TestDatabase) -> Vec<String> {
    let target = database.owner_url.parse().unwrap();
    let mut conn = super::connect(&target, super::Mode::Write).unwrap();
    let sql = match conn {
        super::Conn::Sqlite(_) => {
            "SELECT type || ' ' || name || ' ' || coalesce(sql, '') AS line FROM sqlite_master ORDER BY 1"
        }
        super::Conn::Pg(_) => {
            "SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default) AS line
             FROM information_schema.columns WHERE table_schema = current_schema()
             UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema()
             UNION ALL SELECT concat_ws(' ', tablename, policyname, cmd, roles::text, qual, with_check)
             FROM pg_policies WHERE schemaname = current_schema()
             ORDER BY 1"
        }
    };
    let lines: Vec<Line> = sql_query(sql).load(&mut conn).unwrap();
    lines.into_iter().map(|found| found.line).collect()
}

fn schema_of(url: &str) -> String {
    let (_, rest) = url.split_once("schema=").unwrap();
    rest.split('&').next().unwrap().to_owned()
}

/// The URL as PostgreSQL's library knows it.
fn plain(url: &str) -> String {
    let schema = schema_of(url);
    url.replace(&format!("schema={schema}&"), "")
}
