//! R10: asked to stop while clients write as fast as they can, half of them over a new connection each time. What was sent whole is
//! answered, what was answered is kept.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use helder_testkit::Platform;
use helder_types::Role;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

use crate::{
    journey::People,
    support::{HERE, eventually, every, is_one_process, status_of},
};

const CLIENTS: usize = 16;

/// What one client saw until nobody was there any more.
#[derive(Default)]
struct Seen {
    /// Names that were answered with 201.
    kept: Vec<String>,
    /// Requests that were sent whole, on a connection that had answered before, and not answered.
    lost: usize,
    /// Those on a fresh connection.
    untaken: usize,
    /// Answers that were no 201, by status.
    refused: Vec<u16>,
}

/// Reads one answer; none when the connection ends before its end.
async fn read(stream: &mut TcpStream) -> Option<String> {
    let (mut said, mut piece) = (Vec::new(), [0; 8 << 10]);
    loop {
        let text = String::from_utf8_lossy(&said);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.trim().parse().unwrap());
            if body.len() >= length {
                return Some(text.into_owned());
            }
        }
        match stream.read(&mut piece).await {
            Ok(count @ 1..) => said.extend_from_slice(&piece[..count]),
            Ok(0) | Err(_) => return None,
        }
    }
}

/// Writes sources over kept connections until nobody takes a connection.
async fn client(
    number: usize,
    address: SocketAddr,
    token: String,
    is_over: Arc<AtomicBool>,
) -> Seen {
    let mut seen = Seen::default();
    let mut kept: Option<TcpStream> = None;
    for n in 0.. {
        let name = format!("bron {number}-{n}");
        let body = format!("{{\"name\":\"{name}\"}}");
        let request = format!(
            "POST /ingest/v1/sources HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let is_known = kept.is_some();
        let mut stream = match kept.take() {
            Some(stream) => stream,
            None => match TcpStream::connect(address).await {
                Ok(stream) => stream,
                // Nothing was sent: whoever sees this asks elsewhere.
                Err(_) => break,
            },
        };
        if stream.write_all(request.as_bytes()).await.is_err() {
            continue;
        }
        let Some(answer) = read(&mut stream).await else {
            if is_known {
                seen.lost += 1;
            } else {
                seen.untaken += 1;
            }
            continue;
        };
        match status_of(&answer) {
            201 => seen.kept.push(name),
            other => seen.refused.push(other),
        }
        let is_kept = number.is_multiple_of(2);
        if is_kept && !answer.to_lowercase().contains("\r\nconnection: close\r\n") {
            kept = Some(stream);
        }
        if is_over.load(Ordering::Relaxed) {
            break;
        }
    }
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_under_load_answers_all_that_was_sent_and_keeps_all_that_was_answered() {
    // With replicas the clients go to another one; `rolling` tests that.
    if !is_one_process() {
        return;
    }
    let mut platform = Platform::start().await.unwrap();
    let token = platform.token(Role::DataSteward, HERE).unwrap();
    let steward = People::of(&platform, HERE).steward;
    let is_over = Arc::new(AtomicBool::new(false));
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        clients.spawn(client(
            number,
            platform.address(),
            token.clone(),
            Arc::clone(&is_over),
        ));
    }
    eventually(Duration::from_mins(1), || async {
        let known = steward.get("/ingest/v1/sources?limit=100").await.json();
        (known["items"].as_array()?.len() >= 100).then_some(())
    })
    .await;
    let ended = platform.stop(Duration::from_secs(10)).await.unwrap();
    assert!(ended, "it does not end within ten seconds");
    is_over.store(true, Ordering::Relaxed);
    let seen = clients.join_all().await;
    let kept: BTreeSet<_> = seen.iter().flat_map(|it| it.kept.clone()).collect();
    let lost: usize = seen.iter().map(|it| it.lost).sum();
    let untaken: usize = seen.iter().map(|it| it.untaken).sum();
    let refused: Vec<_> = seen.iter().flat_map(|it| it.refused.clone()).collect();
    println!(
        "{} answered, {} refused, {lost} lost on kept connections, {untaken} on fresh ones",
        kept.len(),
        refused.len()
    );
    // Told to come back is an answer too.
    assert!(refused.iter().all(|status| *status == 503), "{refused:?}");
    assert_eq!((lost, untaken), (0, 0), "sent whole and not answered");
    platform.restart().await.unwrap();
    let steward = People::of(&platform, HERE).steward;
    let names = every(&steward, "/ingest/v1/sources").await;
    let names: BTreeSet<_> = names
        .iter()
        .map(|source| source["name"].as_str().unwrap().to_owned())
        .collect();
    let missing: Vec<_> = kept.difference(&names).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
