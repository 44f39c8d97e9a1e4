//! Models of how long something lasts, from file to chances by time.

use std::{fmt::Write as _, fs, time::Duration};

use helder_testkit::Platform;
use serde_json::{Value, json};

use crate::{
    journey::{self, Framed, People, id},
    municipality::{Dice, bsn},
    support::{HERE, eventually},
};

const PEOPLE: usize = 3_000;

/// Benefit of invented people, in days: with a course work is found late, without it early; others move.
fn spells() -> String {
    let mut dice = Dice::of(11);
    let mut file = String::from("bsn;leeftijd;cursus;dagen;einde;groep\n");
    for index in 0..PEOPLE {
        let (age, course) = (20 + dice.below(40), dice.below(2) == 0);
        let lost = 300 + dice.below(500);
        let mut end = (lost, "");
        for month in 0..lost / 30 {
            let work = match (course, month < 8) {
                (true, true) | (false, false) => 15,
                _ => 110 - age,
            };
            let die = dice.below(1_000);
            if die < work + 15 {
                let day = month * 30 + 1 + dice.below(30);
                end = (day, if die < work { "werk" } else { "verhuisd" });
                break;
            }
        }
        let (course, group) = (if course { "ja" } else { "nee" }, ["A", "B"][dice.below(2)]);
        let (days, cause) = end;
        writeln!(file, "{};{age};{course};{days};{cause};{group}", bsn(index)).unwrap();
    }
    file
}

fn contract() -> Value {
    json!({"fields": [
        {"name": "bsn", "semanticType": "bsn", "constraints": {"required": true}},
        {"name": "leeftijd", "type": "integer"},
        {"name": "cursus", "type": "boolean"},
        {"name": "dagen", "type": "integer"},
        {"name": "einde", "type": "string"},
        {"name": "groep", "type": "string", "constraints": {"enum": ["A", "B"]}},
    ]})
}

fn training(project: &str, frame: &str) -> Value {
    let feature = |name: &str, nl: &str, en: &str| json!({"name": name, "meaning": {"nl": nl, "en": en}, "justification": "Hangt volgens onderzoek samen met hoe lang een uitkering duurt."});
    let cause = |value: &str, en: &str| json!({"value": value, "meaning": {"nl": value, "en": en}});
    json!({
        "projectId": project, "frameId": frame,
        "model": {
            "name": "duur-uitkering",
            "title": {"nl": "Duur van een uitkering", "en": "How long benefit lasts"},
            "meaning": {"nl": "tijd tot het einde van de uitkering", "en": "time until benefit ends"},
        },
        "algorithm": "hazard-boosting",
        "target": "dagen", "event": "einde",
        "causes": [cause("werk", "work"), cause("verhuisd", "moved")],
        "features": [feature("leeftijd", "leeftijd", "age"), feature("cursus", "volgde een cursus", "followed a course")],
        "sensitiveFeatures": ["groep"],
        "split": {"rule": "random", "testShare": 0.3},
        "seed": 7,
    })
}

#[tokio::test]
async fn hazards_by_month_go_from_file_to_chances_that_change_with_time() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let Framed { project, frame, .. } =
        journey::framed(&platform, &people, ("spells", &spells()), contract()).await;

    let mut wrong = training(&project, &frame);
    wrong["hyperparameters"] = json!({"ties": "efron"});
    let refused = people
        .analyst
        .post("/training/v1/training-runs", &wrong)
        .await;
    refused.assert_problem(400);
    assert!(
        refused.text.contains("/hyperparameters/ties"),
        "{}",
        refused.text
    );

    let run = journey::run(
        &people.analyst,
        "/training/v1/training-runs",
        &training(&project, &frame),
    )
    .await;
    journey::serve(&people, &run).await;

    let subjects = json!({"survivalCurve": true, "subjects": [
        {"id": "a", "values": {"leeftijd": 30, "cursus": true}},
        {"id": "b", "values": {"leeftijd": 30, "cursus": false}},
    ]});
    let path = "/prediction/v1/models/duur-uitkering/predictions";
    let answer = eventually(Duration::from_secs(5), || async {
        let reply = people.consumer.post(path, &subjects).await;
        (reply.status == 200).then(|| reply.json())
    })
    .await;
    let of = |place: usize| &answer["predictions"][place]["survival"];
    let chance = |place: usize, horizon: usize| {
        of(place)["causes"][0]["chances"][horizon]["chance"]
            .as_f64()
            .unwrap()
    };
    // Early the course delays; the difference shrinks or turns once it is over.
    assert!(chance(1, 1) > chance(0, 1) + 0.1, "{answer}");
    let late = |place: usize| chance(place, 3) - chance(place, 1);
    assert!(late(0) > late(1), "{answer}");
    for place in 0..2 {
        let told = of(place);
        let interval = &told["lasting"][2]["interval"];
        let [low, high] = ["lower", "upper"].map(|end| interval[end].as_f64().unwrap());
        let year = told["lasting"][2]["chance"].as_f64().unwrap();
        assert!(low < year && year < high && high - low < 0.4, "{told}");
        assert!(told["median"]["days"].is_number() && told["curve"]["days"].is_array());
        assert_eq!(told["comparable"]["classes"], 5);
        let changing = told["causes"][0]["overTime"].as_array().unwrap();
        assert!(
            changing.iter().any(|one| one["input"] == "cursus"),
            "{told}"
        );
        let prediction = &answer["predictions"][place];
        let parts = prediction["contributions"].as_array().unwrap();
        let sum: f64 = parts
            .iter()
            .map(|part| part["contribution"].as_f64().unwrap())
            .sum();
        assert!((sum - prediction["score"].as_f64().unwrap()).abs() < 1e-12);
    }
}

