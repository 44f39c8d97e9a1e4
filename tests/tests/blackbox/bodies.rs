//! M8, M9: bodies that are too much, too deep, doubled, or not what was asked, through every service.

use std::net::SocketAddr;

use helder_testkit::Platform;
use helder_types::Role;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    described::{Described, described, leaves, objects},
    journey::People,
    known::{Known, assert_goes_on, who_may},
    made::{PREDICT, active, predicted, subject},
    support::{Caller, HERE, Reply, answer, status_of},
};

/// Stands where a value is wrong; no answer may repeat it.
const SECRET: &str = "geheim-4711";

/// Everything that is no JSON document an API should read.
fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    let deep =
        |open: &str, close: &str| format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
    let text = |text: &str| text.as_bytes().to_vec();
    vec![
        ("nothing", Vec::new()),
        ("lists in lists", deep("[", "]").into_bytes()),
        ("objects in objects", deep("{\"name\":", "}").into_bytes()),
        ("depth that never ends", "[".repeat(1_000_000).into_bytes()),
        ("NaN", text(r#"{"name":NaN}"#)),
        ("Infinity", text(r#"{"name":-Infinity}"#)),
        ("a number beyond numbers", text(r#"{"name":1e999}"#)),
        ("the same key twice", text(r#"{"name":"a","name":"b"}"#)),
        (
            "the same key twice, written otherwise",
            text(r#"{"name":"a","n\u0061me":"b"}"#),
        ),
        (
            "the same key twice, below",
            text(r#"{"name":{"a":1,"a":2}}"#),
        ),
        ("half a document", text(r#"{"name":"#)),
        ("two documents", text("{} {}")),
        ("a byte order mark", text("\u{feff}{}")),
        ("a NUL", text("{\"name\":\"\0\"}")),
        ("half a pair of surrogates", text(r#"{"name":"\ud800"}"#)),
        ("no UTF-8", b"{\"name\":\"\xff\xfe\"}".to_vec()),
        ("a single value", text("7")),
        ("single quotes", text("{'name':1}")),
        ("a comment", text("{/* name */}")),
    ]
}

async fn send(caller: &Caller, operation: &Described, path: &str, body: Vec<u8>) -> Reply {
    let request = caller
        .request(operation.method.clone(), path)
        .header("content-type", "application/json")
        .header("if-match", "\"1\"");
    answer(request.body(body)).await
}

/// 400 with a place for each fault, and nothing of what was sent.
#[track_caller]
fn assert_refused(reply: &Reply, what: &str) {
    assert_eq!(reply.status, 400, "{what}: {}", reply.text);
    reply.assert_problem(400);
    assert!(!reply.text.contains(SECRET), "{what}: {}", reply.text);
}

#[tokio::test]
async fn hostile_json_is_refused_by_every_operation_that_reads_json() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let made = active(&platform, &people).await;
    predicted(&people.consumer).await;
    let known = Known::of(&people, &made).await;
    let (mut operations, mut asked) = (0, 0);
    for operation in described().iter().filter(|it| it.schema.is_some()) {
        let path = known.path(operation);
        let Some(caller) = who_may(&people, operation) else {
            continue;
        };
        operations += 1;
        for (what, body) in hostile() {
            let reply = send(caller, operation, &path, body).await;
            assert_refused(&reply, &format!("{} {path}: {what}", operation.method));
            asked += 1;
        }
        // Another protocol ignores fields that it does not know; its own faults are tested beside it.
        if operation.template.starts_with("/oip/") {
            continue;
        }
        let Some(body) = known.bodies(operation).pop() else {
            continue;
        };
        let is_free = operation.fields().is_empty();
        for place in objects(&body).iter().filter(|_| !is_free) {
            asked += usize::from(a_field_too_many(caller, operation, &path, &body, place).await);
        }
        for place in leaves(&body).iter().filter(|_| !is_free) {
            let mut wrong = body.clone();
            *wrong.pointer_mut(place).unwrap() = json!({"uitgevonden": [SECRET]});
            let reply = send(caller, operation, &path, wrong.to_string().into_bytes()).await;
            assert_refused(&reply, &format!("{} {path}: {place}", operation.method));
            let found = reply.pointers();
            assert!(
                found
                    .iter()
                    .any(|it| it.starts_with(place.as_str()) || place.starts_with(it.as_str())),
                "{path} {place}: {found:?}"
            );
            asked += 1;
        }
    }
    println!("{operations} operations, {asked} bodies");
    assert!(operations >= 20 && asked >= 600, "{operations}, {asked}");
    assert_goes_on(&people).await;
}

/// Refused with its pointer, unless the object takes any key.
async fn a_field_too_many(
    caller: &Caller,
    operation: &Described,
    path: &str,
    body: &Value,
    place: &str,
) -> bool {
    let object = body.pointer(place).unwrap();
    if object.get("sleutel").is_some() {
        return false;
    }
    let mut more = body.clone();
    more.pointer_mut(place).unwrap()["uitgevonden"] = json!(SECRET);
    let reply = send(caller, operation, path, more.to_string().into_bytes()).await;
    assert_refused(
        &reply,
        &format!("{} {path}: a field too many at {place}", operation.method),
    );
    let found = reply.pointers();
    assert!(
        found.iter().any(|it| it.ends_with("/uitgevonden")),
        "{path} {place}: {}",
        reply.text
    );
    true
}

#[tokio::test]
async fn a_wrong_feature_is_named_by_its_pointer_and_never_by_its_value() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    active(&platform, &people).await;
    predicted(&people.consumer).await;
    let cases = [
        ("leeftijd", Some(json!(SECRET)), "wrong-type"),
        ("leeftijd", Some(json!([SECRET])), "wrong-type"),
        ("uitkering", Some(json!(4711)), "wrong-type"),
        ("schuld", None, "missing-input"),
        ("schoenmaat", Some(json!(SECRET)), "unknown-input"),
    ];
    let mut every = subject();
    for (name, value, code) in cases {
        let mut one = subject();
        for body in [&mut one, &mut every] {
            let values = body["subjects"][0]["values"].as_object_mut().unwrap();
            match &value {
                Some(value) => values.insert(name.to_owned(), value.clone()),
                None => values.remove(name),
            };
        }
        let reply = people.consumer.post(PREDICT, &one).await;
        assert_refused(&reply, name);
        let fault = &reply.json()["errors"][0];
        assert_eq!(
            fault["pointer"],
            format!("/subjects/0/values/{name}"),
            "{fault}"
        );
        assert_eq!(fault["code"], code, "{fault}");
    }
    let reply = people.consumer.post(PREDICT, &every).await;
    assert_refused(&reply, "all at once");
    assert_eq!(reply.pointers().len(), 4, "{}", reply.text);
    assert_goes_on(&people).await;
}

const GIGABYTE: usize = 1 << 30;
/// The stated target for the growth of resident memory.
const GROWTH_KIB: u64 = 64 << 10;

/// Largest resident sizes of the platform's processes so far, together, KiB.
fn peak_kib(platform: &Platform) -> u64 {
    let peak = |pid: u32| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.unwrap().trim().split(' ').next().unwrap();
        number.parse::<u64>().unwrap()
    };
    platform.pids().into_iter().map(peak).sum()
}

/// Sends a gigabyte after `head` for as long as the other side takes it; gives its answer and how many bytes it took.
async fn pour(address: SocketAddr, head: &str, is_chunked: bool) -> (String, usize) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut reading, mut writing) = stream.split();
    let piece = " ".repeat(1 << 16);
    let piece = if is_chunked {
        format!("{:x}\r\n{piece}\r\n", piece.len()).into_bytes()
    } else {
        piece.into_bytes()
    };
    let mut sent = 0;
    let pouring = async {
        while sent < GIGABYTE && writing.write_all(&piece).await.is_ok() {
            sent += piece.len();
        }
        // Whoever has sent everything, or cannot send, waits for the answer.
        std::future::pending::<()>().await;
    };
    let mut said = vec![0; 4_096];
    let mut length = 0;
    let reading = async {
        while let Ok(count @ 1..) = reading.read(&mut said[length..]).await {
            length += count;
            if said[..length].windows(4).any(|it| it == b"\r\n\r\n") {
                break;
            }
        }
    };
    tokio::select! { () = pouring => {}, () = reading => {} }
    (String::from_utf8_lossy(&said[..length]).into_owned(), sent)
}

#[tokio::test]
async fn a_gigabyte_of_json_is_refused_before_it_is_held() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let operations = [
        ("/ingest/v1/datasets", Role::DataSteward),
        ("/linkage/v1/linkage-runs", Role::DataSteward),
        ("/training/v1/frames", Role::Analyst),
        ("/registry/v1/projects", Role::ModelOwner),
        ("/registry/v1/artifacts", Role::Analyst),
        ("/prediction/v1/models/x/predictions", Role::Consumer),
    ];
    let before = peak_kib(&platform);
    let mut most = 0;
    for (path, role) in operations {
        let token = platform.token(role, HERE).unwrap();
        for framing in [
            format!("Content-Length: {GIGABYTE}"),
            "Transfer-Encoding: chunked".to_owned(),
        ] {
            let head = format!(
                "POST {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n{framing}\r\n\r\n",
                platform.address()
            );
            let is_chunked = framing.ends_with("chunked");
            let (said, sent) = pour(platform.address(), &head, is_chunked).await;
            assert_eq!(status_of(&said), 413, "{path} {framing}: {said}");
            assert!(said.contains("application/problem+json"), "{said}");
            most = most.max(sent);
        }
    }
    // Past the gateway: who asks is not proven, so nothing is read.
    for port in platform.service_ports().unwrap() {
        for (path, _) in operations {
            let head = format!(
                "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {GIGABYTE}\r\n\r\n"
            );
            let (said, _) = pour(([127, 0, 0, 1], port).into(), &head, false).await;
            assert!(
                matches!(status_of(&said), 401 | 404),
                "{port} {path}: {said}"
            );
        }
    }
    let grown = peak_kib(&platform) - before;
    println!(
        "{} MiB taken at most, {} MiB more resident",
        most >> 20,
        grown >> 10
    );
    assert!(grown <= GROWTH_KIB, "{grown} KiB more");
    assert!(most < GIGABYTE, "a whole gigabyte was read");
    let reply = people.owner.request(Method::GET, "/registry/v1/projects");
    assert_eq!(answer(reply).await.status, 200);
}
