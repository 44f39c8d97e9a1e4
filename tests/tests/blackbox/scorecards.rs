//! A scorecard from files to an answer that is added up by hand.

use std::time::Duration;

use helder_testkit::Platform;
use serde_json::{Value, json};

use crate::{
    journey::{self, People, id},
    made::{PREDICT, subject},
    support::{HERE, eventually},
};

/// Points of the contributions, by input.
fn points(prediction: &Value) -> Vec<(String, u64)> {
    let parts = prediction["contributions"].as_array().unwrap().iter();
    let named = parts.map(|part| {
        let input = part["input"].as_str().unwrap().to_owned();
        (input, part["points"].as_u64().unwrap())
    });
    named.collect()
}

/// Somebody, by what is on the card: more than that may not be sent.
fn on_card(told: &Value) -> Value {
    let mut asked = subject();
    let values = asked["subjects"][0]["values"].as_object_mut().unwrap();
    let inputs = told["inputs"].as_array().unwrap();
    values.retain(|name, _| inputs.iter().any(|input| input["input"] == **name));
    asked
}

/// The evaluation of a version, as the registry keeps it.
async fn evaluation(people: &People, version: &str) -> Value {
    let address = format!("{version}/files/evaluation.json");
    people.analyst.get(&address).await.json()
}

/// The forms of the model, and that the points table says the points of a prediction.
async fn exported(people: &People, run: &str, prediction: &Value) {
    let form = |form: &str| format!("/training/v1/training-runs/{run}/exports/{form}");
    let table = people.analyst.get(&form("points")).await;
    assert_eq!(table.status, 200, "{}", table.text);
    assert!(table.header("content-type").starts_with("text/csv"));
    assert_eq!(
        table.header("content-disposition"),
        "attachment; filename=\"dreigende-dakloosheid.points.csv\""
    );
    let lines: Vec<Vec<&str>> = table
        .text
        .lines()
        .map(|line| line.split(',').collect())
        .collect();
    for part in prediction["contributions"].as_array().unwrap() {
        let value = part["value"].as_f64().unwrap();
        let is = |line: &&Vec<&str>| {
            let inside = |at: usize, keeps: fn(f64, f64) -> bool| {
                line[at].is_empty() || keeps(value, line[at].parse().unwrap())
            };
            let holds = match line[2] {
                "number" => inside(3, |v, from| v >= from) && inside(4, |v, below| v < below),
                "yes" => value > 0.5,
                _ => false,
            };
            holds && line[1] == part["input"].as_str().unwrap()
        };
        let line = lines.iter().find(is).unwrap();
        assert_eq!(line[13], part["points"].to_string(), "{part}");
    }
    for (name, begins) in [("sqlite", "-- "), ("postgres", "-- "), ("sheet", "PK")] {
        let written = people.analyst.get(&form(name)).await;
        assert_eq!(written.status, 200, "{name}");
        assert!(written.text.starts_with(begins), "{name}");
    }
    people.analyst.get(&form("pmml")).await.assert_problem(404);
    people
        .consumer
        .get(&form("points"))
        .await
        .assert_problem(403);
}

#[tokio::test]
async fn a_card_is_trained_served_and_added_up() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let data = journey::bring_in(&platform, &people).await;
    let (_, frame) = journey::linked_frame(&people, &data).await;
    let mut plan = journey::training(&data, &id(&frame));
    plan["algorithm"] = json!("scorecard");
    plan["hyperparameters"] =
        json!({"mostPoints": 30, "monotone": [{"feature": "schuld", "direction": "rising"}]});
    let training = journey::run(&people.analyst, "/training/v1/training-runs", &plan).await;
    let version = journey::serve(&people, &training).await;
    let told = evaluation(&people, &version).await["scorecard"].clone();

    // What the points of the answer add up to stands on the card with the probability of the answer.
    let asked = on_card(&told);
    let answer = eventually(Duration::from_secs(10), || async {
        let reply = people.consumer.post(PREDICT, &asked).await;
        (reply.status == 200).then(|| reply.json())
    })
    .await;
    let prediction = &answer["predictions"][0];
    let parts = points(prediction);
    let total: u64 = parts.iter().map(|(_, points)| points).sum();
    assert_eq!(prediction["points"], total, "{prediction}");
    let totals = told["totals"].as_array().unwrap();
    let line = totals
        .iter()
        .find(|line| line["points"] == total)
        .unwrap_or_else(|| panic!("{total} {told}"));
    assert_eq!(line["probability"], prediction["probability"]);
    // And its points are those of a bin on the card.
    for (input, points) in &parts {
        let inputs = told["inputs"].as_array().unwrap();
        let on_card = inputs.iter().find(|told| told["input"] == **input).unwrap();
        let bins = on_card["bins"].as_array().unwrap();
        assert!(bins.iter().any(|bin| bin["points"] == *points), "{on_card}");
    }
    let contributions = prediction["contributions"].as_array().unwrap();
    let sum: f64 = contributions
        .iter()
        .map(|part| part["contribution"].as_f64().unwrap())
        .sum();
    let score = prediction["score"].as_f64().unwrap();
    let base = prediction["baseScore"].as_f64().unwrap();
    assert!((base + sum - score).abs() < 1e-12, "{prediction}");
    assert!(
        contributions.iter().any(|part| {
            let text = part["reason"]["nl"].as_str().unwrap();
            part["input"] == "schuld" && text.contains("6200") && text.contains("de kans")
        }),
        "{prediction}"
    );

    // Debts only raise the points; the same points are the same probability.
    let mut seen: Vec<(u64, f64)> = Vec::new();
    for debt in [0, 1_500, 3_000, 6_000, 8_900] {
        let mut asked = on_card(&told);
        asked["subjects"][0]["values"]["schuld"] = json!(debt);
        let reply = people.consumer.post(PREDICT, &asked).await.json();
        let reply = &reply["predictions"][0];
        let now = (
            reply["points"].as_u64().unwrap(),
            reply["probability"].as_f64().unwrap(),
        );
        for (points, probability) in &seen {
            assert!(now.0 >= *points);
            assert_eq!(now.0 == *points, now.1.to_bits() == probability.to_bits());
        }
        seen.push(now);
    }
    assert!(seen[4].0 > seen[0].0 + 5, "{seen:?}");

    exported(&people, &id(&training), prediction).await;

    let card = people
        .analyst
        .get(&format!("{version}/files/card.html"))
        .await;
    assert!(
        card.text.contains("De scorekaart")
            && card.text.contains("Wat afronden op hele punten kost")
    );
}
