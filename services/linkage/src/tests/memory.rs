//! What a linkage may take: too little is refused with what it needs, and with that it runs.

use helder_platform::config::Limits;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    house::{House, febrl},
    http::Http,
};

/// A number before a word.
fn before(text: &str, word: &str) -> u64 {
    let (number, _) = text.split_once(word).unwrap();
    number.rsplit(' ').next().unwrap().parse().unwrap()
}

/// Asks until it runs, each time with what the refusal said was needed; how often it was refused, and the last refusal.
async fn asked_until_it_runs(house: &House, body: &Value) -> (u64, String) {
    let (mut mib, mut refusals, mut last) = (1, 0, String::new());
    loop {
        let limits = Limits {
            linkage_mib: mib,
            ..Limits::default()
        };
        let (service, base) = house.serve_within(limits).await;
        let http = Http::new(house, base);
        let (_, job) = http.post("/linkage-runs", body.clone()).await;
        let job = http.ended(job["id"].as_str().unwrap()).await;
        service.stop().await.unwrap();
        if job["state"] == "succeeded" {
            return (refusals, last);
        }
        let problem = &job["problem"];
        assert_eq!(
            (&job["state"], &problem["status"]),
            (&json!("failed"), &json!(400)),
            "{job}"
        );
        assert_eq!(problem["type"], "urn:helder:problem:linkage-memory-limit");
        problem["detail"].as_str().unwrap().clone_into(&mut last);
        let needed = before(&last, " MiB of memory");
        assert!(needed > mib, "{last}");
        assert!(last.contains("limits.linkage_mib"), "{last}");
        assert_eq!(
            before(last.split("may take").nth(1).unwrap(), " MiB"),
            mib,
            "{last}"
        );
        (mib, refusals) = (needed, refusals + 1);
        assert!(refusals < 10, "{last}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_needs_more_memory_than_it_may_take_says_how_much_and_runs_with_that() {
    let house = House::new();
    let project = Uuid::now_v7();
    let (left, _) = house.version(project, &febrl("a.csv").0).await;
    let (right, _) = house.version(project, &febrl("b.csv").0).await;
    let between = json!({"projectId": project, "left": left, "right": right});
    let (refusals, last) = asked_until_it_runs(&house, &between).await;
    assert!(refusals >= 2, "{last}");
    let within = json!({"projectId": project, "left": left});
    let (refusals, _) = asked_until_it_runs(&house, &within).await;
    assert!(refusals >= 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_reads_versions_keeps_to_the_limit_too() {
    let house = House::new();
    let project = Uuid::now_v7();
    let (left, _) = house.version(project, &febrl("a.csv").0).await;
    let (right, _) = house.version(project, &febrl("b.csv").0).await;
    let wanted = json!({"projectId": project, "left": left, "right": right, "recall": 0.95});
    for (mib, expected) in [(1, 400), (1024, 200)] {
        let limits = Limits {
            linkage_mib: mib,
            ..Limits::default()
        };
        let (service, base) = house.serve_within(limits).await;
        let http = Http::new(&house, base);
        let (status, answer) = http
            .post("/linkage-specs/_suggest-rules", wanted.clone())
            .await;
        assert_eq!(status, expected, "{answer}");
        if expected == 400 {
            assert_eq!(answer["type"], "urn:helder:problem:linkage-memory-limit");
            let detail = answer["detail"].as_str().unwrap();
            assert!(before(detail, " MiB of memory") > mib, "{detail}");
        }
        service.stop().await.unwrap();
    }
}
