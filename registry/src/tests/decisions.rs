use actix_web::http::Method;
use helder_platform::calls::Peers;
use helder_types::{Caller, Permission, Role};
use serde_json::{Value, json};

use super::support::{Answer, Registry, analyst, officer, on_every_registry, owner, person};

async fn review(registry: &Registry, caller: &Caller, version: &str, verdict: &str) -> Answer {
    let body = json!({"verdict": verdict, "remarks": "gezien"});
    registry
        .post(caller, &format!("/model-versions/{version}/reviews"), &body)
        .await
}

async fn act(registry: &Registry, caller: &Caller, version: &str, action: &str) -> Answer {
    let path = format!("/model-versions/{version}/{action}");
    match action {
        "_activate" => {
            registry
                .send(registry.ask(caller, Method::POST, &path))
                .await
        }
        _ => {
            registry
                .post(caller, &path, &json!({"reason": "klachten"}))
                .await
        }
    }
}

async fn state(registry: &Registry, version: &str) -> Value {
    registry
        .get(&analyst(), &format!("/model-versions/{version}"))
        .await
        .json()["state"]
        .clone()
}

async fn in_force(registry: &Registry) -> Vec<Value> {
    registry.active_versions().await.json()["items"]
        .as_array()
        .unwrap()
        .clone()
}

#[actix_web::test]
async fn three_persons_bring_a_version_into_force_and_one_stops_it() {
    on_every_registry(async |registry| {
        let model = registry.model("dakloosheid").await;
        let version = registry.version(&model, 1, true).await;
        assert_eq!(
            act(&registry, &owner(), &version, "_activate")
                .await
                .problem(),
            (409, "wrong-state".into())
        );
        assert_eq!(
            review(&registry, &officer(), &version, "approve")
                .await
                .json()["state"],
            "approved"
        );
        let active = act(&registry, &owner(), &version, "_activate").await;
        assert_eq!(
            (&active.json()["state"], &active.json()["activatedBy"]),
            (&json!("active"), &json!("omar"))
        );
        let served = in_force(&registry).await;
        assert_eq!(
            (&served[0]["modelVersionId"], &served[0]["modelName"]),
            (&json!(version), &json!("dakloosheid"))
        );
        assert_eq!(
            served[0]["verwerkingsactiviteit"],
            "https://register.example.nl/verwerkingen/12"
        );
        let stopped = act(&registry, &officer(), &version, "_suspend").await;
        assert_eq!(
            (&stopped.json()["state"], &stopped.json()["stateReason"]),
            (&json!("suspended"), &json!("klachten"))
        );
        assert!(in_force(&registry).await.is_empty());
        assert_eq!(
            act(&registry, &owner(), &version, "_activate").await.status,
            409
        );
        review(&registry, &officer(), &version, "approve").await;
        assert_eq!(
            act(&registry, &owner(), &version, "_activate").await.status,
            200
        );
        assert_eq!(
            act(&registry, &owner(), &version, "_retire").await.json()["state"],
            "retired"
        );
        assert_eq!(
            review(&registry, &officer(), &version, "approve")
                .await
                .problem(),
            (409, "wrong-state".into())
        );
    })
    .await;
}

