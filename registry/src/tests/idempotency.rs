use actix_web::http::Method;
use futures_util::future::join_all;
use serde_json::json;

use super::support::{analyst, on_every_registry, owner, project_body};

#[actix_web::test]
async fn sixty_four_requests_with_one_key_make_one_project() {
    on_every_registry(async |registry| {
        let ask = || {
            registry
                .ask(&owner(), Method::POST, "/projects")
                .header("idempotency-key", "k1")
                .json(&project_body())
        };
        let answers = join_all((0..64).map(|_| registry.send(ask()))).await;
        assert!(answers.iter().all(|answer| answer.status == 201));
        assert!(
            answers
                .iter()
                .all(|answer| answer.bytes == answers[0].bytes)
        );
        assert_eq!(
            registry.get(&owner(), "/projects").await.json()["items"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
    })
    .await;
}

#[actix_web::test]
async fn one_key_for_two_bodies_or_two_paths_is_refused() {
    on_every_registry(async |registry| {
        let ask = |path: &str, body: &serde_json::Value| {
            registry
                .ask(&owner(), Method::POST, path)
                .header("idempotency-key", "k1")
                .json(body)
        };
        assert_eq!(
            registry
                .send(ask("/projects", &project_body()))
                .await
                .status,
            201
        );
        let mut other = project_body();
        other["name"] = json!("anders");
        assert_eq!(
            registry.send(ask("/projects", &other)).await.problem(),
            (409, "idempotency-key-reused".into())
        );
        let upload = |bytes: &[u8]| {
            registry
                .ask(&analyst(), Method::POST, "/artifacts")
                .header("idempotency-key", "k2")
                .header("content-type", "application/json")
                .bytes(bytes)
        };
        assert_eq!(registry.send(upload(b"{}")).await.status, 201);
        assert_eq!(
            registry.send(upload(b"[]")).await.problem(),
            (409, "idempotency-key-reused".into())
        );
        assert_eq!(registry.send(upload(b"{}")).await.status, 201);
    })
    .await;
}

#[actix_web::test]
async fn an_activation_may_be_repeated_with_its_key() {
    on_every_registry(async |registry| {
        let model = registry.model("dakloosheid").await;
        let version = registry.version(&model, 1, true).await;
        let review = json!({"verdict": "approve", "remarks": "gezien"});
        registry
            .post(
                &super::support::officer(),
                &format!("/model-versions/{version}/reviews"),
                &review,
            )
            .await;
        let path = format!("/model-versions/{version}/_activate");
        let ask = || {
            registry
                .ask(&owner(), Method::POST, &path)
                .header("idempotency-key", "k3")
        };
        let first = registry.send(ask()).await;
        let again = registry.send(ask()).await;
        assert_eq!((first.status.as_u16(), &first.bytes), (200, &again.bytes));
        assert_eq!(
            registry
                .send(registry.ask(&owner(), Method::POST, &path))
                .await
                .status,
            409
        );
    })
    .await;
}
