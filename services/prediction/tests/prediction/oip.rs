//! The Open Inference Protocol over HTTP: what a standard client asks, what it reads, what is refused.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    support::{GROUPS, version},
    world::{PREDICT, World, body, everything},
};

const LONG: Duration = Duration::from_mins(10);

/// A client that says no media type, as clients of the protocol do.
async fn ask(world: &World, path: &str, body: Option<Value>) -> (u16, Value) {
    let address = world.outside("/oip/v2", path);
    let request = match body {
        Some(body) => world.client.post(address).body(body.to_string()),
        None => world.client.get(address),
    };
    let request = request.bearer_auth(world.token(&everything()));
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["api-version"], "2.0.0");
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap())
}

fn tensor(name: &str, datatype: &str, data: impl Into<Value>) -> Value {
    let data: Value = data.into();
    let rows = data.as_array().unwrap().len();
    json!({"name": name, "datatype": datatype, "shape": [rows], "data": data})
}

/// The values of `VALUES`, and a second row of which some are not known.
fn inputs() -> Vec<Value> {
    vec![
        tensor("huurachterstand", "INT64", json!([120_000, 0])),
        tensor("bijstand", "BOOL", json!([true, false])),
        tensor("woonvorm", "BYTES", json!(["huur", "huur"])),
        tensor("meldingen", "FP64", json!([2.5, null])),
        tensor("kinderen", "INT32", json!([[1], [0]])),
    ]
}

fn output<'a>(answer: &'a Value, name: &str) -> &'a Value {
    let outputs = answer["outputs"].as_array().unwrap();
    outputs.iter().find(|it| it["name"] == name).unwrap()
}

#[actix_web::test]
async fn a_client_learns_what_the_model_takes_and_gives() {
    let world = World::new(LONG).await;
    for open in ["", "/health/live", "/health/ready"] {
        let answer = world.client.get(world.outside("/oip/v2", open)).send();
        assert_eq!(answer.await.unwrap().status(), 200, "{open}");
    }
    let (status, metadata) = ask(&world, "/models/vroeg", None).await;
    assert_eq!((status, &metadata["name"]), (200, &json!("vroeg")));
    let version = metadata["versions"][0].as_str().unwrap();
    let inputs = &metadata["inputs"];
    assert_eq!(
        inputs[1],
        json!({"name": "bijstand", "datatype": "BOOL", "shape": [-1]})
    );
    assert_eq!(inputs[2]["datatype"], "BYTES");
    assert_eq!(
        inputs[2]["parameters"],
        json!({"categories": ["huur", "koop", "overig"]})
    );
    assert_eq!(inputs[0]["parameters"], json!({"unit": "eurocent"}));
    let of_version = ask(&world, &format!("/models/vroeg/versions/{version}"), None).await;
    assert_eq!(of_version, (200, metadata.clone()));
    for ready in [
        "/models/vroeg/ready".to_owned(),
        format!("/models/vroeg/versions/{version}/ready"),
    ] {
        assert_eq!(
            ask(&world, &ready, None).await,
            (200, json!({"name": "vroeg", "ready": true}))
        );
    }
    for absent in [
        "/models/laat",
        "/models/laat/ready",
        "/models/vroeg/versions/1",
    ] {
        let (status, refusal) = ask(&world, absent, None).await;
        assert_eq!(status, 404, "{absent}");
        assert!(refusal["error"].as_str().unwrap().contains("in force"));
    }
    world.stop().await;
}

