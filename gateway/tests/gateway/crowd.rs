//! Drills with a crowd: run by `tests/drills/crowd`, whose page keeps a run. They measure times, so they are no part of the tests.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use helder_types::Role;
use tokio::{io::AsyncWriteExt as _, net::TcpStream, task::JoinSet};

use crate::{
    issuer,
    world::{World, bearer, read_reply},
};

const PATH: &str = "/ingest/v1/datasets";

/// What a client of this kind saw: status and time of each answer, ms.
#[derive(Clone, Default)]
struct Times(Vec<(u16, f64)>);

impl Times {
    fn of(&self, status: u16) -> Vec<f64> {
        let mut found: Vec<_> = self
            .0
            .iter()
            .filter(|it| it.0 == status)
            .map(|it| it.1)
            .collect();
        found.sort_by(f64::total_cmp);
        found
    }

    /// The time within which this share of the answers with this status came, ms.
    fn quantile(&self, status: u16, share: f64) -> f64 {
        let found = self.of(status);
        let at = (found.len() as f64 * share) as usize;
        found
            .get(at.min(found.len().saturating_sub(1)))
            .copied()
            .unwrap_or(f64::NAN)
    }
}

/// One client on one connection that asks again after each answer and `pause`, for `time`.
async fn ask_for(world: &World, municipality: &str, pause: Duration, time: Duration) -> Times {
    let auth = bearer(&issuer::token(Role::DataSteward, municipality));
    let request = format!("GET {PATH} HTTP/1.1\r\nHost: localhost\r\n{auth}\r\n");
    let mut socket = TcpStream::connect(world.address).await.unwrap();
    let mut times = Times::default();
    let end = Instant::now() + time;
    while Instant::now() < end {
        let started = Instant::now();
        socket.write_all(request.as_bytes()).await.unwrap();
        let reply = read_reply(&mut socket).await;
        times
            .0
            .push((reply.status, started.elapsed().as_secs_f64() * 1e3));
        tokio::time::sleep(pause).await;
    }
    times
}

/// A client that sends `start` and then a byte per half second, and comes again when it is thrown out.
async fn be_slow(
    address: std::net::SocketAddr,
    (start, reads): (String, bool),
    is_over: Arc<AtomicBool>,
    thrown_out: Arc<AtomicUsize>,
) {
    while !is_over.load(Ordering::Relaxed) {
        let Ok(mut socket) = TcpStream::connect(address).await else {
            continue;
        };
        let _ = socket.write_all(start.as_bytes()).await;
        let mut piece = [0; 1 << 10];
        loop {
            if is_over.load(Ordering::Relaxed) {
                return;
            }
            let _ = socket.write_all(b"a").await;
            tokio::time::sleep(Duration::from_millis(500)).await;
            let is_closed = reads && matches!(socket.try_read(&mut piece), Ok(0));
            if is_closed || socket.take_error().is_ok_and(|error| error.is_some()) {
                break;
            }
        }
        thrown_out.fetch_add(1, Ordering::Relaxed);
    }
}

