//! Services that are away, slow or break off.

use std::time::{Duration, Instant};

use helder_types::Role;

use crate::world::World;

#[actix_web::test]
async fn a_service_that_is_away_is_503_with_a_time_to_come_back() {
    let world = World::start();
    let started = Instant::now();
    let reply = world
        .as_role(
            Role::DataSteward,
            "GET",
            "/linkage/v1/linkage-runs",
            "",
            b"",
        )
        .await;
    let problem = reply.assert_problem(503);
    assert!(reply.header("retry-after").parse::<u64>().unwrap() >= 1);
    assert!(
        !problem.detail.contains("127.0.0.1") && !problem.detail.contains("refused"),
        "{problem:?}"
    );
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[actix_web::test]
async fn a_service_that_hangs_is_504_within_the_time_limit() {
    let world = World::start();
    let started = Instant::now();
    let reply = world
        .as_role(Role::DataSteward, "GET", "/ingest/v1/slow", "", b"")
        .await;
    reply.assert_problem(504);
    assert!(reply.header("retry-after").parse::<u64>().unwrap() >= 1);
    let took = started.elapsed();
    assert!(
        (Duration::from_millis(1_900)..Duration::from_secs(3)).contains(&took),
        "{took:?}"
    );
    assert_eq!(world.stub.hits(), 1, "and it is not asked again");
    assert_eq!(
        world
            .as_role(Role::DataSteward, "GET", "/ingest/v1/datasets", "", b"")
            .await
            .status,
        200
    );
}

#[actix_web::test]
async fn a_service_that_breaks_off_ends_the_answer_visibly() {
    let world = World::start();
    let reply = world
        .as_role(Role::DataSteward, "GET", "/ingest/v1/broken", "", b"")
        .await;
    // The head was already sent, so the client must see that the end is missing: no final chunk.
    assert_eq!(reply.status, 200);
    assert_eq!(reply.text(), "half of it");
    let whole = world
        .as_role(Role::DataSteward, "GET", "/ingest/v1/datasets", "", b"")
        .await;
    assert_eq!(whole.status, 200, "and the gateway goes on");
}

#[actix_web::test]
async fn readiness_tells_which_service_is_away() {
    let world = World::start();
    let reply = world.send("GET", "/health/ready", "", b"").await;
    assert_eq!(reply.status, 503);
    let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(body["services"]["linkage"], "not ready");
    assert_eq!(body["services"]["ingest"], "ready");
}
