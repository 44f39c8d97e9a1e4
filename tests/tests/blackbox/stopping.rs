//! Asked to stop in the middle of work.

use std::time::{Duration, Instant};

use helder_testkit::Platform;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    journey::{self, People, id},
    made::candidate,
    support::{HERE, status_of},
};

/// What Kubernetes gives by default before it kills.
const WITHIN: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_answers_what_is_under_way_and_gives_jobs_back_within_thirty_seconds() {
    let mut platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let made = candidate(&platform, &people).await;
    let jobs = {
        let mut jobs = Vec::new();
        for _ in 0..3 {
            let training = journey::training(&made.data, &id(&made.frame));
            jobs.push(
                journey::start(&people.analyst, "/training/v1/training-runs", &training).await,
            );
        }
        jobs
    };
    // An upload of which half has been sent when the platform is asked to stop.
    let dataset = people
        .steward
        .create(
            "/ingest/v1/datasets",
            json!({"projectId": made.data.project, "name": "langzaam"}),
        )
        .await;
    let token = platform
        .token(helder_types::Role::DataSteward, HERE)
        .unwrap();
    let body = "nummer\n1\n2\n3\n";
    let head = format!(
        "POST /ingest/v1/datasets/{}/dataset-versions HTTP/1.1\r\nhost: 127.0.0.1\r\n\
         authorization: Bearer {token}\r\ncontent-type: text/csv\r\ncontent-length: {}\r\n\r\n",
        id(&dataset),
        body.len()
    );
    let mut stream = TcpStream::connect(platform.address()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body.as_bytes()[..6]).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;

    let sending = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(2)).await;
        stream.write_all(&body.as_bytes()[6..]).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    });
    let start = Instant::now();
    assert!(platform.stop(WITHIN).await.unwrap(), "it ends by itself");
    println!("stopped after {:.1?}", start.elapsed());
    let answer = sending.await.unwrap();
    assert_eq!(status_of(&answer), 202, "{answer}");
    let location = answer
        .lines()
        .find_map(|line| line.strip_prefix("location: "))
        .unwrap_or_else(|| panic!("{answer}"))
        .trim()
        .to_owned();

    platform.restart().await.unwrap();
    // What was accepted is done, and what ran when it stopped is done as well.
    journey::finished(&people.steward, &location).await;
    for job in jobs {
        journey::finished(&people.analyst, &job).await;
    }
}
