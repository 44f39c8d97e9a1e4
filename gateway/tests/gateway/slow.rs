//! G8–G12: clients that are slow, and connections that are used again after a refusal.

use std::time::Duration;

use helder_gateway::GatewayConfig;
use helder_types::Role;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    issuer,
    sockets::{eventually, is_open, left_over},
    world::{JSON, World, bearer, read_reply},
};

const PATH: &str = "/ingest/v1/datasets";
const UPLOAD: &str = "/ingest/v1/datasets/0198c0de/dataset-versions";
const PREDICT: &str = "/prediction/v1/models/m/predictions";

/// What the table of faults allows.
const LIMIT: Duration = Duration::from_secs(10);

/// Sends a byte per half second until the other side has had enough; gives what it said, nothing when it only closed.
async fn drip(mut socket: TcpStream) -> String {
    let (mut reader, mut writer) = socket.split();
    let mut said = vec![0; 4 << 10];
    let dripping = async {
        // Slow clients do not stop at an error.
        loop {
            let _ = writer.write_all(b"a").await;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    let count = tokio::select! {
        () = dripping => 0,
        answered = tokio::time::timeout(LIMIT, reader.read(&mut said)) => {
            answered.expect("an answer or an end within 10 s").unwrap_or(0)
        }
    };
    String::from_utf8_lossy(&said[..count]).into_owned()
}

async fn begun(world: &World, start: &str) -> TcpStream {
    let mut socket = TcpStream::connect(world.address).await.unwrap();
    socket.write_all(start.as_bytes()).await.unwrap();
    socket
}

fn auth(role: Role) -> String {
    bearer(&issuer::token(role, "GM0772"))
}

#[actix_web::test]
async fn g8_a_head_that_drips_in_ends_in_time() {
    let world = World::start();
    let start = format!("GET {PATH} HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
    let said = drip(begun(&world, &start).await).await;
    assert!(
        said.is_empty() || said.starts_with("HTTP/1.1 408 "),
        "{said}"
    );
    assert_eq!(world.stub.hits(), 0);
}

/// A connection on which this has been answered.
async fn served(world: &World, request: &str) -> TcpStream {
    let mut socket = begun(world, request).await;
    assert_eq!(read_reply(&mut socket).await.status, 200);
    socket
}

#[actix_web::test]
async fn g8_a_later_head_that_drips_in_or_stops_ends_in_time() {
    let world = World::start();
    let good = format!(
        "GET {PATH} HTTP/1.1\r\nHost: localhost\r\n{}\r\n",
        auth(Role::DataSteward)
    );
    let half = format!("GET {PATH}?half HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
    let alive = "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let dripping = async |before: &str| {
        let mut socket = served(&world, before).await;
        socket.write_all(half.as_bytes()).await.unwrap();
        assert_eq!(drip(socket).await, "", "it ends");
    };
    let silent = async {
        let mut socket = served(&world, &good).await;
        socket.write_all(half.as_bytes()).await.unwrap();
        let mut said = Vec::new();
        let ended = tokio::time::timeout(LIMIT, socket.read_to_end(&mut said)).await;
        ended.expect("an end within 10 s").unwrap();
        assert!(said.is_empty());
    };
    // Who says nothing between two requests is welcome, also after an alarm was set, and after a head in pieces.
    let quiet = async {
        let mut socket = served(&world, &good).await;
        for pause in [6_000, 100, 5_500] {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            let (first, rest) = good.split_at(30);
            socket.write_all(first.as_bytes()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(300)).await;
            socket.write_all(rest.as_bytes()).await.unwrap();
            assert_eq!(
                read_reply(&mut socket).await.status,
                200,
                "after {pause} ms"
            );
        }
    };
    futures_util::join!(dripping(&good), dripping(alive), silent, quiet);
    let seen = world.stub.all();
    assert!(seen.iter().all(|seen| seen.target == PATH), "{seen:?}");
}

#[actix_web::test]
async fn g8_the_limit_of_a_head_is_none_for_its_body() {
    let world = World::start();
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nHost: localhost\r\n{}{JSON}Content-Length: 60000\r\nExpect: 100-continue\r\n\r\n",
        auth(Role::DataSteward)
    );
    let mut socket = begun(&world, &head).await;
    let mut said = [0; 25];
    socket.read_exact(&mut said).await.unwrap();
    assert_eq!(&said, b"HTTP/1.1 100 Continue\r\n\r\n");
    // Longer than a head may take.
    for _ in 0..12 {
        tokio::time::sleep(Duration::from_millis(550)).await;
        socket.write_all(&[b' '; 5_000]).await.unwrap();
    }
    assert_eq!(read_reply(&mut socket).await.status, 200);
    assert_eq!(world.stub.last().body_bytes, 60_000);
}

#[actix_web::test]
async fn g9_a_body_that_drips_in_is_408_in_time() {
    // The client's time counts, not the service's.
    let patient = |config: &mut GatewayConfig| config.answer_s = 30;
    let worlds = [World::with(patient), World::beside(patient)];
    let [apart, beside] = &worlds;
    let head = |role, target: &str, framing: &str| {
        format!(
            "POST {target} HTTP/1.1\r\nHost: localhost\r\n{}{JSON}{framing}\r\n",
            auth(role)
        )
    };
    let refused = async |world: &World, start: String| {
        let said = drip(begun(world, &start).await).await;
        assert!(said.starts_with("HTTP/1.1 408 "), "{said}");
        assert!(said.contains("application/problem+json"), "{said}");
        assert!(said.contains("connection: close"), "{said}");
    };
    let length = "Content-Length: 1000\r\n";
    let long = "Content-Length: 1000000\r\n";
    // One chunk that is told to be large.
    let chunks = "Transfer-Encoding: chunked\r\n\r\nfff";
    let upload = head(Role::DataSteward, UPLOAD, long).replace("application/json", "text/csv");
    futures_util::join!(
        refused(apart, head(Role::DataSteward, PATH, length)),
        refused(apart, head(Role::DataSteward, PATH, chunks)),
        refused(apart, upload),
        refused(beside, head(Role::Consumer, PREDICT, length)),
    );
}

#[actix_web::test]
async fn g9_a_slow_line_that_keeps_up_is_served() {
    let world = World::with(|config| config.grace_s = 1);
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nHost: localhost\r\n{}{JSON}Content-Length: 18000\r\n\r\n",
        auth(Role::DataSteward)
    );
    let mut socket = begun(&world, &head).await;
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_millis(400)).await;
        socket.write_all(&[b' '; 3_000]).await.unwrap();
    }
    assert_eq!(read_reply(&mut socket).await.status, 200);
    assert_eq!(world.stub.last().body_bytes, 18_000);
}

