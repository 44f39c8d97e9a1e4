//! What is not within bound comes into force only when somebody answers for it in writing.

use actix_web::http::Method;
use diesel::prelude::*;
use serde_json::{Value, json};

use super::support::{Answer, Registry, analyst, officer, on_every_registry, owner};
use crate::schema::{model_versions, reviews};

fn report() -> Value {
    json!({
        "verdict": "outsideBound",
        "sensitiveFeatures": [
            {"sensitiveFeature": "geslacht", "verdict": "withinBound"},
            {"sensitiveFeature": "herkomst", "verdict": "outsideBound"},
        ],
        "intersections": [{"sensitiveFeature": "geslacht|herkomst", "verdict": "notEnoughData"}],
    })
}

fn conclusion() -> Value {
    json!({
        "text": "Hulp wordt alleen aangeboden; wie niet gekozen is, verliest niets.",
        "acceptedRisks": ["Mensen uit groep B worden minder vaak gevonden; jaarlijkse toets."],
    })
}

async fn review(registry: &Registry, version: &str, body: &Value) -> Answer {
    let path = format!("/model-versions/{version}/reviews");
    registry.post(&officer(), &path, body).await
}

async fn activate(registry: &Registry, version: &str) -> Answer {
    let path = format!("/model-versions/{version}/_activate");
    registry
        .send(registry.ask(&owner(), Method::POST, &path))
        .await
}

#[actix_web::test]
async fn an_approval_without_a_conclusion_is_refused_with_every_open_verdict() {
    on_every_registry(async |registry| {
        let model = registry.model("dakloosheid").await;
        let version = registry.version_that_says(&model, 1, Some(report())).await;
        let bare = json!({"verdict": "approve", "remarks": "gezien"});
        let refused = review(&registry, &version, &bare).await;
        assert_eq!(refused.status, 400, "{refused:?}");
        let errors = refused.json()["errors"].clone();
        assert_eq!(errors.as_array().unwrap().len(), 2, "{errors}");
        for (error, said) in [
            (&errors[0], "outsideBound for herkomst"),
            (&errors[1], "notEnoughData for geslacht|herkomst"),
        ] {
            assert_eq!(error["pointer"], "/fairnessConclusion");
            let detail = error["detail"].as_str().unwrap();
            assert!(
                detail.contains(said) && detail.contains("acceptedRisks"),
                "{detail}"
            );
        }
        assert_eq!(
            activate(&registry, &version).await.problem(),
            (409, "wrong-state".into())
        );
        let objection = json!({"verdict": "reject", "remarks": "te grote verschillen"});
        assert_eq!(review(&registry, &version, &objection).await.status, 201);
    })
    .await;
}

#[actix_web::test]
async fn a_conclusion_stands_with_its_writer_in_the_version_and_without_in_the_catalogue() {
    on_every_registry(async |registry| {
        let model = registry.model("dakloosheid").await;
        let version = registry.version_that_says(&model, 1, Some(report())).await;
        let body =
            json!({"verdict": "approve", "remarks": "gezien", "fairnessConclusion": conclusion()});
        let approved = review(&registry, &version, &body).await.json();
        assert_eq!(approved["reviews"][0]["fairnessConclusion"], conclusion());
        assert_eq!(approved["reviews"][0]["reviewer"], officer().subject);
        assert_eq!(approved["fairness"]["verdict"], "outsideBound");
        assert_eq!(
            approved["fairness"]["open"][0]["sensitiveFeature"],
            "herkomst"
        );
        let active = activate(&registry, &version).await;
        assert_eq!(active.status, 200, "{active:?}");
        let entry = format!(
            "/catalogue-entries/{}",
            approved["digest"].as_str().unwrap()
        );
        let ask = |accept: &'static str| {
            registry.send(Registry::anonymous(Method::GET, &entry).header("accept", accept))
        };
        let used = ask("application/json").await.json()["uses"][0].clone();
        assert_eq!(used["fairnessConclusion"], conclusion());
        assert_eq!(used["fairness"]["verdict"], "outsideBound");
        assert!(
            !used.to_string().contains(&officer().subject),
            "no names of staff"
        );
        let page = ask("text/html").await;
        for words in [
            "Conclusie over deze verschillen",
            "Conclusion on these differences",
            "wie niet gekozen is, verliest niets",
            "jaarlijkse toets",
            "buiten de grens",
            "Verschillen naar herkomst",
        ] {
            assert!(page.text().contains(words), "{words}");
        }
        let card = registry
            .get(&analyst(), &format!("/model-versions/{version}/card"))
            .await;
        assert!(
            card.text().contains("wie niet gekozen is") && card.text().contains(&officer().subject)
        );
    })
    .await;
}

#[actix_web::test]
async fn a_conclusion_names_its_faults_all_at_once() {
    on_every_registry(async |registry| {
        let model = registry.model("dakloosheid").await;
        let version = registry.version_that_says(&model, 1, Some(report())).await;
        let body = json!({"verdict": "approve", "remarks": "",
            "fairnessConclusion": {"text": " ", "acceptedRisks": ["over 249566758", ""]}});
        let refused = review(&registry, &version, &body).await.json();
        let mut pointers: Vec<_> = refused["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["pointer"].as_str().unwrap())
            .collect();
        pointers.sort_unstable();
        assert_eq!(
            pointers,
            [
                "/fairnessConclusion/acceptedRisks/0",
                "/fairnessConclusion/acceptedRisks/1",
                "/fairnessConclusion/text",
                "/remarks",
            ]
        );
        assert!(!refused.to_string().contains("249566758"));
    })
    .await;
}

#[actix_web::test]
async fn what_was_approved_before_conclusions_were_asked_needs_a_new_review() {
    on_every_registry(async |registry| {
        let model = registry.model("dakloosheid").await;
        let version = registry.version_that_says(&model, 1, Some(report())).await;
        let body =
            json!({"verdict": "approve", "remarks": "gezien", "fairnessConclusion": conclusion()});
        review(&registry, &version, &body).await;
        registry
            .store
            .of(&officer().organisation)
            .write(|conn| {
                diesel::update(reviews::table)
                    .set(reviews::fairness_conclusion.eq(None::<String>))
                    .execute(conn)?;
                diesel::update(model_versions::table)
                    .set(model_versions::fairness.eq(None::<String>))
                    .execute(conn)?;
                Ok(())
            })
            .await
            .unwrap();
        let refused = activate(&registry, &version).await;
        assert_eq!(refused.problem(), (409, "no-fairness-conclusion".into()));
        assert_eq!(refused.json()["errors"].as_array().unwrap().len(), 1);
        review(&registry, &version, &body).await;
        assert_eq!(activate(&registry, &version).await.status, 200);
    })
    .await;
}
