use std::time::Duration;

use actix_web::http::StatusCode;
use diesel::{connection::SimpleConnection, dsl::count_star, prelude::*};
use helder_types::Caller;

use crate::{
    audit,
    problem::Problem,
    schema::audit as audit_table,
    store::{Store, StoreError, pool::MOST_WAITING},
    testing::{TestDatabase, caller, on_every_database},
};

fn postgres_parts(target: &super::Target) -> (String, Option<String>) {
    match target {
        super::Target::Postgres { url, schema, .. } => (url.clone(), schema.clone()),
        super::Target::Sqlite(path) => panic!("{}", path.display()),
    }
}

fn anna() -> Caller {
    caller("GM0772", "anna", &[]).unwrap()
}

async fn lines(store: &Store) -> i64 {
    store
        .of(&anna().organisation)
        .read(|conn| Ok(audit_table::table.select(count_star()).first(conn)?))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_write_is_kept_whole_or_not_at_all() {
    on_every_database(async |database: TestDatabase| {
        let store = database.open(&[]).unwrap();
        store
            .of(&anna().organisation)
            .write(|conn| audit::record(conn, &anna(), "a.b", "/x"))
            .await
            .unwrap();
        let refused = store
            .of(&anna().organisation)
            .write(|conn| {
                audit::record(conn, &anna(), "a.b", "/y")?;
                Err::<(), _>(Problem::conflict("no", "no"))
            })
            .await;
        assert_eq!(refused.unwrap_err().status(), StatusCode::CONFLICT);
        assert_eq!(lines(&store).await, 1);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_read_cannot_write() {
    on_every_database(async |database: TestDatabase| {
        let store = database.open(&[]).unwrap();
        let refused = store
            .of(&anna().organisation)
            .read(|conn| audit::record(conn, &anna(), "a.b", "/x"))
            .await;
        assert_eq!(
            refused.unwrap_err().status(),
            StatusCode::INTERNAL_SERVER_ERROR
        );
        assert_eq!(lines(&store).await, 0);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_panic_undoes_the_write_and_the_store_goes_on() {
    on_every_database(async |database: TestDatabase| {
        let store = database.open(&[]).unwrap();
        let ended = store
            .of(&anna().organisation)
            .write(|conn| {
                audit::record(conn, &anna(), "a.b", "/x")?;
                let broken = conn.batch_execute("SELECT 1").is_ok();
                assert!(!broken, "as a fault in a handler would");
                Ok(())
            })
            .await;
        assert_eq!(
            ended.unwrap_err().status(),
            StatusCode::INTERNAL_SERVER_ERROR
        );
        store
            .of(&anna().organisation)
            .write(|conn| audit::record(conn, &anna(), "a.b", "/x"))
            .await
            .unwrap();
        assert_eq!(lines(&store).await, 1);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn opening_again_finds_everything_and_migrates_nothing() {
    on_every_database(async |database: TestDatabase| {
        let store = database.open(&[]).unwrap();
        store
            .of(&anna().organisation)
            .write(|conn| audit::record(conn, &anna(), "a.b", "/x"))
            .await
            .unwrap();
        drop(store);
        assert_eq!(lines(&database.open(&[]).unwrap()).await, 1);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn two_processes_may_start_at_once() {
    on_every_database(async |database: TestDatabase| {
        let opened: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| database.open(&[]))).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        for store in opened {
            assert_eq!(lines(&store.unwrap()).await, 0);
        }
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_writers_at_once_all_get_their_turn() {
    on_every_database(async |database: TestDatabase| {
        let store = database.open(&[]).unwrap();
        let writers = (0..64).map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                store
                    .of(&anna().organisation)
                    .write(move |conn| audit::record(conn, &anna(), "a.b", &format!("/{n}")))
                    .await
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap().unwrap();
        }
        assert_eq!(lines(&store).await, 64);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn after_the_server_has_dropped_all_connections_the_store_goes_on_by_itself() {
    let Some(database) = TestDatabase::postgres().unwrap() else {
        return;
    };
    let store = database.open(&[]).unwrap();
    let other = database.open(&[]).unwrap();
    for _ in 0..3 {
        store
            .of(&anna().organisation)
            .write(|conn| audit::record(conn, &anna(), "a.b", "/x"))
            .await
            .unwrap();
        lines(&store).await;
        other
            .of(&anna().organisation)
            .write(|conn| {
                conn.batch_execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                     WHERE application_name = current_setting('application_name') AND pid <> pg_backend_pid()",
                )?;
                Ok(())
            })
            .await
            .unwrap();
        assert!(lines(&store).await > 0);
    }
    assert_eq!(lines(&store).await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_pool_lets_some_wait_and_says_come_back_to_others_at_once() {
    let database = TestDatabase::sqlite().unwrap();
    let store = database.open(&[]).unwrap();
    let holder = store.clone();
    let (held, is_held) = std::sync::mpsc::channel();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let holding = tokio::spawn(async move {
        holder
            .of(&anna().organisation)
            .write(move |_| {
                held.send(()).unwrap();
                released.recv_timeout(Duration::from_secs(20)).ok();
                Ok(())
            })
            .await
    });
    tokio::task::spawn_blocking(move || is_held.recv().unwrap())
        .await
        .unwrap();
    let write = |store: &Store| {
        let store = store.clone();
        tokio::spawn(async move { store.of(&anna().organisation).write(|_| Ok(())).await })
    };
    let waiting = async |wanted: usize| {
        while store.inner.writers.waiting() != wanted {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let is_busy = |refused: Result<(), Problem>| {
        assert_eq!(
            refused.unwrap_err().status(),
            StatusCode::SERVICE_UNAVAILABLE
        );
    };
    // As many as may wait do, and the next is not kept.
    let queue: Vec<_> = (0..MOST_WAITING).map(|_| write(&store)).collect();
    waiting(MOST_WAITING).await;
    is_busy(write(&store).await.unwrap());
    assert_eq!(store.inner.writers.waiting(), MOST_WAITING);
    // Nobody waits for ever.
    for waited in queue {
        is_busy(waited.await.unwrap());
    }
    // By now the queue has not moved for long: one finds out whether it does, the others are not kept.
    let first = write(&store);
    waiting(1).await;
    for _ in 0..100 {
        is_busy(write(&store).await.unwrap());
    }
    assert!(!first.is_finished());
    // Readers go on meanwhile.
    assert_eq!(lines(&store).await, 0);
    release.send(()).unwrap();
    holding.await.unwrap().unwrap();
    first.await.unwrap().unwrap();
    // And all is as before.
    for written in (0..50).map(|_| write(&store)).collect::<Vec<_>>() {
        written.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn sqlite_keeps_what_it_has_said_to_keep() {
    #[derive(QueryableByName)]
    struct Settings {
        #[diesel(sql_type = diesel::sql_types::Text)]
        mode: String,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        synchronous: i64,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        foreign_keys: i64,
    }
    let database = TestDatabase::sqlite().unwrap();
    let store = database.open(&[]).unwrap();
    let sql = "SELECT journal_mode AS mode, synchronous, foreign_keys
               FROM pragma_journal_mode, pragma_synchronous, pragma_foreign_keys";
    let settings: Settings = store
        .of(&anna().organisation)
        .write(move |conn| Ok(diesel::sql_query(sql).get_result(conn)?))
        .await
        .unwrap();
    assert_eq!(settings.mode, "wal");
    assert_eq!(settings.synchronous, 2, "FULL");
    assert_eq!(settings.foreign_keys, 1);
}

#[test]
fn a_wrong_url_is_refused_without_repeating_it() {
    for url in [
        "",
        "sqlite:",
        "sqlite::memory:",
        "mysql://user:secret@host/db",
        "helder.db",
    ] {
        let error = Store::open(url, &[]).err().unwrap();
        assert!(matches!(error, StoreError::Url), "{url}");
        assert!(!error.to_string().contains("secret"));
    }
}

#[test]
fn a_schema_in_the_url_is_for_us_and_must_be_a_plain_name() {
    let shown = |url: &str| {
        url.parse::<super::Target>()
            .map(|target| postgres_parts(&target))
    };
    assert_eq!(
        shown("postgres://h/db?sslmode=require&schema=registry&application_name=x").unwrap(),
        (
            "postgres://h/db?sslmode=require&application_name=x".to_owned(),
            Some("registry".to_owned())
        )
    );
    assert_eq!(
        shown("postgres://h/db?schema=a_1").unwrap(),
        ("postgres://h/db".to_owned(), Some("a_1".to_owned()))
    );
    for bad in ["", "A", "1a", "a;drop", "a b", "a\""] {
        let refused = shown(&format!("postgres://h/db?schema={bad}"));
        assert!(matches!(refused, Err(StoreError::Schema)), "{bad}");
    }
}
