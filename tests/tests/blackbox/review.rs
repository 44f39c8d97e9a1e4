//! Clerical review from outside: who may look, that the second person is blind, that leases hold, and that a re-run obeys.

use std::collections::BTreeSet;

use helder_testkit::Platform;
use helder_types::Role;
use serde_json::{Value, json};

use crate::{
    journey::{self, People, bring_in, id},
    support::{Caller, ELSEWHERE, HERE, activities, every},
};

const REVIEWS: &str = "/linkage/v1/linkage-reviews";

fn rows(pair: &Value) -> (i64, i64) {
    let row = |name: &str| pair["explanation"][name].as_i64().unwrap();
    (row("leftRow"), row("rightRow"))
}

/// Signal `k` is about person `3k`; rows count from 1.
fn is_true((left, right): (i64, i64)) -> bool {
    left - 1 == 3 * (right - 1)
}

async fn decide(who: &Caller, review: &str, pair: &Value, is_match: bool) -> Value {
    let verdict = if is_match { "match" } else { "noMatch" };
    let body = json!({"pairId": pair["pairId"], "verdict": verdict});
    who.create(&format!("{review}/decisions"), body).await
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
async fn people_review_links_blindly_and_the_next_run_obeys_them() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let data = bring_in(&platform, &people).await;
    let steward = &people.steward;
    let person = |name: &str| {
        let token = platform.token_for(Role::DataSteward, HERE, Some(name));
        Caller::new(&platform.url(), Some(token.unwrap()))
    };
    let [anna, bob, carol] = ["anna", "bob", "carol"].map(person);
    let run = journey::run(
        steward,
        "/linkage/v1/linkage-runs",
        &journey::linkage(&data),
    )
    .await;
    let wanted = json!({"linkageRunId": id(&run), "size": 12, "randomShare": 0.5, "secondShare": 0.5, "seed": 1});
    let review = journey::run(steward, REVIEWS, &wanted).await;
    assert_eq!(review["progress"]["pairs"], 12, "{review}");
    let path = format!("{REVIEWS}/{}", id(&review));
    let next = format!("{path}/_next");

    // Roles, and the wall between municipalities.
    for role in [
        &people.analyst,
        &people.owner,
        &people.officer,
        &people.auditor,
    ] {
        role.post(&next, &json!({})).await.assert_problem(403);
    }
    let others = People::of(&platform, ELSEWHERE);
    others
        .steward
        .post(&next, &json!({}))
        .await
        .assert_problem(404);
    for below in ["", "/labels"] {
        let reply = others.steward.get(&format!("{path}{below}")).await;
        reply.assert_problem(404);
    }
    let list = others.steward.get(REVIEWS).await.json();
    assert_eq!(list["items"], json!([]));

    // Leases.
    let first = anna.create(&next, json!({})).await;
    assert_eq!(
        anna.create(&next, json!({})).await["pairId"],
        first["pairId"]
    );
    let other = bob.create(&next, json!({})).await;
    assert_ne!(first["pairId"], other["pairId"]);
    let stolen = json!({"pairId": first["pairId"], "verdict": "match"});
    bob.post(&format!("{path}/decisions"), &stolen)
        .await
        .assert_problem(409);
    let named = |pair: &Value| {
        let fields = pair["fields"].as_array().unwrap().iter();
        fields
            .filter(|field| field["leftColumn"] == "geslachtsnaam")
            .any(|field| field["left"].is_string() && field["right"].is_string())
    };
    assert!(named(&first), "{first}");
    assert!(!first.to_string().contains("pseudonym"), "{first}");

    // Anna decides all there is for her; one link she refuses that is true, and nobody looks at again.
    decide(&bob, &path, &other, is_true(rows(&other))).await;
    let mut by_anna = Vec::new();
    loop {
        let reply = anna.post(&next, &json!({})).await;
        if reply.status == 404 {
            break;
        }
        let pair = reply.json();
        decide(&anna, &path, &pair, is_true(rows(&pair))).await;
        by_anna.push(pair);
    }
    let settled = every(&anna, &format!("{path}/labels")).await;
    let settled: BTreeSet<&str> = settled
        .iter()
        .map(|label| label["pairId"].as_str().unwrap())
        .collect();
    assert!(
        settled.len() <= 7,
        "what waits for a second person is listed"
    );
    let refused = by_anna
        .iter()
        .filter(|pair| pair["pairId"] != other["pairId"])
        .find(|pair| {
            settled.contains(pair["pairId"].as_str().unwrap())
                && pair["explanation"]["linked"] == true
        })
        .unwrap();
    decide(&anna, &path, refused, false).await;

    // Bob is second, sees no decision, and disputes one pair; Carol gets that one only.
    let mut disputed = None;
    loop {
        let reply = bob.post(&next, &json!({})).await;
        if reply.status == 404 {
            break;
        }
        let pair = reply.json();
        assert!(!reply.text.contains("verdict") && !reply.text.contains("decided"));
        decide(
            &bob,
            &path,
            &pair,
            is_true(rows(&pair)) != disputed.is_none(),
        )
        .await;
        disputed.get_or_insert(pair);
    }
    let disputed = disputed.unwrap();
    let third = carol.create(&next, json!({})).await;
    assert_eq!(third["pairId"], disputed["pairId"]);
    decide(&carol, &path, &third, is_true(rows(&third))).await;
    carol.post(&next, &json!({})).await.assert_problem(404);

    let shown = people.analyst.get(&path).await.json();
    assert_eq!(shown["progress"]["settled"], 12, "{shown}");
    assert_eq!(
        (&shown["agreement"]["pairs"], &shown["agreement"]["agreed"]),
        (&json!(6), &json!(5))
    );
    assert!(
        shown["estimates"]["precision"]["low"].is_number(),
        "{shown}"
    );

    // Who decided what is told with each label, also of what was changed later.
    let labels = every(&people.analyst, &format!("{path}/labels")).await;
    let by: BTreeSet<&str> = labels
        .iter()
        .map(|label| label["decidedBy"].as_str().unwrap())
        .collect();
    assert_eq!(by, BTreeSet::from(["anna", "bob", "carol"]));
    let about: Vec<_> = labels
        .iter()
        .filter(|label| label["pairId"] == refused["pairId"])
        .collect();
    assert_eq!((about.len(), &about[1]["supersedes"]), (2, &about[0]["id"]));

    // Again, and again on what came of it: decisions stand.
    let relink = format!("{path}/_relink");
    let again = journey::run(steward, &relink, &json!({})).await;
    assert_eq!(
        again["review"]["labels"]["held"],
        json!({"held": 12, "changed": 0}),
        "{again}"
    );
    let links = format!("/linkage/v1/linkage-runs/{}/links", id(&again));
    let links = every(steward, &links).await;
    let step = |pair: &Value| {
        let (left, right) = rows(pair);
        let mut found = links
            .iter()
            .filter(|link| link["leftRow"] == left && link["rightRow"] == right);
        found.next().map(|link| link["step"].clone())
    };
    assert_eq!(step(refused), None);
    assert!(
        by_anna
            .iter()
            .any(|pair| step(pair) == Some(json!("reviewed")))
    );

    // Every look is on record, with both persons.
    let activity = journey::new_project()["verwerkingsactiviteit"].clone();
    let query = json!({"dpl.core.processing_activity_id": activity});
    let records = activities(&people.auditor, "linkage", &query).await;
    let looks = records
        .iter()
        .filter(|record| record["name"] == "review of a pair");
    assert!(looks.count() > 12 * 2, "too few looks on record");
}
