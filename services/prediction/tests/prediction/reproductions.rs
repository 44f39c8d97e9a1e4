//! Years later: the same answer from the digest and the values.

use std::time::Duration;

use helder_prediction::wire::Reproduction;
use helder_types::Permission;

use crate::{
    service::{LONG, logged},
    support::{caller, version},
    world::{PREDICT, World, body, problem},
};

/// Everything from the list of predictions on.
fn told(answer: &str) -> &str {
    answer.split_once("\"predictions\":").unwrap().1
}

#[actix_web::test]
async fn a_retired_version_says_again_to_the_byte_what_it_answered_and_that_it_is_no_advice() {
    let world = World::new(LONG).await;
    let extras = body("249566758");
    let then = world.post(PREDICT, extras.clone()).send().await.unwrap();
    let then = then.text().await.unwrap();
    let retired = {
        let mut said = world.said.lock().unwrap();
        let retired = said.in_force.remove(0);
        said.retired.push(retired.clone());
        retired
    };
    world.until(PREDICT, 404, Duration::from_secs(10)).await;
    let before = logged(&world).await;
    for name in [
        retired.digest.to_string(),
        retired.model_version_id.to_string(),
    ] {
        let path = format!("/model-versions/{name}/_reproduce");
        let now = world.post(&path, extras.clone()).send().await.unwrap();
        assert_eq!(now.status(), 200);
        let now = now.text().await.unwrap();
        assert_eq!(told(&now), told(&then));
        let now: Reproduction = serde_json::from_str(&now).unwrap();
        assert!(!now.advice && now.notice.en.contains("no new advice"));
        assert_eq!(
            (now.state.as_str(), now.model_digest),
            ("retired", retired.digest)
        );
        assert_eq!(now.ended_at.as_deref(), Some("2026-03-01T00:00:00Z"));
    }
    assert_eq!(logged(&world).await, before + 2, "a record per subject");
    let records = world
        .get("/processing-records?limit=200")
        .send()
        .await
        .unwrap();
    let records = records.text().await.unwrap();
    assert!(records.contains("reproduction vroeg") && records.contains("prediction vroeg"));
    assert!(!records.contains("249566758"));
    // Explaining does not put it in force again.
    let refused = world.post(PREDICT, extras).send().await.unwrap();
    assert_eq!(refused.status(), 404);
    world.stop().await;
}

#[actix_web::test]
async fn unknown_versions_wrong_values_and_callers_who_may_not_are_refused() {
    let world = World::new(LONG).await;
    let digest = world.said.lock().unwrap().in_force[0].digest.to_string();
    let path = format!("/model-versions/{digest}/_reproduce");
    let before = logged(&world).await;
    let unknown = version("vroeg", helder_types::Digest::of(b"never")).digest;
    for name in [
        unknown.to_string(),
        "x".to_owned(),
        "..%2Factive-versions".to_owned(),
    ] {
        let path = format!("/model-versions/{name}/_reproduce");
        let refused = world.post(&path, body("a")).send().await.unwrap();
        assert_eq!(refused.status(), 404, "{name}");
    }
    for may in [Permission::PredictionPredict, Permission::PredictionAudit] {
        let refused = world
            .client
            .post(world.outside("/prediction/v1", &path))
            .bearer_auth(world.token(&caller(&[may])))
            .header("content-type", "application/json")
            .body(body("a"))
            .send()
            .await
            .unwrap();
        assert_eq!(problem(refused).await.0, 403, "{may}");
    }
    assert_eq!(logged(&world).await, before);
    let refused = world
        .post(&path, r#"{"subjects":[{"values":{"x":1}}]}"#)
        .send()
        .await
        .unwrap();
    let (status, _, told) = problem(refused).await;
    assert!(
        status == 400 && !told["errors"].as_array().unwrap().is_empty(),
        "{told}"
    );
    world.stop().await;
}
