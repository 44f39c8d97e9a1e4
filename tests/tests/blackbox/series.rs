//! A run goes on from another one: what changed is linked, as if everything were; persons keep their numbers; whose they are is on record.

use std::{collections::BTreeMap, fs};

use helder_testkit::Platform;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    journey::{Data, People, bring_in, finished, id, run},
    support::{Caller, ELSEWHERE, HERE, activities, answer, every},
};

/// The next version of the persons: three are gone, the others stand in another order.
async fn next_persons(platform: &Platform, steward: &Caller, data: &Data) -> Value {
    let text = fs::read_to_string(platform.folder().join("persons.csv")).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    let header = lines.remove(0);
    lines.truncate(lines.len() - 3);
    lines.reverse();
    let contract = json!({"name": "opnieuw", "contract": data.persons["contract"]});
    let contract = steward.create("/ingest/v1/contracts", contract).await;
    let dataset = data.persons["datasetId"].as_str().unwrap();
    let path = format!(
        "/ingest/v1/datasets/{dataset}/dataset-versions?contractId={}",
        id(&contract)
    );
    let request = steward
        .request(Method::POST, &path)
        .header("content-type", "text/csv")
        .body(format!("{header}\n{}\n", lines.join("\n")));
    let reply = answer(request).await;
    assert_eq!(reply.status, 202, "{}", reply.text);
    let made = finished(steward, reply.header("location")).await;
    steward.get(&made).await.json()
}

/// Number by side and row.
async fn numbers(steward: &Caller, linkage: &Value) -> BTreeMap<(String, i64), u64> {
    let path = format!("/linkage/v1/linkage-runs/{}/entities", id(linkage));
    let rows = every(steward, &path).await.into_iter();
    rows.map(|row| {
        let side = row["side"].as_str().unwrap().to_owned();
        let row_number = row["row"].as_i64().unwrap();
        ((side, row_number), row["entity"].as_u64().unwrap())
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_is_linked_as_if_everything_were_and_persons_keep_their_numbers() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let steward = &people.steward;
    let data = bring_in(&platform, &people).await;
    let asked = |persons: &Value, incremental: Value| json!({"projectId": data.project, "left": id(persons), "right": id(&data.signals), "incremental": incremental});
    let link = "/linkage/v1/linkage-runs";
    let first = run(steward, link, &asked(&data.persons, json!({}))).await;
    let next = next_persons(&platform, steward, &data).await;
    let follows = |everything: bool| json!({"previous": id(&first), "everything": everything});
    let second = run(steward, link, &asked(&next, follows(false))).await;
    let whole = run(steward, link, &asked(&next, follows(true))).await;
    for found in ["linkedDataset", "scoredPairs", "unlinked"] {
        let digest = &second["outcome"][found]["digest"];
        assert!(digest.is_string());
        assert_eq!(digest, &whole["outcome"][found]["digest"], "{found}");
    }
    let of = &second["outcome"]["continuation"];
    for found in ["entityRows", "changes"] {
        let other = &whole["outcome"]["continuation"][found]["digest"];
        assert_eq!(&of[found]["digest"], other, "{found}");
    }
    let work = &of["work"];
    assert_eq!((&work["removed"], &work["added"]), (&json!(3), &json!(0)));
    let weighed = |run: &Value| run["outcome"]["continuation"]["work"]["weighed"].as_u64();
    assert!(weighed(&second) < weighed(&whole), "{work}");

    // Row r of the first version is row n - 2 - r of the next, the last three of the first are gone.
    let (before, after) = (
        numbers(steward, &first).await,
        numbers(steward, &second).await,
    );
    let n = data.persons["rowsIn"].as_i64().unwrap();
    let mut kept = 0;
    for ((side, row), number) in &after {
        let was = if side == "left" { n - 2 - row } else { *row };
        if let Some(known) = before.get(&(side.clone(), was)) {
            assert_eq!(known, number, "{side} {row}");
            kept += 1;
        }
    }
    assert!(
        kept + 20 > after.len() && kept > 50,
        "{kept} of {}",
        after.len()
    );
    let path = format!("{link}/{}/changes", id(&second));
    let changes = every(steward, &path).await;
    let told = |kind: &str| {
        changes
            .iter()
            .filter(|change| change["kind"] == kind)
            .count()
    };
    assert_eq!(Some(told("ended") as u64), of["ended"].as_u64());
    assert!(told("ended") > 0 && told("created") == 0, "{changes:?}");

    // It is on record whose numbers were shown; elsewhere there is no such run, to read or to go on from.
    let query =
        json!({"dpl.core.processing_activity_id": "https://register.example/verwerkingen/1"});
    let acts = activities(&people.officer, "linkage", &query).await;
    for act in ["numbers of persons shown", "changes of persons shown"] {
        assert!(acts.iter().any(|record| record["name"] == act), "{act}");
    }
    let others = People::of(&platform, ELSEWHERE);
    for list in ["entities", "changes"] {
        let path = format!("{link}/{}/{list}", id(&second));
        others.steward.get(&path).await.assert_problem(404);
        people.consumer.get(&path).await.assert_problem(403);
    }
}