#[actix_web::test]
async fn g10_a_client_that_does_not_read_its_answer_loses_its_connection() {
    let world = World::with(|config| config.unread_s = 2);
    let request = format!(
        "GET /ingest/v1/large HTTP/1.1\r\nHost: localhost\r\n{}\r\n",
        auth(Role::DataSteward)
    );
    let socket = begun(&world, &request).await;
    let mine = socket.local_addr().unwrap();
    assert!(is_open(world.address, mine));
    let gone = eventually(Duration::from_secs(20), || !is_open(world.address, mine)).await;
    assert!(gone, "the gateway keeps it");
    let reply = world.as_role(Role::DataSteward, "GET", PATH, "", b"").await;
    assert_eq!(reply.status, 200);
}

#[actix_web::test]
async fn g11_after_a_refusal_the_next_answer_on_the_connection_is_right_or_there_is_none() {
    let world = World::start();
    let good = auth(Role::DataSteward);
    let large = "Content-Length: 204800\r\n";
    for (what, target, lines, status) in [
        ("no token", PATH, format!("{JSON}{large}"), 401),
        ("too large", PATH, format!("{good}{JSON}{large}"), 413),
        (
            "no role",
            UPLOAD,
            format!("{}Content-Type: text/csv\r\n{large}", auth(Role::Consumer)),
            403,
        ),
        ("no path", "/nothing", format!("{good}{JSON}{large}"), 404),
        (
            "packed",
            PATH,
            format!("{good}{JSON}Content-Encoding: gzip\r\n{large}"),
            415,
        ),
        (
            "no host",
            PATH,
            format!("Host: evil.example\r\n{large}"),
            400,
        ),
    ] {
        let first = format!("POST {target} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n");
        let next = format!("GET {PATH}?next HTTP/1.1\r\nHost: localhost\r\n{good}\r\n");
        let mut socket = TcpStream::connect(world.address).await.unwrap();
        // A body that is full of requests, were it read as such.
        let body = format!("GET {PATH}?smuggled HTTP/1.1\r\nHost: localhost\r\n{good}\r\n");
        let mut body = body.repeat(204_800 / body.len() + 1).into_bytes();
        body.truncate(204_800);
        let _ = socket.write_all(&[first.as_bytes(), &body].concat()).await;
        assert_eq!(read_reply(&mut socket).await.status, status, "{what}");
        if socket.write_all(next.as_bytes()).await.is_ok() {
            let reply = read_reply(&mut socket).await;
            assert!(matches!(reply.status, 0 | 200), "{what}: {}", reply.status);
        }
    }
    let seen = world.stub.all();
    assert!(
        seen.iter()
            .all(|seen| seen.target == format!("{PATH}?next")),
        "{seen:?}"
    );
}

