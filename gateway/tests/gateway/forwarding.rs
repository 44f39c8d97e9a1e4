//! What a client gets back.

use helder_types::Role;

use crate::{
    issuer,
    world::{JSON, World, logged},
};

const PATH: &str = "/ingest/v1/datasets";

#[actix_web::test]
async fn every_answer_carries_the_headers_of_the_design_rules() {
    let world = World::start();
    let replies = [
        world.as_role(Role::DataSteward, "GET", PATH, "", b"").await,
        world.send("GET", PATH, "", b"").await,
        world.send("GET", "/nothing", "", b"").await,
        world.send("GET", "/health/live", "", b"").await,
        world.send("GET", "/docs/", "", b"").await,
        world.send("GET", "/ingest/v1/openapi.json", "", b"").await,
        world
            .send("GET", "/registry/v1/catalogue-entries", "", b"")
            .await,
        world
            .as_role(
                Role::DataSteward,
                "GET",
                "/linkage/v1/linkage-runs",
                "",
                b"",
            )
            .await,
    ];
    for reply in &replies {
        assert_eq!(reply.header("cache-control"), "no-store", "{reply:?}");
        assert!(
            reply
                .header("strict-transport-security")
                .starts_with("max-age=31536000"),
            "{reply:?}"
        );
        assert_eq!(
            reply.header("x-content-type-options"),
            "nosniff",
            "{reply:?}"
        );
        assert_eq!(reply.header("x-frame-options"), "DENY", "{reply:?}");
        assert_eq!(reply.header("referrer-policy"), "no-referrer", "{reply:?}");
        let policy = reply.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{reply:?}"
        );
        assert!(
            uuid::Uuid::try_parse(reply.header("x-request-id")).is_ok(),
            "{reply:?}"
        );
        assert_eq!(reply.header("server"), "", "{reply:?}");
    }
    assert_eq!(replies[0].header("api-version"), "1.2.3");
    assert_eq!(replies[1].header("api-version"), "1.2.3", "on refusals too");
}

#[actix_web::test]
async fn a_services_answer_comes_back_without_what_is_not_for_clients() {
    let world = World::start();
    let reply = world.as_role(Role::DataSteward, "GET", PATH, "", b"").await;
    assert_eq!(reply.text(), r#"{"ok":true}"#);
    assert_eq!(reply.header("etag"), "\"1\"");
    for inner in ["set-cookie", "x-helder-caller", "server"] {
        assert_eq!(reply.header(inner), "", "{inner}");
    }
}

#[actix_web::test]
async fn path_and_query_go_on_unchanged() {
    let world = World::start();
    let target = "/ingest/v1/datasets/0198c0de?cursor=a%2Fb&limit=5&q=%C3%A9&empty=";
    world
        .as_role(
            Role::DataSteward,
            "GET",
            target,
            "If-None-Match: \"1\"\r\nAccept: application/json\r\n",
            b"",
        )
        .await;
    let seen = world.stub.last();
    assert_eq!(
        (seen.method.as_str(), seen.target.as_str()),
        ("GET", target)
    );
    assert_eq!(seen.header("if-none-match"), Some("\"1\""));
    assert_eq!(seen.header("accept"), Some("application/json"));
    world
        .as_role(
            Role::DataSteward,
            "POST",
            PATH,
            &format!("{JSON}Idempotency-Key: k1\r\nContent-Digest: sha-256=:AA==:\r\n"),
            b"{}",
        )
        .await;
    let seen = world.stub.last();
    assert_eq!(seen.header("idempotency-key"), Some("k1"));
    assert_eq!(seen.header("content-digest"), Some("sha-256=:AA==:"));
}

#[actix_web::test]
async fn an_internal_token_is_used_again() {
    let world = World::start();
    let token = issuer::token(Role::DataSteward, "GM0772");
    let mut inside = Vec::new();
    for _ in 0..3 {
        world.get_with(PATH, &token).await;
        inside.push(
            world
                .stub
                .last()
                .header("authorization")
                .unwrap()
                .to_owned(),
        );
    }
    assert!(inside.iter().all(|one| one == &inside[0]));
}

#[actix_web::test]
async fn each_request_leaves_one_line_without_ids_query_values_or_tokens() {
    let world = World::start();
    let token = issuer::token(Role::DataSteward, "GM0363");
    let id = "0198c0de-9999-7aaa-8bbb-ccccdddd0001";
    let lines = format!("{}X-Request-Id: {id}\r\n", crate::world::bearer(&token));
    let target = "/ingest/v1/datasets/very-personal-249566758?bsn=249566758";
    assert_eq!(world.send("GET", target, &lines, b"").await.status, 200);
    let log = logged();
    let audit: Vec<_> = log
        .lines()
        .filter(|line| line.contains("audit") && line.contains(id))
        .collect();
    assert_eq!(audit.len(), 1, "{audit:?}");
    for part in [
        "organisation=\"GM0363\"",
        "client=\"tests\"",
        "status=200",
        "get-ingest-v1-datasets--id-",
        "duration_us=",
    ] {
        assert!(audit[0].contains(part), "{part} not in {}", audit[0]);
    }
    assert!(!log.contains("249566758") && !log.contains(token.rsplit('.').next().unwrap()));
}

#[actix_web::test]
async fn a_client_over_its_rate_waits_and_others_do_not() {
    let world = World::with(|config| {
        config.requests_per_second = 1;
        config.burst = 10;
    });
    let (mut good, mut refused) = (0, 0);
    for _ in 0..20 {
        let reply = world.as_role(Role::DataSteward, "GET", PATH, "", b"").await;
        match reply.status {
            200 => good += 1,
            429 => {
                refused += 1;
                reply.assert_problem(429);
                assert!(reply.header("retry-after").parse::<u64>().unwrap() >= 1);
            }
            other => panic!("{other}"),
        }
    }
    assert!(
        (10..=13).contains(&good) && refused >= 7,
        "{good} {refused}"
    );
    let other = issuer::token(Role::DataSteward, "GM0796");
    assert_eq!(
        world.get_with(PATH, &other).await.status,
        200,
        "another municipality is not held up"
    );
}

#[actix_web::test]
async fn a_stopped_gateway_takes_no_more() {
    let world = World::start();
    assert_eq!(world.send("GET", "/health/live", "", b"").await.status, 200);
    let address = world.address;
    world.gateway.stop().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