/// 400 made spells with a course that begins half-way in some.
fn courses() -> String {
    let mut dice = Dice::of(3);
    let mut file = String::from("dagen;reden;leeftijd;cursus\n");
    for _ in 0..400 {
        let (days, age) = (30 + dice.below(800), 20 + dice.below(40));
        let reason = ["werk", "verhuisd", ""][dice.below(3)];
        let course = if dice.below(4) == 0 {
            (days / 2).to_string()
        } else {
            String::new()
        };
        writeln!(file, "{days};{reason};{age};{course}").unwrap();
    }
    file
}

#[tokio::test]
async fn a_survival_model_says_of_a_provision_only_what_its_report_allows() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let file = platform.folder().join("courses.csv");
    fs::write(&file, courses()).unwrap();
    let project = journey::project(&people.owner).await;
    let field = |name: &str, kind: &str| json!({"name": name, "type": kind});
    let contract = json!({"fields": [
        field("dagen", "integer"), field("reden", "string"), field("leeftijd", "integer"), field("cursus", "integer"),
    ]});
    let version = journey::upload(&people.steward, &project, &file, contract).await;
    let mut frames = Vec::new();
    for sql in ["SELECT * FROM t", "SELECT * FROM t WHERE leeftijd > 25"] {
        let frame = json!({
            "projectId": project, "name": "trajecten", "unit": "traject", "sql": sql,
            "tables": [{"alias": "t", "datasetVersionId": id(&version)}],
        });
        frames.push(id(&journey::run(
            &people.analyst,
            "/training/v1/frames",
            &frame,
        )
        .await));
    }
    let words = |text: &str| json!({"nl": text, "en": text});
    let report = journey::run(&people.analyst, "/training/v1/outflow-reports", &json!({
        "projectId": project, "frameId": frames[0], "spec": {
            "title": words("Uitstroom"), "time": "dagen",
            "ends": {"cause": "reden", "causes": [
                {"codes": ["werk"], "kind": "work"}, {"codes": ["verhuisd"], "kind": "moved"},
            ]},
            "characteristics": [{"column": "leeftijd", "kind": "number", "title": words("leeftijd"), "per": 10}],
            "provisions": [{"column": "cursus", "title": words("cursus")}],
        },
    }))
    .await;
    let mut plan = training(&project, &frames[0]);
    plan["algorithm"] = json!("cox-regression");
    plan["event"] = json!("reden");
    plan["sensitiveFeatures"] = json!([]);
    plan["features"].as_array_mut().unwrap().truncate(1);
    plan["outflowReport"] = json!(id(&report));

    // A report of another frame, and one that is not there.
    for (frame, report, code) in [
        (&frames[1], id(&report), "other-frame"),
        (
            &frames[0],
            "00000000-0000-7000-8000-000000000001".to_owned(),
            "unknown",
        ),
    ] {
        let mut wrong = plan.clone();
        wrong["frameId"] = json!(frame);
        wrong["outflowReport"] = json!(report);
        let refused = people
            .analyst
            .post("/training/v1/training-runs", &wrong)
            .await;
        refused.assert_problem(400);
        let fault = &refused.json()["errors"][0];
        assert_eq!(
            (&fault["pointer"], &fault["code"]),
            (&json!("/outflowReport"), &json!(code))
        );
    }

    let run = journey::run(&people.analyst, "/training/v1/training-runs", &plan).await;
    journey::serve(&people, &run).await;
    let subjects = json!({"subjects": [{"id": "a", "values": {"leeftijd": 30}}]});
    let path = "/prediction/v1/models/duur-uitkering/predictions";
    let answer = eventually(Duration::from_secs(5), || async {
        let reply = people.consumer.post(path, &subjects).await;
        (reply.status == 200).then(|| reply.json())
    })
    .await;
    // Four hundred spells in which the course does nothing: the reason, and nothing else.
    let told = &answer["predictions"][0]["survival"]["provisions"][0];
    assert_eq!(told["provision"]["nl"], "cursus", "{answer}");
    assert!(
        told["reason"]["nl"]
            .as_str()
            .is_some_and(|text| !text.is_empty()),
        "{told}"
    );
    for key in ["differences", "mayConclude", "mayNotConclude"] {
        assert!(told.get(key).is_none(), "{told}");
    }
}

