//! On every database: what goes, what stays, and what is known afterwards.

use diesel::{QueryableByName, RunQueryDsl as _, sql_query, sql_types};
use helder_types::OrganisationId;
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::{LogRemoval, Logs, rows};
use crate::{
    audit,
    logboek::{Act, LogboekSettings, Status},
    purpose::Purpose,
    store::{Store, Work},
    testing::{TestDatabase, caller, on_every_database},
};

const PEOPLE: i64 = 5_000;
/// Keys begin with the milliseconds of their time; these are of November 2023.
const LONG_AGO: &str = "018b0000";
const DAY: i64 = 86_400;

fn settings(terms: &serde_json::Value) -> LogboekSettings {
    serde_json::from_value(terms.clone()).unwrap()
}

async fn act(store: &Store, gemeente: &str, project: Uuid, people: i64) {
    let who = caller(gemeente, "anna", &[]).unwrap();
    let purpose = Purpose {
        project,
        activity: "https://register.example/1".to_owned(),
    };
    let mut act = Act::begin("ingest", &who, &purpose, "an act");
    act.subjects
        .people((0..people).map(|n| (n as u128).to_be_bytes()));
    store
        .of(&who.organisation)
        .write(move |conn| {
            audit::record(conn, &who, "a.b", "/249566758")?;
            act.record(conn, Status::Ok)
        })
        .await
        .unwrap();
}

/// Lets everything of an organisation that is there be from long ago.
fn age(database: &TestDatabase, gemeente: &str) {
    let at = Timestamp::from_millisecond(i64::from_str_radix(LONG_AGO, 16).unwrap() << 16).unwrap();
    let (ms, text) = (at.as_millisecond(), crate::clock::text(at));
    database
        .tamper(&format!(
            "UPDATE processing_acts SET id = '{LONG_AGO}' || substr(id, 9), start_ms = {ms}, end_ms = {ms}
                WHERE organisation = '{gemeente}';
             UPDATE processing_subjects SET act_id = '{LONG_AGO}' || substr(act_id, 9) WHERE organisation = '{gemeente}';
             UPDATE audit SET at = '{text}' WHERE organisation = '{gemeente}'"
        ))
        .unwrap();
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = sql_types::BigInt)]
    n: i64,
}

async fn counted(store: &Store, gemeente: &str, table: &'static str) -> i64 {
    let sql = format!("SELECT count(*) AS n FROM {table} WHERE organisation = '{gemeente}'");
    store
        .of(&gemeente.parse().unwrap())
        .read(move |conn| Ok(sql_query(sql).get_result::<Count>(conn)?.n))
        .await
        .unwrap()
}

fn logs(store: &Store, terms: &serde_json::Value) -> Logs {
    Logs {
        store: store.clone(),
        settings: settings(terms),
        more: Vec::new(),
    }
}

fn sum(proofs: &[LogRemoval], log: &str) -> (i64, i64) {
    let of = proofs.iter().filter(|proof| proof.log == log);
    of.fold((0, 0), |(records, people), proof| {
        (records + proof.records, people + proof.people)
    })
}

