//! G21–G24: services that are down, hang, talk nonsense or break off; and what that does to the others.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use helder_types::Role;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::world::{JSON, Reply, World};

const BROKEN: &str = "/linkage/v1/linkage-runs";
const SOUND: &str = "/ingest/v1/datasets";

/// What a broken service does with a request.
#[derive(Clone, Copy, Debug)]
enum Mood {
    Answers,
    Hangs,
    /// Closes without a word.
    Closes,
    TalksNonsense,
    /// Announces a hundred bytes and sends ten.
    BreaksOff,
}

/// A service on a socket of its own.
struct Broken {
    address: SocketAddr,
    mood: Arc<Mutex<Mood>>,
    hits: Arc<AtomicUsize>,
}

impl Broken {
    async fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let broken = Self {
            address: listener.local_addr().unwrap(),
            mood: Arc::new(Mutex::new(mood)),
            hits: Arc::default(),
        };
        let (mood, hits) = (Arc::clone(&broken.mood), Arc::clone(&broken.hits));
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let (mood, hits) = (Arc::clone(&mood), Arc::clone(&hits));
                tokio::spawn(async move {
                    let mut piece = [0; 4096];
                    // Each request here fits in one piece.
                    while let Ok(1..) = socket.read(&mut piece).await {
                        hits.fetch_add(1, Ordering::SeqCst);
                        let mood = *mood.lock().unwrap();
                        let said: &[u8] = match mood {
                            Mood::Answers => {
                                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
                            }
                            Mood::Hangs => {
                                tokio::time::sleep(Duration::from_mins(1)).await;
                                return;
                            }
                            Mood::Closes => return,
                            Mood::TalksNonsense => b"\x16\x03\x01 nonsense\r\n\r\n",
                            Mood::BreaksOff => {
                                b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n0123456789"
                            }
                        };
                        let is_good = matches!(mood, Mood::Answers);
                        if socket.write_all(said).await.is_err() || !is_good {
                            return;
                        }
                    }
                });
            }
        });
        broken
    }

    fn be(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn hits(&self) -> usize {
        self.hits.load(Ordering::SeqCst)
    }
}

async fn ask(world: &World, path: &str) -> Reply {
    world.as_role(Role::Analyst, "GET", path, "", b"").await
}

async fn assert_others_work(world: &World) {
    let reply = world
        .as_role(Role::DataSteward, "GET", SOUND, "", b"")
        .await;
    assert_eq!(reply.status, 200, "{}", reply.text());
}

#[actix_web::test]
async fn g22_a_service_that_hangs_is_refused_at_once_and_asked_again_now_and_then() {
    let broken = Broken::start(Mood::Hangs).await;
    let world = World::toward(&broken.address.to_string(), |config| config.answer_s = 1);
    for _ in 0..3 {
        ask(&world, BROKEN).await.assert_problem(504);
        assert_others_work(&world).await;
    }
    // Of many clients now, at most one is made to wait; the others are told at once.
    let asked = broken.hits();
    let replies = futures_util::future::join_all((0..20).map(|_| ask(&world, BROKEN))).await;
    let told: Vec<_> = replies.iter().filter(|reply| reply.status == 503).collect();
    assert!(told.len() >= 19, "{}", told.len());
    for reply in told {
        reply.assert_problem(503);
        assert!(reply.header("retry-after").parse::<u64>().unwrap() >= 1);
    }
    assert!(broken.hits() <= asked + 1, "{}", broken.hits());
    assert_others_work(&world).await;
    broken.be(Mood::Answers);
    let mut tries = 0;
    while ask(&world, BROKEN).await.status != 200 {
        tries += 1;
        assert!(tries < 100, "it is not believed to be back");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let replies = futures_util::future::join_all((0..20).map(|_| ask(&world, BROKEN))).await;
    assert!(replies.iter().all(|reply| reply.status == 200));
}

#[actix_web::test]
async fn g22_one_slow_operation_beside_others_that_work_shuts_nothing_off() {
    let world = World::with(|config| config.answer_s = 1);
    for _ in 0..4 {
        let slow = async {
            world
                .as_role(Role::DataSteward, "GET", "/ingest/v1/slow", "", b"")
                .await
                .assert_problem(504);
        };
        let others = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            assert_others_work(&world).await;
        };
        futures_util::future::join(slow, others).await;
    }
    assert_others_work(&world).await;
}

#[actix_web::test]
async fn g22_no_more_requests_wait_for_one_service_than_may() {
    let broken = Broken::start(Mood::Hangs).await;
    let world = World::toward(&broken.address.to_string(), |config| {
        config.answer_s = 2;
        config.requests_at_once = 5;
    });
    let replies = futures_util::future::join_all((0..12).map(|_| ask(&world, BROKEN))).await;
    let count = |status| replies.iter().filter(|it| it.status == status).count();
    assert_eq!((count(504), count(503)), (5, 7));
    assert_eq!(broken.hits(), 5);
    assert_others_work(&world).await;
}

#[actix_web::test]
async fn g21_g23_g24_a_broken_answer_is_503_and_a_post_without_key_is_sent_once() {
    let broken = Broken::start(Mood::Closes).await;
    let world = World::toward(&broken.address.to_string(), |config| config.answer_s = 5);
    for mood in [Mood::Closes, Mood::TalksNonsense, Mood::BreaksOff] {
        broken.be(mood);
        for (method, lines, most) in [
            ("POST", "", 1),
            ("POST", "Idempotency-Key: 1\r\n", 4),
            ("GET", "", 4),
        ] {
            let before = broken.hits();
            let body: &[u8] = if method == "POST" { b"{}" } else { b"" };
            let lines = format!("{JSON}{lines}");
            let reply = world
                .as_role(Role::Analyst, method, BROKEN, &lines, body)
                .await;
            let problem = reply.assert_problem(503);
            assert!(reply.header("retry-after").parse::<u64>().unwrap() >= 1);
            assert!(!problem.detail.contains("127.0.0.1"), "{problem:?}");
            let hits = broken.hits() - before;
            assert!((1..=most).contains(&hits), "{mood:?} {method}: {hits}");
            assert_others_work(&world).await;
        }
    }
    broken.be(Mood::Answers);
    assert_eq!(ask(&world, BROKEN).await.status, 200, "and it is back");
}
