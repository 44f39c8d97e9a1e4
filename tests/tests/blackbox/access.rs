//! Route × method × role × tenant, generated from the committed OpenAPI documents.

use std::{fs, path::Path};

use helder_testkit::Platform;
use helder_types::{Permission, Role};
use reqwest::Method;
use serde_json::Value;

use crate::support::{Caller, HERE, NOWHERE, answer, caller, stranger};

/// One documented operation.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) method: Method,
    /// Public path, parameters filled with an identifier that exists nowhere.
    pub(crate) path: String,
    /// Asked permission; none for an operation open to all.
    pub(crate) permission: Option<Permission>,
}

/// All operations of all services.
pub(crate) fn operations() -> Vec<Operation> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .join("openapi");
    let mut found = Vec::new();
    for service in ["ingest", "linkage", "training", "registry", "prediction"] {
        let text = fs::read_to_string(folder.join(format!("{service}.json"))).unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        for (template, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let Ok(method) = method.to_uppercase().parse() else {
                    continue;
                };
                if !operation.is_object() {
                    continue;
                }
                let scope = operation["security"][0]["bearer"][0].as_str();
                found.push(Operation {
                    method,
                    path: format!("/{service}/v1{}", filled(template)),
                    permission: scope.map(|text| text.parse().unwrap()),
                });
            }
        }
    }
    found
}

/// The template with `NOWHERE` for each parameter.
fn filled(template: &str) -> String {
    let segments = template.split('/').map(|segment| {
        if segment.starts_with('{') {
            NOWHERE
        } else {
            segment
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

async fn status(caller: &Caller, operation: &Operation) -> (u16, String) {
    let request = caller.request(operation.method.clone(), &operation.path);
    let request = if operation.method == Method::GET {
        request
    } else {
        request.json(&serde_json::json!({}))
    };
    let reply = answer(request).await;
    if reply.status == 401 || reply.status == 403 {
        reply.assert_problem(reply.status);
    }
    (reply.status, reply.text)
}

#[tokio::test]
async fn every_route_asks_a_token_and_exactly_its_permission() {
    let platform = Platform::start().await.unwrap();
    let nobody = stranger(&platform);
    let callers: Vec<_> = Role::ALL
        .iter()
        .map(|role| (*role, caller(&platform, *role, HERE)))
        .collect();
    let operations = operations();
    assert!(
        operations.len() > 40,
        "only {} operations",
        operations.len()
    );

    let (mut cells, mut faults) = (0, Vec::new());
    for operation in &operations {
        let (bare, _) = status(&nobody, operation).await;
        if (bare == 401) != operation.permission.is_some() {
            faults.push(format!("{operation:?} without a token: {bare}"));
        }
        for (role, caller) in &callers {
            let (got, text) = status(caller, operation).await;
            let allowed = operation
                .permission
                .is_none_or(|it| role.permissions().contains(&it));
            let as_it_should = if allowed {
                !matches!(got, 401 | 403 | 405 | 500..)
            } else {
                got == 403
            };
            if !as_it_should {
                faults.push(format!("{operation:?} as {}: {got} {text}", role.as_str()));
            }
            cells += 1;
        }
    }
    println!("{} operations, {cells} cells", operations.len());
    assert!(
        faults.is_empty(),
        "{} wrong cells:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

#[tokio::test]
async fn operations_for_services_are_refused_for_everybody_at_the_gateway() {
    let platform = Platform::start().await.unwrap();
    let held_by_nobody = |it: Permission| {
        Role::ALL
            .iter()
            .all(|role| !role.permissions().contains(&it))
    };
    let inner: Vec<_> = operations()
        .into_iter()
        .filter(|it| it.permission.is_some_and(held_by_nobody))
        .collect();
    assert!(inner.len() >= 2, "{inner:?}");
    for operation in &inner {
        for role in Role::ALL {
            let (got, _) = status(&caller(&platform, *role, HERE), operation).await;
            assert_eq!(got, 403, "{operation:?} as {}", role.as_str());
        }
    }
}

#[tokio::test]
async fn what_is_not_documented_does_not_exist() {
    let platform = Platform::start().await.unwrap();
    let caller = caller(&platform, Role::ModelOwner, HERE);
    let operations = operations();
    let methods = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
    ];
    for operation in &operations {
        for method in &methods {
            let exists = operations
                .iter()
                .any(|other| other.path == operation.path && other.method == *method);
            if !exists {
                let reply = answer(caller.request(method.clone(), &operation.path)).await;
                reply.assert_problem(405);
                assert!(
                    reply.header("allow").contains(operation.method.as_str()),
                    "{operation:?} {reply:?}"
                );
            }
        }
        let slash =
            answer(caller.request(operation.method.clone(), &format!("{}/", operation.path))).await;
        slash.assert_problem(404);
    }
    for path in [
        "/ingest/v1/nothing",
        "/ingest/v2/datasets",
        "/ingest",
        "/admin",
        "/registry/v1",
    ] {
        caller.get(path).await.assert_problem(404);
    }
}
