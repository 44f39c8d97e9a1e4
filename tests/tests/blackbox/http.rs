//! Requests that no honest client sends: G5, G13–G17, G19, M8.

use helder_testkit::Platform;
use helder_types::Role;
use reqwest::Method;

use crate::support::{HERE, answer, caller, raw, status_of, stranger};

const PATH: &str = "/ingest/v1/datasets";

/// A raw GET with these lines after the host.
async fn get_with(platform: &Platform, target: &str, lines: &str) -> String {
    let token = platform.token(Role::DataSteward, HERE).unwrap();
    let host = platform.address();
    let request = format!(
        "GET {target} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n{lines}Connection: close\r\n\r\n"
    );
    raw(platform, request.as_bytes()).await
}

#[tokio::test]
async fn identity_headers_from_outside_have_no_effect() {
    let platform = Platform::start().await.unwrap();
    let lines = "X-Helder-Organisation: GM0001\r\nX-Helder-Caller: {}\r\nX-Forwarded-User: root\r\nX-Helder-Permissions: registry:serve\r\n";
    assert_eq!(status_of(&get_with(&platform, PATH, lines).await), 200);
    let forged = get_with(&platform, "/registry/v1/active-versions", lines).await;
    assert_eq!(status_of(&forged), 403, "{forged}");
    // Named as hop-by-hop, the token of the client must not fall away and leave another identity.
    let hop = get_with(
        &platform,
        PATH,
        "Connection: Authorization, X-Helder-Organisation\r\n",
    )
    .await;
    assert!(matches!(status_of(&hop), 200 | 400 | 401), "{hop}");
}

#[tokio::test]
async fn a_path_with_dots_goes_nowhere_else() {
    let platform = Platform::start().await.unwrap();
    for target in [
        "/ingest/v1/../../registry/v1/active-versions",
        "/ingest/v1/%2e%2e/%2e%2e/registry/v1/events",
        "/ingest/v1/..%2fregistry/v1/events",
        "//ingest/v1/datasets",
        "/ingest//v1/datasets",
        "/ingest/v1/datasets/%2e%2e",
        "/ingest/v1/datasets\\..\\..",
        "/ingest/v1/datasets/%00",
    ] {
        let status = status_of(&get_with(&platform, target, "").await);
        assert!(matches!(status, 400 | 403 | 404), "{target}: {status}");
    }
}

#[tokio::test]
async fn an_absolute_target_does_not_leave_the_platform() {
    let platform = Platform::start().await.unwrap();
    // A trap: were the gateway to follow the target, this would get a connection.
    let trap = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    trap.set_nonblocking(true).unwrap();
    let target = format!("http://{}/ingest/v1/datasets", trap.local_addr().unwrap());
    let reply = get_with(&platform, &target, "").await;
    assert!(
        matches!(status_of(&reply), 200 | 400 | 404 | 421),
        "{reply}"
    );
    assert!(
        trap.accept().is_err(),
        "the gateway called the address in the target"
    );
}

#[tokio::test]
async fn oversized_heads_are_refused() {
    let platform = Platform::start().await.unwrap();
    let large = format!("X-Large: {}\r\n", "a".repeat(64 << 10));
    let status = status_of(&get_with(&platform, PATH, &large).await);
    assert!(matches!(status, 400 | 431), "64 KiB: {status}");
    let many = "X-Many: 1\r\n".repeat(10_000);
    let answer = get_with(&platform, PATH, &many).await;
    // The connection ends while more is sent, and then TCP may throw the answer away.
    let is_refused = answer.is_empty() || matches!(status_of(&answer), 400 | 431);
    assert!(is_refused, "10,000 headers: {answer}");
    assert_eq!(
        status_of(&get_with(&platform, PATH, "").await),
        200,
        "and it goes on"
    );
}

