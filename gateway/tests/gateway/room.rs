//! More requests than the worker threads keep up with, for a service in the gateway's own process.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use helder_types::Role;
use tokio::{io::AsyncWriteExt as _, net::TcpStream, task::JoinSet};

use crate::{
    issuer,
    world::{JSON, Reply, World, bearer, read_reply},
};

fn request(world: &World, model: &str, gemeente: &str) -> Vec<u8> {
    let token = bearer(&issuer::token(Role::Consumer, gemeente));
    format!(
        "POST /prediction/v1/models/{model}/predictions HTTP/1.1\r\nHost: {}\r\n{token}{JSON}Content-Length: 2\r\n\r\n{{}}",
        world.address
    )
    .into_bytes()
}

async fn open(world: &World) -> TcpStream {
    TcpStream::connect(world.address).await.unwrap()
}

#[track_caller]
fn assert_told_to_come_back(reply: &Reply) {
    let problem = reply.assert_problem(503);
    assert!(problem.kind.ends_with(":no-room"), "{problem:?}");
    assert_eq!(reply.header("retry-after"), "1");
    assert!(problem.detail.contains("nothing was done"), "{problem:?}");
}

/// Waits until so many requests have reached the service.
async fn arrived(world: &World, count: usize) {
    let since = Instant::now();
    while world.stub.hits() < count {
        assert!(since.elapsed() < Duration::from_secs(10), "they arrive");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[actix_web::test]
async fn r19_beyond_the_room_requests_are_refused_while_others_are_under_way() {
    let world = World::beside(|config| {
        config.requests_at_once = 4;
        config.answer_s = 20;
    });
    let held = request(&world, "held", "GM0772");
    let mut inside = Vec::new();
    for count in 1..=4 {
        let mut socket = open(&world).await;
        socket.write_all(&held).await.unwrap();
        inside.push(socket);
        arrived(&world, count).await;
    }
    // None of the four is answered yet, so a refusal that comes waited for none of them. The connection stays.
    let mut refused = open(&world).await;
    for _ in 0..3 {
        refused.write_all(&held).await.unwrap();
        assert_told_to_come_back(&read_reply(&mut refused).await);
    }
    assert_eq!(world.stub.hits(), 4, "nothing of it reached the service");
    world.stub.release(4);
    for socket in &mut inside {
        let reply = read_reply(socket).await;
        assert_eq!(
            (reply.status, reply.text().as_str()),
            (200, "{\"ok\":true}")
        );
    }
    world.stub.release(1);
    refused.write_all(&held).await.unwrap();
    assert_eq!(read_reply(&mut refused).await.status, 200, "there is room");
}

#[actix_web::test]
async fn r19_threads_that_fall_behind_let_fewer_in_and_who_asks_little_is_served() {
    let world = World::beside(|config| {
        config.sure_at_once = 4;
        config.requests_per_second = 1_000_000;
        config.burst = 1_000_000;
        config.workers = 1;
    });
    let toils = Arc::new(request(&world, "toils", "GM0772"));
    let is_over = Arc::new(AtomicBool::new(false));
    let refused = Arc::new(AtomicUsize::new(0));
    let mut crowd = JoinSet::new();
    for _ in 0..40 {
        let mut socket = open(&world).await;
        let (toils, is_over) = (Arc::clone(&toils), Arc::clone(&is_over));
        let refused = Arc::clone(&refused);
        crowd.spawn(async move {
            let mut served = 0;
            while !is_over.load(Ordering::Relaxed) {
                socket.write_all(&toils).await.unwrap();
                let reply = read_reply(&mut socket).await;
                if reply.status == 200 {
                    assert_eq!(reply.text(), "{\"ok\":true}");
                    served += 1;
                } else {
                    assert_told_to_come_back(&reply);
                    refused.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
            served
        });
    }
    let since = Instant::now();
    while refused.load(Ordering::Relaxed) < 100 {
        assert!(
            since.elapsed() < Duration::from_secs(30),
            "they are refused"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Another municipality asks one at a time beside all that.
    let other = request(&world, "toils", "GM0599");
    let mut socket = open(&world).await;
    for _ in 0..30 {
        socket.write_all(&other).await.unwrap();
        assert_eq!(read_reply(&mut socket).await.status, 200);
    }
    is_over.store(true, Ordering::Relaxed);
    let served: usize = crowd.join_all().await.into_iter().sum();
    assert!(served > 0, "some were served all the time");
    // With the crowd gone, there is room at once.
    socket.write_all(&toils).await.unwrap();
    assert_eq!(read_reply(&mut socket).await.status, 200);
}
