//! Drills with more load than there is room for, on the whole platform: run by `tests/drills/overload`, whose page keeps a run.
//! They measure times, so they are no part of the tests.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use helder_testkit::Platform;
use helder_types::Role;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

use crate::{
    journey::{self, People},
    made::{self, PREDICT, active, predicted, subject},
    support::{ELSEWHERE, HERE, caller},
};

/// One kept connection that asks for predictions.
struct Line {
    stream: TcpStream,
    request: Arc<Vec<u8>>,
    buffer: Vec<u8>,
}

/// Status and time of each answer, ms.
#[derive(Default)]
pub(crate) struct Answers(pub(crate) Vec<(u16, f64)>);

impl Line {
    async fn open(platform: &Platform, request: &Arc<Vec<u8>>) -> Self {
        let stream = TcpStream::connect(platform.address()).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            request: Arc::clone(request),
            buffer: vec![0; 64 << 10],
        }
    }

    /// Asks once; status and time, ms.
    async fn ask(&mut self) -> (u16, f64) {
        let started = Instant::now();
        self.stream.write_all(&self.request).await.unwrap();
        let mut count = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[count..]).await.unwrap();
            assert!(read > 0, "the connection ended");
            count += read;
            let said = &self.buffer[..count];
            let Some(head) = said.windows(4).position(|it| it == b"\r\n\r\n") else {
                continue;
            };
            let text = String::from_utf8_lossy(&said[..head]).to_lowercase();
            let length = text.lines().find_map(|line| {
                let value = line.strip_prefix("content-length:")?;
                value.trim().parse::<usize>().ok()
            });
            if count >= head + 4 + length.unwrap() {
                let status = text[9..12].parse().unwrap();
                return (status, started.elapsed().as_secs_f64() * 1e3);
            }
        }
    }
}

impl Answers {
    pub(crate) fn count(&self, status: u16) -> usize {
        self.0.iter().filter(|it| it.0 == status).count()
    }

    /// The time within which this share of the answers with this status came, ms.
    pub(crate) fn quantile(&self, status: u16, share: f64) -> f64 {
        let times = self.0.iter().filter(|it| it.0 == status);
        let mut times: Vec<_> = times.map(|it| it.1).collect();
        times.sort_by(f64::total_cmp);
        let at = (times.len() as f64 * share) as usize;
        let last = times.len().saturating_sub(1);
        times.get(at.min(last)).copied().unwrap_or(f64::NAN)
    }
}

