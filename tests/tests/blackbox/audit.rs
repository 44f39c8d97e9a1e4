//! U1: somebody with the database in hand changes the event log.

use std::time::Duration;

use diesel::{
    Connection as _, PgConnection, connection::SimpleConnection as _, sqlite::SqliteConnection,
};
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
    behind_its_back(&platform, "CREATE TABLE untouched AS SELECT * FROM events");

    for (change, sql, sequence) in CHANGES {
        behind_its_back(
            &platform,
            "DELETE FROM events; INSERT INTO events SELECT * FROM untouched",
        );
        behind_its_back(&platform, sql);
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

/// Runs SQL on the registry's database, past the platform.
fn behind_its_back(platform: &Platform, sql: &str) {
    if let Some(url) = platform.database() {
        let mut conn = PgConnection::establish(url).unwrap();
        conn.batch_execute("SET search_path = registry").unwrap();
        conn.batch_execute(sql).unwrap();
    } else {
        let file = platform.data().join("stores/registry.sqlite");
        let mut conn = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
        conn.batch_execute(sql).unwrap();
    }
}
