//! A decision tree and a rule list from files to an answer that can be followed with a finger.

use std::time::Duration;

use helder_testkit::Platform;
use serde_json::{Value, json};

use crate::{
    journey::{self, People, id},
    made::{PREDICT, subject},
    municipality,
    support::{HERE, eventually},
};

/// Somebody, by what the model asks: more than that may not be sent.
fn asked(model: &Value) -> Value {
    let mut asked = subject();
    let values = asked["subjects"][0]["values"].as_object_mut().unwrap();
    let inputs = model["inputs"].as_array().unwrap();
    values.retain(|name, _| inputs.iter().any(|input| input["name"] == **name));
    asked
}

/// Trains, reviews and activates; gives the address of the version.
async fn active(people: &People, plan: &Value) -> String {
    let training = journey::run(&people.analyst, "/training/v1/training-runs", plan).await;
    journey::serve(people, &training).await
}

#[tokio::test]
async fn a_tree_and_a_list_are_trained_served_and_followed() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    // So many that what chooses and what estimates both find something, whatever the order of the pseudonyms.
    municipality::write_sized(platform.folder(), 2_000);
    let data = journey::bring_in_files(&platform, &people).await;
    let (_, frame) = journey::linked_frame(&people, &data).await;
    for (algorithm, settings, text) in [
        (
            "decision-tree",
            json!({"maxDepth": 4, "monotone": [{"feature": "schuld", "direction": "rising"}]}),
            "Begin bovenaan",
        ),
        (
            "rule-list",
            json!({"mostRules": 5}),
            "De eerste regel die klopt",
        ),
    ] {
        let mut plan = journey::training(&data, &id(&frame));
        plan["algorithm"] = json!(algorithm);
        plan["hyperparameters"] = settings;
        let version = active(&people, &plan).await;
        let file = |name: &str| format!("{version}/files/{name}");
        let model = people.analyst.get(&file("model.json")).await.json();
        let evaluation = people.analyst.get(&file("evaluation.json")).await.json();
        let digest = people.analyst.get(&version).await.json();
        let leaves = evaluation["tree"]["leaves"].as_array().unwrap();
        let card = people.analyst.get(&file("card.html")).await;
        assert!(card.text.contains(text), "{algorithm}");

        let asked = asked(&model);
        let answer = eventually(Duration::from_secs(10), || async {
            let reply = people.consumer.post(PREDICT, &asked).await;
            let is_ours = reply.status == 200
                && digest
                    .to_string()
                    .contains(reply.json()["modelDigest"].as_str().unwrap());
            is_ours.then(|| reply.json())
        })
        .await;
        // The answer is a line of the card, with its interval.
        let prediction = &answer["predictions"][0];
        let p = prediction["probability"].as_f64().unwrap();
        let line = leaves
            .iter()
            .find(|leaf| (leaf["probability"].as_f64().unwrap() - p).abs() < 1e-12)
            .unwrap_or_else(|| panic!("{prediction} {evaluation}"));
        for end in ["lower", "upper"] {
            assert_eq!(line[end], prediction["interval"][end], "{prediction}");
        }
        assert!(line["rows"].as_u64().unwrap() >= 10);
        let parts = prediction["contributions"].as_array().unwrap();
        let sum: f64 = parts
            .iter()
            .map(|part| part["contribution"].as_f64().unwrap())
            .sum();
        let [base, score] = ["baseScore", "score"].map(|name| prediction[name].as_f64().unwrap());
        assert!((base + sum - score).abs() < 1e-12, "{prediction}");
        assert!(
            parts.iter().all(|part| {
                let text = part["reason"]["nl"].as_str().unwrap();
                part["contribution"] != 0 || text.contains("geen verschil")
            }),
            "{prediction}"
        );
    }
}
