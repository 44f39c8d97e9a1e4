//! Records per second: writing an act about a million people, and finding one of them.
#![expect(
    clippy::unwrap_used,
    reason = "what cannot be set up ends the measurement"
)]

use std::time::Instant;

use helder_platform::{
    logboek::{Act, Cursor, LogboekSettings, Query, Sought, Status, find},
    purpose::Purpose,
    store::Store,
    testing::{TestDatabase, caller},
};
use uuid::Uuid;

const PEOPLE: u64 = 1_000_000;
const ACTS: u64 = 20;

fn pseudonym(number: u64) -> [u8; 16] {
    let high = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((u128::from(high) << 64) | u128::from(number)).to_be_bytes()
}

fn measure(store: &Store, what: &str) {
    let who = caller("GM0772", "anna", &[]).unwrap();
    let purpose = Purpose {
        project: Uuid::nil(),
        activity: "https://register.example/1".to_owned(),
    };
    let start = Instant::now();
    for _ in 0..ACTS {
        let mut act = Act::begin("ingest", &who, &purpose, "measured");
        act.subjects.people((0..PEOPLE).map(pseudonym));
        store
            .of(&who.organisation)
            .write_blocking(|conn| act.record(conn, Status::Ok))
            .unwrap();
    }
    let took = start.elapsed().as_secs_f64();
    println!(
        "{what}: {:.0} records/s written, sorting included ({ACTS} acts of {PEOPLE} people in {took:.2} s)",
        (ACTS * PEOPLE) as f64 / took
    );
    let start = Instant::now();
    for number in 0..100 {
        let query = Query {
            subjects: Some(vec![Sought::Person(pseudonym(number * 9_973))]),
            ..Query::default()
        };
        let settings = LogboekSettings::default();
        let found = store
            .of(&who.organisation)
            .read_blocking(|conn| {
                find(
                    conn,
                    &who.organisation,
                    &settings,
                    &query,
                    &Cursor::start(),
                    200,
                )
            })
            .unwrap();
        assert_eq!(found.len() as u64, ACTS);
    }
    println!(
        "{what}: {:.1} ms to find the {ACTS} records of one person among {} million",
        start.elapsed().as_secs_f64() * 10.0,
        ACTS * PEOPLE / 1_000_000
    );
}

fn main() {
    // `cargo test` builds and starts benches too.
    if !std::env::args().any(|it| it == "--bench") {
        return;
    }
    let database = TestDatabase::sqlite().unwrap();
    measure(&database.open(&[]).unwrap(), "SQLite");
    if let Some(database) = TestDatabase::postgres().unwrap() {
        measure(&database.open(&[]).unwrap(), "PostgreSQL");
    }
}
