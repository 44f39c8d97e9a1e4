//! R4–R6: the database is restarted, away, or drops its connections, while clients write to all services. Afterwards the
//! checker of the kills compares what clients were told with what is there.
//!
//! `HELDER_TEST_AWAY_S` sets how long the registry's database is away.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use helder_testkit::{Fault, FaultyProxy, Platform, Server};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    journey::{People, id},
    kills::ask,
    ledger::{Kind, Ledger},
    made::{Made, PREDICT, active, predicted, subject},
    reckoning::{Before, check_jobs, check_log, check_rows, who},
    support::{Caller, HERE, eventually, try_answer},
};

/// How long until everything answers again, once the database does. A debug build on a busy machine gets more than the 2 s
/// that are meant; the figure is printed.
const RECOVERY: Duration = Duration::from_secs(if cfg!(debug_assertions) { 6 } else { 2 });

/// A server of this test, on the run of the black box that is PostgreSQL's.
fn server() -> Option<Server> {
    if std::env::var("HELDER_TEST_STORE").as_deref() != Ok("postgres") {
        return None;
    }
    let server = Server::start().unwrap();
    if server.is_none() {
        helder_testkit::not_run("no PostgreSQL here to restart");
    }
    server
}

/// What was seen by who looks all the time.
#[derive(Clone, Default)]
pub(crate) struct Watch(Arc<Mutex<Vec<Seen>>>);

