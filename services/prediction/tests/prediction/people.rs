//! Where the records of a person stand: found at once, whoever wrote them, and gone with them.

use std::collections::BTreeSet;

use diesel::{QueryableByName, RunQueryDsl as _, sql_query, sql_types::BigInt};
use helder_platform::{
    logboek::{LogboekSettings, Query, Sought},
    retention::Past,
    store::{Store, Work},
    testing::{TestDatabase, on_every_database},
};
use helder_prediction::{
    MIGRATIONS,
    log::{Log, LogSettings, PREDICTIONS, Records, Span, join_places, more, now_ms, projects},
    served::Served,
};
use jiff::Timestamp;
use uuid::Uuid;

use crate::support::{MODEL, Place, breda, caller};

const PEOPLE: usize = 200;
/// Enough for places to be moved together.
const REQUESTS: usize = 90;
const PER_REQUEST: usize = 200;

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

async fn counted(store: &Store, what: &'static str) -> i64 {
    let own = store.of(&breda());
    own.read(move |conn| {
        let sql = format!("SELECT count(*) AS n FROM {what}");
        Ok(sql_query(sql).get_result::<Count>(conn)?.n)
    })
    .await
    .unwrap()
}

/// Records of many people, and the pseudonyms of each; every one of them stands in each request.
async fn filled(database: &TestDatabase, served: &Served) -> (Store, Vec<[u8; 16]>) {
    let store = database.open(&[MIGRATIONS]).unwrap();
    let (log, writer) = Log::start(store.clone(), LogSettings::default()).unwrap();
    for request in 0..REQUESTS {
        let mut records = Records::new(served, &caller(&[]));
        for n in 0..PER_REQUEST {
            let client = format!("client-{}", (request * PER_REQUEST + n) % PEOPLE);
            let span = Span::from_headers(None, None);
            records.prediction(served, &span, Some(&client), [now_ms(), now_ms()]);
        }
        log.write(records).await.unwrap();
    }
    drop(log);
    tokio::task::spawn_blocking(|| writer.join().unwrap())
        .await
        .unwrap();
    let pseudonym = |n| {
        let (hex, _) = served.pseudonym(&format!("client-{n}"));
        match Sought::read(std::str::from_utf8(&hex).unwrap()) {
            Some(Sought::Person(bytes)) => bytes,
            other => unreachable!("{other:?}"),
        }
    };
    (store, (0..PEOPLE).map(pseudonym).collect())
}

/// Spans of the records of some people, asked for in pages of 7.
async fn found(store: &Store, people: &[[u8; 16]]) -> BTreeSet<String> {
    let query = Query {
        subjects: Some(people.iter().copied().map(Sought::Person).collect()),
        ..Query::default()
    };
    let (mut spans, mut after) = (BTreeSet::new(), String::new());
    loop {
        let (query, from) = (query.clone(), after.clone());
        let own = store.of(&breda());
        let page = own.read(move |conn| {
            let settings = LogboekSettings::default();
            more(conn, &breda(), &settings, &query, &from, 7)
        });
        let page = page.await.unwrap();
        for (key, record) in &page {
            let person = record.attributes["dpl.core.data_subject_id"]
                .as_str()
                .unwrap();
            assert!(
                people
                    .iter()
                    .any(|it| Uuid::from_bytes(*it).simple().to_string() == person)
            );
            assert!(spans.insert(record.span_id.clone()), "once");
            after.clone_from(key);
        }
        if page.len() < 7 {
            return spans;
        }
    }
}

async fn known(store: &Store) -> Vec<Uuid> {
    let own = store.of(&breda());
    own.read(|conn| projects(conn, &breda())).await.unwrap()
}

