use actix_web::http::Method;
use helder_types::Role;
use serde_json::{Value, json};

use super::support::{analyst, on_every_registry, owner, person, project_body};

#[actix_web::test]
async fn a_project_is_made_read_listed_and_changed() {
    on_every_registry(async |registry| {
        let id = registry.project().await;
        let path = format!("/projects/{id}");
        let read = registry.get(&analyst(), &path).await;
        assert_eq!(read.status, 200);
        let tag = read.header("etag").to_owned();
        let known = registry
            .ask(&analyst(), Method::GET, &path)
            .header("if-none-match", &tag);
        assert_eq!(registry.send(known).await.status, 304);
        let change = |tag: &str, body: Value| {
            registry
                .ask(&owner(), Method::PATCH, &path)
                .header("if-match", tag)
                .json(&body)
        };
        let changed = registry.send(change(&tag, json!({"phase": "ended"}))).await;
        assert_eq!(changed.json()["phase"], "ended");
        assert_eq!(changed.json()["grondslag"], project_body()["grondslag"]);
        let late = registry.send(change(&tag, json!({"phase": "pilot"}))).await;
        assert_eq!(late.problem(), (412, "changed-meanwhile".into()));
        let blind = registry
            .ask(&owner(), Method::PATCH, &path)
            .json(&json!({"phase": "pilot"}));
        assert_eq!(registry.send(blind).await.pointers(), ["If-Match"]);
        for _ in 0..2 {
            registry.project().await;
        }
        let first = registry.get(&analyst(), "/projects?limit=2").await;
        assert_eq!(first.json()["items"].as_array().unwrap().len(), 2);
        let next = first
            .header("link")
            .split('>')
            .next()
            .unwrap()
            .trim_start_matches("</registry/v1")
            .to_owned();
        let second = registry.get(&analyst(), &next).await.json();
        assert_eq!(second["items"].as_array().unwrap().len(), 1);
        assert!(second.get("next").is_none());
    })
    .await;
}

#[actix_web::test]
async fn the_registry_says_in_plain_words_why_a_project_refuses() {
    on_every_registry(async |registry| {
        let permit = |change: Value, step: &'static str| {
            let registry = &registry;
            async move {
                let mut body = project_body();
                for (key, value) in change.as_object().unwrap() {
                    body[key] = value.clone();
                }
                let id = registry.post(&owner(), "/projects", &body).await.made();
                registry
                    .get(&analyst(), &format!("/projects/{id}/permits/{step}"))
                    .await
                    .json()
            }
        };
        assert_eq!(
            permit(json!({}), "training").await,
            json!({"allowed": true, "verwerkingsactiviteit": project_body()["verwerkingsactiviteit"]})
        );
        let refused = permit(json!({"grondslag": null}), "ingest").await;
        assert_eq!(
            (&refused["allowed"], &refused["code"]),
            (&json!(false), &json!("no-lawful-basis"))
        );
        assert!(refused["reason"].as_str().unwrap().contains("grondslag"));
        assert_eq!(
            permit(json!({"until": "2020-01-01"}), "ingest").await["code"],
            "retention-over"
        );
        assert_eq!(
            permit(json!({"phase": "development"}), "prediction").await["code"],
            "phase"
        );
        assert_eq!(
            permit(json!({"steps": ["ingest"]}), "linkage").await["code"],
            "step-not-named"
        );
        let id = registry.project().await;
        assert_eq!(
            registry
                .get(&analyst(), &format!("/projects/{id}/permits/cooking"))
                .await
                .status,
            404
        );
    })
    .await;
}

#[actix_web::test]
async fn nobody_sees_or_changes_the_projects_of_another() {
    on_every_registry(async |registry| {
        let id = registry.project().await;
        let stranger = person("GM0363", "sam", Role::ModelOwner);
        let nowhere = "/projects/0198c0de-0000-7000-8000-000000000000";
        let absent = registry.get(&stranger, nowhere).await;
        for path in [
            format!("/projects/{id}"),
            format!("/projects/{id}/permits/ingest"),
        ] {
            let foreign = registry.get(&stranger, &path).await;
            assert_eq!(
                (foreign.status.as_u16(), &foreign.bytes),
                (404, &absent.bytes)
            );
        }
        let change = registry
            .ask(&stranger, Method::PATCH, &format!("/projects/{id}"))
            .header("if-match", "\"1\"");
        assert_eq!(
            registry
                .send(change.json(&json!({"phase": "ended"})))
                .await
                .status,
            404
        );
        assert_eq!(
            registry.get(&stranger, "/projects").await.json()["items"],
            json!([])
        );
        assert_eq!(
            registry
                .get(&owner(), &format!("/projects/{id}"))
                .await
                .json()["phase"],
            "production"
        );
    })
    .await;
}

#[actix_web::test]
async fn what_only_the_registry_decides_is_refused_in_a_body() {
    on_every_registry(async |registry| {
        for key in [
            "tenant",
            "organisation",
            "status",
            "approvedBy",
            "revision",
            "id",
        ] {
            let mut body = project_body();
            body[key] = json!("GM0363");
            let answer = registry.post(&owner(), "/projects", &body).await;
            assert_eq!(
                (answer.status.as_u16(), answer.pointers()),
                (400, vec![format!("/{key}")]),
                "{key}"
            );
        }
        assert_eq!(
            registry.get(&owner(), "/projects").await.json()["items"],
            json!([])
        );
    })
    .await;
}

#[actix_web::test]
async fn all_faults_come_at_once_and_none_repeats_what_was_sent() {
    on_every_registry(async |registry| {
        let mut body = project_body();
        body["name"] = json!("dossier 249566758");
        body["until"] = json!("morgen");
        body["bewaartermijn"] = json!("lang");
        let answer = registry.post(&owner(), "/projects", &body).await;
        let mut pointers = answer.pointers();
        pointers.sort();
        assert_eq!(pointers, ["/bewaartermijn", "/name", "/until"]);
        assert!(!answer.text().contains("249566758") && !answer.text().contains("morgen"));
    })
    .await;
}

#[actix_web::test]
async fn an_organisation_is_named_by_itself_only() {
    on_every_registry(async |registry| {
        assert_eq!(
            registry.get(&owner(), "/organisations").await.json()["items"],
            json!([])
        );
        registry.project().await;
        assert_eq!(
            registry.get(&owner(), "/organisations").await.json()["items"][0]["name"],
            "GM0772"
        );
        let name = |organisation: &str| {
            let path = format!("/organisations/{organisation}");
            registry
                .ask(&owner(), Method::PUT, &path)
                .json(&json!({"name": "Gemeente Eindhoven"}))
        };
        assert_eq!(registry.send(name("GM0363")).await.status, 404);
        assert_eq!(
            registry.send(name("GM0772")).await.json()["name"],
            "Gemeente Eindhoven"
        );
    })
    .await;
}
