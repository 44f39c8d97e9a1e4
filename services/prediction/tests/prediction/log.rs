//! The processing log: complete, durable first, bounded.

use std::time::Duration;

use diesel::{RunQueryDsl, sql_query};
use futures_util::future::join_all;
use helder_platform::testing::on_every_database;
use helder_prediction::{
    MIGRATIONS,
    log::{Log, LogSettings, Records, Span, now_ms},
    served::Served,
};
use serde_json::Value;

use crate::{
    service::logged,
    support::{MODEL, Place, VALUES, caller},
    world::{PREDICT, World},
};

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

/// The record of a prediction about nobody in particular.
fn one(served: &Served) -> Records {
    let mut records = Records::new(served, &caller(&[]));
    records.prediction(served, &Span::from_headers(None, None), None, [1, 2]);
    records
}

#[actix_web::test]
async fn many_requests_at_once_are_all_written_before_they_are_answered() {
    on_every_database(|database| async move {
        let place = Place::new();
        let served = place.served(MODEL).await;
        let store = database.open(&[MIGRATIONS]).unwrap();
        let (log, writer) = Log::start(store.clone(), LogSettings::default()).unwrap();
        let caller = caller(&[]);
        let requests = (0..200_usize).map(|n| {
            let mut records = Records::new(&served, &caller);
            for _ in 0..=n % 3 {
                let times = [now_ms(), now_ms()];
                records.prediction(&served, &Span::from_headers(None, None), Some("x"), times);
            }
            log.write(records)
        });
        for written in join_all(requests).await {
            written.unwrap();
        }
        let count = |conn: &mut _| {
            Ok(
                sql_query("SELECT COALESCE(SUM(records), 0) AS n FROM processing_segments")
                    .get_result::<Count>(conn)?
                    .n,
            )
        };
        assert_eq!(
            store.of(&caller.organisation).read(count).await.unwrap(),
            (0..200).map(|n| n % 3 + 1).sum::<i64>()
        );
        drop(log);
        writer.join().unwrap();
    })
    .await
    .unwrap();
}

#[actix_web::test]
async fn without_a_log_there_is_no_answer() {
    on_every_database(|database| async move {
        let place = Place::new();
        let served = place.served(MODEL).await;
        let store = database.open(&[MIGRATIONS]).unwrap();
        database
            .tamper("ALTER TABLE processing_segments RENAME TO gone")
            .unwrap();
        let (log, _writer) = Log::start(store.clone(), LogSettings::default()).unwrap();
        let record = || one(&served);
        assert_eq!(log.write(record()).await.unwrap_err().status(), 503);
        // It goes on by itself once the log is back.
        database
            .tamper("ALTER TABLE gone RENAME TO processing_segments")
            .unwrap();
        log.write(record()).await.unwrap();
    })
    .await
    .unwrap();
}

#[actix_web::test]
async fn a_full_queue_is_said_at_once() {
    let place = Place::new();
    let served = place.served(MODEL).await;
    let database = helder_platform::testing::TestDatabase::sqlite().unwrap();
    let store = database.open(&[MIGRATIONS]).unwrap();
    let (log, _writer) = Log::start(
        store.clone(),
        LogSettings {
            queue: 4,
            records_per_commit: 1,
            ..LogSettings::default()
        },
    )
    .unwrap();
    let held = store.clone();
    let holding = tokio::task::spawn_blocking(move || {
        held.of(&caller(&[]).organisation).write_blocking(|_| {
            std::thread::sleep(Duration::from_millis(600));
            Ok(())
        })
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let requests = (0..20).map(|_| log.write(one(&served)));
    let outcomes = join_all(requests).await;
    let written = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert!((4..=6).contains(&written), "{written}");
    assert!(
        outcomes
            .iter()
            .filter_map(|outcome| outcome.as_ref().err())
            .all(|problem| problem.status() == 503)
    );
    holding.await.unwrap().unwrap();
}

#[actix_web::test]
async fn the_log_is_read_in_pages_without_losing_or_repeating_a_record() {
    let world = World::new(Duration::from_mins(10)).await;
    let before = logged(&world).await as usize;
    // Requests with one to five subjects, some at the same moment, some about nobody in particular.
    let id = |n: usize| match n % 3 {
        0 => String::new(),
        _ => format!(r#""id":"client-{n}","#),
    };
    let subject = |n: usize| format!(r#"{{{}"values":{VALUES}}}"#, id(n));
    let subjects = |n: usize| (0..=n % 5).map(subject).collect::<Vec<_>>().join(",");
    let body = |n: usize| format!(r#"{{"subjects":[{}]}}"#, subjects(n));
    for answer in join_all((0..23).map(|n| world.post(PREDICT, body(n)).send())).await {
        assert_eq!(answer.unwrap().status(), 200);
    }
    // Where there are several subjects, their records stand under one of the whole.
    let records = |n: usize| if n.is_multiple_of(5) { 1 } else { n % 5 + 2 };
    let total = before + (0..23).map(records).sum::<usize>();
    for limit in [1, 7, 100] {
        let (mut ids, mut spans) = (Vec::new(), Vec::new());
        let mut cursor = String::new();
        loop {
            let path = format!("/processing-records?limit={limit}{cursor}");
            let page: Value = world.get(&path).send().await.unwrap().json().await.unwrap();
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= limit);
            ids.extend(items.iter().map(|item| item["id"].to_string()));
            spans.extend(
                items
                    .iter()
                    .map(|item| item["record"]["span_id"].to_string()),
            );
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert!(ids.is_sorted_by(|a, b| a < b));
        let spans: std::collections::HashSet<_> = spans.into_iter().collect();
        assert_eq!((ids.len(), spans.len()), (total, total), "limit {limit}");
    }
    world.stop().await;
}
