//! Survival models over the wire: chances by time with their reasons, the same in every way of asking.

use std::time::{Duration, Instant};

use helder_model::{Answer, Model, Scorer, Value};
use helder_prediction::{answer::Writer, subjects::read_all, wire::PredictionAnswer};
use helder_types::Fault;
use serde_json::{Value as Json, json};

use crate::{
    support::{MODEL, Place, VALUES, version},
    world::{World, everything},
};

const LEAVING: &[u8] =
    include_bytes!("../../../../crates/model/tests/formats/1/benefit-outflow.json");
const SOMEBODY: &str = r#"{"leeftijd":52.5,"woonvorm":"huur","opleiding":true}"#;

async fn asked(model: &'static [u8], body: &str) -> Result<Vec<u8>, Vec<Fault>> {
    let place = Place::new();
    let served = place.served(model).await;
    let (subjects, extras) = read_all(body.as_bytes(), &served.scorer)?;
    let extras = extras.check(&served, subjects.len())?;
    let mut writer = Writer::new(&served, subjects.len()).with_extras(extras);
    for subject in &subjects {
        let mut answer = Answer::default();
        served.scorer.score(&subject.row, &mut answer).unwrap();
        writer.scored(subject.id.as_deref(), &subject.row, &answer);
    }
    Ok(writer.finish())
}

fn outlook() -> helder_model::Outlook {
    let scorer = Scorer::new(&Model::from_json(LEAVING).unwrap()).unwrap();
    let mut row = scorer.row();
    for (input, value) in [
        Value::Number(52.5),
        Value::Text("huur"),
        Value::Boolean(true),
    ]
    .into_iter()
    .enumerate()
    {
        scorer.set(&mut row, input, value).unwrap();
    }
    scorer.outlook(&row, true).unwrap().unwrap()
}

