//! U1: somebody with the database file in hand changes the event log.

use std::time::Duration;

use diesel::{Connection as _, connection::SimpleConnection as _, sqlite::SqliteConnection};
use helder_testkit::Platform;
use serde_json::json;

use crate::{
    journey::{self, People},
    support::HERE,
};

/// Each change, and the first line in which it shows.
const CHANGES: [(&str, &str, i64); 5] = [
    (
        "edited",
        "UPDATE events SET subject = 'somebody-else' WHERE sequence = 3",
        3,
    ),
    (
        "edited details",
        "UPDATE events SET details = '{}' WHERE sequence = 2",
        2,
    ),
    ("deleted", "DELETE FROM events WHERE sequence = 4", 4),
    (
        "inserted",
        "INSERT INTO events SELECT organisation, 1000, at, subject, client, action, object, details, previous, digest FROM events WHERE sequence = 5",
        1000,
    ),
    (
        "reordered",
        "UPDATE events SET sequence = -2 WHERE sequence = 2; UPDATE events SET sequence = 2 WHERE sequence = 5; UPDATE events SET sequence = 5 WHERE sequence = -2",
        2,
    ),
];

#[tokio::test]
async fn every_change_in_the_event_log_is_named_by_its_line() {
    let mut platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    for _ in 0..6 {
        journey::project(&people.owner).await;
    }
    assert!(platform.stop(Duration::from_secs(20)).await.unwrap());
    let database = platform.data().join("stores/registry.sqlite");
    let untouched = std::fs::read(&database).unwrap();

    for (change, sql, sequence) in CHANGES {
        std::fs::write(&database, &untouched).unwrap();
        let mut conn = SqliteConnection::establish(database.to_str().unwrap()).unwrap();
        conn.batch_execute(sql).unwrap();
        drop(conn);
        platform.restart().await.unwrap();
        let found = people
            .auditor
            .post("/registry/v1/events/_verify", &json!({}))
            .await
            .json();
        assert_eq!(found["valid"], false, "{change}: {found}");
        let named = found["firstBadSequence"].as_i64().unwrap();
        assert!(
            named == sequence || (change == "inserted" && named >= 7),
            "{change}: {found}"
        );
        assert!(platform.stop(Duration::from_secs(20)).await.unwrap());
    }
}