#[actix_web::test]
async fn nobody_decides_on_own_work_and_the_attempt_is_remembered() {
    on_every_registry(async |registry| {
        let model = registry.model("dakloosheid").await;
        let version = registry.version(&model, 1, true).await;
        let everything = |subject: &str| Caller {
            permissions: Role::ALL
                .iter()
                .flat_map(|role| role.permissions().iter().copied())
                .collect(),
            ..person("GM0772", subject, Role::Analyst)
        };
        let maker = everything("anna");
        assert_eq!(
            review(&registry, &maker, &version, "approve")
                .await
                .problem(),
            (403, "same-person".into())
        );
        let reviewer = everything("femke");
        assert_eq!(
            review(&registry, &reviewer, &version, "approve")
                .await
                .status,
            201
        );
        assert_eq!(
            act(&registry, &reviewer, &version, "_activate")
                .await
                .problem(),
            (403, "same-person".into())
        );
        assert_eq!(
            act(&registry, &maker, &version, "_activate")
                .await
                .problem(),
            (403, "same-person".into())
        );
        assert_eq!(state(&registry, &version).await, "approved");
        let events = registry.get(&officer(), "/events?limit=200").await.json();
        let refused: Vec<_> = events["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|event| event["details"]["code"] == "same-person")
            .collect();
        assert_eq!(refused.len(), 3);
        assert_eq!(refused[0]["action"], "model-version.review-refused");
        assert_eq!(refused[1]["action"], "model-version.activate-refused");
    })
    .await;
}

#[actix_web::test]
async fn each_decision_asks_its_own_permission() {
    on_every_registry(async |registry| {
        let model = registry.model("dakloosheid").await;
        let version = registry.version(&model, 1, true).await;
        for role in Role::ALL {
            let caller = person("GM0772", "zoe", *role);
            let may = |permission| {
                if caller.may(permission) {
                    "allowed"
                } else {
                    "forbidden"
                }
            };
            let said = |answer: &Answer| {
                if answer.status == 403 && answer.problem().1 == "not-permitted" {
                    "forbidden"
                } else {
                    "allowed"
                }
            };
            let other = registry.version(&model, 100 + *role as u32, true).await;
            assert_eq!(
                said(&review(&registry, &caller, &other, "approve").await),
                may(Permission::RegistryReview),
                "{role:?}"
            );
            assert_eq!(
                said(&act(&registry, &caller, &version, "_activate").await),
                may(Permission::RegistryActivate),
                "{role:?}"
            );
            assert_eq!(
                said(&act(&registry, &caller, &version, "_suspend").await),
                may(Permission::RegistrySuspend),
                "{role:?}"
            );
            assert_eq!(
                said(&registry.get(&caller, "/events").await),
                may(Permission::RegistryAudit),
                "{role:?}"
            );
            assert_eq!(
                said(&registry.get(&caller, "/active-versions").await),
                "forbidden",
                "{role:?}"
            );
        }
    })
    .await;
}

#[actix_web::test]
async fn without_fairness_report_or_permission_of_the_project_nothing_comes_into_force() {
    on_every_registry(async |registry| {
        let model = registry.model("dakloosheid").await;
        let blind = registry.version(&model, 1, false).await;
        review(&registry, &officer(), &blind, "approve").await;
        assert_eq!(
            act(&registry, &owner(), &blind, "_activate")
                .await
                .problem(),
            (409, "no-fairness-report".into())
        );
        let version = registry.version(&model, 2, true).await;
        review(&registry, &officer(), &version, "approve").await;
        let project = registry
            .get(&owner(), &format!("/models/{model}"))
            .await
            .json()["projectId"]
            .clone();
        let path = format!("/projects/{}", project.as_str().unwrap());
        let to_phase = |tag: &str, phase: &str| {
            registry
                .ask(&owner(), Method::PATCH, &path)
                .header("if-match", tag)
                .json(&json!({"phase": phase}))
        };
        registry.send(to_phase("\"1\"", "development")).await;
        let refused = act(&registry, &owner(), &version, "_activate").await;
        assert_eq!(refused.problem(), (403, "project-refuses".into()));
        assert!(refused.json()["detail"].as_str().unwrap().contains("phase"));
        registry.send(to_phase("\"2\"", "production")).await;
        assert_eq!(
            act(&registry, &owner(), &version, "_activate").await.status,
            200
        );
        assert_eq!(in_force(&registry).await.len(), 1);
        // The project ends: what it allowed is no longer in force, without anybody touching the version.
        registry.send(to_phase("\"3\"", "ended")).await;
        assert!(in_force(&registry).await.is_empty());
    })
    .await;
}

#[actix_web::test]
async fn one_version_of_a_model_answers_and_the_tag_changes_only_with_the_list() {
    on_every_registry(async |registry| {
        let model = registry.model("dakloosheid").await;
        let first = registry.active(&model, 1).await;
        let tag = registry.active_versions().await.header("etag").to_owned();
        let known = || {
            registry
                .ask_as_service(Method::GET, "/active-versions")
                .header("if-none-match", &tag)
        };
        let same = registry.send(known()).await;
        assert_eq!((same.status.as_u16(), same.bytes.len()), (304, 0));
        let second = registry.active(&model, 2).await;
        assert_eq!(registry.send(known()).await.status, 200);
        let served = in_force(&registry).await;
        assert_eq!(
            (served.len(), &served[0]["modelVersionId"]),
            (1, &json!(second))
        );
        let old = registry
            .get(&analyst(), &format!("/model-versions/{first}"))
            .await
            .json();
        assert_eq!(
            (&old["state"], &old["stateReason"]),
            (&json!("retired"), &json!("superseded by version 2"))
        );
        let found = registry
            .get(&analyst(), &format!("/models/{model}"))
            .await
            .json();
        assert_eq!(found["activeVersionId"], json!(second));
    })
    .await;
}

#[actix_web::test]
async fn a_version_that_ever_answered_is_found_by_digest_or_id_whatever_became_of_it() {
    on_every_registry(async |registry| {
        let model = registry.model("dakloosheid").await;
        let waiting = registry.version(&model, 7, true).await;
        let first = registry.active(&model, 1).await;
        let second = registry.active(&model, 2).await;
        let of = async |version: &str| {
            let path = format!("/model-versions/{version}");
            registry.get(&analyst(), &path).await.json()["digest"].clone()
        };
        let asked = async |name: &str| {
            let path = format!("/answered-versions/{name}");
            let who = Peers::with_permission(&analyst(), Permission::RegistryServe);
            let ask = registry.ask_by_service(&who, Method::GET, &path);
            registry.send(ask).await
        };
        for (version, state) in [(&first, "retired"), (&second, "active")] {
            let digest = of(version).await;
            for name in [version.as_str(), digest.as_str().unwrap()] {
                let found = asked(name).await.json();
                assert_eq!(
                    (&found["modelVersionId"], &found["state"]),
                    (&json!(version), &json!(state))
                );
                assert_eq!(found["endedAt"].is_null(), state == "active", "{found}");
                assert_eq!(found["modelName"], "dakloosheid");
            }
        }
        let unknown = of(&waiting).await;
        for name in [
            unknown.as_str().unwrap(),
            waiting.as_str(),
            "x",
            &format!("sha256:{}", "0".repeat(64)),
        ] {
            assert_eq!(asked(name).await.status, 404, "{name}");
        }
        let path = format!("/answered-versions/{first}");
        for role in Role::ALL {
            let refused = registry.get(&person("GM0772", "x", *role), &path).await;
            assert_eq!(refused.status, 403, "{role:?}");
        }
    })
    .await;
}

#[actix_web::test]
async fn of_many_activations_at_once_one_version_answers() {
    on_every_registry(async |registry| {
        let model = registry.model("dakloosheid").await;
        let mut versions = Vec::new();
        for seed in 0..8 {
            let version = registry.version(&model, seed, true).await;
            review(&registry, &officer(), &version, "approve").await;
            versions.push(version);
        }
        let owner = owner();
        futures_util::future::join_all(
            versions
                .iter()
                .map(|version| act(&registry, &owner, version, "_activate")),
        )
        .await;
        assert_eq!(in_force(&registry).await.len(), 1);
    })
    .await;
}

#[actix_web::test]
async fn a_remark_with_a_bsn_is_refused_and_repeated_nowhere() {
    on_every_registry(async |registry| {
        let model = registry.model("dakloosheid").await;
        let version = registry.version(&model, 1, true).await;
        let body = json!({"verdict": "reject", "remarks": "klopt niet voor 249566758"});
        let answer = registry
            .post(
                &officer(),
                &format!("/model-versions/{version}/reviews"),
                &body,
            )
            .await;
        assert_eq!(answer.pointers(), ["/remarks"]);
        assert!(!answer.text().contains("249566758"));
        let events = registry.get(&officer(), "/events?limit=200").await;
        assert!(!events.text().contains("249566758"));
        assert_eq!(state(&registry, &version).await, "candidate");
    })
    .await;
}
