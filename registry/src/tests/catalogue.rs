use actix_web::http::Method;
use helder_types::Digest;
use serde_json::json;

use super::support::{Answer, Registry, analyst, model_json, officer, on_every_registry, owner};

async fn read(registry: &Registry, path: &str, accept: &str) -> Answer {
    registry
        .send(Registry::anonymous(Method::GET, path).header("accept", accept))
        .await
}

#[actix_web::test]
async fn a_citizen_reads_what_is_in_use_without_a_token() {
    on_every_registry(async |registry| {
        let model = registry.model("dakloosheid").await;
        let digest = Digest::of(model_json(1).to_string().as_bytes());
        let path = format!("/catalogue-entries/{digest}");
        let candidate = Digest::of(model_json(2).to_string().as_bytes());
        let hidden = format!("/catalogue-entries/{candidate}");
        registry.version(&model, 2, true).await;
        assert_eq!(
            read(&registry, &hidden, "application/json").await.status,
            404,
            "a candidate is nobody's business yet"
        );
        let version = registry.active(&model, 1).await;
        let entry = read(&registry, &path, "application/json").await.json();
        assert_eq!(entry["digest"], digest.to_string());
        assert_eq!(
            (
                &entry["uses"][0]["state"],
                &entry["uses"][0]["organisation"]
            ),
            (&json!("active"), &json!("GM0772"))
        );
        assert!(
            !entry.to_string().contains("omar") && !entry.to_string().contains("femke"),
            "no names of staff"
        );
        let html = read(
            &registry,
            &path,
            "text/html,application/xhtml+xml,*/*;q=0.8",
        )
        .await;
        assert_eq!(html.header("content-type"), "text/html; charset=utf-8");
        assert!(
            html.header("content-security-policy")
                .contains("default-src 'none'")
        );
        for words in [
            "huurachterstand in maanden",
            "Een medewerker beslist",
            "Wgs, artikel 3",
            &digest.to_string(),
            "lang=\"en\"",
        ] {
            assert!(html.text().contains(words), "{words}");
        }
        let list = read(&registry, "/catalogue-entries", "*/*").await.json();
        assert_eq!(list["items"][0]["digest"], digest.to_string());
        assert!(
            read(&registry, "/catalogue-entries", "text/html")
                .await
                .text()
                .contains("Catalogus")
        );
        let stop = json!({"reason": "klachten"});
        registry
            .post(
                &officer(),
                &format!("/model-versions/{version}/_suspend"),
                &stop,
            )
            .await;
        let stopped = read(&registry, &path, "application/json").await.json();
        assert_eq!(stopped["uses"][0]["state"], "suspended");
        assert!(stopped["uses"][0]["endedAt"].is_string());
    })
    .await;
}

#[actix_web::test]
async fn the_card_holds_the_page_of_training_and_the_facts_of_the_registry_escaped() {
    on_every_registry(async |registry| {
        let model = registry.model("dakloosheid").await;
        let version = registry.version(&model, 2, true).await;
        let remarks = "<script>alert(1)</script> & bezwaar";
        let review = json!({"verdict": "reject", "remarks": remarks});
        registry
            .post(
                &officer(),
                &format!("/model-versions/{version}/reviews"),
                &review,
            )
            .await;
        let card = registry
            .get(&analyst(), &format!("/model-versions/{version}/card"))
            .await;
        let html = card.text();
        assert!(html.contains("<h2>Kaart</h2>"), "the page of training");
        assert!(
            html.contains("afgekeurd")
                && html.contains("wmo.csv")
                && html.contains("fairness.json")
        );
        assert!(html.contains("&lt;script&gt;") && !html.contains("<script"));
        assert_eq!(html.matches("</html>").count(), 1);
        assert!(
            card.header("content-security-policy")
                .contains("default-src 'none'")
        );
    })
    .await;
}

#[actix_web::test]
async fn a_title_with_markup_stays_text_everywhere() {
    on_every_registry(async |registry| {
        let project = registry.project().await;
        let body = json!({"projectId": project, "name": "markup", "title": {"nl": "<img src=x onerror=a>", "en": "<b>"}});
        let model = registry.post(&owner(), "/models", &body).await.made();
        registry.active(&model, 7).await;
        let html = read(&registry, "/catalogue-entries", "text/html").await;
        assert!(html.text().contains("&lt;img") && !html.text().contains("<img"));
    })
    .await;
}

#[actix_web::test]
async fn what_names_no_model_is_absent() {
    on_every_registry(async |registry| {
        for bad in ["sha256:00", "..%2f", &Digest::of(b"x").to_string()] {
            assert_eq!(
                read(&registry, &format!("/catalogue-entries/{bad}"), "*/*")
                    .await
                    .problem(),
                (404, "not-found".into())
            );
        }
    })
    .await;
}
