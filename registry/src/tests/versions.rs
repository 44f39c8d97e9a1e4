use actix_web::http::Method;
use helder_types::{Digest, Role};
use serde_json::json;

use super::support::{Registry, analyst, lineage, model_json, on_every_registry, owner, person};

#[actix_web::test]
async fn a_version_keeps_its_files_its_origin_and_its_number() {
    on_every_registry(async |registry| {
        let model = registry.model("dakloosheid").await;
        let first = registry.version(&model, 1, true).await;
        let second = registry.version(&model, 2, false).await;
        let version = registry
            .get(&analyst(), &format!("/model-versions/{first}"))
            .await
            .json();
        assert_eq!(
            (&version["number"], &version["state"]),
            (&json!(1), &json!("candidate"))
        );
        let bytes = model_json(1).to_string();
        assert_eq!(version["digest"], Digest::of(bytes.as_bytes()).to_string());
        assert_eq!(version["summary"]["inputs"][0]["name"], "arrears");
        let file = registry
            .get(
                &analyst(),
                &format!("/model-versions/{first}/files/model.json"),
            )
            .await;
        assert_eq!(file.text(), bytes);
        assert_eq!(file.header("content-type"), "application/json");
        assert!(file.header("content-digest").starts_with("sha-256=:"));
        let origin = registry
            .get(&analyst(), &format!("/model-versions/{first}/lineage"))
            .await
            .json();
        assert_eq!(origin, lineage(version["digest"].as_str().unwrap()));
        assert_eq!(
            registry
                .get(
                    &analyst(),
                    &format!("/model-versions/{first}/fairness-report")
                )
                .await
                .json(),
            json!({"verdict": "withinBound", "sensitiveFeatures": []})
        );
        assert_eq!(
            registry
                .get(
                    &analyst(),
                    &format!("/model-versions/{second}/fairness-report")
                )
                .await
                .status,
            404
        );
        let list = registry
            .get(
                &analyst(),
                &format!("/models/{model}/model-versions?limit=1"),
            )
            .await
            .json();
        assert_eq!(
            (&list["items"][0]["id"], &list["next"]),
            (&json!(first), &json!("1"))
        );
    })
    .await;
}

#[actix_web::test]
async fn other_bytes_never_come_under_an_existing_version() {
    on_every_registry(async |registry| {
        let model = registry.model("dakloosheid").await;
        let path = format!("/models/{model}/model-versions");
        let version = registry.version(&model, 1, true).await;
        let mut other = registry.version_body(2, true).await;
        other["number"] = json!(1);
        assert_eq!(
            registry.post(&analyst(), &path, &other).await.problem(),
            (409, "version-exists".into())
        );
        other["number"] = json!(5);
        assert_eq!(
            registry.post(&analyst(), &path, &other).await.pointers(),
            ["/number"]
        );
        let mut same = registry.version_body(1, true).await;
        same["number"] = json!(1);
        let again = registry.post(&analyst(), &path, &same).await;
        assert_eq!(
            (again.status.as_u16(), &again.json()["id"]),
            (200, &json!(version))
        );
        let file = registry
            .get(
                &analyst(),
                &format!("/model-versions/{version}/files/model.json"),
            )
            .await;
        assert_eq!(file.text(), model_json(1).to_string());
        for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::POST] {
            let ask = registry.ask(
                &owner(),
                method,
                &format!("/model-versions/{version}/files/model.json"),
            );
            assert!(
                registry
                    .send(ask.json(&json!({})))
                    .await
                    .status
                    .is_client_error()
            );
        }
        assert_eq!(
            registry.get(&analyst(), &path).await.json()["items"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
    })
    .await;
}

#[actix_web::test]
async fn damaged_bytes_in_the_store_are_never_sent_as_whole() {
    on_every_registry(async |registry| {
        let model = registry.model("dakloosheid").await;
        let version = registry.version(&model, 1, true).await;
        let digest = Digest::of(model_json(1).to_string().as_bytes());
        let path = registry
            .folder
            .path()
            .join("objects/GM0772")
            .join(digest.hex());
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, model_json(2).to_string()).unwrap();
        let app = registry.ask(
            &analyst(),
            Method::GET,
            &format!("/model-versions/{version}/files/model.json"),
        );
        assert!(
            registry.try_send(app).await.is_err(),
            "the answer breaks off"
        );
    })
    .await;
}

