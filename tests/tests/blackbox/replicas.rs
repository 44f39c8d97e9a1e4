//! Two replicas of each program: what one is told, the other follows.
//!
//! Needs replicas: `HELDER_TEST_STORE=postgres HELDER_TEST_SHAPE=processes`. In one process it says the same of one.

use std::{collections::BTreeSet, time::Duration};

use helder_testkit::Platform;
use helder_types::Role;
use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    journey::People,
    made::{PREDICT, active, subject},
    support::{Caller, HERE},
};

/// As the registry promises; every replica keeps what it knows that long at most.
const FOLLOWED_WITHIN: Duration = Duration::from_secs(5);

/// Statuses of many predictions at once, over connections of their own, so that every replica is asked.
pub(crate) async fn statuses(platform: &Platform) -> BTreeSet<u16> {
    let token = platform.token(Role::Consumer, HERE).unwrap();
    let mut asked = JoinSet::new();
    for _ in 0..24 {
        let caller = Caller::new(&platform.url(), Some(token.clone()));
        asked.spawn(async move { caller.post(PREDICT, &subject()).await.status });
    }
    asked.join_all().await.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_replica_follows_an_activation_and_a_suspension_within_five_seconds() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    assert_eq!(statuses(&platform).await, BTreeSet::from([404]));
    let made = active(&platform, &people).await;
    // A version that is in force answers at once, whichever replica is asked.
    assert_eq!(statuses(&platform).await, BTreeSet::from([200]));
    let path = format!("/registry/v1/model-versions/{}/_suspend", made.version);
    let reason = json!({"reason": "Klacht in onderzoek."});
    people.officer.create(&path, reason).await;
    tokio::time::sleep(FOLLOWED_WITHIN).await;
    assert_eq!(statuses(&platform).await, BTreeSet::from([404]));
}