#[actix_web::test]
async fn rows_get_the_same_answer_as_subjects_with_their_reasons_and_records() {
    let world = World::new(LONG).await;
    let own: Value = world
        .post(PREDICT, body("a"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let mut asked = inputs();
    asked.push(tensor("subject_id", "BYTES", json!(["249566758", null])));
    let (status, answer) = ask(
        &world,
        "/models/vroeg/infer",
        Some(json!({"id": "vraag-1", "inputs": asked})),
    )
    .await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["id"], "vraag-1");
    assert_eq!(answer["parameters"]["advice"], true);
    assert_eq!(answer["parameters"]["model_digest"], own["modelDigest"]);
    let own = &own["predictions"][0];
    assert_eq!(
        output(&answer, "probability")["data"][0],
        own["probability"]
    );
    assert_eq!(output(&answer, "contributions")["shape"], json!([2, 5]));
    for row in 0..2 {
        let parts = output(&answer, "contributions")["data"].as_array().unwrap();
        let parts: f64 = parts[row * 5..][..5].iter().filter_map(Value::as_f64).sum();
        let of = |name| output(&answer, name)["data"][row].as_f64().unwrap();
        assert!((of("base_score") + parts - of("score")).abs() < 1e-9);
    }
    for part in own["contributions"].as_array().unwrap() {
        let reasons = output(&answer, "reasons_nl")["data"].as_array().unwrap();
        assert!(reasons[..5].contains(&part["reason"]["nl"]), "{part}");
    }
    let warnings = &output(&answer, "warnings")["data"];
    assert_eq!(warnings[1], "meldingen: missing");

    let records: Value = world
        .get("/processing-records?limit=200")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert!(!records.to_string().contains("249566758"));
    let kinds = records["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["record"]["attributes"]["dpl.core.data_subject_id_type"].clone());
    assert_eq!(kinds.filter(|kind| *kind == "BSN").count(), 1);
    world.stop().await;
}

#[actix_web::test]
async fn the_outputs_asked_come_in_the_order_asked() {
    let world = World::new(LONG).await;
    let wanted = json!([{"name": "reasons_en"}, {"name": "score"}]);
    let (status, answer) = ask(
        &world,
        "/models/vroeg/infer",
        Some(json!({"inputs": inputs(), "outputs": wanted})),
    )
    .await;
    assert_eq!(status, 200, "{answer}");
    let outputs = answer["outputs"].as_array().unwrap();
    let names: Vec<_> = outputs
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["reasons_en", "score"]);
    assert_eq!(answer["id"], Value::Null);
    let wanted = json!([{"name": "group"}]);
    let body = json!({"inputs": inputs(), "outputs": wanted});
    assert_eq!(ask(&world, "/models/vroeg/infer", Some(body)).await.0, 400);
    world.stop().await;
}

#[actix_web::test]
async fn groups_come_as_numbers() {
    let world = World::new(LONG).await;
    let digest = world.place.put(GROUPS).await;
    let mut other = version("groepen", digest);
    other.model_id = uuid::Uuid::from_u128(11);
    other.model_version_id = uuid::Uuid::from_u128(12);
    world.said.lock().unwrap().in_force.push(other);
    let body = r#"{"subjects":[{"values":{"leeftijd":52,"kinderen":true}}]}"#;
    let path = "/models/groepen/predictions";
    let start = std::time::Instant::now();
    while world.post(path, body).send().await.unwrap().status() != 200 {
        assert!(start.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let inputs = json!([
        tensor("leeftijd", "INT16", json!([52])),
        tensor("kinderen", "BOOL", json!([true]))
    ]);
    let (status, answer) = ask(
        &world,
        "/models/groepen/infer",
        Some(json!({"inputs": inputs})),
    )
    .await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(output(&answer, "group")["data"], json!([1]));
    let outputs = answer["outputs"].as_array().unwrap();
    assert!(outputs.iter().all(|it| it["name"] != "probability"));
    world.stop().await;
}

#[actix_web::test]
async fn every_fault_is_named_at_once_and_no_value_is_repeated() {
    let world = World::new(LONG).await;
    let mut wrong = inputs();
    wrong[0] = tensor("huurachterstand", "BYTES", json!(["geheim", "geheim"]));
    wrong[1]["data"] = json!(["geheim", true]);
    wrong[2]["shape"] = json!([2, 2]);
    wrong[3]["parameters"] = json!({"binary_data_size": 16});
    wrong[4] = tensor("geheim", "INT64", json!([1, 2]));
    let body = json!({"inputs": wrong, "outputs": [{"name": "geheim"}]});
    let (status, refusal) = ask(&world, "/models/vroeg/infer", Some(body)).await;
    assert_eq!(status, 400);
    let faults = refusal["errors"].as_array().unwrap();
    let pointers: Vec<_> = faults
        .iter()
        .map(|it| it["pointer"].as_str().unwrap())
        .collect();
    for pointer in [
        "/outputs/0/name",
        "/inputs/0/datatype",
        "/inputs/1/data/0",
        "/inputs/2/shape",
        "/inputs/3/parameters",
        "/inputs/4/name",
    ] {
        assert!(pointers.contains(&pointer), "{pointer}: {pointers:?}");
        assert!(refusal["error"].as_str().unwrap().contains(pointer));
    }
    assert!(!refusal.to_string().contains("geheim"), "{refusal}");
    world.stop().await;
}

#[actix_web::test]
async fn what_cannot_be_rows_is_refused() {
    let world = World::new(LONG).await;
    let deep = (0..20).fold(json!(1), |inner, _| json!([inner]));
    let with = |place: usize, key: &str, value: Value| {
        let mut inputs = inputs();
        inputs[place][key] = value;
        json!({"inputs": inputs})
    };
    let mut twice = inputs();
    twice.push(inputs()[0].clone());
    for (case, body) in [
        ("nothing", json!({})),
        ("a list", json!([])),
        ("no tensors", json!({"inputs": []})),
        ("no rows", with(0, "shape", json!([0]))),
        ("too many rows", with(0, "shape", json!([1001]))),
        (
            "more rows than a machine has",
            with(0, "shape", json!([u64::MAX])),
        ),
        ("a negative number of rows", with(0, "shape", json!([-2]))),
        ("other rows", with(1, "shape", json!([1]))),
        ("fewer values", with(1, "data", json!([true]))),
        ("more values", with(1, "data", json!([true, true, true]))),
        ("too deep", with(0, "data", json!([deep.clone(), deep]))),
        ("no such type", with(0, "datatype", json!("INT65"))),
        (
            "a fraction as a whole number",
            with(4, "data", json!([0.5, 1])),
        ),
        ("twice", json!({"inputs": twice})),
        ("one missing", json!({"inputs": inputs()[1..]})),
        (
            "a long id",
            json!({"id": "x".repeat(201), "inputs": inputs()}),
        ),
    ] {
        let (status, refusal) = ask(&world, "/models/vroeg/infer", Some(body)).await;
        assert_eq!(status, 400, "{case}: {refusal}");
        assert!(!refusal["error"].as_str().unwrap().is_empty(), "{case}");
    }
    let address = world.outside("/oip/v2", "/models/vroeg/infer");
    let behind = format!("{}\u{1}\u{2}", json!({"inputs": inputs()}));
    let request = world.client.post(&address).body(behind);
    let request = request.bearer_auth(world.token(&everything()));
    let refusal: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(refusal["errors"][0]["code"], "binary", "{refusal}");
    let request = world.client.post(address).body("x");
    let request = request.bearer_auth(world.token(&everything()));
    let request = request.header("content-type", "application/octet-stream");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 415);
    let refusal: Value = answer.json().await.unwrap();
    assert!(refusal["error"].is_string(), "{refusal}");
    world.stop().await;
}
