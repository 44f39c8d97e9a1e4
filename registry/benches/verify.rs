//! Recomputing an event log of a million lines.
#![expect(
    clippy::unwrap_used,
    reason = "what cannot be set up ends the measurement"
)]

use std::time::Instant;

use helder_platform::{
    store::Store,
    testing::{TestDatabase, caller},
};
use helder_registry::{MIGRATIONS, record_event, verify_events};
use serde_json::json;

const LINES: usize = 1_000_000;
/// A server is filled line by line, too; a tenth of them says as much about each.
const LINES_ON_SERVER: usize = 100_000;
/// Lines in one transaction while the log is filled.
const AT_ONCE: usize = 20_000;
const TURNS: usize = 3;

async fn measure(store: Store, database: &TestDatabase, what: &str, lines: usize) {
    let who = caller("GM0772", "anna.de.vries", &[]).unwrap();
    let own = store.of(&who.organisation);
    for first in (0..lines).step_by(AT_ONCE) {
        let who = who.clone();
        let filled = own.write(move |conn| {
            for n in first..first + AT_ONCE {
                let details = json!({
                    "digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                    "verdict": "approve", "remarks": format!("looked at it, number {n}"),
                });
                let object = "/model-versions/0198f1c2-7d34-7000-8000-000000000001";
                record_event(conn, &who, "model-version.review", object, &details)?;
            }
            Ok(())
        });
        filled.await.unwrap();
    }
    for _ in 0..TURNS {
        let organisation = who.organisation.clone();
        let start = Instant::now();
        let found = own.read(move |conn| verify_events(conn, &organisation));
        let found = found.await.unwrap();
        let took = start.elapsed().as_secs_f64();
        assert!(found.valid && found.events == lines as i64, "{found:?}");
        println!(
            "{what}: {lines} lines verified in {took:.2} s, {:.0} lines/s",
            lines as f64 / took
        );
    }
    let bad = lines as i64 / 10 * 7;
    let edit = format!("UPDATE events SET subject = 'somebody.else' WHERE sequence = {bad}");
    database.tamper(&edit).unwrap();
    let organisation = who.organisation.clone();
    let found = own.read(move |conn| verify_events(conn, &organisation));
    let found = found.await.unwrap();
    assert_eq!(found.first_bad_sequence, Some(bad), "{found:?}");
    println!("{what}: line {bad}, edited, is named");
}

fn main() {
    // `cargo test` builds and starts benches too.
    if !std::env::args().any(|it| it == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let databases = [
        ("SQLite", Some(TestDatabase::sqlite().unwrap()), LINES),
        (
            "PostgreSQL",
            TestDatabase::postgres().unwrap(),
            LINES_ON_SERVER,
        ),
    ];
    for (what, database, lines) in databases {
        let Some(database) = database else { continue };
        let store = database.open(&[MIGRATIONS]).unwrap();
        runtime.block_on(measure(store, &database, what, lines));
    }
}
