//! Killed processes, repeats and races: done once.

use std::{fmt::Write, sync::Arc, time::Duration};

use helder_platform::{
    jobs::{self, Pace, Runner},
    store::Store,
};
use helder_types::{Digest, job::JobState};
use reqwest::StatusCode;
use serde_json::json;
use uuid::Uuid;

use super::house::{House, json_of, refusal};
use crate::{MIGRATIONS, ingest_job::IngestJob, stored::Stores};

const QUICK: Pace = Pace {
    lease: Duration::from_millis(1_500),
    heartbeat: Duration::from_millis(200),
    poll: Duration::from_millis(30),
    pause: Duration::from_millis(10),
    parallel: 1,
};

fn handler(house: &House) -> Arc<IngestJob> {
    let stores = Stores {
        objects: house.objects.clone(),
        keyring: house.keyring.clone(),
        scratch: house.folder.path().to_owned(),
    };
    Arc::new(IngestJob {
        stores,
        peers: house.peers.clone(),
        limits: helder_dataset::Limits::default(),
    })
}

fn large() -> String {
    let mut text = String::from("sleutel,waarde,datum\n");
    for row in 0..400_000 {
        let _ = writeln!(
            text,
            "k{row},{},2024-{:02}-{:02}",
            row % 977,
            1 + row % 12,
            1 + row % 28
        );
    }
    text
}

async fn seen(store: &Store, house: &House, id: Uuid, wanted: fn(JobState) -> bool) -> JobState {
    for _ in 0..6_000 {
        let job = jobs::http::get(store, &house.anna, id).await.unwrap();
        if wanted(job.state) {
            return job.state;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the job does not get there");
}

#[test]
fn a_job_whose_process_is_killed_makes_its_version_once() {
    let own = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let (house, dataset, job) = own.block_on(async {
        let house = House::new();
        // A service whose workers are asleep, so that only the upload happens here.
        let (service, anna) = house.serve().await;
        let dataset = anna.dataset(Uuid::now_v7()).await;
        house
            .refusing
            .store(false, std::sync::atomic::Ordering::SeqCst);
        let job = anna
            .upload(&dataset, None)
            .body(large())
            .send()
            .await
            .unwrap();
        let job = json_of(job, StatusCode::ACCEPTED).await;
        // Stopping hands a running job back to the queue.
        service.stop().await.unwrap();
        (
            house,
            dataset,
            job["id"].as_str().unwrap().parse::<Uuid>().unwrap(),
        )
    });
    let store = house.database.open(&[MIGRATIONS]).unwrap();
    let state = own.block_on(seen(&store, &house, job, |_| true));
    assert!(!state.is_final(), "the large file is not done yet");
    // A process that takes the job and dies: its runtime is dropped without any goodbye.
    let doomed = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    doomed.block_on(async {
        std::mem::forget(
            Runner::start(&store, vec![handler(&house)], QUICK)
                .await
                .unwrap(),
        );
        seen(&store, &house, job, |state| state == JobState::Running).await;
    });
    doomed.shutdown_background();
    let again = house.database.open(&[MIGRATIONS]).unwrap();
    own.block_on(async {
        let runner = Runner::start(&again, vec![handler(&house)], QUICK)
            .await
            .unwrap();
        assert_eq!(
            seen(&again, &house, job, JobState::is_final).await,
            JobState::Succeeded
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
        let (organisation, id) = (house.anna.organisation.clone(), dataset.parse().unwrap());
        let versions = again
            .of(&organisation)
            .read(move |conn| crate::datasets::list_versions(conn, &organisation, id, None, 10))
            .await
            .unwrap();
        assert_eq!(versions.len(), 1, "once");
        assert_eq!(
            (versions[0].number, versions[0].body.rows_in, versions[0].id),
            (1, 400_000, job)
        );
        runner.stop(Duration::from_secs(5)).await;
        crate::staging::sweep(&again, &house.objects).await.unwrap();
        let stored = house.everything_stored();
        assert!(
            !stored
                .windows(13)
                .any(|window| window == b"k399999,1397,".as_slice())
        );
    });
}

#[test]
fn the_same_idempotency_key_makes_one_job_and_another_body_is_refused() {
    let runtime = actix_web::rt::System::new();
    runtime.block_on(async {
        let house = House::new();
        let (service, anna) = house.serve().await;
        let dataset = anna.dataset(Uuid::now_v7()).await;
        let send = |body: &'static str| {
            anna.upload(&dataset, None)
                .header("idempotency-key", "k-1")
                .body(body)
                .send()
        };
        let answers = futures_util::future::join_all((0..16).map(|_| send("a,b\n1,2\n"))).await;
        let mut ids = std::collections::BTreeSet::new();
        for answer in answers {
            let job = json_of(answer.unwrap(), StatusCode::ACCEPTED).await;
            ids.insert(job["id"].as_str().unwrap().to_owned());
        }
        assert_eq!(ids.len(), 1);
        let (code, _) = refusal(send("a,b\n3,4\n").await.unwrap(), 409).await;
        assert_eq!(code, "idempotency-key-reused");
        anna.ended(&json!({"id": ids.first().unwrap()})).await;
        let versions = anna
            .read(&format!("/datasets/{dataset}/dataset-versions"))
            .await;
        assert_eq!(versions["items"].as_array().unwrap().len(), 1);
        let version = &versions["items"][0];
        // Analysis, quarantine, quarantined records and the report: no copy of a repeated upload stays.
        assert_eq!(house.stored_objects(), 4, "{version}");
        service.stop().await.unwrap();
    });
}

#[actix_web::test]
async fn equal_files_make_equal_analysis_parts_and_other_projects_other_pseudonyms() {
    let house = House::new();
    let (service, anna) = house.serve().await;
    let file = "bsn,n\n249566758,1\n010000008,2\n";
    let digest = |version: &serde_json::Value| {
        serde_json::from_value::<Digest>(version["parts"]["analysis"]["digest"].clone()).unwrap()
    };
    let project = Uuid::now_v7();
    let (first, second) = (anna.dataset(project).await, anna.dataset(project).await);
    let other = anna.dataset(Uuid::now_v7()).await;
    let one = digest(&anna.version(&first, None, file).await);
    let same = digest(&anna.version(&second, None, file).await);
    let different = digest(&anna.version(&other, None, file).await);
    assert_eq!(one, same);
    assert_ne!(one, different);
    service.stop().await.unwrap();
}