#[tokio::test]
async fn regressions_with_a_curve_take_raw_values_and_tell_one_contribution_per_input() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let Framed { project, frame, .. } =
        journey::framed(&platform, &people, ("spells", &spells()), contract()).await;
    let mut plan = training(&project, &frame);
    plan["features"][0]["spline"] = json!({"knots": 4});

    // Boosting finds its own curves.
    let refused = people
        .analyst
        .post("/training/v1/training-runs", &plan)
        .await;
    refused.assert_problem(400);
    assert_eq!(refused.json()["errors"][0]["pointer"], "/features/0/spline");

    for (algorithm, settings, name) in [
        ("cox-regression", json!({}), "duur-uitkering"),
        (
            "hazard-regression",
            json!({"link": "cloglog"}),
            "duur-uitkering-per-maand",
        ),
    ] {
        plan["algorithm"] = json!(algorithm);
        plan["hyperparameters"] = settings;
        plan["model"]["name"] = json!(name);
        let run = journey::run(&people.analyst, "/training/v1/training-runs", &plan).await;
        let exports = format!("/training/v1/training-runs/{}/exports/points", id(&run));
        people.analyst.get(&exports).await.assert_problem(409);
        journey::serve(&people, &run).await;
        curve_is_told(&people, name).await;
    }
}

/// Asks people of several ages: one contribution per input, that of age along a curve, and chances with limits.
async fn curve_is_told(people: &People, model: &str) {
    let ages = [20, 27, 35, 48, 59, 90];
    let subject =
        |age: &i32| json!({"id": age.to_string(), "values": {"leeftijd": age, "cursus": true}});
    let subjects: Vec<Value> = ages.iter().map(subject).collect();
    let asked = json!({"survivalCurve": true, "subjects": subjects});
    let path = format!("/prediction/v1/models/{model}/predictions");
    let answer = eventually(Duration::from_secs(5), || async {
        let reply = people.consumer.post(&path, &asked).await;
        (reply.status == 200).then(|| reply.json())
    })
    .await;
    let adds = |place: usize| {
        let parts = answer["predictions"][place]["contributions"].as_array();
        let parts = parts.unwrap();
        assert_eq!(parts.len(), 2, "{answer}");
        let of_age = parts.iter().find(|part| part["input"] == "leeftijd");
        of_age.unwrap()["contribution"].as_f64().unwrap()
    };
    // No line goes through what these ages add.
    let slope = |a: usize, b: usize| (adds(b) - adds(a)) / f64::from(ages[b] - ages[a]);
    assert!((slope(0, 1) - slope(2, 3)).abs() > 1e-4, "{answer}");
    let told = &answer["predictions"][2]["survival"];
    let lasting = &told["lasting"][2];
    let [low, chance, high] = [
        &lasting["interval"]["lower"],
        &lasting["chance"],
        &lasting["interval"]["upper"],
    ]
    .map(|of| of.as_f64().unwrap());
    assert!(low < chance && chance < high, "{lasting}");
    assert!(told["median"]["days"].is_number() && told["curve"]["days"].is_array());
    assert_eq!(told["causes"].as_array().unwrap().len(), 2);
}