/// G8–G10: a good client beside 500 slow ones: dripping heads, dripping bodies, and large answers that nobody reads.
#[actix_web::test]
#[ignore = "a drill: tests/drills/crowd"]
async fn drill_a_good_client_beside_five_hundred_slow_ones() {
    let world = World::with(|config| config.answer_s = 30);
    let time = Duration::from_secs(20);
    let pause = Duration::from_millis(5);
    ask_for(&world, "GM0796", pause, Duration::from_secs(2)).await;
    let alone = ask_for(&world, "GM0796", pause, time).await;
    let auth = bearer(&issuer::token(Role::DataSteward, "GM0772"));
    let starts = [
        format!("GET {PATH} HTTP/1.1\r\nHost: localhost\r\nX-Slow: "),
        format!(
            "POST {PATH} HTTP/1.1\r\nHost: localhost\r\n{auth}Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n"
        ),
        format!("GET /ingest/v1/large HTTP/1.1\r\nHost: localhost\r\n{auth}\r\n"),
    ];
    let (is_over, thrown_out) = (Arc::new(AtomicBool::new(false)), Arc::default());
    let mut crowd = JoinSet::new();
    for number in 0..500 {
        crowd.spawn(be_slow(
            world.address,
            (
                starts[number % starts.len()].clone(),
                number % starts.len() < 2,
            ),
            Arc::clone(&is_over),
            Arc::clone(&thrown_out),
        ));
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    let beside = ask_for(&world, "GM0796", pause, time).await;
    is_over.store(true, Ordering::Relaxed);
    crowd.join_all().await;
    let (p50, p99) = (
        [alone.quantile(200, 0.5), beside.quantile(200, 0.5)],
        [alone.quantile(200, 0.99), beside.quantile(200, 0.99)],
    );
    println!(
        "good client alone: {} answers, p50 {:.2} ms, p99 {:.2} ms; beside 500 slow ones: {} answers, p50 {:.2} ms, p99 {:.2} ms \
         (p99 {:.2}x); {} connections of slow clients ended",
        alone.0.len(),
        p50[0],
        p99[0],
        beside.0.len(),
        p50[1],
        p99[1],
        p99[1] / p99[0],
        thrown_out.load(Ordering::Relaxed),
    );
    assert_eq!(beside.of(200).len(), beside.0.len(), "every answer is good");
    assert!(p99[1] <= 2.0 * p99[0].max(2.0), "p99 {p99:?}");
}

/// R19, Z11: one municipality sends ten times what it may; another one sends as before.
#[actix_web::test]
#[ignore = "a drill: tests/drills/crowd"]
async fn drill_ten_times_the_rate_of_one_municipality() {
    const RATE: u32 = 200;
    let world = World::with(|config| {
        config.requests_per_second = RATE;
        config.burst = RATE / 4;
    });
    let time = Duration::from_secs(10);
    let other = Duration::from_millis(20);
    let alone = ask_for(&world, "GM0796", other, time).await;
    // 16 connections, each 125 requests a second: ten times 200.
    let flood = futures_util::future::join_all(
        (0..16).map(|_| ask_for(&world, "GM0772", Duration::from_millis(8), time)),
    );
    let (flood, beside) =
        futures_util::future::join(flood, ask_for(&world, "GM0796", other, time)).await;
    let flood = Times(flood.into_iter().flat_map(|times| times.0).collect());
    let recovered = Instant::now();
    while ask_for(&world, "GM0772", other, Duration::ZERO + other)
        .await
        .of(200)
        .is_empty()
    {}
    let recovered = recovered.elapsed();
    let (good, refused) = (flood.of(200).len(), flood.of(429).len());
    let allowed = f64::from(RATE) * time.as_secs_f64() + f64::from(RATE / 4);
    println!(
        "{} requests/s asked, {RATE}/s allowed: {good} answered ({:.0} % of what may), {refused} told 429, p50 {:.2} ms, p99 {:.2} ms; \
         answered p99 {:.2} ms; the other municipality p99 {:.2} ms alone, {:.2} ms beside it ({:.2}x); served again after {:.0} ms",
        flood.0.len() as u64 / time.as_secs(),
        good as f64 / allowed * 100.0,
        flood.quantile(429, 0.5),
        flood.quantile(429, 0.99),
        flood.quantile(200, 0.99),
        alone.quantile(200, 0.99),
        beside.quantile(200, 0.99),
        beside.quantile(200, 0.99) / alone.quantile(200, 0.99),
        recovered.as_secs_f64() * 1e3,
    );
    assert_eq!(good + refused, flood.0.len(), "nothing but 200 and 429");
    assert_eq!(
        beside.of(200).len(),
        beside.0.len(),
        "the other notices nothing"
    );
    assert!(good as f64 >= 0.95 * allowed, "{good} of {allowed}");
    assert!(flood.quantile(429, 0.5) <= 10.0 && recovered <= Duration::from_secs(10));
}
