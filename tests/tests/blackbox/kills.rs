//! R1–R3, R13–R15: the process is killed at random moments while clients write to all five services. Afterwards a checker
//! compares what the clients were told with what is there: nothing acknowledged is lost, nothing is there twice or half.
//!
//! `HELDER_TEST_KILLS` sets the number of rounds, `HELDER_TEST_SEED` the moments.

use std::time::{Duration, Instant};

use helder_testkit::Platform;
use serde_json::{Value, json};

use crate::{
    journey::{self, People, id},
    ledger::{Ask, Kind, Ledger},
    made::{Made, PREDICT, active, predicted, subject},
    municipality::Dice,
    reckoning::{Before, check_jobs, check_log, check_rows, who},
    support::{Caller, HERE},
};

const ROUNDS: u64 = 12;
const SEED: u64 = 2;
/// Rows of an uploaded file.
pub(crate) const ROWS: usize = 40;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// What one client of a kind asks the `n`th time in a round.
pub(crate) fn ask(kind: Kind, name: &str, made: &Made) -> Ask {
    let json = |path: &str, body: Value| Ask::json(kind, name, path, &body);
    match kind {
        Kind::Project => {
            let mut body = journey::new_project();
            body["name"] = json!(name);
            json("/registry/v1/projects", body)
        }
        Kind::Source => json("/ingest/v1/sources", json!({"name": name})),
        Kind::Dataset => json(
            "/ingest/v1/datasets",
            json!({"projectId": made.data.project, "name": name}),
        ),
        Kind::Upload => {
            let rows = (0..ROWS).map(|row| format!("{name},{row}\n"));
            Ask {
                media: "text/csv",
                body: format!("naam,getal\n{}", rows.collect::<String>()),
                ..json("", Value::Null)
            }
        }
        Kind::Linkage => json("/linkage/v1/linkage-runs", journey::linkage(&made.data)),
        Kind::Frame => {
            let table = json!({"alias": "persons", "datasetVersionId": id(&made.data.persons)});
            let sql =
                "SELECT leeftijd, count(*) AS n FROM persons GROUP BY leeftijd ORDER BY leeftijd";
            let body = json!({"projectId": made.data.project, "name": name, "unit": "age", "sql": sql, "tables": [table]});
            json("/training/v1/frames", body)
        }
        Kind::Batch => {
            let version = &made.frame["outcome"]["datasetVersionId"];
            json(
                "/prediction/v1/batches",
                json!({"model": "dreigende-dakloosheid", "datasetVersionId": version}),
            )
        }
        Kind::Prediction => Ask {
            // Every other client does without a key.
            has_key: name.ends_with(['0', '2', '4', '6', '8']),
            ..json(PREDICT, subject())
        },
    }
}

/// Asks until the process is gone, at most `times`.
async fn keep_asking(caller: Caller, ledger: Ledger, asks: Vec<Ask>) {
    for ask in asks {
        if ledger.ask(&caller, ask).await.is_err() {
            return;
        }
    }
}

/// Declares datasets and uploads a file to each, until the process is gone.
async fn keep_uploading(caller: Caller, ledger: Ledger, asks: Vec<(Ask, Ask)>) {
    for (declare, mut upload) in asks {
        let Ok(dataset) = ledger.ask(&caller, declare).await else {
            return;
        };
        upload.path = format!("/ingest/v1/datasets/{}/dataset-versions", id(&dataset));
        if ledger.ask(&caller, upload).await.is_err() {
            return;
        }
    }
}

/// Clients of one round: what is cheap as often as it goes, what is dear once.
fn start_clients(
    people: &People,
    made: &Made,
    ledger: &Ledger,
    round: u64,
) -> tokio::task::JoinSet<()> {
    let mut clients = tokio::task::JoinSet::new();
    for (kind, times) in [
        (Kind::Project, 2_000),
        (Kind::Source, 2_000),
        (Kind::Prediction, 4_000),
        (Kind::Prediction, 4_000),
        (Kind::Frame, 2),
        (Kind::Linkage, u64::from(round.is_multiple_of(4))),
        (Kind::Batch, 1),
    ] {
        let client = clients.len();
        let name = |n| format!("{kind:?} {round}-{client}-{n}");
        let asks = (0..times).map(|n| ask(kind, &name(n), made)).collect();
        clients.spawn(keep_asking(who(people, kind), ledger.clone(), asks));
    }
    let pairs = (0..4).map(|n| {
        let name = |kind| format!("{kind:?} {round}-{n}");
        (
            ask(Kind::Dataset, &name(Kind::Dataset), made),
            ask(Kind::Upload, &name(Kind::Upload), made),
        )
    });
    let caller = who(people, Kind::Upload);
    clients.spawn(keep_uploading(caller, ledger.clone(), pairs.collect()));
    clients
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_moments_under_load_nothing_acknowledged_is_lost_doubled_or_half() {
    let (rounds, seed) = (
        setting("HELDER_TEST_KILLS", ROUNDS),
        setting("HELDER_TEST_SEED", SEED),
    );
    let mut platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let made = active(&platform, &people).await;
    predicted(&people.consumer).await;
    let before = Before::of(&people).await;
    let (ledger, mut dice) = (Ledger::default(), Dice::of(seed));
    let (mut ready, mut again) = (Vec::new(), 0);
    for round in 0..rounds {
        let clients = start_clients(&people, &made, &ledger, round);
        tokio::time::sleep(Duration::from_millis(5 + dice.below(600) as u64)).await;
        platform.kill().unwrap();
        clients.join_all().await;
        let start = Instant::now();
        platform.restart().await.unwrap();
        ready.push(start.elapsed());
        // Ready means that it serves: a model in force answers at the first asking.
        again += ledger.ask_again(|kind| who(&people, kind)).await;
    }
    ready.sort_unstable();
    println!(
        "{rounds} kills, seed {seed}: ready again after {:?} (median {:?}, at most {:?}); {again} asked again",
        ready[0],
        ready[ready.len() / 2],
        ready[ready.len() - 1]
    );
    check_rows(&people, &ledger, &before).await;
    check_jobs(&people, &ledger, &before, &made).await;
    check_log(&people, &ledger, &before).await;
    // A debug build beside other tests; the bound of a release build is in the bench of cold starts.
    assert!(ready[ready.len() / 2] < Duration::from_secs(5), "{ready:?}");
}
