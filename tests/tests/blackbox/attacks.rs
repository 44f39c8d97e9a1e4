//! Files and queries that mean harm. Each gets its answer, and the platform goes on.

use std::{fmt::Write as _, path::PathBuf, time::Duration};

use helder_testkit::Platform;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    journey::{self, People, id},
    support::{HERE, answer},
};

/// A contract that takes what comes.
fn loose() -> Value {
    json!({"fields": [{"name": "naam", "type": "string"}, {"name": "getal", "type": "integer"}]})
}

/// Files with one thing wrong each; every one of them is sent as CSV.
fn broken_files() -> Vec<(&'static str, Vec<u8>)> {
    let wide = (0..10_000).fold(String::new(), |head, column| head + &format!("k{column},"));
    vec![
        ("empty", Vec::new()),
        ("only-a-head", b"naam,getal\n".to_vec()),
        ("open-quote", b"naam,getal\n\"Jan,1\nPiet,2\n".to_vec()),
        (
            "quote-in-the-middle",
            b"naam,getal\nJa\"n,1\nPiet,2\n".to_vec(),
        ),
        ("nul", b"naam,getal\nJa\0n,1\nPiet,2\n".to_vec()),
        ("latin", b"naam,getal\nJos\xe9,1\nAndr\xe9,2\n".to_vec()),
        (
            "utf16",
            [0xff, 0xfe]
                .into_iter()
                .chain(
                    "naam,getal\nJan,1\n"
                        .encode_utf16()
                        .flat_map(u16::to_le_bytes),
                )
                .collect(),
        ),
        (
            "short-and-long",
            b"naam,getal\nJan\nPiet,2,3,4\nKees,5\n".to_vec(),
        ),
        ("wide", format!("{wide}naam,getal\n").into_bytes()),
        (
            "one-long-line",
            format!("naam,getal\n{},1\n", "a".repeat(8 << 20)).into_bytes(),
        ),
        ("binary", (0..=255_u8).cycle().take(100_000).collect()),
        ("formula", b"naam,getal\n=cmd|' /C calc'!A0,1\n".to_vec()),
        ("not-gzip", b"naam,getal\nJan,1\n".to_vec()),
    ]
}

#[tokio::test]
async fn broken_files_end_in_a_quarantine_or_a_reason_and_never_in_a_crash() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let project = journey::project(&people.owner).await;
    for (name, bytes) in broken_files() {
        let dataset = people
            .steward
            .create(
                "/ingest/v1/datasets",
                json!({"projectId": project, "name": name}),
            )
            .await;
        let contract = people
            .steward
            .create(
                "/ingest/v1/contracts",
                json!({"name": name, "contract": loose()}),
            )
            .await;
        let path = format!(
            "/ingest/v1/datasets/{}/dataset-versions?contractId={}",
            id(&dataset),
            id(&contract)
        );
        let mut request = people
            .steward
            .request(Method::POST, &path)
            .header("content-type", "text/csv")
            .body(bytes);
        if name == "not-gzip" {
            request = request.header("content-encoding", "gzip");
        }
        let reply = answer(request).await;
        if reply.status != 202 {
            assert!(
                matches!(reply.status, 400 | 413 | 415),
                "{name}: {} {}",
                reply.status,
                reply.text
            );
            continue;
        }
        let job = journey::ended(&people.steward, reply.header("location")).await;
        println!(
            "{name}: {}",
            job["problem"]["detail"].as_str().unwrap_or("accepted")
        );
        if job["state"] == "succeeded" {
            let version = people
                .steward
                .get(job["result"].as_str().unwrap())
                .await
                .json();
            let (rows, kept) = (
                version["rowsIn"].as_u64().unwrap(),
                version["rowsAccepted"].as_u64().unwrap(),
            );
            assert_eq!(
                rows,
                kept + version["rowsQuarantined"].as_u64().unwrap(),
                "{name}: {version}"
            );
        } else {
            assert_eq!(job["state"], "failed", "{name}: {job}");
            let detail = job["problem"]["detail"].as_str().unwrap_or_default();
            assert!(
                !detail.is_empty() && job["problem"]["status"] != 500,
                "{name}: {job}"
            );
        }
    }
}

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
