//! G17, G18: sizes and encodings of bodies.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use helder_types::{Digest, Role};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::{
    issuer,
    stub::LARGE,
    world::{JSON, World, bearer, read_reply},
};

const JSON_PATH: &str = "/ingest/v1/datasets";
const UPLOAD: &str = "/ingest/v1/datasets/0198c0de/dataset-versions";
const CSV: &str = "Content-Type: text/csv\r\n";

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

/// Head of a request whose body is still to come.
fn head(world: &World, target: &str, lines: &str) -> String {
    let auth = bearer(&issuer::token(Role::DataSteward, "GM0772"));
    format!(
        "POST {target} HTTP/1.1\r\nHost: {}\r\n{auth}{lines}\r\n",
        world.address
    )
}

#[actix_web::test]
async fn g17_an_announced_body_over_the_limit_is_refused_before_a_byte_of_it() {
    let world = World::start();
    for (target, media, limit) in [(JSON_PATH, JSON, 64 << 10), (UPLOAD, CSV, 40 << 20)] {
        for length in [limit + 1, u64::from(u32::MAX) * 1_000] {
            let lines = format!("{media}Content-Length: {length}\r\n");
            let reply = world.raw(head(&world, target, &lines).as_bytes()).await;
            let problem = reply.assert_problem(413);
            assert!(
                problem.detail.contains(&limit.to_string()),
                "the limit is told: {}",
                problem.detail
            );
        }
    }
    assert_eq!(world.stub.hits(), 0);
}

#[actix_web::test]
async fn g17_an_unmeasured_body_is_cut_off_at_the_limit() {
    let world = World::start();
    let chunk = format!("{:x}\r\n{}\r\n", 8 << 10, "a".repeat(8 << 10));
    for (target, media, chunks, limit) in [
        (JSON_PATH, JSON, 64, 64 << 10),
        (UPLOAD, CSV, 6_000, 40 << 20),
    ] {
        let mut socket = TcpStream::connect(world.address).await.unwrap();
        let lines = format!("{media}Transfer-Encoding: chunked\r\n");
        socket
            .write_all(head(&world, target, &lines).as_bytes())
            .await
            .unwrap();
        let mut sent = 0;
        // The gateway may close while we still write.
        while sent < chunks && socket.write_all(chunk.as_bytes()).await.is_ok() {
            sent += 1;
        }
        let _ = socket.write_all(b"0\r\n\r\n").await;
        let reply = read_reply(&mut socket).await;
        assert_eq!(reply.status, 413, "{target}: {}", reply.text());
        assert!(
            reply.text().contains(&limit.to_string()),
            "{}",
            reply.text()
        );
    }
}

#[actix_web::test]
async fn a_body_at_the_limit_passes_byte_for_byte() {
    let world = World::start();
    let body = vec![b'7'; 64 << 10];
    assert_eq!(
        world
            .as_role(Role::DataSteward, "POST", JSON_PATH, JSON, &body)
            .await
            .status,
        200
    );
    let seen = world.stub.last();
    assert_eq!(
        (seen.method.as_str(), seen.body_bytes, seen.body),
        ("POST", body.len(), Digest::of(&body))
    );
    assert_eq!(seen.header("content-length"), Some("65536"));
    // The same, unmeasured.
    let chunked: Vec<u8> = body
        .chunks(1_000)
        .flat_map(|piece| [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat())
        .collect();
    let head = head(
        &world,
        JSON_PATH,
        &format!("{JSON}Transfer-Encoding: chunked\r\n"),
    );
    let reply = world
        .raw(&[head.as_bytes(), &chunked, b"0\r\n\r\n"].concat())
        .await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(world.stub.last().body, Digest::of(&body));
}

#[actix_web::test]
async fn an_upload_streams_through_with_its_length() {
    let world = World::start();
    let body = vec![b'x'; 32 << 20];
    let reply = world
        .as_role(Role::DataSteward, "POST", UPLOAD, CSV, &body)
        .await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let seen = world.stub.last();
    assert_eq!(seen.body_bytes, body.len());
    assert_eq!(
        seen.header("content-length"),
        Some(body.len().to_string().as_str())
    );
    assert_eq!(seen.header("transfer-encoding"), None);
}

#[actix_web::test]
async fn a_large_answer_streams_back_whole() {
    let world = World::start();
    let reply = world
        .as_role(Role::DataSteward, "GET", "/ingest/v1/large", "", b"")
        .await;
    assert_eq!((reply.status, reply.body.len()), (200, LARGE));
    assert_eq!(reply.header("content-type"), "application/octet-stream");
}

#[actix_web::test]
async fn g18_compressed_bodies_go_to_uploads_unexpanded_and_nowhere_else() {
    let world = World::start();
    // 64 MiB of zeros in 64 KiB: were it expanded here, it would pass the upload's 40 MiB.
    let bomb = gzip(&vec![0; 64 << 20]);
    let lines = format!("{CSV}Content-Encoding: gzip\r\n");
    assert_eq!(
        world
            .as_role(Role::DataSteward, "POST", UPLOAD, &lines, &bomb)
            .await
            .status,
        200
    );
    let seen = world.stub.last();
    assert_eq!(
        (seen.body, seen.header("content-encoding")),
        (Digest::of(&bomb), Some("gzip"))
    );
    let before = world.stub.hits();
    let twice = gzip(&bomb);
    for encoding in [
        "gzip",
        "gzip, gzip",
        "zstd",
        "br",
        "deflate",
        "identity, gzip",
    ] {
        let lines = format!("{JSON}Content-Encoding: {encoding}\r\n");
        world
            .as_role(Role::DataSteward, "POST", JSON_PATH, &lines, &twice)
            .await
            .assert_problem(415);
    }
    assert_eq!(world.stub.hits(), before);
}

#[actix_web::test]
async fn an_operation_without_body_takes_none_but_an_empty_one() {
    let world = World::start();
    let something = br#"{"name": "something"}"#;
    world
        .as_role(Role::DataSteward, "GET", JSON_PATH, "", something)
        .await
        .assert_problem(413);
    assert_eq!(world.stub.hits(), 0);
}

#[actix_web::test]
async fn a_refusal_leaves_the_connection_usable_or_closed() {
    let world = World::start();
    for (lines, size, status) in [
        (JSON.to_owned(), 200 << 10, 413),
        (format!("{JSON}Authorization: Bearer wrong\r\n"), 200, 401),
    ] {
        let mut socket = TcpStream::connect(world.address).await.unwrap();
        let body = vec![b'a'; size];
        let auth = if status == 401 {
            String::new()
        } else {
            bearer(&issuer::token(Role::DataSteward, "GM0772"))
        };
        let head = format!(
            "POST {JSON_PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n{auth}{lines}\r\n"
        );
        let _ = socket.write_all(&[head.as_bytes(), &body].concat()).await;
        assert_eq!(read_reply(&mut socket).await.status, status);
        let next = "GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        // Either the connection is gone, or the next answer on it is the right one.
        if socket.write_all(next.as_bytes()).await.is_ok() {
            let reply = read_reply(&mut socket).await;
            assert!(
                matches!(reply.status, 0 | 200),
                "{}: {}",
                reply.status,
                reply.text()
            );
        }
    }
}
