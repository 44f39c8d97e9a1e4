//! The object store refuses, hangs, answers 500, cuts connections or is slow: clear 503 in time, nothing half, and all is
//! well again without a restart.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    time::{Duration, Instant},
};

use helder_testkit::{Fault, FaultyProxy, Platform};
use reqwest::Method;
use serde_json::json;

use crate::{
    journey::{self, People, id},
    made::{PREDICT, active, subject},
    replicas::statuses,
    support::{Caller, HERE, Reply, answer, eventually, stranger},
};

/// Longest that a request may take while the store is away: the budget of a step (10 s), and what surrounds it.
const TOLD_WITHIN: Duration = Duration::from_secs(15);
/// More than one part of 8 MiB, so that it goes up in parts.
const RECORDS: usize = 400_000;

/// Where the test's own S3 server is; says so when there is none.
fn server() -> Option<SocketAddr> {
    let named = std::env::var("HELDER_TEST_S3_URL").and_then(|_| std::env::var("AWS_ENDPOINT"));
    let Ok(endpoint) = named else {
        helder_testkit::not_run("HELDER_TEST_S3_URL names no bucket");
        return None;
    };
    Some(endpoint.trim_start_matches("http://").parse().unwrap())
}

struct House {
    platform: Platform,
    proxy: FaultyProxy,
    steward: Caller,
    uploads: String,
    versions: String,
}

impl House {
    async fn open() -> Option<Self> {
        let proxy = FaultyProxy::before(server()?).unwrap();
        let platform = Platform::start_on_bucket(proxy.address()).await.unwrap();
        let people = People::of(&platform, HERE);
        let project = journey::project(&people.owner).await;
        let dataset = people
            .steward
            .create(
                "/ingest/v1/datasets",
                json!({"projectId": project, "name": "a"}),
            )
            .await;
        let contract = people
            .steward
            .create(
                "/ingest/v1/contracts",
                json!({"name": "a", "contract": {"fields": [
                    {"name": "nummer", "type": "integer"}, {"name": "tekst", "type": "string"}
                ]}}),
            )
            .await;
        let versions = format!("/ingest/v1/datasets/{}/dataset-versions", id(&dataset));
        Some(Self {
            uploads: format!("{versions}?contractId={}", id(&contract)),
            versions,
            steward: people.steward,
            platform,
            proxy,
        })
    }

    async fn upload(&self, records: usize) -> Reply {
        let mut file = String::from("nummer,tekst\n");
        for n in 0..records {
            use std::fmt::Write as _;
            writeln!(file, "{n},regel {n} van het bestand").unwrap();
        }
        let request = self
            .steward
            .request(Method::POST, &self.uploads)
            .header("content-type", "text/csv")
            .body(file);
        answer(request).await
    }

    /// Parts that the server still keeps of uploads of this platform.
    async fn parts(&self) -> usize {
        let bucket = self.platform.bucket().unwrap().trim_start_matches("s3://");
        let (bucket, prefix) = bucket.split_once('/').unwrap();
        let url = format!("http://{}/{bucket}?uploads", server().unwrap());
        let listing = reqwest::get(url).await.unwrap().text().await.unwrap();
        assert!(listing.contains("ListMultipartUploadsResult"), "{listing}");
        listing.matches(&format!("<Key>{prefix}/")).count()
    }

    async fn count(&self) -> usize {
        let list = self.steward.get(&self.versions).await;
        assert_eq!(list.status, 200, "{}", list.text);
        list.json()["items"].as_array().unwrap().len()
    }

