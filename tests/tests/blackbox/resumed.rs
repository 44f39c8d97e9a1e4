//! A boosting that is killed goes on from the bags it had finished, to the same file.

use std::time::Duration;

use helder_testkit::Platform;
use serde_json::{Value, json};

use crate::{
    journey::{self, People, id},
    made::candidate,
    support::{HERE, eventually},
};

const WITHIN: Duration = Duration::from_mins(2);

/// Rounds that are done when the process is killed, of all bags together: some have finished, most have not.
const KILLED_AT: u64 = 6_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_boosting_learns_fewer_bags_again_and_gives_the_same_file() {
    let mut platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let made = candidate(&platform, &people).await;
    let mut plan = journey::training(&made.data, &id(&made.frame));
    plan["algorithm"] = json!("explainable-boosting");
    plan["model"]["name"] = json!("hervat");
    let job = journey::start(&people.analyst, "/training/v1/training-runs", &plan).await;
    eventually(WITHIN, || async {
        let job = people.analyst.get(&job).await.json();
        assert!(
            matches!(job["state"].as_str(), Some("queued" | "running")),
            "ended before it could be killed: {job}"
        );
        assert_eq!(kept(&job), 0, "{job}");
        let done = job["progress"]["done"].as_u64().unwrap();
        (job["progress"]["unit"] == "rounds" && done >= KILLED_AT).then_some(())
    })
    .await;
    platform.kill().unwrap();
    platform.restart().await.unwrap();
    let ended = journey::ended(&people.analyst, &job).await;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    assert_eq!(ended["attempts"], 2, "{ended}");
    println!("{} bags were taken over", kept(&ended));
    assert!(kept(&ended) > 0, "{ended}");

    let resumed = people
        .analyst
        .get(ended["result"].as_str().unwrap())
        .await
        .json();
    let whole = journey::run(&people.analyst, "/training/v1/training-runs", &plan).await;
    assert!(resumed["outcome"]["modelDigest"].is_string(), "{resumed}");
    for file in ["modelDigest", "evaluation", "fairness"] {
        assert_eq!(resumed["outcome"][file], whole["outcome"][file], "{file}");
    }
}

fn kept(job: &Value) -> u64 {
    job["learning"]["keptBags"].as_u64().unwrap_or(0)
}