pub(crate) fn request(platform: &Platform, gemeente: &str) -> Arc<Vec<u8>> {
    let token = platform.token(Role::Consumer, gemeente).unwrap();
    let body = subject().to_string();
    let head = format!(
        "POST {PREDICT} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    Arc::new(head.into_bytes())
}

/// So many lines, each asking so often a second, for so long; late questions are asked at once.
pub(crate) async fn ask_for(
    platform: &Platform,
    request: &Arc<Vec<u8>>,
    pace: (usize, f64),
    time: Duration,
) -> Answers {
    ask_waiting(platform, request, pace, time, Duration::ZERO).await
}

/// The same; who is told 503 waits so long before it asks again.
async fn ask_waiting(
    platform: &Platform,
    request: &Arc<Vec<u8>>,
    (lines, each_s): (usize, f64),
    time: Duration,
    wait: Duration,
) -> Answers {
    let mut asking = JoinSet::new();
    for number in 0..lines {
        let mut line = Line::open(platform, request).await;
        let pause = Duration::from_secs_f64(1.0 / each_s);
        asking.spawn(async move {
            let mut answers = Vec::new();
            let start = Instant::now() + pause.mul_f64(number as f64 / lines as f64);
            let mut due = start;
            while start.elapsed() < time {
                tokio::time::sleep_until(due.into()).await;
                let answer = line.ask().await;
                answers.push(answer);
                if answer.0 == 503 && !wait.is_zero() {
                    tokio::time::sleep(wait).await;
                }
                due += pause;
            }
            answers
        });
    }
    Answers(asking.join_all().await.concat())
}

pub(crate) async fn told(platform: &mut Platform, settings: &str) {
    assert!(platform.stop(Duration::from_secs(20)).await.unwrap());
    fs::write(platform.data().join("helder.toml"), settings).unwrap();
    platform.restart().await.unwrap();
}

/// R19: ten times what one municipality may ask, through the whole platform; another one asks as before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a drill: tests/drills/overload"]
async fn drill_ten_times_what_may_be_predicted() {
    // Well below what a debug build can do.
    let rate = std::env::var("HELDER_TEST_RATE").map_or(50, |it| it.parse::<u32>().unwrap());
    let mut platform = Platform::start().await.unwrap();
    for gemeente in [HERE, ELSEWHERE] {
        let people = People::of(&platform, gemeente);
        active(&platform, &people).await;
        predicted(&people.consumer).await;
    }
    let settings = format!(
        "[telemetry]\nfilter = \"warn\"\n[gateway]\nrequests_per_second = {rate}\nburst = {}\n",
        rate / 4
    );
    told(&mut platform, &settings).await;
    predicted(&caller(&platform, Role::Consumer, HERE)).await;
    let (flood, other) = (request(&platform, HERE), request(&platform, ELSEWHERE));
    let time = Duration::from_secs(10);
    // What may be asked, asked evenly: the peak.
    let peak = ask_for(&platform, &flood, (16, f64::from(rate) / 16.0 * 0.98), time).await;
    let alone = ask_for(&platform, &other, (2, f64::from(rate) * 0.3), time).await;
    let (over, beside) = tokio::join!(
        ask_for(&platform, &flood, (16, f64::from(rate) / 16.0 * 10.0), time),
        ask_for(&platform, &other, (2, f64::from(rate) * 0.3), time),
    );
    let since = Instant::now();
    let mut line = Line::open(&platform, &flood).await;
    while line.ask().await.0 != 200 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let recovered = since.elapsed();
    let may = f64::from(rate) * time.as_secs_f64();
    println!(
        "{} predictions/s asked, {rate}/s allowed: {} answered ({:.0} % of what may), {} told 429, p50 {:.2} ms, p99 {:.2} ms; \
         answered p99 {:.2} ms, at the peak {:.2} ms ({:.2}x); the other municipality p99 {:.2} ms alone, {:.2} ms beside it ({:.2}x); \
         served again after {:.0} ms",
        over.0.len() as u64 / time.as_secs(),
        over.count(200),
        over.count(200) as f64 / may * 100.0,
        over.count(429),
        over.quantile(429, 0.5),
        over.quantile(429, 0.99),
        over.quantile(200, 0.99),
        peak.quantile(200, 0.99),
        over.quantile(200, 0.99) / peak.quantile(200, 0.99),
        alone.quantile(200, 0.99),
        beside.quantile(200, 0.99),
        beside.quantile(200, 0.99) / alone.quantile(200, 0.99),
        recovered.as_secs_f64() * 1e3,
    );
    assert_eq!(over.count(200) + over.count(429), over.0.len());
    assert_eq!(beside.count(200), beside.0.len());
    assert!(over.count(200) as f64 >= 0.95 * may);
    assert!(over.quantile(429, 0.99) <= 10.0, "429 in time");
    assert!(over.quantile(200, 0.99) <= 2.0 * peak.quantile(200, 0.99).max(5.0));
    assert!(beside.quantile(200, 0.99) <= 2.0 * alone.quantile(200, 0.99).max(5.0));
    assert!(recovered <= Duration::from_secs(10));
}

/// R19: ten times the connections that keep the machine busy, nobody over a rate. First those who are refused ask again at once, then
/// they wait as long as they are told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a drill: tests/drills/overload"]
async fn drill_ten_times_the_connections() {
    let mut platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    active(&platform, &people).await;
    let settings = "[telemetry]\nfilter = \"warn\"\n[gateway]\nrequests_per_second = 1000000\nburst = 1000000\n";
    told(&mut platform, settings).await;
    predicted(&people.consumer).await;
    let asked = request(&platform, HERE);
    let time = Duration::from_secs(8);
    let busy = std::env::var("HELDER_TEST_LINES").map_or(128, |it| it.parse::<usize>().unwrap());
    for wait in [Duration::ZERO, Duration::from_secs(1)] {
        let peak = ask_for(&platform, &asked, (busy, 1e6), time).await;
        let over = ask_waiting(&platform, &asked, (10 * busy, 1e6), time, wait).await;
        let since = Instant::now();
        let again = ask_for(&platform, &asked, (busy, 1e6), Duration::from_secs(2)).await;
        println!(
            "{busy} connections: {} answered/s, p50 {:.2} ms, p99 {:.2} ms; ten times as many, that wait {} ms when refused: {} answered/s \
             ({:.0} %), p50 {:.2} ms, p99 {:.2} ms ({:.2}x), {} refused/s, p50 {:.2} ms, p99 {:.2} ms; {busy} again, {:.1} s later: {} \
             refused, p99 {:.2} ms",
            peak.0.len() as u64 / time.as_secs(),
            peak.quantile(200, 0.5),
            peak.quantile(200, 0.99),
            wait.as_millis(),
            over.count(200) as u64 / time.as_secs(),
            over.count(200) as f64 / peak.0.len() as f64 * 100.0,
            over.quantile(200, 0.5),
            over.quantile(200, 0.99),
            over.quantile(200, 0.99) / peak.quantile(200, 0.99),
            over.count(503) as u64 / time.as_secs(),
            over.quantile(503, 0.5),
            over.quantile(503, 0.99),
            since.elapsed().as_secs_f64(),
            again.0.len() - again.count(200),
            again.quantile(200, 0.99),
        );
        // Times and rates are for whoever reads them: they depend on who else uses the machine.
        if busy <= 64 {
            assert_eq!(peak.count(200), peak.0.len(), "so few are never refused");
            assert_eq!(again.count(200), again.0.len(), "nor afterwards");
        }
        assert_eq!(over.count(200) + over.count(503), over.0.len());
        assert!(over.count(503) > 0);
    }
}

/// Z12: one municipality makes frames and trains without end, with eight jobs queued at any time; another one predicts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a drill: tests/drills/overload"]
async fn drill_a_municipality_that_trains_without_end() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    active(&platform, &people).await;
    predicted(&people.consumer).await;
    let hog = People::of(&platform, ELSEWHERE);
    let made = Arc::new(made::candidate(&platform, &hog).await);
    let asked = request(&platform, HERE);
    let (time, rate) = (Duration::from_secs(10), (4, 50.0));
    ask_for(&platform, &asked, rate, Duration::from_secs(2)).await;
    for _ in 0..2 {
        let alone = ask_for(&platform, &asked, rate, time).await;
        let (is_over, trained) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicUsize::new(0)),
        );
        let mut training = JoinSet::new();
        for _ in 0..8 {
            let (analyst, made) = (hog.analyst.clone(), Arc::clone(&made));
            let (is_over, trained) = (Arc::clone(&is_over), Arc::clone(&trained));
            training.spawn(async move {
                while !is_over.load(Ordering::Relaxed) {
                    let linkage = journey::id(&made.linkage);
                    let frame = journey::frame(&made.data, &linkage);
                    let frame = journey::run(&analyst, "/training/v1/frames", &frame).await;
                    let run = journey::training(&made.data, &journey::id(&frame));
                    journey::run(&analyst, "/training/v1/training-runs", &run).await;
                    trained.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        let beside = ask_for(&platform, &asked, rate, time).await;
        is_over.store(true, Ordering::Relaxed);
        while training.join_next().await.is_some() {}
        let [before, during] = [&alone, &beside].map(|it| [0.5, 0.99].map(|q| it.quantile(200, q)));
        println!(
            "200 predictions/s: p50 {:.2} ms, p99 {:.2} ms alone; p50 {:.2} ms, p99 {:.2} ms beside {} frames and models of another \
             (p99 {:.2}x)",
            before[0],
            before[1],
            during[0],
            during[1],
            trained.load(Ordering::Relaxed),
            during[1] / before[1],
        );
        assert_eq!(beside.count(200), beside.0.len());
        assert!(trained.load(Ordering::Relaxed) > 0);
    }
}
