//! Z1: two municipalities on one platform.

use helder_testkit::Platform;
use serde_json::{Value, json};

use crate::{
    described::described,
    journey::{self, People, id},
    known::{Known, who_may},
    made::{Made, PREDICT, active, predicted, subject},
    support::{Caller, ELSEWHERE, HERE, NOWHERE, Reply, THIRD, answer},
};

#[tokio::test]
async fn what_exists_elsewhere_looks_like_what_does_not_exist() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let made = active(&platform, &people).await;
    let others = People::of(&platform, ELSEWHERE);

    for (owner, other, path) in paths(&people, &others, &made).await {
        let own = owner.get(&path).await;
        assert_eq!(own.status, 200, "{path}: {}", own.text);
        let foreign = other.get(&path).await;
        foreign.assert_problem(404);
        // Not even the wording tells whether it exists.
        let unknown = path
            .split('/')
            .map(|it| if it.len() == 36 { NOWHERE } else { it });
        let unknown = other.get(&unknown.collect::<Vec<_>>().join("/")).await;
        assert_eq!(said(&foreign), said(&unknown), "{path}");
    }
}

#[tokio::test]
async fn every_route_with_an_identifier_gives_two_other_municipalities_what_nothing_gives() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let made = active(&platform, &people).await;
    predicted(&people.consumer).await;
    let known = Known::of(&people, &made).await;
    let others = [ELSEWHERE, THIRD].map(|gemeente| People::of(&platform, gemeente));
    let mut cells = 0;
    for operation in described() {
        let path = known.path(&operation);
        let nowhere = operation.path(|folder| match folder {
            // Names that anybody knows.
            "aliases" => "beste".to_owned(),
            "files" => "model.json".to_owned(),
            "permits" => "ingest".to_owned(),
            _ => NOWHERE.to_owned(),
        });
        // What is open to everybody belongs to nobody.
        if path == nowhere || operation.permission.is_none() {
            continue;
        }
        for other in &others {
            let Some(caller) = who_may(other, &operation) else {
                continue;
            };
            let bodies = known.bodies(&operation);
            let ask = async |path: &str| {
                let request = caller
                    .request(operation.method.clone(), path)
                    .header("if-match", "\"1\"");
                answer(match bodies.last() {
                    Some(body) => request.json(body),
                    None => request,
                })
                .await
            };
            let (foreign, absent) = (ask(&path).await, ask(&nowhere).await);
            assert!(
                matches!(foreign.status, 400 | 403 | 404 | 415),
                "{path}: {} {}",
                foreign.status,
                foreign.text
            );
            assert_eq!(
                (foreign.status, said(&foreign)),
                (absent.status, said(&absent)),
                "{} {path}",
                operation.method
            );
            cells += 1;
        }
    }
    println!("{cells} cells");
    assert!(cells >= 60, "{cells}");
    let reply = people.consumer.post(PREDICT, &subject()).await;
    assert_eq!(reply.status, 200, "the owner's own goes on: {}", reply.text);
}

/// Everything that a problem says, apart from the request it answers.
fn said(reply: &Reply) -> [Value; 3] {
    ["detail", "type", "title"].map(|member| reply.json()[member].clone())
}

/// Who may read which path, and who elsewhere has the same role.
async fn paths<'a>(
    people: &'a People,
    others: &'a People,
    made: &Made,
) -> Vec<(&'a Caller, &'a Caller, String)> {
    let version = format!("/ingest/v1/dataset-versions/{}", id(&made.data.persons));
    let dataset = format!(
        "/ingest/v1/datasets/{}",
        made.data.persons["datasetId"].as_str().unwrap()
    );
    let run = format!("/linkage/v1/linkage-runs/{}", id(&made.linkage));
    let frame = format!("/training/v1/frames/{}", id(&made.frame));
    let training = format!("/training/v1/training-runs/{}", id(&made.training));
    let project = format!("/registry/v1/projects/{}", made.data.project);
    let model = people.owner.get("/registry/v1/models").await.json();
    let model = format!("/registry/v1/models/{}", id(&model["items"][0]));
    let registered = format!("/registry/v1/model-versions/{}", made.version);
    let below = |base: &str, parts: &[&str]| {
        parts
            .iter()
            .map(|part| format!("{base}{part}"))
            .collect::<Vec<_>>()
    };

    let mut found = Vec::new();
    let stewards = [
        below(&dataset, &[""]),
        below(&version, &["", "/quality-report", "/quarantined-rows"]),
        below(&run, &["", "/links", "/report"]),
    ];
    found.extend(
        stewards
            .concat()
            .into_iter()
            .map(|path| (&people.steward, &others.steward, path)),
    );
    let analysts = [below(&frame, &[""]), below(&training, &["", "/report"])];
    found.extend(
        analysts
            .concat()
            .into_iter()
            .map(|path| (&people.analyst, &others.analyst, path)),
    );
    let owners = [
        below(&project, &[""]),
        below(&model, &["", "/model-versions"]),
        below(
            &registered,
            &[
                "",
                "/files/model.json",
                "/lineage",
                "/fairness-report",
                "/card",
            ],
        ),
    ];
    found.extend(
        owners
            .concat()
            .into_iter()
            .map(|path| (&people.owner, &others.owner, path)),
    );
    found
}

#[tokio::test]
async fn another_municipality_neither_counts_nor_uses_nor_stops_it() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let made = active(&platform, &people).await;
    let answer = predicted(&people.consumer).await;
    let others = People::of(&platform, ELSEWHERE);

    for (other, list) in [
        (&others.steward, "/ingest/v1/datasets"),
        (&others.steward, "/linkage/v1/linkage-runs"),
        (&others.owner, "/registry/v1/projects"),
        (&others.owner, "/registry/v1/models"),
        (&others.auditor, "/prediction/v1/processing-records"),
    ] {
        assert_eq!(other.get(list).await.json()["items"], json!([]), "{list}");
    }
    let theirs = journey::project(&others.owner).await;
    let linkage = json!({"projectId": theirs, "left": id(&made.data.persons), "right": id(&made.data.signals)});
    let refused = others
        .steward
        .post("/linkage/v1/linkage-runs", &linkage)
        .await;
    assert!(matches!(refused.status, 400 | 404), "{}", refused.text);
    let mut frame = journey::frame(&made.data, &id(&made.linkage));
    frame["projectId"] = json!(theirs);
    let refused = others.analyst.post("/training/v1/frames", &frame).await;
    assert!(matches!(refused.status, 400 | 404), "{}", refused.text);
    let predicted = others.consumer.post(PREDICT, &subject()).await;
    predicted.assert_problem(404);
    assert!(
        !predicted
            .text
            .contains(answer["modelDigest"].as_str().unwrap())
    );
    for action in ["_suspend", "_activate", "_retire"] {
        let path = format!("/registry/v1/model-versions/{}/{action}", made.version);
        let body = if action == "_activate" {
            json!({})
        } else {
            json!({"reason": "x"})
        };
        others.owner.post(&path, &body).await.assert_problem(404);
    }
}
