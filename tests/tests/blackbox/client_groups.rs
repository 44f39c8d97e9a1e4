//! Groups of clients, from file to a group with its certainty and its card.

use std::{fmt::Write as _, time::Duration};

use helder_testkit::Platform;
use serde_json::{Value, json};

use crate::{
    journey::{self, Framed, People, id},
    municipality::{Dice, bsn},
    support::{HERE, eventually},
};

const PEOPLE: usize = 600;

/// Invented clients of three kinds; of a third nobody knows whether they have children, or how they live.
fn clients() -> String {
    let mut dice = Dice::of(5);
    let mut file = String::from("bsn;leeftijd;schuld;kinderen;wonen;groep\n");
    for index in 0..PEOPLE {
        let kind = dice.below(3);
        let around = |dice: &mut Dice, centre: usize, wide: usize| {
            centre + dice.below(wide) + dice.below(wide) + dice.below(wide)
        };
        let age = around(&mut dice, [20, 40, 65][kind], 6);
        let debt = around(&mut dice, [100, 900, 200][kind], 120);
        let children = ["nee", "ja"][usize::from((kind == 1) == (dice.below(10) > 0))];
        let living = ["huur", "koop", "inwonend"][if dice.below(10) > 1 { kind } else { 0 }];
        let [children, living] =
            [children, living].map(|value| if dice.below(3) > 0 { value } else { "" });
        let group = ["A", "B"][dice.below(2)];
        writeln!(
            file,
            "{};{age};{debt};{children};{living};{group}",
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
        {"name": "schuld", "type": "integer"},
        {"name": "kinderen", "type": "boolean"},
        {"name": "wonen", "type": "string"},
        {"name": "groep", "type": "string", "constraints": {"enum": ["A", "B"]}},
    ]})
}

fn training(project: &str, frame: &str, algorithm: &str, names: &[&str]) -> Value {
    let feature = |name: &&str| json!({"name": name, "meaning": {"nl": name, "en": name}, "justification": "Zegt hoe iemand leeft."});
    json!({
        "projectId": project, "frameId": frame,
        "model": {
            "name": format!("groepen-{algorithm}"),
            "title": {"nl": "Groepen cliënten", "en": "Groups of clients"},
            "meaning": {"nl": "de groep waarop iemand lijkt", "en": "the group somebody resembles"},
        },
        "algorithm": algorithm,
        "features": names.iter().map(feature).collect::<Vec<_>>(),
        "sensitiveFeatures": ["groep"],
        "split": {"rule": "none"},
        "hyperparameters": {"mostGroups": 4},
        "seed": 7,
    })
}

#[tokio::test]
async fn groups_of_clients_are_trained_approved_and_named_with_their_certainty_and_card() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let Framed {
        project,
        version: data,
        frame,
    } = journey::framed(&platform, &people, ("clients", &clients()), contract()).await;

    let wrong = training(
        &project,
        &frame,
        "gaussian-mixture",
        &["leeftijd", "kinderen"],
    );
    let job = journey::start(&people.analyst, "/training/v1/training-runs", &wrong).await;
    let failed = journey::ended(&people.analyst, &job).await;
    assert!(failed.to_string().contains("boolean-in-groups"), "{failed}");

    let all = ["leeftijd", "schuld", "kinderen", "wonen"];
    for (algorithm, names) in [("k-prototypes", &all[..]), ("gaussian-mixture", &all[..2])] {
        let plan = training(&project, &frame, algorithm, names);
        let run = journey::run(&people.analyst, "/training/v1/training-runs", &plan).await;
        let groups = &run["outcome"]["evaluation"]["groups"];
        assert_eq!(groups["groups"], 3, "{groups}");
        let version = journey::serve(&people, &run).await;
        let page = people
            .analyst
            .get(&format!("{version}/files/evaluation.html"))
            .await;
        assert!(page.text.contains("Hoe vast liggen de groepen?"));

        // Somebody of the second kind, of whom the rest is not known.
        let unknown = |name: &str| match name {
            "leeftijd" => json!(47),
            "schuld" => json!(1_080),
            _ => Value::Null,
        };
        let values: serde_json::Map<String, Value> = names
            .iter()
            .map(|name| ((*name).to_owned(), unknown(name)))
            .collect();
        let body = json!({"subjects": [{"id": "1", "values": values}]});
        let path = format!("/prediction/v1/models/groepen-{algorithm}/predictions");
        let answer = eventually(Duration::from_secs(10), || async {
            let reply = people.consumer.post(&path, &body).await;
            (reply.status == 200).then(|| reply.json())
        })
        .await;
        let prediction = &answer["predictions"][0];
        let group = &prediction["group"];
        let certainty = group["certainty"].as_f64().unwrap();
        assert!((0.9..=1.0).contains(&certainty), "{group}");
        let profile = &groups["profiles"][group["number"].as_u64().unwrap() as usize];
        let card = &group["card"];
        assert_eq!(card["rows"], profile["rows"]);
        assert_eq!(card["stability"], profile["jaccard"]);
        let debt = card["traits"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["input"] == "schuld")
            .unwrap();
        assert!(debt["group"].as_f64().unwrap() > 1_000.0, "{debt}");
        assert!(
            debt["text"]["nl"].as_str().unwrap().contains("bij allen"),
            "{debt}"
        );
        let left_out = prediction["warnings"].as_array().unwrap().len();
        assert_eq!(left_out, names.len() - 2, "{prediction}");

        let batch = json!({"model": format!("groepen-{algorithm}"), "datasetVersionId": data});
        let batch = journey::run(&people.analyst, "/prediction/v1/batches", &batch).await;
        let results = format!("/prediction/v1/batches/{}/results?limit=200", id(&batch));
        let results = people.analyst.get(&results).await.json();
        let items = results["items"].as_array().unwrap();
        assert_eq!(items.len(), 200);
        assert!(
            items.iter().all(|one| one["group"].as_u64().unwrap() < 3
                && one["certainty"]
                    .as_f64()
                    .is_some_and(|c| (0.0..=1.0).contains(&c))),
            "{results}"
        );
    }
}
