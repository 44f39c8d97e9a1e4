//! A million single predictions on record: what writing costs, and how fast one person's records are found.
#![expect(
    clippy::unwrap_used,
    reason = "what cannot be set up ends the measurement"
)]

use std::time::Instant;

use futures_util::{StreamExt as _, stream};
use helder_model::Model;
use helder_platform::{
    keyring::{KeyRing, MasterKeys},
    logboek::{LogboekSettings, Query, Sought},
    store::Store,
    testing::{TestDatabase, caller},
};
use helder_prediction::{
    MIGRATIONS,
    log::{Log, LogSettings, Records, Span, join_places, more, now_ms},
    registry::ActiveVersion,
    served::Served,
};
use helder_types::Digest;
use uuid::Uuid;

const RECORDS: usize = 1_000_000;
/// Each person is predicted for so many times.
const EACH: usize = 20;
/// Requests at a time.
const CLIENTS: usize = 64;

async fn served() -> Served {
    let folder = tempfile::tempdir().unwrap();
    let masters = MasterKeys::from_file_or_new(&folder.path().join("master.key")).unwrap();
    let shelf = format!("file:{}", folder.path().join("shelf").display());
    let keyring = KeyRing::open(masters, &shelf).unwrap();
    let version = ActiveVersion {
        organisation: "GM0758".parse().unwrap(),
        model_id: Uuid::from_u128(1),
        model_name: "bench".to_owned(),
        model_version_id: Uuid::from_u128(2),
        digest: Digest::of(b"bench"),
        project_id: Uuid::from_u128(3),
        verwerkingsactiviteit: "https://gemeente.example/verwerkingen/1".to_owned(),
        activated_at: None,
    };
    let names = keyring
        .pseudonymiser(&version.organisation, version.project_id)
        .await
        .unwrap();
    let model = Model::from_json(include_bytes!(
        "../../../crates/model/tests/formats/1/minimal.json"
    ));
    Served::new(version, &model.unwrap(), names).unwrap()
}

/// Processor time of this process until now, seconds.
fn used() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after = stat.rsplit(')').next().unwrap();
    let ticks: u64 = after
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|field| field.parse::<u64>().unwrap())
        .sum();
    ticks as f64 / 100.0
}

async fn measure(store: Store, served: &Served, what: &str) {
    let who = caller("GM0758", "zaaksysteem", &[]).unwrap();
    let (log, writer) = Log::start(store.clone(), LogSettings::default()).unwrap();
    let (start, before) = (Instant::now(), used());
    stream::iter(0..RECORDS)
        .for_each_concurrent(CLIENTS, |n| {
            let mut records = Records::new(served, &who);
            let id = format!("client-{}", n % (RECORDS / EACH));
            let span = Span::from_headers(None, None);
            records.prediction(served, &span, Some(&id), [now_ms(), now_ms()]);
            let log = &log;
            async move { log.write(records).await.unwrap() }
        })
        .await;
    drop(log);
    tokio::task::spawn_blocking(|| writer.join().unwrap())
        .await
        .unwrap();
    let n = RECORDS as f64;
    println!(
        "{what}: {RECORDS} records of {CLIENTS} clients in {:.1} s, {:.2} µs of processor each",
        start.elapsed().as_secs_f64(),
        (used() - before) * 1e6 / n
    );
    let (start, before) = (Instant::now(), used());
    join_places(&store).await.unwrap();
    println!(
        "{what}: places moved together in {:.2} s, {:.2} µs of processor each",
        start.elapsed().as_secs_f64(),
        (used() - before) * 1e6 / n
    );
    let mut times = Vec::new();
    for n in 0..200 {
        let (hex, _) = served.pseudonym(&format!("client-{}", n * 97));
        let person = Sought::read(std::str::from_utf8(&hex).unwrap()).unwrap();
        let query = Query {
            subjects: Some(vec![person]),
            ..Query::default()
        };
        let organisation = who.organisation.clone();
        let own = store.of(&who.organisation);
        let start = Instant::now();
        let found = own.read(move |conn| {
            let settings = LogboekSettings::default();
            more(conn, &organisation, &settings, &query, "", 200)
        });
        let found = found.await.unwrap();
        times.push(start.elapsed());
        assert_eq!(found.len(), EACH);
    }
    times.sort_unstable();
    println!(
        "{what}: the {EACH} records of one person among {RECORDS}: p50 {:.1} ms, p99 {:.1} ms",
        times[100].as_secs_f64() * 1e3,
        times[198].as_secs_f64() * 1e3
    );
}

fn main() {
    // `cargo test` builds and starts benches too.
    if !std::env::args().any(|it| it == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let served = runtime.block_on(served());
    let databases = [
        ("SQLite", Some(TestDatabase::sqlite().unwrap())),
        ("PostgreSQL", TestDatabase::postgres().unwrap()),
    ];
    for (what, database) in databases {
        let Some(database) = database else { continue };
        let store = database.open(&[MIGRATIONS]).unwrap();
        runtime.block_on(measure(store, &served, what));
    }
}
