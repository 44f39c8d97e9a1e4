//! Explainable boosting from files to an explained prediction, single, in a batch and over the open protocol.

use std::time::Duration;

use helder_testkit::Platform;
use serde_json::{Value, json};

use crate::{
    journey::{self, People, id},
    made::{PREDICT, predicted, subject, tensors},
    support::{ELSEWHERE, HERE, eventually},
};

/// A contribution's place and size, by the names of its inputs.
fn parts(prediction: &Value) -> Vec<(String, f64)> {
    let parts = prediction["contributions"].as_array().unwrap().iter();
    let named = parts.map(|part| {
        let inputs =
            [&part["input"], &part["otherInput"]].map(|name| name.as_str().unwrap_or_default());
        (inputs.join("×"), part["contribution"].as_f64().unwrap())
    });
    named.collect()
}

#[tokio::test]
async fn a_sum_of_curves_is_trained_reviewed_served_and_explained() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let data = journey::bring_in(&platform, &people).await;
    let (_, frame) = journey::linked_frame(&people, &data).await;
    let mut plan = journey::training(&data, &id(&frame));
    plan["algorithm"] = json!("explainable-boosting");
    plan["hyperparameters"] =
        json!({"interactions": 2, "monotone": [{"feature": "schuld", "direction": "rising"}]});
    let training = journey::run(&people.analyst, "/training/v1/training-runs", &plan).await;

    journey::serve(&people, &training).await;

    let answer = predicted(&people.consumer).await;
    let prediction = &answer["predictions"][0];
    let found = parts(prediction);
    assert!(found.len() >= 4, "{prediction}");
    let sum: f64 = found.iter().map(|(_, size)| size).sum();
    let score = prediction["score"].as_f64().unwrap();
    assert!(
        (prediction["baseScore"].as_f64().unwrap() + sum - score).abs() < 1e-9,
        "{prediction}"
    );
    let probability = prediction["probability"].as_f64().unwrap();
    assert!(
        (probability - 1.0 / (1.0 + (-score).exp())).abs() < 1e-9,
        "{prediction}"
    );
    let [lower, upper] = ["lower", "upper"].map(|end| &prediction["interval"][end]);
    assert!(
        lower.as_f64().unwrap() < probability && probability < upper.as_f64().unwrap(),
        "{prediction}"
    );
    let reasons = prediction["contributions"].as_array().unwrap();
    assert!(
        reasons.iter().any(|part| {
            let text = part["reason"]["nl"].as_str().unwrap();
            part["input"] == "schuld" && text.contains("6200") && text.contains("de kans")
        }),
        "{prediction}"
    );

    // The curve of debts only rises, and no pair holds it.
    let mut scores = Vec::new();
    for debt in [0, 1_500, 3_000, 6_000, 8_900] {
        let mut asked = subject();
        asked["subjects"][0]["values"]["schuld"] = json!(debt);
        let reply = people.consumer.post(PREDICT, &asked).await.json();
        scores.push(reply["predictions"][0]["score"].as_f64().unwrap());
    }
    assert!(
        scores.windows(2).all(|pair| pair[0] <= pair[1]),
        "{scores:?}"
    );
    assert!(scores[4] - scores[0] > 1.0, "{scores:?}");

    // A batch says its reasons from the same terms.
    let batch = json!({"model": "dreigende-dakloosheid", "datasetVersionId": &frame["outcome"]["datasetVersionId"]});
    let batch = journey::run(&people.analyst, "/prediction/v1/batches", &batch).await;
    let results = format!("/prediction/v1/batches/{}/results?limit=20", id(&batch));
    let results = people.analyst.get(&results).await.json();
    let items = results["items"].as_array().unwrap();
    assert_eq!(items.len(), 20, "{results}");
    assert!(
        items
            .iter()
            .all(|item| item["reasons"].as_array().unwrap().len() == 3),
        "{results}"
    );

    over_protocol(
        &people,
        answer["model"].as_str().unwrap(),
        found.len(),
        score,
    )
    .await;
    an_edit_is_judged_reviewed_and_served(&platform, &people, &training).await;
}

/// The open protocol gives the same score, and a contribution per term.
async fn over_protocol(people: &People, model: &str, terms: usize, score: f64) {
    let reply = people
        .consumer
        .post(&format!("/oip/v2/models/{model}/infer"), &tensors())
        .await
        .json();
    let outputs = reply["outputs"].as_array().unwrap();
    let output = |name: &str| {
        outputs
            .iter()
            .find(|output| output["name"] == name)
            .unwrap()
    };
    assert_eq!(output("contributions")["shape"], json!([1, terms]));
    assert_eq!(
        output("score")["data"][0].as_f64().unwrap().to_bits(),
        score.to_bits()
    );
}

/// An expert levels the curve of debts from 5,000 on. Nothing skips the review.
async fn an_edit_is_judged_reviewed_and_served(
    platform: &Platform,
    people: &People,
    training: &Value,
) {
    let edits = format!("/training/v1/training-runs/{}/edits", id(training));
    let edit = |changes: Value| json!({"reason": "Vanaf 5.000 euro kent de hulp geen verschil meer.", "changes": changes});
    let level = edit(json!([
        {"change": "flatten", "input": "schuld", "stretch": {"from": 5_000}},
    ]));
    let there = People::of(platform, ELSEWHERE);
    there.analyst.post(&edits, &level).await.assert_problem(404);
    people
        .consumer
        .post(&edits, &level)
        .await
        .assert_problem(403);
    let wrong = edit(json!([{"change": "remove", "input": "schoenmaat"}]));
    let refused = people.analyst.post(&edits, &wrong).await;
    refused.assert_problem(400);
    assert_eq!(refused.json()["errors"][0]["pointer"], "/changes/0/input");

    let edited = journey::run(&people.analyst, &edits, &level).await;
    assert_eq!(edited["edit"]["of"], training["id"], "{edited}");
    let effect = &edited["outcome"]["evaluation"]["edit"];
    let before = &training["outcome"]["evaluation"]["predictions"]["auc"]["value"];
    assert_eq!(&effect["figures"][0]["before"], before, "{effect}");

    let version = format!(
        "/registry/v1/model-versions/{}",
        journey::model_version(&edited)
    );
    let shown = people.officer.get(&version).await.json();
    assert_eq!(shown["createdBy"], edited["createdBy"]);
    let activate = format!("{version}/_activate");
    let early = people.owner.post(&activate, &json!({})).await;
    assert_eq!(early.status, 409, "{}", early.text);
    let card = people.officer.get(&format!("{version}/card")).await;
    assert!(card.text.contains("Wat een deskundige heeft veranderd"));
    assert!(card.text.contains("vanaf 5000 telt overal even zwaar"));
    let approval = journey::approval();
    people
        .officer
        .create(&format!("{version}/reviews"), approval)
        .await;
    people.owner.create(&activate, json!({})).await;

    let score = async |debt: u32| {
        let mut asked = subject();
        asked["subjects"][0]["values"]["schuld"] = json!(debt);
        people.consumer.post(PREDICT, &asked).await.json()
    };
    eventually(Duration::from_secs(10), async || {
        let served = score(100).await["modelVersionId"].clone();
        (served == journey::model_version(&edited)).then_some(())
    })
    .await;
    let of = |reply: &Value| reply["predictions"][0]["score"].as_f64().unwrap();
    let (six, nine) = (of(&score(6_000).await), of(&score(8_900).await));
    assert_eq!(six.to_bits(), nine.to_bits());
    assert!(of(&score(0).await) < six);
}