#[actix_web::test]
async fn a_person_is_found_before_and_after_places_are_joined_and_in_what_the_version_before_wrote()
{
    on_every_database(|database| async move {
        let place = Place::new();
        let served = place.served(MODEL).await;
        let (store, people) = filled(&database, &served).await;
        let each = REQUESTS * PER_REQUEST / PEOPLE;
        let stranger = [7; 16];

        assert_eq!(counted(&store, "subject_places").await, 0);
        let first = found(&store, &people[..1]).await;
        assert_eq!(first.len(), each);
        assert_eq!(found(&store, &people[..3]).await.len(), 3 * each);
        assert!(found(&store, &[stranger]).await.is_empty());

        join_places(&store).await.unwrap();
        assert_eq!(counted(&store, "subject_places_recent").await, 0);
        let rows = counted(&store, "subject_places").await;
        assert!(rows >= 64, "{rows}");
        assert_eq!(found(&store, &people[..1]).await, first);
        assert_eq!(found(&store, &people[197..]).await.len(), 3 * each);
        assert!(found(&store, &[stranger]).await.is_empty());
        assert_eq!(known(&store).await, [Uuid::from_u128(3)]);

        // As the version before left it.
        database
            .tamper("DELETE FROM subject_places; UPDATE processing_segments SET project_id = NULL")
            .unwrap();
        assert_eq!(found(&store, &people[..1]).await, first);
        assert_eq!(known(&store).await, [Uuid::from_u128(3)]);
        join_places(&store).await.unwrap();
        let left = counted(&store, "processing_segments WHERE project_id IS NULL").await;
        assert_eq!(left, 0);
        assert_eq!(found(&store, &people[..1]).await, first);
        assert_eq!(known(&store).await, [Uuid::from_u128(3)]);
    })
    .await
    .unwrap();
}

#[actix_web::test]
async fn at_the_end_of_their_term_records_go_with_the_places_of_their_people() {
    on_every_database(|database| async move {
        let place = Place::new();
        let served = place.served(MODEL).await;
        let (store, people) = filled(&database, &served).await;
        let all = found(&store, &people[..1]).await.len();
        // Every other one is of long ago; places are made anew, from the segments as they then are.
        database
            .tamper(
                "DELETE FROM subject_places; DELETE FROM subject_places_recent;
                 UPDATE processing_segments SET project_id = NULL;
                 UPDATE processing_segments SET id = '018b0000' || substr(id, 9)
                    WHERE substr(id, 20, 1) IN ('0', '2', '4', '6', '8', 'a', 'c', 'e')",
            )
            .unwrap();
        join_places(&store).await.unwrap();
        let old = counted(&store, "processing_segments WHERE id < '018c'").await;
        let young = counted(&store, "processing_segments WHERE id > '018c'").await;
        assert!(old > 10 && young > 10, "{old} {young}");
        assert_eq!(found(&store, &people[..1]).await.len(), all);
        let places = counted(&store, "subject_places").await;
        assert!(places > 0);

        let before = Timestamp::now().as_second() - 200 * 86_400;
        let before = Timestamp::from_second(before).unwrap();
        let task = store.across(Work::LOG_TERM);
        let owners = task.read(PREDICTIONS.owners).await.unwrap();
        let project = Uuid::from_u128(3).to_string();
        assert_eq!(owners, [("GM0758".to_owned(), Some(project.clone()))]);
        let (mut records, mut pieces) = (0, 0);
        loop {
            let project = project.clone();
            let gone = task.write(move |conn| {
                let past = Past {
                    organisation: "GM0758",
                    project: Some(&project),
                    before,
                };
                (PREDICTIONS.remove)(conn, &past)
            });
            let Some(gone) = gone.await.unwrap() else {
                break;
            };
            assert_eq!(gone.records, gone.people, "each is about somebody");
            assert!(gone.oldest <= gone.newest && gone.newest < before);
            (records, pieces) = (records + gone.records, pieces + 1);
        }
        assert!(pieces >= 1);
        assert_eq!(counted(&store, "processing_segments").await, young);
        let left = (REQUESTS * PER_REQUEST) as i64 - records;
        assert_eq!(left, young * PEOPLE as i64);
        for person in people.chunks(1).step_by(50) {
            assert_eq!(found(&store, person).await.len() as i64, young);
        }
        // No place leads to what is gone.
        assert_eq!(counted_bytes(&store).await / 24, left);
    })
    .await
    .unwrap();
}

async fn counted_bytes(store: &Store) -> i64 {
    let own = store.of(&breda());
    own.read(|conn| {
        let sql = "SELECT CAST((SELECT COALESCE(SUM(LENGTH(entries)), 0) FROM subject_places)
                   + (SELECT COALESCE(SUM(LENGTH(entries)), 0) FROM subject_places_recent) AS BIGINT) AS n";
        Ok(sql_query(sql).get_result::<Count>(conn)?.n)
    })
    .await
    .unwrap()
}
