//! R12: every program is restarted, replica by replica, while clients write to all five services and read; meanwhile the gateway
//! gets another signing key. No request is lost, also none that may not be repeated.
//!
//! Needs replicas: `HELDER_TEST_STORE=postgres HELDER_TEST_SHAPE=processes`.

use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use helder_testkit::Platform;
use serde_json::Value;
use tokio::task::JoinSet;
use toml::Table;

use crate::{
    journey::{People, id},
    kills::ask,
    ledger::{Kind, Ledger},
    made::{Made, active, predicted},
    reckoning::{Before, check_jobs, check_log, check_rows, who},
    support::{Caller, HERE},
};

pub(crate) const SERVICES: [&str; 5] = ["registry", "ingest", "linkage", "training", "prediction"];

/// Clients of all kinds, who go on until they are told to stop and never ask twice.
pub(crate) struct Load {
    clients: JoinSet<()>,
    is_over: Arc<AtomicBool>,
    ledger: Ledger,
    read: Arc<AtomicUsize>,
}

impl Load {
    pub(crate) fn start(people: &People, made: &Arc<Made>) -> Self {
        let mut load = Self {
            clients: JoinSet::new(),
            is_over: Arc::default(),
            ledger: Ledger::default(),
            read: Arc::default(),
        };
        for (kind, pause_ms) in [
            (Kind::Project, 40),
            (Kind::Source, 40),
            (Kind::Prediction, 5),
            (Kind::Prediction, 5),
            (Kind::Prediction, 20),
            (Kind::Frame, 2_500),
            (Kind::Linkage, 10_000),
            (Kind::Batch, 1_500),
            (Kind::Upload, 700),
        ] {
            load.write(
                who(people, kind),
                kind,
                Duration::from_millis(pause_ms),
                made,
            );
        }
        for path in ["/registry/v1/projects", "/prediction/v1/batches"] {
            load.look(who(people, Kind::Frame), path);
        }
        load
    }

    fn write(&mut self, caller: Caller, kind: Kind, pause: Duration, made: &Arc<Made>) {
        let (ledger, over, made) = (
            self.ledger.clone(),
            Arc::clone(&self.is_over),
            Arc::clone(made),
        );
        let client = self.clients.len();
        self.clients.spawn(async move {
            for n in 0.. {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                let name = |kind: Kind| format!("{kind:?} 0-{client}-{n}");
                let mut wanted = ask(kind, &name(kind), &made);
                if kind == Kind::Upload {
                    let declare = ask(Kind::Dataset, &name(Kind::Dataset), &made);
                    let Ok(dataset) = ledger.ask(&caller, declare).await else {
                        continue;
                    };
                    wanted.path = format!("/ingest/v1/datasets/{}/dataset-versions", id(&dataset));
                }
                // What was not answered stands in the ledger.
                let _ = ledger.ask(&caller, wanted).await;
                tokio::time::sleep(pause).await;
            }
        });
    }

    fn look(&mut self, caller: Caller, path: &'static str) {
        let (over, read) = (Arc::clone(&self.is_over), Arc::clone(&self.read));
        self.clients.spawn(async move {
            while !over.load(Ordering::Relaxed) {
                let reply = caller.get(path).await;
                assert_eq!(reply.status, 200, "{path}: {}", reply.text);
                read.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
    }

    pub(crate) async fn end(self) -> (Ledger, usize) {
        self.is_over.store(true, Ordering::Relaxed);
        self.clients.join_all().await;
        (self.ledger, self.read.load(Ordering::Relaxed))
    }
}

/// A new pair of keys, from the command an operator uses: the signing key and the public one.
fn new_key() -> (String, String) {
    let output = Command::new(helder_testkit::helder().unwrap())
        .args(["--json", "config", "key"])
        .output()
        .unwrap();
    let keys: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |name: &str| keys[name].as_str().unwrap().to_owned();
    (text("signingKey"), text("publicKey"))
}

fn trusted(settings: &mut Table) -> &mut toml::Value {
    &mut settings["identity"]["trusted"]["gateway"]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_with_a_new_key_loses_no_request() {
    let mut platform = Platform::start().await.unwrap();
    if !platform.has_replicas() {
        println!("left out: HELDER_TEST_SHAPE is not processes, so there are no replicas");
        return;
    }
    let people = People::of(&platform, HERE);
    let made = Arc::new(active(&platform, &people).await);
    predicted(&people.consumer).await;
    let before = Before::of(&people).await;
    let (signing, public) = new_key();
    let load = Load::start(&people, &made);
    tokio::time::sleep(Duration::from_secs(1)).await;
    // Everybody comes to know the new key, then it is used, then the old one is forgotten.
    let learn = |_: &str, settings: &mut Table| {
        let keys = trusted(settings);
        *keys = toml::Value::Array(vec![keys.clone(), public.clone().into()]);
    };
    platform.roll(&SERVICES, learn).await.unwrap();
    let sign = |_: &str, settings: &mut Table| {
        settings.insert("signing_key".to_owned(), signing.clone().into());
    };
    platform.roll(&["gateway"], sign).await.unwrap();
    let forget = |_: &str, settings: &mut Table| *trusted(settings) = public.clone().into();
    platform.roll(&SERVICES, forget).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (ledger, read) = load.end().await;
    let open = ledger.open();
    let predictions = ledger.acknowledged(Kind::Prediction).len();
    println!(
        "22 restarts: {predictions} predictions and {read} lists answered, {} requests lost",
        open.len()
    );
    assert!(open.is_empty(), "{open:?}");
    assert!(predictions > 1_000);
    check_rows(&people, &ledger, &before).await;
    check_jobs(&people, &ledger, &before, &made).await;
    check_log(&people, &ledger, &before).await;
}
