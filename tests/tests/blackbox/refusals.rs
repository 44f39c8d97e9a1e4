//! Every refusal is a problem, also those that no handler makes: each documented operation of each service, through the
//! gateway.

use std::collections::{BTreeMap, BTreeSet};

use helder_testkit::Platform;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use crate::{
    described::{Described, SERVICES, described},
    journey::People,
    known::who_may,
    support::{HERE, NOWHERE, Reply, answer, raw},
};

/// What is wrong with a refusal; nothing when it is the problem that it should be.
fn fault(reply: &Reply, status: u16, version: &str) -> Option<String> {
    let body = reply.json();
    let has_text = |member: &str| body[member].as_str().is_some_and(|text| !text.is_empty());
    let wrong = if reply.status != status {
        "another status"
    } else if reply.header("content-type") != "application/problem+json" {
        "another media type"
    } else if body["status"] != status {
        "another status in the body"
    } else if !["type", "title", "detail"].iter().all(|it| has_text(it)) {
        "a member is missing"
    } else if body["instance"] != format!("urn:uuid:{}", reply.header("x-request-id")) {
        "instance is not the request id"
    } else if reply.header("api-version") != version {
        "another API-Version"
    } else {
        return None;
    };
    Some(format!(
        "{wrong}, not {status}: {} {}",
        reply.status, reply.text
    ))
}

/// Sends a request per operation and reports every answer that is not the problem of `status`.
///
/// * `change` – makes the request from one with method, path and token; nothing where it does not apply
async fn all_refused(
    status: u16,
    change: impl Fn(&Described, RequestBuilder, String) -> Vec<(String, RequestBuilder)>,
) -> usize {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let (mut sent, mut faults) = (0, Vec::new());
    for operation in &described() {
        let Some(caller) = who_may(&people, operation) else {
            continue;
        };
        let path = operation.path(|_| NOWHERE.to_owned());
        let start = || caller.request(operation.method.clone(), &path);
        for (what, request) in change(operation, start(), path.clone()) {
            let reply = answer(request).await;
            if let Some(fault) = fault(&reply, status, &operation.version) {
                faults.push(format!("{} {path} {what}: {fault}", operation.method));
            }
            sent += 1;
        }
    }
    assert!(
        faults.is_empty(),
        "{} of {sent}:\n{}",
        faults.len(),
        faults.join("\n")
    );
    println!("{sent} requests");
    sent
}

/// One request, when it applies.
fn one(applies: bool, request: impl FnOnce() -> RequestBuilder) -> Vec<(String, RequestBuilder)> {
    if applies {
        vec![(String::new(), request())]
    } else {
        Vec::new()
    }
}

#[tokio::test]
async fn a_body_of_another_media_type_is_415_everywhere() {
    let sent = all_refused(415, |operation, request, _| {
        one(!operation.media.is_empty(), || {
            let request = request.header("if-match", "\"1\"");
            request
                .header("content-type", "application/xml")
                .body("<a/>")
        })
    })
    .await;
    assert!(sent > 25, "{sent}");
}

#[tokio::test]
async fn a_packed_body_is_415_everywhere_but_at_uploads() {
    let sent = all_refused(415, |operation, request, _| {
        let is_json = operation
            .media
            .iter()
            .all(|media| media == "application/json");
        one(is_json && !operation.media.is_empty(), || {
            let request = request.header("content-encoding", "br");
            request
                .header("content-type", "application/json")
                .body("{}")
        })
    })
    .await;
    assert!(sent > 20, "{sent}");
}

#[tokio::test]
async fn an_answer_that_the_client_cannot_read_is_406_everywhere() {
    let sent = all_refused(406, |operation, request, _| {
        one(!operation.answers.is_empty(), || {
            request.header("accept", "image/png, application/json;q=0, text/*;q=0")
        })
    })
    .await;
    assert!(sent > 70, "{sent}");
}

#[tokio::test]
async fn a_query_value_that_does_not_fit_is_400_everywhere() {
    let sent = all_refused(400, |operation, request, _| {
        let keys = operation.query.iter().zip(&operation.query_schemas);
        let mut requests: Vec<_> = keys
            .flat_map(|(key, schema)| misfits(schema).into_iter().map(move |it| (key, it)))
            .map(|(key, value)| {
                let request = request.try_clone().unwrap();
                (format!("?{key}={value}"), request.query(&[(key, value)]))
            })
            .collect();
        requests.dedup_by(|one, other| one.0 == other.0);
        requests
    })
    .await;
    assert!(sent > 40, "{sent}");
}

/// Values that a query key with this schema refuses.
fn misfits(schema: &Value) -> Vec<String> {
    let is_a = |kind: &str| {
        let kinds = schema["type"].as_array();
        schema["type"] == kind || kinds.is_some_and(|kinds| kinds.contains(&kind.into()))
    };
    let mut found = Vec::new();
    if is_a("integer") || is_a("number") {
        found.push("veel".to_owned());
        found.extend(schema["minimum"].as_i64().map(|it| (it - 1).to_string()));
        found.extend(schema["maximum"].as_i64().map(|it| (it + 1).to_string()));
    }
    if is_a("boolean") || schema["enum"].is_array() || !schema["format"].is_null() {
        found.push("misschien".to_owned());
    }
    found
}

