//! From files to an explained prediction, and what stops it.

use std::{collections::BTreeSet, time::Duration};

use helder_testkit::Platform;
use serde_json::{Value, json};

use crate::{
    journey::{self, People, id},
    made::{Made, PREDICT, active, candidate, predicted, subject},
    municipality::{self, PEOPLE},
    support::{Caller, HERE, NOWHERE, answer, eventually, stranger},
};

#[tokio::test]
async fn a_municipality_goes_from_files_to_an_explained_prediction() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let made = candidate(&platform, &people).await;

    every_record_is_accepted_or_quarantined(&made);
    links_are_true(&people.steward, &id(&made.linkage)).await;
    two_persons_decide(&people, &made.version).await;
    let answer = predicted(&people.consumer).await;
    assert_eq!(answer["modelVersionId"], made.version.as_str());
    the_answer_explains_itself(&answer);
    it_is_one_truth(&platform, &people, &answer).await;
}

fn every_record_is_accepted_or_quarantined(made: &Made) {
    for (version, rows) in [
        (&made.data.persons, PEOPLE),
        (&made.data.signals, PEOPLE / 3),
        (&made.data.outcomes, PEOPLE),
    ] {
        assert_eq!(version["rowsIn"], rows);
        let accepted = version["rowsAccepted"].as_u64().unwrap();
        assert_eq!(
            accepted + version["rowsQuarantined"].as_u64().unwrap(),
            rows as u64
        );
        assert!(accepted as f64 > 0.99 * rows as f64, "{version}");
    }
}

/// Against the truth that only the test knows.
async fn links_are_true(steward: &Caller, run: &str) {
    let links = links(steward, run).await;
    let signals = (0..PEOPLE)
        .filter(|index| municipality::signal_about(*index))
        .enumerate();
    let truth: BTreeSet<_> = signals
        .map(|(row, person)| (person as u64 + 1, row as u64 + 1))
        .collect();
    let right = links.intersection(&truth).count() as f64;
    let (precision, recall) = (right / links.len() as f64, right / truth.len() as f64);
    println!(
        "{} links, precision {precision:.4}, recall {recall:.4}",
        links.len()
    );
    assert!(
        precision > 0.98 && recall > 0.95,
        "precision {precision}, recall {recall}"
    );
}

/// Nobody activates what was not reviewed, and nobody does both.
async fn two_persons_decide(people: &People, version: &str) {
    assert_eq!(people.consumer.post(PREDICT, &subject()).await.status, 404);
    let version = format!("/registry/v1/model-versions/{version}");
    let (review, activate) = (format!("{version}/reviews"), format!("{version}/_activate"));
    let approval = journey::approval();

    people
        .owner
        .post(&activate, &json!({}))
        .await
        .assert_problem(409);
    people
        .owner
        .post(&review, &approval)
        .await
        .assert_problem(403);
    // So few people allow no verdict on their groups: somebody has to answer for that.
    let bare = json!({"verdict": "approve", "remarks": "Geen bezwaar."});
    let refused = people.officer.post(&review, &bare).await;
    refused.assert_problem(400);
    assert_eq!(
        refused.json()["errors"][0]["code"],
        "no-fairness-conclusion"
    );
    people.officer.create(&review, approval).await;
    people
        .officer
        .post(&activate, &json!({}))
        .await
        .assert_problem(403);
    people.owner.create(&activate, json!({})).await;
}

fn the_answer_explains_itself(answer: &Value) {
    assert_eq!(answer["advice"], true);
    let prediction = &answer["predictions"][0];
    let parts = prediction["contributions"].as_array().unwrap();
    let parts_sum: f64 = parts
        .iter()
        .map(|part| part["contribution"].as_f64().unwrap())
        .sum();
    let score = prediction["score"].as_f64().unwrap();
    assert!(
        (prediction["baseScore"].as_f64().unwrap() + parts_sum - score).abs() < 1e-9,
        "{prediction}"
    );
    let probability = prediction["probability"].as_f64().unwrap();
    assert!(
        (probability - 1.0 / (1.0 + (-score).exp())).abs() < 1e-9,
        "{prediction}"
    );
    assert!(parts.iter().all(|part| {
        part["reason"]["nl"]
            .as_str()
            .is_some_and(|text| !text.is_empty())
    }));
}

