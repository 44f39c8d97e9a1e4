//! One new record against a finished run, as a client asks.

use helder_platform::testing::caller;
use helder_types::Permission;
use reqwest::StatusCode;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    house::{House, febrl},
    http::Http,
};

fn codes(problem: &Value) -> Vec<(&str, &str)> {
    let faults = problem["errors"].as_array().unwrap().iter();
    faults
        .map(|fault| {
            let text = |name: &str| fault[name].as_str().unwrap();
            (text("pointer"), text("code"))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_record_finds_its_person_with_the_reasons_and_without_names() {
    let house = House::new();
    let (service, base) = house.serve().await;
    let http = Http::new(&house, base);
    let project = Uuid::now_v7();
    let (left_columns, left_persons) = febrl("a.csv");
    let (right_columns, right_persons) = febrl("b.csv");
    let (left, _) = house.version(project, &left_columns).await;
    let (right, _) = house.version(project, &right_columns).await;
    let asked = json!({"projectId": project, "left": left, "right": right});
    let (_, job) = http.post("/linkage-runs", asked).await;
    let job = http.ended(job["id"].as_str().unwrap()).await;
    let path = job["result"].as_str().unwrap();
    let path = format!("{}/_match", path.strip_prefix("/linkage/v1").unwrap());

    let compared = ["given_name", "surname", "date_of_birth", "suburb"];
    let mut right_ones = 0;
    for record in 0..40 {
        let fields: Map<String, Value> = right_columns
            .iter()
            .filter(|(name, ..)| compared.contains(name))
            .map(|(name, _, texts)| ((*name).to_owned(), json!(texts[record])))
            .collect();
        let (status, found) = http
            .post(&path, json!({"record": fields, "limit": 3}))
            .await;
        assert_eq!(status, StatusCode::OK, "{found}");
        let candidates = found["candidates"].as_array().unwrap();
        assert!(candidates.len() <= 3 && found["compared"].as_u64().unwrap() <= 1000);
        for candidate in candidates {
            let bars = candidate["waterfall"]["bars"].as_array().unwrap().iter();
            let sum: f64 = bars.map(|bar| bar["weight"].as_f64().unwrap()).sum();
            let weight = candidate["matchWeight"].as_f64().unwrap();
            assert_eq!(sum.to_bits(), weight.to_bits());
        }
        // No value comes back: neither of the question nor of the record found.
        let text = found.to_string();
        let surname = &right_columns.iter().find(|c| c.0 == "surname").unwrap().2[record];
        assert!(
            surname.len() < 5 || !text.contains(surname.as_str()),
            "{text}"
        );
        if let Some(best) = candidates.first() {
            // Row numbers skip the second record.
            let row = best["leftRow"].as_i64().unwrap();
            let place = (if row > 1 { row - 2 } else { row - 1 }) as usize;
            right_ones += usize::from(left_persons[place] == right_persons[record]);
        }
    }
    assert!(right_ones >= 36, "{right_ones} of 40");

    let wrong = json!({"record": {"x/y": "1", "surname": "a".repeat(1001)}});
    let (status, problem) = http.post(&path, wrong).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let all = [
        ("/record/surname", "too-long"),
        ("/record/x~1y", "unknown-column"),
    ];
    assert_eq!(codes(&problem), all);
    let (status, problem) = http.post(&path, json!({"record": {"surname": null}})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(codes(&problem), [("/record", "empty")]);
    let (status, problem) = http
        .post(&path, json!({"record": {"surname": "smith"}, "limit": 51}))
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(codes(&problem), [("/limit", "out-of-range")]);

    for (organisation, permission, expected) in [
        ("GM0772", Permission::LinkageRead, StatusCode::FORBIDDEN),
        ("GM0758", Permission::LinkageWrite, StatusCode::NOT_FOUND),
    ] {
        let other = caller(organisation, "bert", &[permission]).unwrap();
        let mut other_http = Http::new(&house, http.base.clone());
        other_http.token = house.token(&other);
        let question = json!({"record": {"surname": "smith"}});
        assert_eq!(other_http.post(&path, question).await.0, expected);
    }
    service.stop().await.unwrap();
}
