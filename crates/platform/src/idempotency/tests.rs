use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use actix_web::http::StatusCode;
use diesel::prelude::*;
use helder_types::{Caller, Digest};

use super::{Idempotency, purge};
use crate::{
    audit,
    problem::Problem,
    schema::{audit as audit_table, idempotency_keys},
    store::{Store, Work},
    testing::{TestDatabase, caller, on_every_database},
};

fn who(subject: &str) -> Caller {
    caller("GM0772", subject, &[]).unwrap()
}

fn request(key: &str, body: &str) -> Idempotency {
    Idempotency::with_key(key, "POST /registry/v1/models", Digest::of(body.as_bytes()))
}

async fn effects(store: &Store) -> i64 {
    store
        .of(&who("anna").organisation)
        .read(|conn| Ok(audit_table::table.count().get_result(conn)?))
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn the_same_key_64_times_at_once_has_one_effect_and_one_answer() {
    on_every_database(async |database: TestDatabase| {
        let store = database.open(&[]).unwrap();
        let ran = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = (0..64)
            .map(|n| {
                let (store, ran) = (store.clone(), ran.clone());
                tokio::spawn(async move {
                    store
                        .create(&who("anna"), &request("k", "{}"), move |conn| {
                            ran.fetch_add(1, Ordering::SeqCst);
                            audit::record(conn, &who("anna"), "model.create", "/models/1")?;
                            Ok(format!("answer {n}"))
                        })
                        .await
                        .unwrap()
                })
            })
            .collect();
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(task.await.unwrap());
        }
        assert_eq!(ran.load(Ordering::SeqCst), 1);
        assert_eq!(effects(&store).await, 1);
        assert!(answers.iter().all(|answer| *answer == answers[0]));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn the_same_key_with_another_body_is_refused_and_changes_nothing() {
    on_every_database(async |database: TestDatabase| {
        let store = database.open(&[]).unwrap();
        let make = |idempotency: Idempotency, subject: &'static str| {
            let store = store.clone();
            async move {
                store
                    .create(&who(subject), &idempotency, |conn| {
                        audit::record(conn, &who("anna"), "model.create", "/models/1")?;
                        Ok(7)
                    })
                    .await
            }
        };
        make(request("k", "{}"), "anna").await.unwrap();
        let refused = make(request("k", "{\"a\":1}"), "anna").await.unwrap_err();
        assert_eq!(
            (refused.status(), refused.code()),
            (StatusCode::CONFLICT, "idempotency-key-reused")
        );
        let elsewhere = Idempotency::with_key("k", "POST /registry/v1/projects", Digest::of(b"{}"));
        assert_eq!(
            make(elsewhere, "anna").await.unwrap_err().status(),
            StatusCode::CONFLICT
        );
        assert_eq!(effects(&store).await, 1);
        // Somebody else's key of the same name is another key.
        make(request("k", "{\"a\":1}"), "bert").await.unwrap();
        assert_eq!(effects(&store).await, 2);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_failed_request_leaves_nothing_so_trying_again_works() {
    on_every_database(async |database: TestDatabase| {
        let store = database.open(&[]).unwrap();
        let failed = store
            .create(&who("anna"), &request("k", "{}"), |conn| {
                audit::record(conn, &who("anna"), "model.create", "/models/1")?;
                Err::<u8, _>(Problem::unavailable("away", 1))
            })
            .await;
        assert!(failed.is_err());
        assert_eq!(effects(&store).await, 0);
        let answer = store
            .create(&who("anna"), &request("k", "{}"), |_| Ok(3_u8))
            .await
            .unwrap();
        assert_eq!(answer, 3);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn after_a_crash_the_retry_gets_the_first_answer() {
    on_every_database(async |database: TestDatabase| {
        let store = database.open(&[]).unwrap();
        let first = store
            .create(
                &who("anna"),
                &request("k", "{}"),
                |_| Ok("first".to_owned()),
            )
            .await
            .unwrap();
        // The process is gone; another opens the same database.
        drop(store);
        let store = database.open(&[]).unwrap();
        let again = store
            .create(&who("anna"), &request("k", "{}"), |_| {
                Ok("second".to_owned())
            })
            .await
            .unwrap();
        assert_eq!(first, again);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn an_answer_past_its_day_is_forgotten() {
    on_every_database(async |database: TestDatabase| {
        let store = database.open(&[]).unwrap();
        store
            .create(&who("anna"), &request("k", "{}"), |_| Ok(1))
            .await
            .unwrap();
        store
            .create(&who("anna"), &request("other", "{}"), |_| Ok(1))
            .await
            .unwrap();
        store
            .of(&who("anna").organisation)
            .write(|conn| {
                diesel::update(idempotency_keys::table)
                    .set(idempotency_keys::expires_at.eq("2020-01-01T00:00:00.000000Z"))
                    .execute(conn)?;
                Ok(())
            })
            .await
            .unwrap();
        assert_eq!(
            store
                .create(&who("anna"), &request("k", "[]"), |_| Ok(2))
                .await
                .unwrap(),
            2
        );
        assert_eq!(store.across(Work::EXPIRY).write(purge).await.unwrap(), 1);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn without_a_key_every_request_counts() {
    let database = TestDatabase::sqlite().unwrap();
    let store = database.open(&[]).unwrap();
    for n in 1..=3 {
        store
            .create(&who("anna"), &Idempotency::none(), |conn| {
                audit::record(conn, &who("anna"), "a.b", "/x")
            })
            .await
            .unwrap();
        assert_eq!(effects(&store).await, n);
    }
}