#[tokio::test]
async fn old_records_go_in_pieces_young_ones_stay_and_a_proof_names_nobody() {
    on_every_database(|database| async move {
        let store = database.open(&[]).unwrap();
        let (here, project) = ("GM0772", Uuid::now_v7());
        for _ in 0..450 {
            act(&store, here, project, 1).await;
        }
        act(&store, here, project, PEOPLE).await;
        act(&store, "GM0758", project, PEOPLE).await;
        age(&database, here);
        act(&store, here, project, PEOPLE).await;
        let logs = logs(&store, &json!({"keep_days": 200}));

        let proofs = logs.run(Timestamp::now()).await.unwrap();
        assert_eq!(sum(&proofs, "processing-activities"), (451, 450 + PEOPLE));
        assert_eq!(sum(&proofs, "audit"), (451, 0));
        // In pieces: 200 acts at most in each.
        assert_eq!(proofs.len(), 3 + 1, "{proofs:?}");
        for table in ["processing_acts", "audit"] {
            assert_eq!(counted(&store, here, table).await, 1, "{table}");
            assert_eq!(counted(&store, "GM0758", table).await, 1, "{table}");
        }
        assert_eq!(counted(&store, here, "processing_subjects").await, 3);
        assert_eq!(counted(&store, "GM0758", "processing_subjects").await, 3);
        let said = format!("{proofs:?}");
        assert!(
            !said.contains("anna") && !said.contains("249566758"),
            "{said}"
        );
        let proof = &proofs[0];
        assert_eq!((proof.term_days, proof.organisation.as_str()), (200, here));
        assert_eq!(proof.project_id, Some(project.to_string()));
        assert!(proof.oldest <= proof.newest && proof.newest < proof.older_than);

        // What was proved can be read, by the own organisation only; and nothing is done twice.
        let kept = async |gemeente: &str| {
            let organisation: OrganisationId = gemeente.parse().unwrap();
            let own = store.of(&organisation);
            own.read(move |conn| rows::page(conn, &organisation, "", 100))
                .await
                .unwrap()
        };
        assert_eq!(kept(here).await.len(), 4);
        assert_eq!(kept("GM0758").await, []);
        assert!(logs.run(Timestamp::now()).await.unwrap().is_empty());
    })
    .await
    .unwrap();
}

/// Queues so many jobs of an organisation and gives all that it has a state and an end.
async fn jobs(store: &Store, database: &TestDatabase, gemeente: &str, n: u32, rest: &str) {
    let who = caller(gemeente, "anna", &[]).unwrap();
    let own = store.of(&who.organisation);
    let queued = own.write(move |conn| {
        for number in 0..n {
            crate::jobs::enqueue(conn, &who, "test", &number)?;
        }
        Ok(())
    });
    queued.await.unwrap();
    database
        .tamper(&format!(
            "UPDATE jobs SET {rest} WHERE organisation = '{gemeente}'"
        ))
        .unwrap();
}

