//! A control sample from the blind list to what the model missed.

use helder_testkit::Platform;
use serde_json::{Value, json};

use crate::{
    journey::{self, People, id},
    made::{active, predicted},
    support::{ELSEWHERE, HERE, activities, answer, every},
};

/// A batch whose list is blind, with how many stand on it.
struct Blind {
    path: String,
    findings: String,
    result: String,
    listed: usize,
}

async fn blind(people: &People, dataset: &Value) -> Blind {
    let ask = json!({"model": "dreigende-dakloosheid", "datasetVersionId": dataset,
        "control": {"picked": 40, "sample": 60, "sensitiveFeatures": ["uitkering"]}});
    let batch = journey::run(&people.analyst, "/prediction/v1/batches", &ask).await;
    let path = format!("/prediction/v1/batches/{}", id(&batch));
    let list = every(&people.analyst, &format!("{path}/work-list")).await;
    assert!((60..=100).contains(&list.len()), "{}", list.len());
    Blind {
        findings: format!("{path}/findings"),
        result: format!("{path}/control-result"),
        path,
        listed: list.len(),
    }
}

fn finding(number: usize, outcome: &str) -> Value {
    json!({"number": number, "outcome": outcome})
}

/// Every second is found.
fn outcome(number: usize) -> &'static str {
    ["found", "not-found"][number % 2]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn findings_on_a_blind_list_tell_what_the_model_misses() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let made = active(&platform, &people).await;
    predicted(&people.consumer).await;
    let blind = blind(&people, &made.frame["outcome"]["datasetVersionId"]).await;
    are_written_down_whole_or_not_at_all(&people, &blind).await;

    // A change needs a reason, and so does everything once the list is open.
    let other = json!({"findings": [finding(1, "undetermined")]});
    let refused = people.consumer.post(&blind.findings, &other).await;
    assert_eq!(refused.pointers(), ["/findings/0/outcome"]);
    people.analyst.get(&blind.result).await.assert_problem(409);
    let reveal = format!("{}/_reveal", blind.path);
    assert_eq!(people.analyst.post(&reveal, &json!({})).await.status, 200);
    let refused = people.consumer.post(&blind.findings, &other).await;
    refused.assert_problem(400);
    let with_reason =
        json!({"findings": [finding(1, "undetermined")], "reason": "verhuisd naar elders"});
    let corrected = people.consumer.post(&blind.findings, &with_reason).await;
    assert_eq!(corrected.json()["corrected"], 1, "{}", corrected.text);
    is_told(&people, &blind).await;

    // Each person is on record, and nobody of another organisation sees any of it.
    let activity = journey::new_project()["verwerkingsactiviteit"].clone();
    let query = json!({"dpl.core.processing_activity_id": activity});
    let written = activities(&people.auditor, "prediction", &query).await;
    let names = written.iter().filter_map(|record| record["name"].as_str());
    let names: Vec<&str> = names.filter(|name| name.starts_with("findings")).collect();
    assert!(names.contains(&"findings written down") && names.contains(&"findings counted"));
    let strangers = People::of(&platform, ELSEWHERE);
    let refused = strangers.consumer.post(&blind.findings, &with_reason).await;
    refused.assert_problem(404);
    strangers
        .analyst
        .get(&blind.result)
        .await
        .assert_problem(404);
}

async fn are_written_down_whole_or_not_at_all(people: &People, blind: &Blind) {
    let n = blind.listed;
    let all: Vec<Value> = (1..=n)
        .map(|number| finding(number, outcome(number)))
        .collect();
    let wrong =
        json!({"findings": [finding(1, "found"), finding(1, "found"), finding(n + 1, "found")]});
    let refused = people.consumer.post(&blind.findings, &wrong).await;
    refused.assert_problem(400);
    assert_eq!(
        refused.pointers(),
        ["/findings/1/number", "/findings/2/number"]
    );
    let body = json!({"findings": all});
    let refused = people.analyst.post(&blind.findings, &body).await;
    refused.assert_problem(403);
    let part = json!({"findings": all[..n - 1]});
    let recorded = people.consumer.post(&blind.findings, &part).await;
    assert_eq!(recorded.status, 200, "{}", recorded.text);
    assert_eq!(recorded.json()["rowsRecorded"], n - 1);
    let again = people.consumer.post(&blind.findings, &body).await.json();
    assert_eq!(
        (&again["recorded"], &again["unchanged"]),
        (&json!(1), &json!(n - 1))
    );
}

async fn is_told(people: &People, blind: &Blind) {
    let told = people.analyst.get(&blind.result).await;
    assert_eq!(told.status, 200, "{}", told.text);
    let told = told.json();
    let marked = every(&people.analyst, &format!("{}/work-list", blind.path)).await;
    for (part, is_picked) in [("picked", true), ("rest", false)] {
        let rows = marked.iter().filter(|row| row["picked"] == is_picked);
        let numbers: Vec<usize> = rows
            .map(|row| row["number"].as_u64().unwrap() as usize)
            .collect();
        let known: Vec<usize> = numbers.iter().copied().filter(|one| *one != 1).collect();
        let found = known.iter().filter(|one| outcome(**one) == "found").count();
        let counts = &told[part];
        assert_eq!(counts["listed"], numbers.len(), "{told}");
        assert_eq!(counts["found"], found, "{told}");
        assert_eq!(counts["undetermined"], numbers.len() - known.len());
        let share = counts["share"]["value"].as_f64().unwrap();
        assert!((share - found as f64 / known.len() as f64).abs() < 1e-12);
    }
    let least = &told["contrast"]["smallestDetectableDifference"];
    assert!(least.as_f64().unwrap() > 0.1, "{told}");
    let missed = &told["missed"];
    let rows = told["rowsScored"].as_u64().unwrap() - 40;
    assert_eq!(missed["rows"], rows);
    let rest = told["rest"]["share"]["value"].as_f64().unwrap();
    assert!((missed["cases"]["value"].as_f64().unwrap() - rest * rows as f64).abs() < 1e-6);
    assert_eq!(told["corrections"][0]["reason"], "verhuisd naar elders");
    assert_eq!(told["corrections"][0]["afterReveal"], true);
    assert_eq!(told["features"][0]["feature"], "uitkering");
    assert!(told["features"][0]["groups"].as_array().unwrap().len() >= 2);

    let page = people
        .analyst
        .request(reqwest::Method::GET, &blind.result)
        .header("accept", "text/html");
    let page = answer(page).await;
    assert!(page.header("content-type").starts_with("text/html"));
    for text in [
        "Wat de controlesteekproef zegt",
        "verhuisd naar elders",
        "Per groep: uitkering",
        "lang=\"en\"",
    ] {
        assert!(page.text.contains(text), "{text}");
    }
}
