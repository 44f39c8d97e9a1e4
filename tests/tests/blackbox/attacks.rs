//! Files and queries that mean harm. Each gets its answer, and the platform goes on.

use std::{fmt::Write as _, path::PathBuf, time::Duration};

use helder_testkit::Platform;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    journey::{self, People, id},
    support::{HERE, answer},
};

#[tokio::test]
async fn a_digest_that_does_not_fit_the_bytes_is_refused() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let project = journey::project(&people.owner).await;
    let dataset = people
        .steward
        .create(
            "/ingest/v1/datasets",
            json!({"projectId": project, "name": "x"}),
        )
        .await;
    let path = format!("/ingest/v1/datasets/{}/dataset-versions", id(&dataset));
    let request = people
        .steward
        .request(Method::POST, &path)
        .header("content-type", "text/csv");
    let request = request.header(
        "content-digest",
        "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:",
    );
    answer(request.body("a,b\n1,2\n")).await.assert_problem(400);
}

/// Queries that a frame must refuse, apart from their intention.
const QUERIES: [&str; 14] = [
    "DROP TABLE persons",
    "INSERT INTO persons SELECT * FROM persons",
    "CREATE TABLE x AS SELECT * FROM persons",
    "COPY persons TO '/tmp/helder-attack.csv'",
    "CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc/passwd'",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM \"/etc/passwd\"",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM somebody_elses_table",
    "SET datafusion.execution.batch_size = 1",
    "SELECT 1; SELECT 2",
    "EXPLAIN SELECT * FROM persons",
    "SELECT now(), random() FROM persons",
];

#[tokio::test]
async fn queries_that_write_read_files_or_reach_elsewhere_are_refused() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let data = journey::bring_in(&platform, &people).await;
    for sql in QUERIES {
        let job = people
            .analyst
            .post("/training/v1/frames", &frame(&data, sql))
            .await;
        if job.status == 202 {
            let ended = journey::ended(&people.analyst, job.header("location")).await;
            assert_eq!(ended["state"], "failed", "{sql}: {ended}");
            assert_ne!(ended["problem"]["status"], 500, "{sql}: {ended}");
        } else {
            job.assert_problem(400);
        }
    }
    assert!(
        !PathBuf::from("/tmp/helder-attack.csv").exists(),
        "a query wrote a file"
    );
}

#[tokio::test]
async fn a_query_that_would_run_for_hours_is_stopped_and_others_go_on() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let data = journey::bring_in(&platform, &people).await;
    let mut sql = String::from("SELECT count(*) AS n FROM persons a");
    for alias in ["b", "c", "d", "e"] {
        write!(sql, " CROSS JOIN persons {alias}").unwrap();
    }
    write!(
        sql,
        " WHERE a.leeftijd + b.leeftijd + c.leeftijd + d.leeftijd + e.leeftijd < 0"
    )
    .unwrap();
    let job = journey::start(&people.analyst, "/training/v1/frames", &frame(&data, &sql)).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    // Others are served while it runs; a cancel ends it.
    let other = frame(
        &data,
        "SELECT leeftijd, count(*) AS n FROM persons GROUP BY leeftijd",
    );
    let other = journey::run(&people.analyst, "/training/v1/frames", &other).await;
    assert_eq!(other["state"], "succeeded", "{other}");
    let cancelled = people
        .analyst
        .post(&format!("{job}/_cancel"), &json!({}))
        .await;
    assert!(cancelled.status < 300, "{}", cancelled.text);
    let ended = journey::ended(&people.analyst, &job).await;
    assert_eq!(ended["state"], "cancelled", "{ended}");
}

fn frame(data: &journey::Data, sql: &str) -> Value {
    json!({
        "projectId": data.project, "name": "x", "unit": "person", "sql": sql,
        "tables": [{"alias": "persons", "datasetVersionId": id(&data.persons)}],
    })
}
