//! A model that estimates a count, from file to answer.

use std::{fmt::Write as _, time::Duration};

use helder_testkit::Platform;
use serde_json::{Value, json};

use crate::{
    journey::{self, Framed, People},
    municipality::{Dice, bsn},
    support::{HERE, eventually},
};

const PEOPLE: usize = 1_500;
const PREDICT: &str = "/prediction/v1/models/bezoeken-wmo/predictions";

/// Visits of invented people over some months: 0.2 a month, twice as many with welfare.
fn visits() -> String {
    let mut dice = Dice::of(5);
    let mut file = String::from("bsn;leeftijd;uitkering;maanden;bezoeken;groep\n");
    for index in 0..PEOPLE {
        let (age, months) = (20 + dice.below(60), 1 + dice.below(24));
        let welfare = dice.below(3) == 0;
        let mean = 0.2 * months as f64 * if welfare { 2.0 } else { 1.0 };
        // A draw from Poisson's distribution: the first count whose cumulated chance exceeds the die.
        let die = (dice.below(1_000_000) as f64 + 0.5) / 1e6;
        let (mut count, mut chance) = (0_u32, (-mean).exp());
        let mut sum = chance;
        while sum < die && count < 200 {
            count += 1;
            chance *= mean / f64::from(count);
            sum += chance;
        }
        let (welfare, group) = (
            if welfare { "ja" } else { "nee" },
            ["A", "B"][dice.below(2)],
        );
        writeln!(
            file,
            "{};{age};{welfare};{months};{count};{group}",
            bsn(index)
        )
        .unwrap();
    }
    file
}

fn contract() -> Value {
    json!({"fields": [
        {"name": "bsn", "semanticType": "bsn", "constraints": {"required": true}},
        {"name": "leeftijd", "type": "integer"},
        {"name": "uitkering", "type": "boolean"},
        {"name": "maanden", "type": "integer"},
        {"name": "bezoeken", "type": "integer"},
        {"name": "groep", "type": "string", "constraints": {"enum": ["A", "B"]}},
    ]})
}

fn training(project: &str, frame: &str) -> Value {
    let feature = |name: &str, nl: &str, en: &str| json!({"name": name, "meaning": {"nl": nl, "en": en}, "justification": "Hangt volgens onderzoek samen met het gebruik van zorg."});
    json!({
        "projectId": project, "frameId": frame,
        "model": {
            "name": "bezoeken-wmo",
            "title": {"nl": "Bezoeken aan de Wmo-balie", "en": "Visits to the social desk"},
            "meaning": {"nl": "verwacht aantal bezoeken per maand", "en": "expected visits per month"},
        },
        "algorithm": "poisson-regression",
        "target": "bezoeken",
        "exposure": "maanden",
        "features": [feature("leeftijd", "leeftijd", "age"), feature("uitkering", "heeft een uitkering", "has welfare")],
        "sensitiveFeatures": ["groep"],
        "split": {"rule": "random", "testShare": 0.3},
        "hyperparameters": {"robust": true},
        "seed": 7,
    })
}

#[tokio::test]
async fn a_count_goes_from_file_to_an_estimate_with_its_interval() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let Framed { project, frame, .. } =
        journey::framed(&platform, &people, ("visits", &visits()), contract()).await;

    // An exposure that a yes/no model cannot have is named before any work is done.
    let mut wrong = training(&project, &frame);
    wrong["algorithm"] = json!("logistic-regression");
    let refused = people
        .analyst
        .post("/training/v1/training-runs", &wrong)
        .await;
    refused.assert_problem(400);
    assert!(refused.text.contains("/exposure"), "{}", refused.text);

    let run = journey::run(
        &people.analyst,
        "/training/v1/training-runs",
        &training(&project, &frame),
    )
    .await;
    journey::serve(&people, &run).await;

    let subjects = json!({"subjects": [
        {"id": "a", "values": {"leeftijd": 40, "uitkering": true}},
        {"id": "b", "values": {"leeftijd": 40, "uitkering": false}},
    ]});
    let answer = eventually(Duration::from_secs(5), || async {
        let reply = people.consumer.post(PREDICT, &subjects).await;
        (reply.status == 200).then(|| reply.json())
    })
    .await;
    let value = |place: usize| answer["predictions"][place]["value"].as_f64().unwrap();
    assert!((value(1) / 0.2 - 1.0).abs() < 0.15, "{answer}");
    assert!((value(0) / value(1) / 2.0 - 1.0).abs() < 0.15, "{answer}");
    for prediction in answer["predictions"].as_array().unwrap() {
        assert!(prediction.get("probability").is_none(), "{prediction}");
        let of = |part: &Value| part.as_f64().unwrap();
        let (low, high) = (
            &prediction["interval"]["lower"],
            &prediction["interval"]["upper"],
        );
        let value = of(&prediction["value"]);
        assert!(of(low) < value && value < of(high) && of(high) - of(low) < 0.2 * value);
        assert!((of(&prediction["score"]).exp() / value - 1.0).abs() < 1e-12);
        let parts = prediction["contributions"].as_array().unwrap();
        let sum: f64 = parts.iter().map(|part| of(&part["contribution"])).sum();
        assert!((of(&prediction["baseScore"]) + sum - of(&prediction["score"])).abs() < 1e-9);
    }
}
