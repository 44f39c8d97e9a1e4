//! The processing log: complete, durable first, bounded.

use std::time::Duration;

use diesel::{RunQueryDsl, connection::SimpleConnection, sql_query};
use helder_platform::testing::on_every_database;
use helder_prediction::{
    MIGRATIONS,
    log::{Log, LogSettings, Record, Span, now_ms},
    wire::ProcessingRecord,
};
use helder_types::Permission;

use crate::support::{MODEL, Place, caller};

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

#[actix_web::test]
async fn a_record_has_the_fields_of_the_standard_and_no_identifier() {
    let place = Place::new();
    let served = place.served(MODEL).await;
    let span = Span {
        trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".to_owned(),
        parent: Some("00f067aa0ba902b7".to_owned()),
    };
    let record = Record::new(
        &served,
        &caller(&[Permission::PredictionPredict]),
        &span,
        Some("249566758"),
        [1_000, 1_002],
    );
    assert!(!record.json.contains("249566758"));
    let read: ProcessingRecord = serde_json::from_str(&record.json).unwrap();
    assert_eq!(
        (read.trace_id.as_str(), read.parent_span_id.as_deref()),
        (span.trace_id.as_str(), span.parent.as_deref())
    );
    assert_eq!(
        (read.status.as_str(), read.start_time, read.end_time),
        ("Ok", 1_000, 1_002)
    );
    let activity = &read.attributes["dpl.core.processing_activity_id"];
    assert_eq!(
        activity,
        "https://gemeente.example/verwerkingen/vroegsignalering"
    );
    assert_eq!(read.attributes["dpl.core.data_subject_id_type"], "BSN");
    assert_eq!(read.attributes["dpl.core.data_subject_id"].len(), 32);
    assert_eq!(
        read.resource.attributes["helder.model_digest"],
        served.version.digest.to_string()
    );
    assert_eq!(read.resource.attributes["helder.caller"], "consulent-7");
    let nobody = Record::new(&served, &caller(&[]), &span, None, [1, 2]);
    assert!(!nobody.json.contains("data_subject_id"));
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
            let record = |_| {
                Record::new(
                    &served,
                    &caller,
                    &Span::from_header(None),
                    Some("x"),
                    [now_ms(), now_ms()],
                )
            };
            log.write((0..=n % 3).map(record).collect())
        });
        for written in futures_util::future::join_all(requests).await {
            written.unwrap();
        }
        let count = |conn: &mut _| {
            Ok(sql_query("SELECT COUNT(*) AS n FROM processing_records")
                .get_result::<Count>(conn)?
                .n)
        };
        assert_eq!(
            store.read(count).await.unwrap(),
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
        store
            .write(|conn| Ok(conn.batch_execute("ALTER TABLE processing_records RENAME TO gone")?))
            .await
            .unwrap();
        let (log, _writer) = Log::start(store.clone(), LogSettings::default()).unwrap();
        let record = || {
            vec![Record::new(
                &served,
                &caller(&[]),
                &Span::from_header(None),
                None,
                [1, 2],
            )]
        };
        assert_eq!(log.write(record()).await.unwrap_err().status(), 503);
        // It goes on by itself once the log is back.
        store
            .write(|conn| Ok(conn.batch_execute("ALTER TABLE gone RENAME TO processing_records")?))
            .await
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
        held.write_blocking(|_| {
            std::thread::sleep(Duration::from_millis(600));
            Ok(())
        })
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let caller = caller(&[]);
    let requests = (0..20).map(|_| {
        let record = Record::new(&served, &caller, &Span::from_header(None), None, [1, 2]);
        log.write(vec![record])
    });
    let outcomes = futures_util::future::join_all(requests).await;
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
