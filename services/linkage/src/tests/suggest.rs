//! What is suggested for columns that no contract explains.

use helder_platform::testing::caller;
use helder_types::{Permission, SemanticType};
use reqwest::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    house::{House, TestColumn},
    http::Http,
};

/// A case system's extract: names sealed, the rest without a meaning. `shift` moves the persons, so that both sides share some.
fn extract(shift: usize) -> Vec<TestColumn> {
    let talen = ["Arabisch", "Frans", "Pools", "Turks", "Engels"];
    let names = ["Jan", "Fatima", "Piet", "Anna", "Mohammed", "Els", "Kees"];
    let of = |text: &dyn Fn(usize) -> String| (shift..shift + 300).map(text).collect::<Vec<_>>();
    vec![
        (
            "voornaam",
            Some(SemanticType::Voornamen),
            of(&|i| names[i % 7].to_owned()),
        ),
        (
            "geb_datum",
            None,
            of(&|i| format!("19{:02}-0{}-1{}", i % 90, 1 + i % 9, i % 7)),
        ),
        ("wooncode", None, of(&|i| format!("{}AB", 1000 + i * 7))),
        ("eigen_bijdrage", None, of(&|i| format!("{},50", 13 * i))),
        (
            "talen",
            None,
            of(&|i| format!("{};{}", talen[i % 5], talen[(i / 5 + i) % 5])),
        ),
        (
            "toelichting",
            None,
            of(&|i| format!("meldde zich op dag {i} met vragen over post en geld")),
        ),
        ("status", None, of(&|i| ["open", "dicht"][i % 2].to_owned())),
    ]
}

fn kinds(spec: &Value) -> Vec<(String, String)> {
    let comparisons = spec["comparisons"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    comparisons
        .map(|c| (text(&c["name"]), text(&c["type"])))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_are_looked_at_for_a_project_only_and_on_record() {
    let house = House::new();
    let (service, base) = house.serve().await;
    let http = Http::new(&house, base);
    let project = Uuid::now_v7();
    let (left, _) = house.version(project, &extract(0)).await;
    let (right, _) = house.version(project, &extract(100)).await;
    let path = "/linkage-specs/_suggest";

    // By the names alone: the birth date is known, the rest is text.
    let (status, spec) = http.post(path, json!({"left": left, "right": right})).await;
    assert_eq!(status, StatusCode::OK, "{spec}");
    let by_name = kinds(&spec);
    let has = |name: &str, kind: &str, of: &[(String, String)]| {
        of.contains(&(name.to_owned(), kind.to_owned()))
    };
    assert!(has("geboortedatum", "date", &by_name), "{by_name:?}");
    assert!(has("talen", "text", &by_name) && has("wooncode", "text", &by_name));

    let asked = json!({"projectId": project, "left": left, "right": right});
    let (status, spec) = http.post(path, asked.clone()).await;
    assert_eq!(status, StatusCode::OK, "{spec}");
    let by_values = kinds(&spec);
    for (name, kind) in [
        ("voornamen", "givenNames"),
        ("geboortedatum", "date"),
        ("adres", "address"),
        ("eigen_bijdrage", "number"),
        ("talen", "list"),
        ("toelichting", "freeText"),
        ("status", "text"),
    ] {
        assert!(has(name, kind, &by_values), "{name}: {by_values:?}");
    }
    // What was suggested can be run.
    let run = json!({"projectId": project, "left": left, "right": right, "spec": spec});
    let (status, counts) = http.post("/linkage-specs/_count", run).await;
    assert_eq!(status, StatusCode::OK, "{counts}");

    // Rules for it are sought among comparisons by what the values look like too.
    let mut wanted = asked.clone();
    wanted["recall"] = json!(0.9);
    let (status, advice) = http.post("/linkage-specs/_suggest-rules", wanted).await;
    assert_eq!(status, StatusCode::OK, "{advice}");
    assert_eq!(kinds(&advice["spec"]), by_values);

    let auditor = caller("GM0772", "auditor", &[Permission::LinkageAudit]).unwrap();
    let auditor = Http {
        token: house.token(&auditor),
        ..Http::new(&house, http.base.clone())
    };
    let (status, records) = auditor
        .post(
            "/processing-activities",
            json!({"dpl.core.processing_activity_id": format!("urn:uuid:{project}")}),
        )
        .await;
    assert_eq!(status, StatusCode::OK);
    let said = records.to_string();
    assert!(said.contains("choice of comparisons") && said.contains("table-row"));

    // Who may only read gets the suggestion of the contracts.
    let reader = caller("GM0772", "reader", &[Permission::LinkageRead]).unwrap();
    let reader = Http {
        token: house.token(&reader),
        ..Http::new(&house, http.base.clone())
    };
    let (status, problem) = reader.post(path, asked).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{problem}");
    let (status, _) = reader
        .post(path, json!({"left": left, "right": right}))
        .await;
    assert_eq!(status, StatusCode::OK);
    service.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_without_specification_links_on_what_values_look_like_and_its_look_is_on_record() {
    let house = House::new();
    let (service, base) = house.serve().await;
    let http = Http::new(&house, base);
    let project = Uuid::now_v7();
    let (left, _) = house.version(project, &extract(0)).await;
    let (right, _) = house.version(project, &extract(100)).await;
    let asked = json!({"projectId": project, "left": left, "right": right});
    let (_, suggested) = http.post("/linkage-specs/_suggest", asked.clone()).await;
    let auditor = caller("GM0772", "auditor", &[Permission::LinkageAudit]).unwrap();
    let auditor = Http {
        token: house.token(&auditor),
        ..Http::new(&house, http.base.clone())
    };
    // Whole looks; the people looked at are records below them.
    let looks = async || {
        let activity = json!({"dpl.core.processing_activity_id": format!("urn:uuid:{project}")});
        let (mut n, mut cursor) = (0, String::new());
        loop {
            let path = format!("/processing-activities?limit=200{cursor}");
            let (_, page) = auditor.post(&path, activity.clone()).await;
            let records = page["processingActivities"].as_array().unwrap().iter();
            n += records
                .filter(|record| {
                    record["name"] == "choice of comparisons" && record["parentSpanId"].is_null()
                })
                .count();
            let Some(next) = page["next"].as_str() else {
                return n;
            };
            cursor = format!("&cursor={next}");
        }
    };
    let spec_of = async |body: &Value| {
        let (status, job) = http.post("/linkage-runs", body.clone()).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{job}");
        let job = http.ended(job["id"].as_str().unwrap()).await;
        assert_eq!(job["state"], "succeeded", "{job}");
        let path = job["result"].as_str().unwrap();
        http.get(path.strip_prefix("/linkage/v1").unwrap()).await.1["spec"].clone()
    };

    let before = looks().await;
    assert!(before > 0);
    assert_eq!(spec_of(&asked).await, suggested);
    assert!(looks().await > before);

    // What judges the links is not linked on, and not looked at to that end.
    let mut judged = asked.clone();
    judged["groupBy"] = json!(["talen"]);
    let kept = kinds(&spec_of(&judged).await);
    let others = kinds(&suggested).into_iter().filter(|c| c.0 != "talen");
    assert_eq!(kept, others.collect::<Vec<_>>());

    // Who says what to link on has no values looked at.
    let before = looks().await;
    let mut given = asked;
    given["spec"] = suggested.clone();
    assert_eq!(spec_of(&given).await, suggested);
    assert_eq!(looks().await, before);
    service.stop().await.unwrap();
}