#[tokio::test]
async fn an_identifier_that_is_none_is_refused_everywhere() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let mut faults = Vec::new();
    let mut sent = 0;
    for operation in described().iter().filter(|it| it.template.contains('{')) {
        let Some(caller) = who_may(&people, operation) else {
            continue;
        };
        for value in [
            "x",
            "0",
            "01900000-0000-7000-8000-00000000000g",
            "sha256:ff",
        ] {
            let path = operation.path(|_| value.to_owned());
            let mut request = caller.request(operation.method.clone(), &path);
            if operation.media.iter().any(|it| it == "application/json") {
                // Only what the body says may be judged before the path, or after it; either is a refusal.
                request = request
                    .header("if-match", "\"1\"")
                    .json(&serde_json::json!({}));
            }
            let reply = answer(request).await;
            let is_right = [400, 404, 409, 415]
                .iter()
                .any(|status| fault(&reply, *status, &operation.version).is_none());
            if !is_right {
                faults.push(format!(
                    "{} {path}: {} {}",
                    operation.method, reply.status, reply.text
                ));
            }
            sent += 1;
        }
    }
    assert!(
        faults.is_empty(),
        "{} of {sent}:\n{}",
        faults.len(),
        faults.join("\n")
    );
    assert!(sent > 120, "{sent}");
}

#[tokio::test]
async fn a_method_that_a_path_does_not_know_is_405_with_all_that_it_knows() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let mut paths: BTreeMap<String, (BTreeSet<String>, String)> = BTreeMap::new();
    for operation in &described() {
        let entry = paths.entry(operation.path(|_| NOWHERE.to_owned()));
        let (methods, version) = entry.or_default();
        methods.insert(operation.method.to_string());
        version.clone_from(&operation.version);
    }
    let mut faults = Vec::new();
    for (path, (known, version)) in &paths {
        for method in [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
            Method::OPTIONS,
            Method::TRACE,
        ] {
            if known.contains(method.as_str()) {
                continue;
            }
            let reply = answer(people.owner.request(method.clone(), path)).await;
            faults.extend(fault(&reply, 405, version).map(|it| format!("{method} {path}: {it}")));
            let mut allowed: BTreeSet<_> = reply.header("allow").split(", ").collect();
            allowed.remove("HEAD");
            if allowed != known.iter().map(String::as_str).collect() {
                faults.push(format!(
                    "{method} {path}: Allow is {allowed:?}, not {known:?}"
                ));
            }
        }
    }
    assert!(
        faults.is_empty(),
        "{}:\n{}",
        faults.len(),
        faults.join("\n")
    );
    assert!(paths.len() > 60, "{}", paths.len());
}

#[tokio::test]
async fn what_no_service_has_is_404() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    for service in SERVICES {
        for path in [
            "v1/nothing",
            "v1/nothing/at/all",
            "v1/",
            "v1",
            "v2/jobs",
            "",
            "openapi.json",
        ] {
            for method in [Method::GET, Method::POST] {
                let path = format!("/{service}/{path}");
                answer(people.steward.request(method, &path))
                    .await
                    .assert_problem(404);
            }
        }
    }
    for path in [
        "/",
        "/nothing",
        "/docs/nothing",
        "/health",
        "/health/nothing",
    ] {
        people.steward.get(path).await.assert_problem(404);
    }
}

#[tokio::test]
async fn a_body_that_is_announced_too_large_is_413_everywhere() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let mut sent = 0;
    for operation in &described() {
        let takes_body = ["POST", "PUT", "PATCH"].contains(&operation.method.as_str());
        if !takes_body || who_may(&people, operation).is_none() {
            continue;
        }
        let permission = operation.permission.unwrap();
        let mut roles = helder_types::Role::ALL.iter();
        let role = roles
            .find(|role| role.permissions().contains(&permission))
            .unwrap();
        let head = format!(
            "{} {} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: {}\r\nContent-Length: 100000000000000\r\n\r\n",
            operation.method,
            operation.path(|_| NOWHERE.to_owned()),
            platform.address(),
            platform.token(*role, HERE).unwrap(),
            operation
                .media
                .first()
                .map_or("application/json", String::as_str),
        );
        let reply = raw(&platform, head.as_bytes()).await;
        let lower = reply.to_lowercase();
        let is_problem = lower.starts_with("http/1.1 413")
            && lower.contains("content-type: application/problem+json")
            && lower.contains("\"status\":413")
            && lower.contains(&format!("api-version: {}", operation.version));
        assert!(is_problem, "{operation:?}\n{reply}");
        sent += 1;
    }
    assert!(sent > 30, "{sent}");
}