/// When, which question, which status.
type Seen = (Instant, &'static str, u16);

impl Watch {
    /// Answers of one kind of question since `start`: good ones and others.
    pub(crate) fn since(&self, start: Instant, what: &str) -> (usize, usize) {
        let seen = self.0.lock().unwrap();
        let mine = seen
            .iter()
            .filter(|(at, kind, _)| *at >= start && *kind == what);
        mine.fold((0, 0), |(good, bad), (_, _, status)| {
            if *status == 200 {
                (good + 1, bad)
            } else {
                (good, bad + 1)
            }
        })
    }

    /// How long after `start` the first good answer of each kind came, and nothing else any more.
    async fn all_good_after(&self, start: Instant, kinds: &[&'static str]) -> Duration {
        loop {
            let first = |kind: &&'static str| {
                let seen = self.0.lock().unwrap();
                let mut of_kind = seen
                    .iter()
                    .filter(|(at, found, _)| found == kind && *at >= start);
                of_kind
                    .find(|(_, _, status)| *status == 200)
                    .map(|(at, ..)| at.duration_since(start))
            };
            let found: Option<Vec<_>> = kinds.iter().map(first).collect();
            if let Some(found) = found {
                return found.into_iter().max().unwrap_or_default();
            }
            assert!(
                start.elapsed() < Duration::from_secs(30),
                "no good answer again"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Questions that need each service's database.
pub(crate) const QUESTIONS: [(&str, &str); 5] = [
    ("registry", "/registry/v1/projects?limit=1"),
    ("ingest", "/ingest/v1/datasets?limit=1"),
    ("linkage", "/linkage/v1/linkage-runs?limit=1"),
    ("training", "/training/v1/frames?limit=1"),
    ("prediction", PREDICT),
];

/// Waits until every replica answers predictions: many asked at once find them all.
pub(crate) async fn settled(people: &People) {
    predicted(&people.consumer).await;
    for _ in 0..2 {
        eventually(Duration::from_secs(10), || async {
            let mut asked = JoinSet::new();
            for _ in 0..16 {
                let consumer = people.consumer.clone();
                asked.spawn(async move { consumer.post(PREDICT, &subject()).await.status });
            }
            let answers = asked.join_all().await;
            answers.iter().all(|status| *status == 200).then_some(())
        })
        .await;
    }
}

/// Asks again and again; everything that is no good answer must be 503 and say when to come back.
async fn keep_looking(
    caller: Caller,
    what: &'static str,
    path: &'static str,
    watch: Watch,
    stop: Arc<AtomicBool>,
) {
    while !stop.load(Ordering::Relaxed) {
        let request = if path == PREDICT {
            caller.request(Method::POST, path).json(&subject())
        } else {
            caller.request(Method::GET, path)
        };
        let reply = try_answer(request).await.unwrap();
        if reply.status != 200 {
            reply.assert_problem(503);
            let again: u64 = reply.header("retry-after").parse().unwrap();
            assert!((1..=60).contains(&again), "{what}: {reply:?}");
        }
        let seen = (Instant::now(), what, reply.status);
        watch.0.lock().unwrap().push(seen);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Writes until told to stop; what is refused is refused with 503 and is asked again at the end.
async fn keep_writing(
    caller: Caller,
    ledger: Ledger,
    kind: Kind,
    client: usize,
    made: Arc<Made>,
    stop: Arc<AtomicBool>,
) {
    // Jobs are dear: a few are enough, at any moment.
    let pause = match kind {
        Kind::Frame | Kind::Batch | Kind::Linkage | Kind::Upload => Duration::from_millis(1_500),
        _ => Duration::from_millis(20),
    };
    for n in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let name = |kind: Kind| format!("{kind:?} 0-{client}-{n}");
        let refused = |why: String| {
            let status =
                serde_json::from_str::<Value>(&why).map(|problem| problem["status"].clone());
            assert_eq!(status.ok(), Some(json!(503)), "{why}");
        };
        let mut wanted = ask(kind, &name(kind), &made);
        if kind == Kind::Upload {
            let declared = ledger
                .ask(&caller, ask(Kind::Dataset, &name(Kind::Dataset), &made))
                .await;
            match declared {
                Ok(dataset) => {
                    wanted.path = format!("/ingest/v1/datasets/{}/dataset-versions", id(&dataset));
                }
                Err(why) => {
                    refused(why);
                    continue;
                }
            }
        }
        if let Err(why) = ledger.ask(&caller, wanted).await {
            refused(why);
        }
        tokio::time::sleep(pause).await;
    }
}

/// Clients that look at and write to all services until told to stop.
pub(crate) fn start_clients(
    people: &People,
    made: &Arc<Made>,
    ledger: &Ledger,
    watch: &Watch,
    stop: &Arc<AtomicBool>,
) -> JoinSet<()> {
    let mut clients = start_looking(people, watch, stop);
    for kind in KINDS {
        let client = clients.len();
        clients.spawn(keep_writing(
            who(people, kind),
            ledger.clone(),
            kind,
            client,
            Arc::clone(made),
            Arc::clone(stop),
        ));
    }
    clients
}

/// What clients write.
const KINDS: [Kind; 8] = [
    Kind::Project,
    Kind::Source,
    Kind::Prediction,
    Kind::Prediction,
    Kind::Upload,
    Kind::Frame,
    Kind::Linkage,
    Kind::Batch,
];

/// Clients that look at all services until told to stop.
fn start_looking(people: &People, watch: &Watch, stop: &Arc<AtomicBool>) -> JoinSet<()> {
    let mut clients = JoinSet::new();
    for (what, path) in QUESTIONS {
        let caller = if path == PREDICT {
            &people.consumer
        } else if what == "linkage" || what == "ingest" {
            &people.steward
        } else {
            &people.analyst
        };
        clients.spawn(keep_looking(
            caller.clone(),
            what,
            path,
            watch.clone(),
            Arc::clone(stop),
        ));
    }
    clients
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_restarts_is_away_or_drops_everybody_under_load_loses_nothing_acknowledged()
{
    let Some(server) = server() else { return };
    let platform = Platform::start_on(&server, server.address()).await.unwrap();
    let people = People::of(&platform, HERE);
    let made = Arc::new(active(&platform, &people).await);
    settled(&people).await;
    let before = Before::of(&people).await;
    let (ledger, watch, stop) = (Ledger::default(), Watch::default(), Arc::default());
    let clients = start_clients(&people, &made, &ledger, &watch, &stop);
    let pids = platform.pids();
    let kinds = QUESTIONS.map(|(what, _)| what);
    for fault in ["restart", "cut off", "away for 3 s", "cut off", "restart"] {
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        match fault {
            "restart" => server.restart().unwrap(),
            "cut off" => server.cut_off("helder\\_%").unwrap(),
            _ => {
                server.down().unwrap();
                tokio::time::sleep(Duration::from_secs(3)).await;
                server.up().unwrap();
            }
        }
        let back = Instant::now();
        let recovered = watch.all_good_after(back, &kinds).await;
        println!("{fault}: all five answer again after {recovered:?}");
        assert!(recovered < RECOVERY, "{fault}: {recovered:?}");
    }
    tokio::time::sleep(Duration::from_millis(800)).await;
    stop.store(true, Ordering::Relaxed);
    clients.join_all().await;
    assert_eq!(platform.pids(), pids, "nobody was restarted");
    let again = ledger.ask_again(|kind| who(&people, kind)).await;
    println!("{again} asked again");
    check_rows(&people, &ledger, &before).await;
    check_jobs(&people, &ledger, &before, &made).await;
    check_log(&people, &ledger, &before).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn predictions_go_on_while_the_registrys_database_is_away() {
    let Some(server) = server() else { return };
    let away: u64 = std::env::var("HELDER_TEST_AWAY_S").map_or(5, |text| text.parse().unwrap());
    let platform = Platform::start_on(&server, server.address()).await.unwrap();
    let people = People::of(&platform, HERE);
    active(&platform, &people).await;
    settled(&people).await;
    let before = predicted(&people.consumer).await;
    let (watch, stop) = (Watch::default(), Arc::default());
    let mut clients = JoinSet::new();
    for (what, path) in [QUESTIONS[0], QUESTIONS[4]] {
        let caller = if path == PREDICT {
            &people.consumer
        } else {
            &people.analyst
        };
        clients.spawn(keep_looking(
            caller.clone(),
            what,
            path,
            watch.clone(),
            Arc::clone(&stop),
        ));
    }
    let start = Instant::now();
    server
        .execute("ALTER ROLE helder_registry NOLOGIN")
        .unwrap();
    server.cut_off("helder\\_registry").unwrap();
    tokio::time::sleep(Duration::from_secs(away)).await;
    let (registry, predictions) = (
        watch.since(start, "registry"),
        watch.since(start, "prediction"),
    );
    server.execute("ALTER ROLE helder_registry LOGIN").unwrap();
    let recovered = watch.all_good_after(Instant::now(), &["registry"]).await;
    stop.store(true, Ordering::Relaxed);
    clients.join_all().await;
    println!(
        "registry's database away for {away} s: {} predictions good, {} not; registry {} good, {} refused; again after {recovered:?}",
        predictions.0, predictions.1, registry.0, registry.1
    );
    assert!(
        registry.1 > registry.0,
        "the registry was away: {registry:?}"
    );
    assert!(predictions.0 > 5, "{predictions:?}");
    assert!(predictions.1 * 100 <= predictions.0, "{predictions:?}");
    assert!(recovered < RECOVERY, "{recovered:?}");
    // The same version answers in the same way.
    let after = people.consumer.post(PREDICT, &subject()).await.json();
    for member in ["modelDigest", "modelVersionId"] {
        assert_eq!(after[member], before[member]);
    }
    assert_eq!(
        after["predictions"][0]["score"],
        before["predictions"][0]["score"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_database_gives_slow_answers_and_no_wrong_ones() {
    let Some(server) = server() else { return };
    let slow: u64 = std::env::var("HELDER_TEST_AWAY_S").map_or(6, |text| text.parse().unwrap());
    let proxy = FaultyProxy::before(server.address()).unwrap();
    let platform = Platform::start_on(&server, proxy.address()).await.unwrap();
    let people = People::of(&platform, HERE);
    active(&platform, &people).await;
    settled(&people).await;
    let before = predicted(&people.consumer).await;
    let (watch, stop) = (Watch::default(), Arc::default());
    proxy.set(Fault::Delay(Duration::from_millis(300)));
    let start = Instant::now();
    let clients = start_looking(&people, &watch, &stop);
    tokio::time::sleep(Duration::from_secs(slow)).await;
    for (what, _) in QUESTIONS {
        let (good, bad) = watch.since(start, what);
        println!(
            "every answer of the database 300 ms late for {slow} s: {what} {good} good, {bad} not"
        );
        assert!(good > 1 && bad == 0, "{what}: {good} good, {bad} not");
    }
    // Who predicts hears from the registry which versions are in force, once its connections are made.
    eventually(Duration::from_secs(20), || async {
        let log = std::fs::read_to_string(platform.folder().join("testkit.log")).unwrap();
        let said = |words: &str| log.matches(words).count();
        (said("the registry does not answer") == said("the registry answers again")).then_some(())
    })
    .await;
    proxy.set(Fault::Nothing);
    let kinds = QUESTIONS.map(|(what, _)| what);
    let recovered = watch.all_good_after(Instant::now(), &kinds).await;
    assert!(recovered < RECOVERY, "{recovered:?}");
    stop.store(true, Ordering::Relaxed);
    clients.join_all().await;
    let after = people.consumer.post(PREDICT, &subject()).await.json();
    assert_eq!(
        after["predictions"][0]["score"],
        before["predictions"][0]["score"]
    );
}