#[actix_web::test]
async fn no_field_of_a_version_names_a_place() {
    on_every_registry(async |registry| {
        let model = registry.model("dakloosheid").await;
        let path = format!("/models/{model}/model-versions");
        for field in [
            "source",
            "url",
            "location",
            "uri",
            "artifactUri",
            "status",
            "tenant",
            "approvedBy",
            "state",
        ] {
            for value in [
                "file:///etc/passwd",
                "http://169.254.169.254/",
                "//evil",
                "a#b",
                "..\\..",
                "%252e%252e",
            ] {
                let mut body = registry.version_body(1, true).await;
                body[field] = json!(value);
                let answer = registry.post(&analyst(), &path, &body).await;
                assert_eq!(
                    (answer.status.as_u16(), answer.pointers()),
                    (400, vec![format!("/{field}")])
                );
            }
        }
        for name in [
            "../model.json",
            "file:///model.json",
            "a//b.json",
            "a\\b.json",
            "model.json#x",
            "%252e%252e.json",
        ] {
            let mut body = registry.version_body(1, true).await;
            body["files"][1]["name"] = json!(name);
            let answer = registry.post(&analyst(), &path, &body).await;
            assert_eq!(answer.status, 400, "{name}");
            assert!(answer.pointers().contains(&"/files/1/name".to_owned()));
        }
        let version = registry.version(&model, 1, true).await;
        for name in [
            "..%2f..%2fetc%2fpasswd",
            "%2e%2e",
            "model.json%00",
            "MODEL.JSON",
            "lineage.json",
        ] {
            let answer = registry
                .get(
                    &analyst(),
                    &format!("/model-versions/{version}/files/{name}"),
                )
                .await;
            assert_eq!(answer.status, 404, "{name}");
        }
    })
    .await;
}

