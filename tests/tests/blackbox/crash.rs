//! R1–R3, R16: the process dies without warning.

use std::time::Duration;

use helder_testkit::Platform;
use serde_json::{Value, json};

use crate::{
    journey::{self, People, id},
    municipality,
    support::{Caller, HERE},
};

/// Enough people for each kind of work to take a while.
const MANY: usize = 20_000;

/// Kills the platform this long after a job was accepted, once for each entry, and restarts it each time.
const MOMENTS_MS: [u64; 3] = [20, 120, 400];

/// Kills and restarts; then the job must end well. Gives how often it was caught before its end, and its result.
async fn killed_on_the_way(platform: &mut Platform, caller: &Caller, job: &str) -> (usize, String) {
    let mut caught = 0;
    for moment in MOMENTS_MS {
        tokio::time::sleep(Duration::from_millis(moment)).await;
        let state = caller.get(job).await.json()["state"].clone();
        caught += usize::from(matches!(state.as_str(), Some("queued" | "running")));
        platform.kill().unwrap();
        platform.restart().await.unwrap();
    }
    (caught, journey::finished(caller, job).await)
}

async fn count(caller: &Caller, list: &str) -> usize {
    let page = caller.get(list).await;
    assert_eq!(page.status, 200, "{}", page.text);
    page.json()["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn jobs_killed_on_the_way_complete_once() {
    let mut platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    municipality::write_sized(platform.folder(), MANY);
    let project = journey::project(&people.owner).await;

    // Ingest.
    let persons = platform.folder().join("persons.csv");
    let job = journey::start_upload(
        &people.steward,
        &project,
        &persons,
        journey::persons_contract(),
    )
    .await;
    let (ingest, version) = killed_on_the_way(&mut platform, &people.steward, &job).await;
    let version = people.steward.get(&version).await.json();
    assert_eq!(version["rowsIn"], MANY);
    assert_eq!(version["number"], 1, "one version: {version}");
    let again = journey::upload(
        &people.steward,
        &project,
        &persons,
        journey::persons_contract(),
    )
    .await;
    assert_eq!(
        again["parts"]["analysis"]["digest"], version["parts"]["analysis"]["digest"],
        "same file, same bytes"
    );

    // Linkage.
    let data = journey::bring_in_files(&platform, &people).await;
    let job = journey::start(
        &people.steward,
        "/linkage/v1/linkage-runs",
        &journey::linkage(&data),
    )
    .await;
    let (linkage, run) = killed_on_the_way(&mut platform, &people.steward, &job).await;
    let run = people.steward.get(&run).await.json();
    assert_eq!(count(&people.steward, "/linkage/v1/linkage-runs").await, 1);
    let undisturbed = journey::run(
        &people.steward,
        "/linkage/v1/linkage-runs",
        &journey::linkage(&data),
    )
    .await;
    let digest = |run: &Value| run["outcome"]["linkedDataset"]["digest"].clone();
    assert!(digest(&run).is_string(), "{run}");
    assert_eq!(
        digest(&run),
        digest(&undisturbed),
        "a killed run finds what another finds"
    );

    // Frame and training.
    let frame = journey::frame(&data, &id(&run));
    let job = journey::start(&people.analyst, "/training/v1/frames", &frame).await;
    let (framing, frame) = killed_on_the_way(&mut platform, &people.analyst, &job).await;
    let frame = people.analyst.get(&frame).await.json();
    let body = journey::training(&data, &id(&frame));
    let job = journey::start(&people.analyst, "/training/v1/training-runs", &body).await;
    let (training, run) = killed_on_the_way(&mut platform, &people.analyst, &job).await;
    let run = people.analyst.get(&run).await.json();
    let version = people
        .owner
        .get(&format!(
            "/registry/v1/model-versions/{}",
            journey::model_version(&run)
        ))
        .await;
    assert_eq!(version.json()["number"], 1, "one version: {}", version.text);
    let model = people.owner.get("/registry/v1/models").await.json();
    assert_eq!(model["items"].as_array().unwrap().len(), 1);

    println!(
        "caught before its end: ingest {ingest}, linkage {linkage}, frame {framing}, training {training}"
    );
    assert!(
        ingest > 0 && linkage > 0 && framing + training > 0,
        "nothing was caught on the way; use more people"
    );
}

#[tokio::test]
async fn every_acknowledged_write_is_there_after_a_kill_and_none_is_half() {
    let mut platform = Platform::start().await.unwrap();
    let owner = People::of(&platform, HERE).owner;
    let mut acknowledged = Vec::new();
    for round in 0..5_u64 {
        let (url, sender) = (platform.url(), owner.clone());
        let writer = tokio::spawn(async move {
            let mut made = Vec::new();
            // Until the connection breaks.
            while let Ok(answer) = sender
                .try_post("/registry/v1/projects", &journey::new_project())
                .await
            {
                // With separate programs the gateway may go last.
                if answer.status == 503 {
                    break;
                }
                assert_eq!(answer.status, 201, "{url}: {}", answer.text);
                made.push(id(&answer.json()));
            }
            made
        });
        tokio::time::sleep(Duration::from_millis(150 + 70 * round)).await;
        platform.kill().unwrap();
        acknowledged.extend(writer.await.unwrap());
        platform.restart().await.unwrap();
    }
    assert!(
        acknowledged.len() > 10,
        "only {} writes",
        acknowledged.len()
    );
    for project in &acknowledged {
        let found = owner.get(&format!("/registry/v1/projects/{project}")).await;
        assert_eq!(found.status, 200, "{project} was acknowledged and is gone");
    }
    let log = People::of(&platform, HERE)
        .auditor
        .post("/registry/v1/events/_verify", &json!({}))
        .await
        .json();
    assert_eq!(log["valid"], true, "{log}");
    println!("{} writes, {} events", acknowledged.len(), log["events"]);
    assert!(log["events"].as_u64().unwrap() >= acknowledged.len() as u64);
}

#[tokio::test]
async fn a_start_after_a_kill_takes_less_than_a_second_and_finds_everything() {
    let mut platform = Platform::start().await.unwrap();
    let owner = People::of(&platform, HERE).owner;
    let project = journey::project(&owner).await;
    platform.kill().unwrap();
    let start = std::time::Instant::now();
    platform.restart().await.unwrap();
    let took = start.elapsed();
    println!("ready again after {took:?}");
    // A debug build on a machine that runs other tests; the figure of a release build is in the bench.
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(
        owner
            .get(&format!("/registry/v1/projects/{project}"))
            .await
            .status,
        200
    );
}