    async fn a_whole_version(&self, records: usize) {
        let reply = self.upload(records).await;
        assert_eq!(reply.status, 202, "{}", reply.text);
        let result = journey::finished(&self.steward, reply.header("location")).await;
        let version = self.steward.get(&result).await.json();
        assert_eq!(version["rowsAccepted"], records, "{version}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_away_gives_503_in_time_and_nothing_half() {
    let Some(house) = House::open().await else {
        return;
    };
    house.a_whole_version(10).await;
    let cut_in_the_middle = 9 << 20;
    for (fault, records) in [
        (Fault::Refuse, 10),
        (Fault::Error, 10),
        (Fault::Hang, 10),
        (Fault::CutAnswer(20), 10),
        (Fault::CutRequest(cut_in_the_middle / 2), RECORDS),
        (Fault::Error, RECORDS),
    ] {
        house.proxy.set(fault);
        let start = Instant::now();
        let reply = house.upload(records).await;
        let took = start.elapsed();
        println!(
            "{fault:?}, {records} records: {} in {took:.1?}",
            reply.status
        );
        reply.assert_problem(503);
        assert!(
            reply.header("retry-after").parse::<u64>().is_ok(),
            "{reply:?}"
        );
        assert!(took < TOLD_WITHIN, "{fault:?} took {took:?}");
        assert_eq!(house.count().await, 1, "{fault:?}");
        let live = house.steward.get("/health/live").await;
        assert_eq!(live.status, 200, "{fault:?}");

        house.proxy.set(Fault::Nothing);
        eventually(Duration::from_secs(30), || async {
            (house.parts().await == 0).then_some(())
        })
        .await;
    }
    // Without a restart, and with a store that is merely slow.
    house.proxy.set(Fault::Delay(Duration::from_millis(100)));
    house.a_whole_version(10).await;
    house.proxy.set(Fault::Nothing);
    house.a_whole_version(RECORDS).await;
    assert_eq!(house.count().await, 3);
    assert_eq!(house.parts().await, 0);
}

/// Predictions are answered from what was read before. No replica drops out for it: each tells the truth about its store, and
/// refuses by itself what it cannot do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn predictions_go_on_while_the_store_is_away_and_all_replicas_take_requests() {
    let Some(house) = House::open().await else {
        return;
    };
    let people = People::of(&house.platform, HERE);
    active(&house.platform, &people).await;
    // Every replica has read the version before the store goes.
    assert_eq!(statuses(&house.platform).await, BTreeSet::from([200]));
    let outside = stranger(&house.platform);
    for fault in [Fault::Refuse, Fault::Hang] {
        house.proxy.set(fault);
        eventually(Duration::from_secs(10), || async {
            let ready = outside.get("/health/ready").await;
            let is_told = ready.json()["services"]["prediction"] == "not ready";
            (is_told && ready.status == 503).then_some(())
        })
        .await;
        // Longer than a balancer needs to look at every replica again and again.
        let start = Instant::now();
        let mut answered = 0;
        while start.elapsed() < Duration::from_secs(2) {
            let reply = people.consumer.post(PREDICT, &subject()).await;
            assert_eq!(reply.status, 200, "{fault:?}: {}", reply.text);
            answered += 1;
        }
        println!("{fault:?}: {answered} predictions while the store was away");
        assert_eq!(outside.get("/health/accepting").await.status, 200);
        let client = reqwest::Client::new();
        let mut accepting = 0;
        for port in house.platform.service_ports().unwrap() {
            let url = format!("http://127.0.0.1:{port}/health/accepting");
            if let Ok(reply) = client.get(url).send().await {
                assert_eq!(reply.status(), 200, "{fault:?}");
                accepting += 1;
            }
        }
        assert!(accepting >= 5, "{accepting}");
        house.proxy.set(Fault::Nothing);
        eventually(Duration::from_secs(20), || async {
            (outside.get("/health/ready").await.status == 200).then_some(())
        })
        .await;
    }
}

/// The job has the file already when the store goes away: it waits and is done once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_outlasts_a_store_that_is_away() {
    let Some(house) = House::open().await else {
        return;
    };
    let reply = house.upload(1_000).await;
    house.proxy.set(Fault::Error);
    assert_eq!(reply.status, 202, "{}", reply.text);
    let job = reply.header("location").to_owned();
    tokio::time::sleep(Duration::from_secs(2)).await;
    house.proxy.set(Fault::Nothing);
    let ended = journey::ended(&house.steward, &job).await;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    assert_eq!(house.count().await, 1);
}
