//! G5, G6, G13–G16, G19, G20: heads that no honest client sends.

use std::time::Duration;

use helder_types::Role;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    issuer,
    world::{World, bearer},
};

const PATH: &str = "/ingest/v1/datasets";

#[actix_web::test]
async fn g5_only_the_gateways_own_identity_reaches_a_service() {
    let world = World::start();
    let forged = [
        ("x-helder-organisation", "GM0001"),
        ("x-helder-caller", "{}"),
        ("x-helder-permissions", "registry:serve"),
        ("X_Helder_Organisation", "GM0001"),
        ("forwarded", "for=1.2.3.4"),
        ("x-forwarded-for", "1.2.3.4"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-user", "root"),
        ("x-real-ip", "1.2.3.4"),
        ("x-original-url", "/admin"),
        ("x-rewrite-url", "/admin"),
        ("x-http-method-override", "DELETE"),
        ("cookie", "a=b"),
        ("proxy-authorization", "Basic YQ=="),
        ("range", "bytes=0-1"),
        ("baggage", "who=root"),
    ];
    let mut lines = forged
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .concat();
    // The gateway says this itself; what a client says of it counts for nothing.
    lines.push_str("helder-calling-act: 0000000000000007 training\r\n");
    assert_eq!(
        world
            .as_role(Role::DataSteward, "GET", PATH, &lines, b"")
            .await
            .status,
        200
    );
    let seen = world.stub.last();
    for (name, _) in forged {
        assert_eq!(
            seen.header(&name.to_lowercase()),
            None,
            "{name} came through"
        );
    }
    assert_eq!(seen.header("helder-calling-act"), Some("none"));
    let known = [
        "accept",
        "authorization",
        "content-length",
        // Of the gateway's own making.
        "helder-calling-act",
        "host",
        "traceparent",
        "user-agent",
        "x-request-id",
    ];
    for (name, _) in &seen.headers {
        assert!(known.contains(&name.as_str()), "{name} came through");
    }
}

#[actix_web::test]
async fn g6_a_header_named_in_connection_does_not_fall_away() {
    let world = World::start();
    let token = issuer::token(Role::DataSteward, "GM0772");
    let head = format!(
        "GET {PATH} HTTP/1.1\r\nHost: {}\r\n{}Connection: close, authorization, x-request-id, traceparent\r\n\r\n",
        world.address,
        bearer(&token)
    );
    assert_eq!(world.raw(head.as_bytes()).await.status, 200);
    let seen = world.stub.last();
    assert!(seen.header("authorization").is_some() && seen.header("x-request-id").is_some());
}

#[actix_web::test]
async fn g13_paths_that_hide_something_are_refused() {
    let world = World::start();
    for path in [
        "/ingest/v1/datasets/../../../registry/v1/events",
        "/ingest/v1/datasets/..",
        "/ingest/v1/datasets/.",
        "/ingest/./v1/datasets",
        "//ingest/v1/datasets",
        "/ingest//v1/datasets",
        "/ingest/v1/datasets//",
        "/ingest/v1/%2e%2e/datasets",
        "/ingest/v1/..%2fdatasets",
        "/ingest/v1/datasets%2f..%2f..",
        "/ingest/v1/datasets/%2e%2e",
        "/ingest/v1/datasets/%252e%252e",
        "/ingest/v1/datasets/a%2fb",
        "/ingest/v1/datasets/a%5cb",
        "/ingest/v1/datasets/%00",
        "/ingest/v1/datasets/a;b",
        "/ingest%2fv1%2fdatasets",
        "/ingest/v1/datasets/a%0d%0aX: y",
    ] {
        let reply = world.as_role(Role::DataSteward, "GET", path, "", b"").await;
        assert_eq!(reply.status, 400, "{path}: {}", reply.text());
    }
    for path in [
        "/ingest/v1/datasets\\..\\..",
        "/ingest/v1/datasets/\u{7f}",
        "/ingest/v1/dataset\u{e9}",
    ] {
        let reply = world.as_role(Role::DataSteward, "GET", path, "", b"").await;
        assert_eq!(reply.status, 400, "{path}");
    }
    assert_eq!(world.stub.hits(), 0);
}

#[actix_web::test]
async fn an_escape_that_hides_nothing_is_read_as_clients_write_it() {
    let world = World::start();
    let digest = format!("sha256{}{}", "%3A", "0".repeat(64));
    for path in [
        format!("/ingest/v1/datasets/{digest}"),
        format!("/ingest/v1/datasets/{}", digest.replace("%3A", ":")),
    ] {
        let reply = world
            .as_role(Role::DataSteward, "GET", &path, "", b"")
            .await;
        assert_eq!(reply.status, 200, "{path}");
        assert_eq!(world.stub.last().target, path, "and handed on as it was");
    }
    for path in [
        "/ingest/v1/dataset%73",
        "/ingest/v1/datasets/%5Fsuggest",
        "/ingest/v1/datasets/a%2",
        "/ingest/v1/datasets/a%zz",
        "/ingest/v1/datasets/a%20b",
        "/ingest/v1/datasets/%C3%A9",
    ] {
        world
            .as_role(Role::DataSteward, "GET", path, "", b"")
            .await
            .assert_problem(400);
    }
}

#[actix_web::test]
async fn g14_an_absolute_target_is_refused_wherever_it_points() {
    let world = World::start();
    let trap = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    trap.set_nonblocking(true).unwrap();
    let targets = [
        format!("http://{}/ingest/v1/datasets", trap.local_addr().unwrap()),
        format!("http://{}/ingest/v1/datasets", world.address),
        "http://evil.example/ingest/v1/datasets".to_owned(),
        "https://evil.example/".to_owned(),
    ];
    for target in targets {
        world
            .as_role(Role::DataSteward, "GET", &target, "", b"")
            .await
            .assert_problem(400);
    }
    for (method, target) in [("CONNECT", "evil.example:80"), ("OPTIONS", "*")] {
        let reply = world
            .as_role(Role::DataSteward, method, target, "", b"")
            .await;
        assert!(
            matches!(reply.status, 400 | 404),
            "{method} {target}: {}",
            reply.status
        );
    }
    assert!(trap.accept().is_err(), "the gateway followed the target");
    assert_eq!(world.stub.hits(), 0);
}

#[actix_web::test]
async fn g15_g16_oversized_and_overmany_headers_are_431() {
    let world = World::start();
    let large = world
        .as_role(
            Role::DataSteward,
            "GET",
            PATH,
            &format!("X-Large: {}\r\n", "a".repeat(64 << 10)),
            b"",
        )
        .await;
    large.assert_problem(431);
    let many = world
        .as_role(
            Role::DataSteward,
            "GET",
            PATH,
            &"X-Many: 1\r\n".repeat(90),
            b"",
        )
        .await;
    assert_eq!(many.status, 200, "below both limits");
    for count in [97, 1_000, 10_000] {
        let many = world
            .as_role(
                Role::DataSteward,
                "GET",
                PATH,
                &"X-Many: 1\r\n".repeat(count),
                b"",
            )
            .await;
        assert_eq!(many.status, 431, "{count} headers");
    }
    let long = world
        .as_role(
            Role::DataSteward,
            "GET",
            &format!("{PATH}?q={}", "a".repeat(40 << 10)),
            "",
            b"",
        )
        .await;
    assert_eq!(long.status, 431);
    assert_eq!(world.stub.hits(), 1);
}

/// The HTTP library itself answers heads that it does not read to their end: more than 96 headers, or more than 128 KiB. Nothing
/// of ours can put a problem in that answer, so it is a bare 431, and the connection ends.
#[actix_web::test]
async fn g16_a_head_beyond_what_is_read_gets_a_bare_431_and_the_connection_ends() {
    let world = World::start();
    for lines in [
        "X-Many: 1\r\n".repeat(97),
        "X-Many: 1\r\n".repeat(10_000),
        format!("X-Large: {}\r\n", "a".repeat(140 << 10)),
    ] {
        let mut socket = TcpStream::connect(world.address).await.unwrap();
        let head = format!(
            "GET {PATH} HTTP/1.1\r\nHost: {}\r\n{lines}\r\n",
            world.address
        );
        // The other side may answer before it has read everything.
        let _ = socket.write_all(head.as_bytes()).await;
        let mut said = Vec::new();
        let ended =
            tokio::time::timeout(Duration::from_secs(5), socket.read_to_end(&mut said)).await;
        assert!(ended.is_ok(), "the connection stays open");
        let said = String::from_utf8(said).unwrap();
        assert!(said.starts_with("HTTP/1.1 431 "), "{said}");
        assert!(said.contains("content-length: 0\r\n"), "{said}");
        assert!(said.ends_with("\r\n\r\n"), "and no body: {said}");
    }
    assert_eq!(world.stub.hits(), 0);
    let good = world.as_role(Role::DataSteward, "GET", PATH, "", b"").await;
    assert_eq!(good.status, 200, "and it goes on");
}

#[actix_web::test]
async fn g19_another_host_is_421() {
    let world = World::with(|config| config.hosts.push("helder.example.nl".to_owned()));
    let token = issuer::token(Role::DataSteward, "GM0772");
    let ask = async |hosts: &str| {
        let head = format!(
            "GET {PATH} HTTP/1.1\r\n{hosts}{}Connection: close\r\n\r\n",
            bearer(&token)
        );
        world.raw(head.as_bytes()).await.status
    };
    for host in [
        "127.0.0.1",
        "127.0.0.1:9",
        "localhost:8080",
        "LOCALHOST",
        "[::1]:80",
        "helder.example.nl",
        "Helder.Example.NL:443",
    ] {
        assert_eq!(ask(&format!("Host: {host}\r\n")).await, 200, "{host}");
    }
    let before = world.stub.hits();
    for host in [
        "evil.example",
        "169.254.169.254",
        "127.0.0.1.evil.example",
        "evil.example:127.0.0.1",
        "localhost.evil.example:80",
        "helder.example.nl.",
        "127.0.0.1:80:80",
        "evil.example@127.0.0.1",
    ] {
        assert!(
            matches!(ask(&format!("Host: {host}\r\n")).await, 400 | 421),
            "{host}"
        );
    }
    assert_eq!(ask("").await, 400, "no host");
    assert_eq!(
        ask("Host: localhost\r\nHost: evil.example\r\n").await,
        400,
        "two hosts"
    );
    assert_eq!(ask("Host: \r\n").await, 421, "an empty host");
    assert_eq!(world.stub.hits(), before);
}

#[actix_web::test]
async fn g20_a_request_id_is_a_uuid_or_ours() {
    let world = World::start();
    let mine = "0198c0de-1111-7222-8333-444455556666";
    let reply = world
        .as_role(
            Role::DataSteward,
            "GET",
            PATH,
            &format!("X-Request-Id: {mine}\r\n"),
            b"",
        )
        .await;
    assert_eq!(reply.header("x-request-id"), mine);
    assert_eq!(world.stub.last().header("x-request-id"), Some(mine));
    for strange in [
        "1",
        "a\tb",
        "' or 1=1",
        "0198c0de-1111-7222-8333-44445555666600",
        "\u{e9}",
    ] {
        let reply = world
            .as_role(
                Role::DataSteward,
                "GET",
                PATH,
                &format!("X-Request-Id: {strange}\r\n"),
                b"",
            )
            .await;
        let id = reply.header("x-request-id");
        assert_ne!(id, strange);
        assert!(uuid::Uuid::try_parse(id).is_ok(), "{id}");
    }
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let line = format!("traceparent: 00-{trace}-00f067aa0ba902b7-01\r\n");
    world
        .as_role(Role::DataSteward, "GET", PATH, &line, b"")
        .await;
    let onward = world.stub.last().header("traceparent").unwrap().to_owned();
    assert!(
        onward.starts_with(&format!("00-{trace}-")) && !onward.contains("00f067aa0ba902b7"),
        "{onward}"
    );
}
