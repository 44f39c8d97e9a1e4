//! R13–R15: the same key, once, many times, with another body, and after a crash.

use helder_testkit::Platform;
use reqwest::Method;
use serde_json::Value;

use crate::{
    journey::{self, People, id},
    made::{PREDICT, active, predicted, subject},
    support::{Caller, HERE, Reply, answer, every},
};

const PATH: &str = "/registry/v1/projects";

async fn post(caller: &Caller, key: &str, body: &Value) -> Reply {
    answer(
        caller
            .request(Method::POST, PATH)
            .header("idempotency-key", key)
            .json(body),
    )
    .await
}

async fn count(caller: &Caller) -> usize {
    caller.get(PATH).await.json()["items"]
        .as_array()
        .unwrap()
        .len()
}

#[tokio::test]
async fn one_key_sent_64_times_at_once_has_one_effect_and_one_answer() {
    let platform = Platform::start().await.unwrap();
    let owner = People::of(&platform, HERE).owner;
    let calls = (0..64).map(|_| {
        let owner = owner.clone();
        tokio::spawn(async move { post(&owner, "key-of-a-client", &journey::new_project()).await })
    });
    let mut made = std::collections::BTreeSet::new();
    for call in calls.collect::<Vec<_>>() {
        let reply = call.await.unwrap();
        // While the first is under way another may be told to come back; it never makes a second.
        match reply.status {
            201 => made.extend([id(&reply.json())]),
            other => assert!(matches!(other, 409 | 429 | 503), "{}", reply.text),
        }
    }
    assert_eq!(made.len(), 1, "{made:?}");
    assert_eq!(count(&owner).await, 1);
}

#[tokio::test]
async fn the_same_key_with_another_body_is_a_conflict() {
    let platform = Platform::start().await.unwrap();
    let owner = People::of(&platform, HERE).owner;
    assert_eq!(
        post(&owner, "k1", &journey::new_project()).await.status,
        201
    );
    let mut other = journey::new_project();
    other["name"] = "Een ander project".into();
    post(&owner, "k1", &other).await.assert_problem(409);
    assert_eq!(count(&owner).await, 1);
}

#[tokio::test]
async fn a_key_is_of_one_municipality() {
    let platform = Platform::start().await.unwrap();
    let here = People::of(&platform, HERE).owner;
    let there = People::of(&platform, crate::support::ELSEWHERE).owner;
    let first = post(&here, "shared", &journey::new_project()).await;
    let second = post(&there, "shared", &journey::new_project()).await;
    assert_eq!((first.status, second.status), (201, 201));
    assert_ne!(id(&first.json()), id(&second.json()));
}

#[tokio::test]
async fn a_repeat_after_a_crash_gives_the_first_answer() {
    let mut platform = Platform::start().await.unwrap();
    let owner = People::of(&platform, HERE).owner;
    let first = post(&owner, "before-the-crash", &journey::new_project()).await;
    assert_eq!(first.status, 201, "{}", first.text);
    platform.kill().unwrap();
    platform.restart().await.unwrap();
    let again = post(&owner, "before-the-crash", &journey::new_project()).await;
    assert_eq!((again.status, again.json()), (first.status, first.json()));
    assert_eq!(count(&owner).await, 1);
}

#[tokio::test]
async fn a_prediction_repeated_after_a_crash_gives_the_first_answer_and_stands_once_in_the_log() {
    let mut platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    active(&platform, &people).await;
    predicted(&people.consumer).await;
    let before = every(&people.auditor, "/prediction/v1/processing-records").await;
    let ask = async |body: &Value| {
        let request = people.consumer.request(Method::POST, PREDICT);
        answer(request.header("idempotency-key", "asked-before").json(body)).await
    };
    let first = ask(&subject()).await;
    assert_eq!(first.status, 200, "{}", first.text);
    for _ in 0..2 {
        platform.kill().unwrap();
        platform.restart().await.unwrap();
        let again = ask(&subject()).await;
        assert_eq!((again.status, &again.text), (200, &first.text));
    }
    let mut other = subject();
    other["subjects"][0]["values"]["schuld"] = 1.into();
    ask(&other).await.assert_problem(409);
    let after = every(&people.auditor, "/prediction/v1/processing-records").await;
    let new = &after[before.len()..];
    let status: Vec<_> = new.iter().map(|line| &line["record"]["status"]).collect();
    // The other body was refused, about nobody.
    assert_eq!(status, ["Ok", "Unset"], "one line for one prediction");
    assert!(new[1]["record"]["attributes"]["dpl.core.data_subject_id"].is_null());
}