#[tokio::test]
async fn jobs_that_finished_long_ago_go_in_pieces_where_nothing_refers_to_them() {
    on_every_database(|database| async move {
        let store = database.open(&[]).unwrap();
        let old = "state = 'succeeded', finished_at = '2020-01-01T10:00:00.000Z'";
        // Queued long ago, and still to be done.
        let waiting = "created_at = '2020-01-01T10:00:00.000Z'";
        let young = format!("state = 'failed', finished_at = '{}'", crate::clock::now());
        jobs(&store, &database, "GM0772", 1_200, old).await;
        jobs(&store, &database, "GM0758", 3, waiting).await;
        jobs(&store, &database, "GM0796", 2, &young).await;
        // The service keeps its jobs, because it shows their states.
        let mut logs = logs(&store, &json!({"keep_days": 184}));
        assert!(logs.run(Timestamp::now()).await.unwrap().is_empty());
        assert_eq!(counted(&store, "GM0772", "jobs").await, 1_200);

        logs.more.push(super::FINISHED_JOBS);
        let proofs = logs.run(Timestamp::now()).await.unwrap();
        assert_eq!(sum(&proofs, "jobs"), (1_200, 0));
        assert_eq!(proofs.len(), 2, "{proofs:?}");
        assert_eq!(proofs[0].term_days, 184);
        for (gemeente, left) in [("GM0772", 0), ("GM0758", 3), ("GM0796", 2)] {
            assert_eq!(counted(&store, gemeente, "jobs").await, left, "{gemeente}");
        }
        assert!(logs.run(Timestamp::now()).await.unwrap().is_empty());
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_project_goes_before_its_organisation_and_that_before_the_installation() {
    on_every_database(|database| async move {
        let store = database.open(&[]).unwrap();
        let (long, plain) = (Uuid::now_v7(), Uuid::now_v7());
        for gemeente in ["GM0772", "GM0758"] {
            for project in [long, plain] {
                act(&store, gemeente, project, 2).await;
            }
            age(&database, gemeente);
        }
        let terms =
            json!({"keep_days": 20_000, "keep_days_of": {"GM0772": 184, long.to_string(): 30_000}});
        let proofs = logs(&store, &terms).run(Timestamp::now()).await.unwrap();
        assert_eq!(sum(&proofs, "processing-activities"), (1, 2), "{proofs:?}");
        assert_eq!(sum(&proofs, "audit"), (2, 0), "{proofs:?}");
        assert_eq!(proofs[0].project_id, Some(plain.to_string()));
        assert_eq!(counted(&store, "GM0758", "processing_acts").await, 2);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn the_last_day_of_a_term_counts() {
    let database = TestDatabase::sqlite().unwrap();
    let store = database.open(&[]).unwrap();
    act(&store, "GM0772", Uuid::now_v7(), 1).await;
    let logs = logs(&store, &json!({"keep_days": 200}));
    let at = |days: i64| Timestamp::from_second(Timestamp::now().as_second() + days * DAY).unwrap();
    for days in [0, 199, 200] {
        assert!(logs.run(at(days)).await.unwrap().is_empty(), "{days}");
    }
    // Two, as a day with a change of the clock has other hours.
    assert_eq!(logs.run(at(202)).await.unwrap().len(), 2);
}

#[tokio::test]
async fn on_postgresql_nothing_younger_than_the_least_term_can_be_removed() {
    let Some(database) = TestDatabase::postgres().unwrap() else {
        return;
    };
    let store = database.open(&[]).unwrap();
    act(&store, "GM0772", Uuid::now_v7(), 1).await;
    let young = format!("state = 'failed', finished_at = '{}'", crate::clock::now());
    jobs(&store, &database, "GM0772", 1, &young).await;
    // A clock that is wrong, or a fault in the program.
    let far = Timestamp::from_second(Timestamp::now().as_second() + 5_000 * DAY).unwrap();
    let mut logs = logs(&store, &json!({"keep_days": 184}));
    logs.more.push(super::FINISHED_JOBS);
    assert!(logs.run(far).await.unwrap().is_empty());
    let task = store.across(Work::LOG_TERM);
    let removed = task.write(|conn| {
        Ok(sql_query("DELETE FROM processing_acts").execute(conn)?
            + sql_query("DELETE FROM processing_subjects").execute(conn)?
            + sql_query("DELETE FROM jobs").execute(conn)?
            + sql_query("DELETE FROM audit").execute(conn)?)
    });
    assert_eq!(removed.await.unwrap(), 0);
    // An organisation's own transaction removes no records at all.
    let own = store.of(&"GM0772".parse().unwrap());
    let removed = own.write(|conn| Ok(sql_query("DELETE FROM processing_acts").execute(conn)?));
    assert_eq!(removed.await.unwrap(), 0);
    assert_eq!(counted(&store, "GM0772", "processing_acts").await, 1);
}

#[test]
fn a_term_that_is_shorter_than_the_law_has_it_is_refused_with_the_key() {
    for wrong in [
        json!({"keep_days": 183}),
        json!({"keep_jobs_days": 183}),
        json!({"keep_days": 0}),
        json!({"keep_days": -1}),
        json!({"keep_days": 40_000}),
        json!({"keep_days_of": {"GM0772": 30}}),
        json!({"keep_days_of": {"no such thing": 300}}),
    ] {
        let read: Result<LogboekSettings, _> = serde_json::from_value(wrong.clone());
        assert!(read.is_err(), "{wrong}");
    }
    assert_eq!(settings(&json!({})).keep_days.get(), 1_827);
    assert_eq!(settings(&json!({})).keep_jobs_days.0.get(), 184);
}