/// The entry for citizens and the answer carry one digest; every step and every processing is on record.
async fn it_is_one_truth(platform: &Platform, people: &People, answer: &Value) {
    let digest = answer["modelDigest"].as_str().unwrap();
    let entry = stranger(platform)
        .get(&format!("/registry/v1/catalogue-entries/{digest}"))
        .await;
    assert_eq!(entry.status, 200, "{}", entry.text);
    assert!(entry.text.contains(digest));

    let log = people
        .auditor
        .post("/registry/v1/events/_verify", &json!({}))
        .await
        .json();
    assert_eq!(log["valid"], true, "{log}");
    let records = people
        .auditor
        .get("/prediction/v1/processing-records")
        .await
        .json();
    assert!(
        !records["items"].as_array().unwrap().is_empty(),
        "{records}"
    );
    assert!(
        !records.to_string().contains("client-1"),
        "a pseudonym, not the name: {records}"
    );
}

/// Links of a run, as (left row, right row).
async fn links(steward: &Caller, run: &str) -> BTreeSet<(u64, u64)> {
    let mut found = BTreeSet::new();
    let mut path = format!("/linkage/v1/linkage-runs/{run}/links?limit=200");
    loop {
        let page = steward.get(&path).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let body = page.json();
        for link in body["items"].as_array().unwrap() {
            found.insert((
                link["leftRow"].as_u64().unwrap(),
                link["rightRow"].as_u64().unwrap(),
            ));
        }
        match body["next"].as_str() {
            Some(cursor) => {
                path = format!("/linkage/v1/linkage-runs/{run}/links?limit=200&cursor={cursor}");
            }
            None => return found,
        }
    }
}

#[tokio::test]
async fn a_suspended_version_stops_answering_within_five_seconds() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let made = active(&platform, &people).await;
    predicted(&people.consumer).await;

    let path = format!("/registry/v1/model-versions/{}/_suspend", made.version);
    people
        .officer
        .create(&path, json!({"reason": "Klacht in onderzoek."}))
        .await;
    let start = std::time::Instant::now();
    eventually(Duration::from_secs(5), || async {
        let reply = people.consumer.post(PREDICT, &subject()).await;
        (reply.status != 200).then_some(())
    })
    .await;
    println!("stopped after {:?}", start.elapsed());
    // And it stays so, after a restart too.
    let mut platform = platform;
    assert!(
        platform.stop(Duration::from_secs(20)).await.unwrap(),
        "it stops by itself"
    );
    platform.restart().await.unwrap();
    assert_ne!(people.consumer.post(PREDICT, &subject()).await.status, 200);
}

#[tokio::test]
async fn without_a_project_that_allows_it_nothing_is_done() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let data = journey::bring_in(&platform, &people).await;
    let change = people.owner.request(
        reqwest::Method::GET,
        &format!("/registry/v1/projects/{}", data.project),
    );
    let tag = answer(change).await.header("etag").to_owned();
    let change = people.owner.request(
        reqwest::Method::PATCH,
        &format!("/registry/v1/projects/{}", data.project),
    );
    let reply = answer(
        change
            .header("if-match", tag)
            .json(&json!({"steps": ["ingest"]})),
    )
    .await;
    assert_eq!(reply.status, 200, "{}", reply.text);

    people
        .steward
        .post("/linkage/v1/linkage-runs", &journey::linkage(&data))
        .await
        .assert_problem(403);
    let frame = journey::frame(&data, NOWHERE);
    people
        .analyst
        .post("/training/v1/frames", &frame)
        .await
        .assert_problem(403);
    let nowhere = json!({"projectId": NOWHERE, "name": "x"});
    people
        .steward
        .post("/ingest/v1/datasets", &nowhere)
        .await
        .assert_problem(400);
}
