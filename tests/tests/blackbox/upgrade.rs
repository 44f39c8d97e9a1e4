//! R25–R26: the programs of a former version serve while this version changes the tables, then both serve together, then this
//! one alone. `scripts/drill-upgrade` builds the former version and runs it.

use std::{process::Command, sync::Arc, time::Duration};

use helder_testkit::{Platform, helder};

use crate::{
    database::settled,
    journey::People,
    ledger::Kind,
    made::active,
    reckoning::{Before, check_jobs, check_log, check_rows},
    rolling::{Load, SERVICES},
    support::HERE,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_former_version_hands_over_without_losing_a_request() {
    if std::env::var_os("HELDER_TEST_FORMER").is_none() {
        println!("left out: HELDER_TEST_FORMER names no programs of a former version");
        return;
    }
    let mut platform = Platform::start().await.unwrap();
    assert!(platform.has_replicas(), "HELDER_TEST_SHAPE is processes");
    let owner = platform.owner().unwrap();
    let people = People::of(&platform, HERE);
    let made = Arc::new(active(&platform, &people).await);
    settled(&people).await;
    let before = Before::of(&people).await;
    let load = Load::start(&people, &made);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let migrated = tokio::task::spawn_blocking(move || {
        let mut migrate = Command::new(helder().unwrap());
        migrate.args(["migrate", "--store", &owner]).output()
    });
    let migrated = migrated.await.unwrap().unwrap();
    assert!(migrated.status.success(), "{migrated:?}");
    println!("{}", String::from_utf8_lossy(&migrated.stdout));
    // The former version on the new tables.
    tokio::time::sleep(Duration::from_secs(2)).await;
    // Replica by replica: in between, each service is of both versions, and calls both of the others.
    for service in SERVICES {
        platform.roll(&[service], |_, _| ()).await.unwrap();
    }
    platform.roll(&["gateway"], |_, _| ()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (ledger, read) = load.end().await;
    let open = ledger.open();
    println!(
        "{} predictions and {read} lists answered while the version changed, {} requests lost",
        ledger.acknowledged(Kind::Prediction).len(),
        open.len()
    );
    assert!(open.is_empty(), "{open:?}");
    check_rows(&people, &ledger, &before).await;
    check_jobs(&people, &ledger, &before, &made).await;
    check_log(&people, &ledger, &before).await;
}