#[tokio::test]
async fn a_json_body_over_the_limit_is_413_with_and_without_a_length() {
    let platform = Platform::start().await.unwrap();
    let steward = caller(&platform, Role::DataSteward, HERE);
    let json = |size: usize| format!(r#"{{"name": "{}"}}"#, "a".repeat(size));
    let with_length = steward
        .request(Method::POST, PATH)
        .header("content-type", "application/json")
        .body(json(8 << 20));
    answer(with_length).await.assert_problem(413);

    // Announced only: refused before a byte of it is sent.
    let token = platform.token(Role::DataSteward, HERE).unwrap();
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: 100000000000\r\n\r\n",
        platform.address()
    );
    assert_eq!(status_of(&raw(&platform, head.as_bytes()).await), 413);

    let chunk = format!("{:x}\r\n{}\r\n", 1 << 16, "a".repeat(1 << 16));
    let head = head.replace("Content-Length: 100000000000", "Transfer-Encoding: chunked");
    let chunked = format!("{head}{}0\r\n\r\n", chunk.repeat(64));
    assert_eq!(status_of(&raw(&platform, chunked.as_bytes()).await), 413);
}

#[tokio::test]
async fn another_host_is_refused() {
    let platform = Platform::start().await.unwrap();
    let token = platform.token(Role::DataSteward, HERE).unwrap();
    for host in ["evil.example", "169.254.169.254", "127.0.0.1.evil.example"] {
        let request = format!(
            "GET {PATH} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        );
        let status = status_of(&raw(&platform, request.as_bytes()).await);
        assert!(matches!(status, 400 | 421), "{host}: {status}");
    }
}

#[tokio::test]
async fn broken_json_is_400_and_names_every_fault() {
    let platform = Platform::start().await.unwrap();
    let owner = caller(&platform, Role::ModelOwner, HERE);
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for body in [
        "",
        "{",
        "[]",
        "null",
        "nul",
        r#"{"name": NaN}"#,
        r#"{"name": 1e999}"#,
        r#"{"name": "a", "name": "b"}"#,
        "\u{0}",
        &deep,
    ] {
        let request = owner
            .request(Method::POST, "/registry/v1/projects")
            .header("content-type", "application/json");
        answer(request.body(body.to_owned()))
            .await
            .assert_problem(400);
    }
    let reply = owner
        .post(
            "/registry/v1/projects",
            &serde_json::json!({"name": 5, "invented": true}),
        )
        .await;
    reply.assert_problem(400);
    assert!(
        !reply.json()["errors"].as_array().unwrap().is_empty(),
        "{}",
        reply.text
    );
}

#[tokio::test]
async fn no_api_takes_an_address_or_a_file_to_fetch() {
    let platform = Platform::start().await.unwrap();
    let steward = caller(&platform, Role::DataSteward, HERE);
    let trap = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    trap.set_nonblocking(true).unwrap();
    let trap_url = format!("http://{}/x", trap.local_addr().unwrap());
    for location in [
        trap_url.as_str(),
        "file:///etc/passwd",
        "//evil/x",
        "..\\..\\x",
        "%252e%252e/x",
        "http://169.254.169.254/",
        "x#/../../etc",
    ] {
        for key in ["source", "url", "path", "location"] {
            let body = serde_json::json!({"name": "x", "projectId": crate::support::NOWHERE, key: location});
            let reply = steward.post(PATH, &body).await;
            reply.assert_problem(400);
            assert!(
                reply.text.contains(&format!("/{key}")),
                "the unknown field is named: {}",
                reply.text
            );
        }
    }
    assert!(trap.accept().is_err(), "something was fetched");
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let platform = Platform::start().await.unwrap();
    let replies = [
        caller(&platform, Role::DataSteward, HERE).get(PATH).await,
        stranger(&platform).get(PATH).await,
        stranger(&platform).get("/nothing").await,
    ];
    for reply in &replies {
        assert_eq!(reply.header("cache-control"), "no-store", "{reply:?}");
        assert_eq!(
            reply.header("x-content-type-options"),
            "nosniff",
            "{reply:?}"
        );
        assert_eq!(
            reply.header("x-frame-options").to_uppercase(),
            "DENY",
            "{reply:?}"
        );
        assert!(
            reply
                .header("content-security-policy")
                .contains("frame-ancestors 'none'"),
            "{reply:?}"
        );
        assert!(!reply.header("x-request-id").is_empty(), "{reply:?}");
        assert!(
            reply.header("server").is_empty(),
            "names the software: {reply:?}"
        );
    }
    assert!(
        !replies[0].header("api-version").is_empty(),
        "{:?}",
        replies[0]
    );
}
