//! A control sample from the blind list to what the model missed.

use std::collections::BTreeSet;

use helder_testkit::Platform;
use serde_json::{Value, json};

use crate::{
    journey::{self, People, id},
    made::{active, predicted},
    support::{ELSEWHERE, HERE, activities, every},
};

fn finding(number: usize, outcome: &str) -> Value {
    json!({"number": number, "outcome": outcome})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn findings_on_a_blind_list_tell_what_the_model_misses() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let made = active(&platform, &people).await;
    predicted(&people.consumer).await;
    let frame = &made.frame["outcome"]["datasetVersionId"];
    let ask = json!({"model": "dreigende-dakloosheid", "datasetVersionId": frame,
        "control": {"picked": 40, "sample": 60, "sensitiveFeatures": ["uitkering"]}});
    let batch = journey::run(&people.analyst, "/prediction/v1/batches", &ask).await;
    let path = format!("/prediction/v1/batches/{}", id(&batch));
    let (findings, result) = (format!("{path}/findings"), format!("{path}/control-result"));
    let list = every(&people.analyst, &format!("{path}/work-list")).await;
    let n = list.len();
    assert!((60..=100).contains(&n), "{n}");

    // Every second is found; all faults come at once, and then nothing is written down.
    let outcome = |number: usize| ["found", "not-found"][number % 2];
    let all: Vec<Value> = (1..=n)
        .map(|number| finding(number, outcome(number)))
        .collect();
    let wrong = json!({"findings": [finding(1, "found"), finding(1, "found"), finding(n + 1, "found"), finding(2, "perhaps")]});
    let refused = people.consumer.post(&findings, &wrong).await;
    refused.assert_problem(400);
    let wrong =
        json!({"findings": [finding(1, "found"), finding(1, "found"), finding(n + 1, "found")]});
    let refused = people.consumer.post(&findings, &wrong).await;
    assert_eq!(
        refused.pointers(),
        ["/findings/1/number", "/findings/2/number"]
    );
    people
        .analyst
        .post(&findings, &json!({"findings": all}))
        .await
        .assert_problem(403);
    let recorded = people
        .consumer
        .post(&findings, &json!({"findings": all[..n - 1]}))
        .await;
    assert_eq!(recorded.status, 200, "{}", recorded.text);
    assert_eq!(recorded.json()["rowsRecorded"], n - 1);
    let again = people
        .consumer
        .post(&findings, &json!({"findings": all}))
        .await
        .json();
    assert_eq!(
        (&again["recorded"], &again["unchanged"]),
        (&json!(1), &json!(n - 1))
    );

    // A change needs a reason, and so does everything once the list is open.
    let other = json!({"findings": [finding(1, "undetermined")]});
    let refused = people.consumer.post(&findings, &other).await;
    assert_eq!(refused.pointers(), ["/findings/0/outcome"]);
    people.analyst.get(&result).await.assert_problem(409);
    people
        .analyst
        .create(&format!("{path}/_reveal"), json!({}))
        .await;
    people
        .consumer
        .post(&findings, &other)
        .await
        .assert_problem(400);
    let with_reason = json!({"findings": [finding(1, "undetermined")], "reason": "verhuisd"});
    let corrected = people.consumer.post(&findings, &with_reason).await.json();
    assert_eq!(corrected["corrected"], 1, "{corrected}");

    let told = people.analyst.get(&result).await;
    assert_eq!(told.status, 200, "{}", told.text);
    let told = told.json();
    let marked = every(&people.analyst, &format!("{path}/work-list")).await;
    let of = |is_picked: bool| -> Vec<usize> {
        let rows = marked.iter().filter(|row| row["picked"] == is_picked);
        rows.map(|row| row["number"].as_u64().unwrap() as usize)
            .collect()
    };
    for (part, numbers) in [("picked", of(true)), ("rest", of(false))] {
        let known: Vec<usize> = numbers
            .iter()
            .copied()
            .filter(|number| *number != 1)
            .collect();
        let found = known
            .iter()
            .filter(|number| outcome(**number) == "found")
            .count();
        let counts = &told[part];
        assert_eq!(counts["listed"], numbers.len(), "{told}");
        assert_eq!(counts["found"], found, "{told}");
        assert_eq!(
            counts["undetermined"],
            numbers.len() - known.len(),
            "{told}"
        );
        let share = counts["share"]["value"].as_f64().unwrap();
        assert!((share - found as f64 / known.len() as f64).abs() < 1e-12);
    }
    assert_eq!(told["contrast"]["verdict"], "not-enough-data", "{told}");
    assert!(
        told["contrast"]["smallestDetectableDifference"]
            .as_f64()
            .unwrap()
            > 0.1
    );
    let missed = &told["missed"];
    let rows = told["rowsScored"].as_u64().unwrap() - 40;
    assert_eq!(missed["rows"], rows);
    let rest = told["rest"]["share"]["value"].as_f64().unwrap();
    assert!((missed["cases"]["value"].as_f64().unwrap() - rest * rows as f64).abs() < 1e-6);
    assert_eq!(told["corrections"][0]["reason"], "verhuisd");
    assert_eq!(told["corrections"][0]["afterReveal"], true);
    let feature = &told["features"][0];
    assert_eq!(feature["feature"], "uitkering");
    let groups = feature["groups"].as_array().unwrap();
    let names: BTreeSet<_> = groups
        .iter()
        .map(|group| group["group"].to_string())
        .collect();
    assert!(names.len() >= 2, "{feature}");

    let page = people.analyst.request(reqwest::Method::GET, &result);
    let page = crate::support::answer(page.header("accept", "text/html")).await;
    assert!(
        page.header("content-type").starts_with("text/html"),
        "{}",
        page.text
    );
    for text in [
        "Wat de controlesteekproef zegt",
        "verhuisd",
        "Per groep: uitkering",
        "lang=\"en\"",
    ] {
        assert!(page.text.contains(text), "{text}");
    }

    // Each person is on record, and nobody else's organisation sees any of it.
    let written = activities(&people.auditor, "prediction", &json!({})).await;
    let written = written
        .iter()
        .filter(|record| record["name"] == "findings written down");
    assert!(written.count() >= n, "one per person and delivery");
    let strangers = People::of(&platform, ELSEWHERE);
    strangers
        .consumer
        .post(&findings, &with_reason)
        .await
        .assert_problem(404);
    strangers.analyst.get(&result).await.assert_problem(404);
}