#[actix_web::test]
async fn g11_who_is_refused_with_a_small_body_keeps_the_connection() {
    let world = World::with(|config| (config.requests_per_second, config.burst) = (1, 5));
    let good = auth(Role::DataSteward);
    let body = vec![b' '; 2_000];
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nHost: localhost\r\n{good}{JSON}Content-Length: {}\r\n\r\n",
        body.len()
    );
    let mut socket = TcpStream::connect(world.address).await.unwrap();
    let mut statuses = Vec::new();
    for number in 0..40 {
        socket.write_all(head.as_bytes()).await.unwrap();
        // A body also comes a little after its head.
        if number % 2 == 0 {
            tokio::task::yield_now().await;
        }
        socket.write_all(&body).await.unwrap();
        statuses.push(read_reply(&mut socket).await.status);
    }
    let (served, refused) = statuses.split_at(5);
    assert!(served.iter().all(|status| *status == 200), "{statuses:?}");
    assert!(
        refused.contains(&429) && !statuses.contains(&0),
        "{statuses:?}"
    );
}

#[actix_web::test]
async fn g12_a_thousand_refused_bodies_leave_no_socket_behind() {
    let world = World::start();
    let good = auth(Role::DataSteward);
    let head = format!(
        "POST /nothing HTTP/1.1\r\nHost: localhost\r\n{good}{JSON}Content-Length: 204800\r\n\r\n"
    );
    let request = [head.as_bytes(), &vec![b'a'; 204_800]].concat();
    for _ in 0..20 {
        let calls = (0..50).map(|_| async {
            let mut socket = TcpStream::connect(world.address).await.unwrap();
            // Some end in the middle of their body, some wait for the answer.
            let _ = socket.write_all(&request).await;
            read_reply(&mut socket).await.status
        });
        let statuses = futures_util::future::join_all(calls).await;
        assert!(
            statuses.iter().all(|status| matches!(status, 0 | 404)),
            "{statuses:?}"
        );
    }
    let none = eventually(Duration::from_secs(30), || left_over(world.address) == 0).await;
    assert!(none, "{} sockets are left", left_over(world.address));
    let reply = world.as_role(Role::DataSteward, "GET", PATH, "", b"").await;
    assert_eq!(reply.status, 200);
}