#[actix_web::test]
async fn a_survival_model_tells_chances_by_time_and_what_makes_it_faster() {
    let body = format!(r#"{{"subjects":[{{"values":{SOMEBODY}}}]}}"#);
    let answer: PredictionAnswer =
        serde_json::from_slice(&asked(LEAVING, &body).await.unwrap()).unwrap();
    let prediction = &answer.predictions[0];
    assert_eq!((prediction.probability, prediction.value), (None, None));
    let sum: f64 = prediction
        .contributions
        .iter()
        .map(|c| c.contribution)
        .sum();
    assert!((prediction.base_score + sum - prediction.score).abs() < 1e-12);
    assert!(
        prediction.contributions[0].reason.nl.contains("uit."),
        "{}",
        prediction.contributions[0].reason.nl
    );
    let told = prediction.survival.as_ref().unwrap();
    let model = outlook();
    let months: Vec<f64> = told.lasting.iter().map(|chance| chance.months).collect();
    assert_eq!(months, [3.0, 6.0, 12.0, 24.0]);
    assert_eq!(told.median.days, model.median.time);
    for (told, model) in told.causes.iter().zip(&model.causes) {
        for (told, model) in told.chances.iter().zip(&model.ended) {
            assert_eq!(told.chance.to_bits(), model.chance.to_bits());
            let (told, model) = (told.interval.as_ref().unwrap(), model.interval.unwrap());
            assert_eq!(
                [told.lower.to_bits(), told.upper.to_bits()],
                [model.lower.to_bits(), model.upper.to_bits()]
            );
        }
        assert_eq!(told.hazard_ratio.to_bits(), model.score.exp().to_bits());
    }
    assert!(told.causes[0].contributions.is_empty());
    let other: f64 = told.causes[1]
        .contributions
        .iter()
        .map(|c| c.contribution)
        .sum();
    assert!((other - model.causes[1].score).abs() < 1e-12);
    let comparable = told.comparable.as_ref().unwrap();
    assert_eq!(
        (comparable.classes, comparable.rows, comparable.ended.len()),
        (2, 300, 2)
    );
    assert_eq!(comparable.class, model.risk_class.unwrap() as u64 + 1);
    assert!(
        told.curve.is_none() && told.text.nl.contains("dagen de helft"),
        "{}",
        told.text.nl
    );
}

#[actix_web::test]
async fn the_curve_comes_when_asked_and_only_from_survival_models() {
    let body = format!(r#"{{"survivalCurve":true,"subjects":[{{"values":{SOMEBODY}}}]}}"#);
    let answer: PredictionAnswer =
        serde_json::from_slice(&asked(LEAVING, &body).await.unwrap()).unwrap();
    let curve = answer.predictions[0]
        .survival
        .as_ref()
        .unwrap()
        .curve
        .as_ref()
        .unwrap();
    let model = outlook().curve.unwrap();
    assert_eq!(
        (&curve.days, &curve.lasting, &curve.ended),
        (&model.time, &model.lasting, &model.ended)
    );
    for (model, values, beside, pointer, code) in [
        (
            MODEL,
            VALUES,
            r#""survivalCurve":true"#,
            "/survivalCurve",
            "wrong-kind",
        ),
        (
            LEAVING,
            SOMEBODY,
            r#""survivalCurve":1"#,
            "/survivalCurve",
            "wrong-type",
        ),
        (
            LEAVING,
            SOMEBODY,
            r#""survivalCurve":true,"survivalCurve":true"#,
            "/survivalCurve",
            "duplicate-key",
        ),
        (
            LEAVING,
            SOMEBODY,
            r#""counterfactual":{"atLeast":0.5}"#,
            "/counterfactual",
            "wrong-kind",
        ),
    ] {
        let faults = asked(
            model,
            &format!(r#"{{{beside},"subjects":[{{"values":{values}}}]}}"#),
        )
        .await
        .unwrap_err();
        let found: Vec<(&str, &str)> = faults
            .iter()
            .map(|f| (f.pointer.as_str(), f.code.as_str()))
            .collect();
        assert_eq!(found, [(pointer, code)]);
    }
    // No counts of similar cases: asked, and not there.
    let body = format!(r#"{{"similarCases":true,"subjects":[{{"values":{SOMEBODY}}}]}}"#);
    let answer: PredictionAnswer =
        serde_json::from_slice(&asked(LEAVING, &body).await.unwrap()).unwrap();
    assert!(answer.predictions[0].similar_cases.is_none());
}

async fn ask(world: &World, path: &str, body: Option<Json>) -> Json {
    let address = world.outside("/oip/v2", path);
    let request = match body {
        Some(body) => world.client.post(address).body(body.to_string()),
        None => world.client.get(address),
    };
    let answer = request
        .bearer_auth(world.token(&everything()))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

#[actix_web::test]
async fn the_inference_protocol_has_chances_by_horizon_and_by_cause() {
    let world = World::new(Duration::from_mins(10)).await;
    let digest = world.place.put(LEAVING).await;
    let mut other = version("uitstroom", digest);
    other.model_id = uuid::Uuid::from_u128(11);
    other.model_version_id = uuid::Uuid::from_u128(12);
    world.said.lock().unwrap().in_force.push(other);
    let body = format!(r#"{{"subjects":[{{"id":"klant-1","values":{SOMEBODY}}}]}}"#);
    let start = Instant::now();
    while world
        .post("/models/uitstroom/predictions", body.clone())
        .send()
        .await
        .unwrap()
        .status()
        != 200
    {
        assert!(start.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let metadata = ask(&world, "/models/uitstroom", None).await;
    let shape = |name: &str| {
        let outputs = metadata["outputs"].as_array().unwrap();
        outputs
            .iter()
            .find(|it| it["name"] == name)
            .map(|it| it["shape"].clone())
    };
    assert_eq!(
        (shape("lasting"), shape("ended")),
        (Some(json!([-1, 4])), Some(json!([-1, 2, 4])))
    );
    assert_eq!(
        (shape("probability"), shape("value"), shape("group")),
        (None, None, None)
    );
    let tensor = |name: &str, datatype: &str, data: Json| json!({"name": name, "datatype": datatype, "shape": [1], "data": data});
    let inputs = json!([
        tensor("leeftijd", "FP64", json!([52.5])),
        tensor("woonvorm", "BYTES", json!(["huur"])),
        tensor("opleiding", "BOOL", json!([true]))
    ]);
    let answer = ask(
        &world,
        "/models/uitstroom/infer",
        Some(json!({"inputs": inputs})),
    )
    .await;
    let data = |name: &str| {
        let outputs = answer["outputs"].as_array().unwrap();
        let found = outputs.iter().find(|it| it["name"] == name).unwrap();
        serde_json::from_value::<Vec<f64>>(found["data"].clone()).unwrap()
    };
    let model = outlook();
    let lasting: Vec<f64> = model.lasting.iter().map(|chance| chance.chance).collect();
    let ended: Vec<f64> = model
        .causes
        .iter()
        .flat_map(|cause| &cause.ended)
        .map(|chance| chance.chance)
        .collect();
    assert_eq!((data("lasting"), data("ended")), (lasting, ended));
    world.stop().await;
}

#[actix_web::test]
async fn hazards_by_interval_answer_in_the_same_shape_and_say_what_changes_with_time() {
    const BY_QUARTER: &[u8] =
        include_bytes!("../../../../crates/model/tests/formats/1/benefit-outflow-by-quarter.json");
    let scorer = Scorer::new(&Model::from_json(BY_QUARTER).unwrap()).unwrap();
    let mut row = scorer.row();
    for (input, value) in [
        Value::Number(52.5),
        Value::Text("huur"),
        Value::Boolean(true),
    ]
    .into_iter()
    .enumerate()
    {
        scorer.set(&mut row, input, value).unwrap();
    }
    let model = scorer.outlook(&row, true).unwrap().unwrap();
    for (asked_curve, body) in [
        (
            false,
            format!(r#"{{"subjects":[{{"values":{SOMEBODY}}}]}}"#),
        ),
        (
            true,
            format!(r#"{{"survivalCurve":true,"subjects":[{{"values":{SOMEBODY}}}]}}"#),
        ),
    ] {
        let answer: PredictionAnswer =
            serde_json::from_slice(&asked(BY_QUARTER, &body).await.unwrap()).unwrap();
        let prediction = &answer.predictions[0];
        assert_eq!((prediction.probability, prediction.base_score), (None, 0.0));
        let pair = prediction
            .contributions
            .iter()
            .find(|one| one.other_input.is_some())
            .unwrap();
        assert!(pair.reason.nl.contains("samen met"), "{}", pair.reason.nl);
        let told = prediction.survival.as_ref().unwrap();
        assert_eq!(told.median.days, model.median.time);
        for (told, model) in told.lasting.iter().zip(&model.lasting) {
            assert_eq!(
                (told.chance.to_bits(), told.is_beyond_training),
                (model.chance.to_bits(), model.is_beyond)
            );
        }
        for (told, model) in told.causes.iter().zip(&model.causes) {
            assert_eq!(told.hazard_ratio.to_bits(), model.score.exp().to_bits());
            let expected = if asked_curve {
                model.over_time.len()
            } else {
                0
            };
            assert_eq!(told.over_time.len(), expected);
        }
        // The second cause has no pair of its own, and its contributions name no second input that counts.
        let other = &told.causes[1].contributions;
        let sum: f64 = other.iter().map(|one| one.contribution).sum();
        assert!((sum - model.causes[1].score).abs() < 1e-12);
        assert_eq!(told.curve.is_some(), asked_curve);
        if asked_curve {
            let changing = &told.causes[0].over_time[0];
            assert_eq!(changing.input, "opleiding");
            assert_eq!(
                changing.contributions,
                model.causes[0].over_time[0].contributions
            );
        }
        assert_eq!(told.comparable.as_ref().unwrap().rows, 300);
    }
}

#[actix_web::test]
async fn a_provision_is_told_where_the_report_allows_it_and_else_only_why_not() {
    const TOLD: &[u8] =
        include_bytes!("../../../../crates/model/tests/formats/1/benefit-outflow-provisions.json");
    let body = format!(r#"{{"subjects":[{{"values":{SOMEBODY}}}]}}"#);
    let bytes = asked(TOLD, &body).await.unwrap();
    let answer: PredictionAnswer = serde_json::from_slice(&bytes).unwrap();
    let told = &answer.predictions[0].survival.as_ref().unwrap().provisions;
    let [allowed, refused] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert_eq!(allowed.reason, None);
    let at = &allowed.differences[1];
    assert_eq!((at.from_months, at.within_months), (6, 12));
    assert_eq!(
        (at.difference, at.interval.lower, at.interval.upper),
        (0.125, 0.0625, 0.1875)
    );
    assert_eq!(
        (allowed.may_conclude.len(), allowed.may_not_conclude.len()),
        (1, 1)
    );
    assert!(refused.reason.is_some() && refused.differences.is_empty());
    assert!(refused.may_conclude.is_empty() && refused.may_not_conclude.is_empty());
    // Models that name no report say nothing at all of it.
    let plain = asked(LEAVING, &body).await.unwrap();
    assert!(!String::from_utf8(plain).unwrap().contains("provisions"));
}