#[actix_web::test]
async fn a_version_of_artifacts_that_are_not_there_or_not_a_model_is_refused() {
    on_every_registry(async |registry| {
        let model = registry.model("dakloosheid").await;
        let path = format!("/models/{model}/model-versions");
        let missing = Digest::of(b"nothing").to_string();
        let mut body = registry.version_body(1, true).await;
        body["files"][0]["digest"] = json!(missing);
        body["lineage"] = lineage(&missing);
        assert_eq!(
            registry.post(&analyst(), &path, &body).await.pointers(),
            ["/files/0/digest"]
        );
        let other = registry
            .upload(&analyst(), "application/json", br#"{"format":"pickle/4"}"#)
            .await
            .json();
        body["files"][0]["digest"] = other["digest"].clone();
        body["lineage"] = lineage(other["digest"].as_str().unwrap());
        assert_eq!(
            registry.post(&analyst(), &path, &body).await.pointers(),
            ["/files"]
        );
        let mut loose = registry.version_body(1, true).await;
        loose["lineage"]["edges"] = json!([{"from": "run", "to": "model"}]);
        assert_eq!(registry.post(&analyst(), &path, &loose).await.status, 400);
        let mut elsewhere = registry.version_body(1, true).await;
        elsewhere["projectId"] = json!(registry.project().await);
        assert_eq!(
            registry
                .post(&analyst(), &path, &elsewhere)
                .await
                .pointers(),
            ["/projectId"]
        );
    })
    .await;
}

#[actix_web::test]
async fn another_organisation_finds_nothing_of_it() {
    on_every_registry(async |registry| {
        let model = registry.model("dakloosheid").await;
        let version = registry.version(&model, 1, true).await;
        let stranger = person("GM0363", "sam", Role::ModelOwner);
        let nowhere = "0198c0de-0000-7000-8000-000000000000";
        let absent = registry.get(&stranger, &format!("/models/{nowhere}")).await;
        let v = format!("/model-versions/{version}");
        for path in [
            format!("/models/{model}"),
            format!("/models/{model}/model-versions"),
            v.clone(),
            format!("{v}/lineage"),
            format!("{v}/card"),
            format!("{v}/fairness-report"),
            format!("{v}/files/model.json"),
        ] {
            let foreign = registry.get(&stranger, &path).await;
            assert_eq!((foreign.status.as_u16(), &foreign.bytes), (404, &absent.bytes), "{path}");
        }
        let body = registry.version_body(2, true).await;
        assert_eq!(registry.post(&stranger, &format!("/models/{model}/model-versions"), &body).await.status, 404);
        // The same name is free for another organisation; the same name twice in one is not.
        let taken = json!({"projectId": registry.project().await, "name": "dakloosheid", "title": {"nl": "a", "en": "b"}});
        assert_eq!(registry.post(&analyst(), "/models", &taken).await.problem(), (409, "name-taken".into()));
        assert_eq!(registry.post(&stranger, "/models", &taken).await.pointers(), ["/projectId"]);
        assert_eq!(registry.get(&stranger, "/models?name=dakloosheid").await.json()["items"], json!([]));
        assert_eq!(registry.get(&analyst(), "/models?name=dakloosheid").await.json()["items"][0]["id"], model);
    })
    .await;
}

#[actix_web::test]
async fn sixty_four_registrations_at_once_get_sixty_four_numbers() {
    on_every_registry(async |registry| {
        let model = registry.model("dakloosheid").await;
        let path = format!("/models/{model}/model-versions");
        let maker = analyst();
        let mut bodies = Vec::new();
        for seed in 0..64 {
            bodies.push(registry.version_body(seed, false).await);
        }
        let answers = futures_util::future::join_all(
            bodies.iter().map(|body| registry.post(&maker, &path, body)),
        )
        .await;
        let mut numbers: Vec<_> = answers
            .iter()
            .map(|answer| answer.json()["number"].as_i64().unwrap())
            .collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=64).collect::<Vec<_>>());
    })
    .await;
}

#[actix_web::test]
async fn an_alias_moves_between_versions_of_its_own_model() {
    on_every_registry(async |registry| {
        let model = registry.model("dakloosheid").await;
        let other = registry.model("uitstroom").await;
        let (first, second) = (
            registry.version(&model, 1, true).await,
            registry.version(&model, 2, true).await,
        );
        let foreign = registry.version(&other, 3, true).await;
        let path = format!("/models/{model}/aliases/challenger");
        let set = |version: &str| {
            registry
                .ask(&owner(), Method::PUT, &path)
                .json(&json!({"modelVersionId": version}))
        };
        for version in [&first, &second] {
            let aliases = registry.send(set(version)).await.json()["aliases"].clone();
            assert_eq!(
                aliases,
                json!([{"alias": "challenger", "modelVersionId": version}])
            );
        }
        assert_eq!(
            registry.send(set(&foreign)).await.pointers(),
            ["/modelVersionId"]
        );
        for bad in ["Beste", "x", "a249566758"] {
            let path = format!("/models/{model}/aliases/{bad}");
            let ask = registry.ask(&owner(), Method::PUT, &path);
            let ask = ask.json(&json!({"modelVersionId": first}));
            assert_eq!(registry.send(ask).await.pointers(), ["{alias}"], "{bad}");
        }
        let remove = |registry: &Registry| registry.ask(&owner(), Method::DELETE, &path);
        assert_eq!(registry.send(remove(&registry)).await.status, 204);
        assert_eq!(registry.send(remove(&registry)).await.status, 404);
    })
    .await;
}
