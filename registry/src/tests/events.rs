use diesel::prelude::*;
use helder_platform::problem::Problem;
use helder_types::Role;
use serde_json::{Value, json};

use super::support::{Registry, officer, on_every_registry, owner, person};

async fn filled(registry: &Registry) {
    for _ in 0..6 {
        registry.project().await;
    }
}

async fn verified(registry: &Registry) -> Value {
    registry
        .post(&officer(), "/events/_verify", &json!({}))
        .await
        .json()
}

/// Behind the back of the registry: its own role could not.
fn tamper(registry: &Registry, sql: &str) {
    registry.database.tamper(sql).unwrap();
}

#[actix_web::test]
async fn every_change_has_one_line_and_the_log_verifies() {
    on_every_registry(async |registry| {
        let model = registry.model("dakloosheid").await;
        registry.active(&model, 1).await;
        let events = registry.get(&officer(), "/events?limit=200").await.json();
        let actions: Vec<_> = events["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["action"].as_str().unwrap())
            .collect();
        assert_eq!(
            actions,
            [
                "organisation.create",
                "project.create",
                "model.create",
                "artifact.create",
                "artifact.create",
                "artifact.create",
                "model-version.create",
                "model-version.review",
                "model-version.activate",
            ]
        );
        let found = verified(&registry).await;
        assert_eq!(
            (&found["valid"], &found["events"]),
            (&json!(true), &json!(9))
        );
        assert_eq!(found["head"], events["items"][8]["digest"]);
    })
    .await;
}

#[actix_web::test]
async fn whoever_edits_deletes_inserts_or_moves_a_line_is_found_at_that_line() {
    const CASES: &[(&str, &str, i64)] = &[
        ("edited", "UPDATE events SET subject = 'somebody' WHERE sequence = 3", 3),
        ("edited details", "UPDATE events SET details = '{}' WHERE sequence = 5", 5),
        ("edited time", "UPDATE events SET at = '2020-01-01T00:00:00.000000Z' WHERE sequence = 1", 1),
        ("deleted", "DELETE FROM events WHERE sequence = 4", 4),
        ("first deleted", "DELETE FROM events WHERE sequence = 1", 1),
        ("last deleted", "DELETE FROM events WHERE sequence = 7", 7),
        (
            "deleted and closed up",
            "DELETE FROM events WHERE sequence = 4; UPDATE events SET sequence = 4 WHERE sequence = 5;
             UPDATE events SET sequence = 5 WHERE sequence = 6; UPDATE events SET sequence = 6 WHERE sequence = 7;
             UPDATE event_heads SET sequence = 6",
            4,
        ),
        (
            "inserted at the end",
            "INSERT INTO events SELECT organisation, 8, at, subject, client, action, object, details, digest, digest
             FROM events WHERE sequence = 7",
            8,
        ),
        (
            "inserted before the first",
            "INSERT INTO events SELECT organisation, 0, at, subject, client, action, object, details, previous, digest
             FROM events WHERE sequence = 1",
            1,
        ),
        (
            "two lines swapped",
            "UPDATE events SET sequence = 99 WHERE sequence = 2; UPDATE events SET sequence = 2 WHERE sequence = 3;
             UPDATE events SET sequence = 3 WHERE sequence = 99",
            2,
        ),
        ("the end rewritten", "UPDATE event_heads SET digest = 'sha256:00'", 8),
    ];
    for (what, sql, line) in CASES {
        on_every_registry(async |registry| {
            filled(&registry).await;
            assert_eq!(verified(&registry).await["valid"], true);
            tamper(&registry, sql);
            let found = verified(&registry).await;
            assert_eq!(
                (&found["valid"], &found["firstBadSequence"]),
                (&json!(false), &json!(line)),
                "{what}"
            );
        })
        .await;
    }
}

#[actix_web::test]
async fn organisations_have_logs_of_their_own() {
    on_every_registry(async |registry| {
        filled(&registry).await;
        let stranger = person("GM0363", "sam", Role::Auditor);
        assert_eq!(
            registry.get(&stranger, "/events").await.json()["items"],
            json!([])
        );
        let found = registry
            .post(&stranger, "/events/_verify", &json!({}))
            .await
            .json();
        assert_eq!(
            (&found["valid"], &found["events"]),
            (&json!(true), &json!(0))
        );
        tamper(
            &registry,
            "UPDATE events SET organisation = 'GM0363' WHERE sequence = 7",
        );
        assert_eq!(verified(&registry).await["firstBadSequence"], 7);
        let found = registry
            .post(&stranger, "/events/_verify", &json!({}))
            .await
            .json();
        assert_eq!(found["firstBadSequence"], 1);
    })
    .await;
}

#[actix_web::test]
async fn a_change_that_cannot_be_logged_does_not_happen() {
    on_every_registry(async |registry| {
        registry.project().await;
        tamper(&registry, "ALTER TABLE events RENAME TO events_away");
        let answer = registry
            .post(&owner(), "/projects", &super::support::project_body())
            .await;
        assert_eq!(answer.status, 500);
        tamper(&registry, "ALTER TABLE events_away RENAME TO events");
        assert_eq!(
            registry.get(&owner(), "/projects").await.json()["items"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
        assert_eq!(verified(&registry).await["valid"], true);
    })
    .await;
}

#[actix_web::test]
async fn writers_at_once_make_one_chain() {
    on_every_registry(async |registry| {
        registry.project().await;
        let owner = owner();
        let body = super::support::project_body();
        let all = futures_util::future::join_all(
            (0..40).map(|_| registry.post(&owner, "/projects", &body)),
        )
        .await;
        assert!(all.iter().all(|answer| answer.status == 201));
        let found = verified(&registry).await;
        assert_eq!(
            (&found["valid"], &found["events"]),
            (&json!(true), &json!(42))
        );
        let heads: i64 = registry
            .store
            .of(&officer().organisation)
            .read(|conn| {
                crate::schema::event_heads::table
                    .select(crate::schema::event_heads::sequence)
                    .first(conn)
                    .map_err(Problem::from)
            })
            .await
            .unwrap();
        assert_eq!(heads, 42);
    })
    .await;
}
