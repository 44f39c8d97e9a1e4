//! P7: no more predictions about one person in a day than the installation allows.

use std::time::Duration;

use helder_platform::config::Limits;
use serde_json::{Value, json};

use crate::{
    service::logged,
    support::VALUES,
    world::{PREDICT, World, body, everything, problem},
};

const BSN: &str = "249566758";
const LIMIT: u32 = 3;

async fn world() -> World {
    let limits = Limits {
        subject_predictions: LIMIT,
        ..Limits::default()
    };
    World::with(Duration::from_mins(10), limits).await
}

async fn status(world: &World, body: String) -> u16 {
    let reply = world.post(PREDICT, body).send().await.unwrap();
    reply.status().as_u16()
}

/// The newest records, oldest first.
async fn last(world: &World, count: usize) -> Vec<Value> {
    let reply = world.get("/processing-records?limit=100").send().await;
    let page: Value = reply.unwrap().json().await.unwrap();
    assert!(page["next"].is_null(), "one page holds all");
    let items = page["items"].as_array().unwrap();
    let items = &items[items.len() - count..];
    items.iter().map(|item| item["record"].clone()).collect()
}

#[actix_web::test]
async fn beyond_the_budget_of_a_subject_is_429_and_on_record_with_the_subject() {
    let world = world().await;
    for _ in 0..LIMIT {
        assert_eq!(status(&world, body(BSN)).await, 200);
    }
    let before = logged(&world).await;
    let reply = world.post(PREDICT, body(BSN)).send().await.unwrap();
    let wait: u64 = reply.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=86_400).contains(&wait));
    let (status_code, code, told) = problem(reply).await;
    assert_eq!((status_code, code.as_str()), (429, "subject-budget"));
    assert_eq!(told["errors"][0]["pointer"], "/subjects/0/id");
    assert!(!told.to_string().contains(BSN));
    // The act, and whom it was about.
    assert_eq!(logged(&world).await, before + 2);
    let records = last(&world, 3).await;
    let person = |record: &Value| record["attributes"]["dpl.core.data_subject_id"].clone();
    assert_eq!(records[0]["status"], "Ok");
    for refused in &records[1..] {
        assert_eq!(refused["status"], "Unset");
    }
    assert!(person(&records[1]).is_null());
    assert_eq!(person(&records[2]), person(&records[0]));
    assert_eq!(records[2]["parent_span_id"], records[1]["span_id"]);

    // By its pseudonym it is the same subject, and in a request with others nobody is answered.
    let pseudonym = person(&records[0]);
    let pseudonym = pseudonym.as_str().unwrap();
    assert_eq!(status(&world, body(pseudonym)).await, 429);
    let both = json!({"subjects": [
        {"id": "other", "values": serde_json::from_str::<Value>(VALUES).unwrap()},
        {"id": BSN, "values": serde_json::from_str::<Value>(VALUES).unwrap()},
    ]});
    let reply = world.post(PREDICT, both.to_string()).send().await.unwrap();
    let (_, code, told) = problem(reply).await;
    assert_eq!(code, "subject-budget");
    assert_eq!(told["errors"].as_array().unwrap().len(), 1);
    assert_eq!(told["errors"][0]["pointer"], "/subjects/1/id");
    for _ in 0..LIMIT {
        assert_eq!(status(&world, body("other")).await, 200);
    }
    // Nor by the other protocol.
    let tensor = |name: &str, datatype: &str, value: Value| json!({"name": name, "datatype": datatype, "shape": [1], "data": [value]});
    let asked = json!({"inputs": [
        tensor("huurachterstand", "INT64", json!(120_000)),
        tensor("bijstand", "BOOL", json!(true)),
        tensor("woonvorm", "BYTES", json!("huur")),
        tensor("meldingen", "FP64", json!(2.5)),
        tensor("kinderen", "INT64", json!(1)),
        tensor("subject_id", "BYTES", json!(BSN)),
    ]});
    let address = world.outside("/oip/v2", "/models/vroeg/infer");
    let request = world.client.post(address).body(asked.to_string());
    let reply = request.bearer_auth(world.token(&everything())).send().await;
    let reply = reply.unwrap();
    assert_eq!(reply.status(), 429);
    assert!(reply.headers().contains_key("retry-after"));
    world.stop().await;
}

#[actix_web::test]
async fn a_repeat_takes_nothing_from_a_budget() {
    let world = world().await;
    let keyed = async |key: &str| {
        let request = world
            .post(PREDICT, body(BSN))
            .header("idempotency-key", key);
        let reply = request.send().await.unwrap();
        (reply.status().as_u16(), reply.text().await.unwrap())
    };
    let first = keyed("once").await;
    assert_eq!(first.0, 200);
    for _ in 0..10 {
        assert_eq!(keyed("once").await, first);
    }
    for _ in 1..LIMIT {
        assert_eq!(status(&world, body(BSN)).await, 200);
    }
    let before = logged(&world).await;
    assert_eq!(keyed("another").await.0, 429);
    assert_eq!(logged(&world).await, before + 2);
    assert_eq!(keyed("once").await, first, "the answer of before");
    world.stop().await;
}
