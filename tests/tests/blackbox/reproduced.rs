//! An answer of years ago, given again from its digest.

use helder_testkit::Platform;
use helder_types::Digest;
use serde_json::json;

use crate::{
    journey::{self, People, id},
    made::{PREDICT, active, predicted, subject},
    support::{ELSEWHERE, HERE},
};

/// Everything from the list of predictions on.
fn told(answer: &str) -> &str {
    answer.split_once("\"predictions\":").unwrap().1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_of_a_version_that_was_retired_is_given_again_to_the_byte() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let made = active(&platform, &people).await;
    predicted(&people.consumer).await;
    let then = people.consumer.post(PREDICT, &subject()).await;
    let digest = then.json()["modelDigest"].as_str().unwrap().to_owned();

    // Another draw of the rows to learn from gives another model; its activation retires the first.
    let mut plan = journey::training(&made.data, &id(&made.frame));
    plan["seed"] = json!(8);
    let second = journey::run(&people.analyst, "/training/v1/training-runs", &plan).await;
    let second = format!(
        "/registry/v1/model-versions/{}",
        journey::model_version(&second)
    );
    people
        .officer
        .create(&format!("{second}/reviews"), journey::approval())
        .await;
    people
        .owner
        .create(&format!("{second}/_activate"), json!({}))
        .await;
    let now = crate::support::eventually(std::time::Duration::from_secs(10), || async {
        let reply = people.consumer.post(PREDICT, &subject()).await;
        (reply.status == 200 && reply.json()["modelDigest"] != *digest).then_some(reply)
    })
    .await;
    assert_ne!(told(&now.text), told(&then.text));
    let first = format!("/registry/v1/model-versions/{}", made.version);
    assert_eq!(people.owner.get(&first).await.json()["state"], "retired");

    let path = format!("/prediction/v1/model-versions/{digest}/_reproduce");
    let again = people.auditor.post(&path, &subject()).await;
    assert_eq!(again.status, 200, "{}", again.text);
    assert_eq!(told(&again.text), told(&then.text));
    assert_eq!(
        (&again.json()["advice"], &again.json()["state"]),
        (&json!(false), &json!("retired"))
    );
    assert_eq!(again.json()["modelDigest"], *digest);

    let unknown = Digest::of(b"never registered");
    let path_of_unknown = format!("/prediction/v1/model-versions/{unknown}/_reproduce");
    people
        .auditor
        .post(&path_of_unknown, &subject())
        .await
        .assert_problem(404);
    people
        .consumer
        .post(&path, &subject())
        .await
        .assert_problem(403);
    // Somebody else's auditor learns nothing.
    let other = People::of(&platform, ELSEWHERE);
    other
        .auditor
        .post(&path, &subject())
        .await
        .assert_problem(404);
}
