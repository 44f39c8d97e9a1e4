//! A large object through a real S3 server: memory stays flat, and an upload that is given up leaves no parts.
//!
//! A program of its own, so that no other test's memory is counted. Runs where `HELDER_TEST_S3_URL` names a bucket.
#![expect(clippy::unwrap_used, reason = "a test may end in a panic")]

use std::io::Write as _;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use helder_platform::{objects::Objects, problem::Problem};
use helder_types::OrganisationId;

const BLOCK: u32 = 1 << 20;
const BLOCKS: u32 = 136;
/// Growth allowed: parts of 8 MiB on their way, twice while the client library holds them too, and the pools.
const GROWTH_KIB: u64 = 64 * 1024;

/// Peak resident memory of this process, KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// A block whose bytes depend on its number.
fn block(number: u32) -> Bytes {
    let bytes = (0..BLOCK).map(|n| (n ^ number).wrapping_mul(2_654_435_761).to_be_bytes()[0]);
    bytes.collect()
}

/// Multipart uploads that the server still knows for keys below `prefix`, as its own listing says.
async fn unfinished(bucket: &str, prefix: &str) -> usize {
    let endpoint = std::env::var("AWS_ENDPOINT").unwrap();
    let url = format!("{endpoint}/{bucket}?uploads");
    let listing = reqwest::get(url).await.unwrap().text().await.unwrap();
    assert!(listing.contains("ListMultipartUploadsResult"), "{listing}");
    listing.matches(&format!("<Key>{prefix}/")).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_megabytes_pass_in_flat_memory_and_what_is_given_up_leaves_no_parts() {
    let Ok(url) = std::env::var("HELDER_TEST_S3_URL") else {
        // Past the capture of the test harness: what was not tested is seen in every run.
        let _ = writeln!(
            std::io::stderr(),
            "NOT RUN: HELDER_TEST_S3_URL names no bucket"
        );
        return;
    };
    let bucket = url.trim_start_matches("s3://").split('/').next().unwrap();
    let prefix = format!("large-{}", std::process::id());
    let objects = Objects::open(&format!("s3://{bucket}/{prefix}")).unwrap();
    let organisation: OrganisationId = "GM0758".parse().unwrap();

    let before = peak();
    let start = Instant::now();
    let blocks = stream::iter(0..BLOCKS).map(|number| Ok::<_, Problem>(block(number)));
    let (digest, size) = objects.put_stream(&organisation, blocks).await.unwrap();
    assert_eq!(size, u64::from(BLOCKS) * u64::from(BLOCK));
    assert_eq!(unfinished(bucket, &prefix).await, 0);
    let mut back = objects.open_stream(&organisation, &digest).await.unwrap();
    let mut read = 0;
    while let Some(bytes) = back.next().await {
        read += bytes.unwrap().len() as u64;
    }
    assert_eq!(read, size);
    let grown = peak() - before;
    println!(
        "{size} bytes up and down in {:.1} s, peak memory grew by {grown} KiB",
        start.elapsed().as_secs_f64()
    );
    assert!(grown < GROWTH_KIB, "peak memory grew by {grown} KiB");

    // Given up half-way: the caller goes away as soon as the server knows of the upload.
    let blocks = stream::iter(0..BLOCKS).map(|number| Ok::<_, Problem>(block(number + 1)));
    let giving_up = {
        let (objects, organisation) = (objects.clone(), organisation.clone());
        tokio::spawn(async move { objects.put_stream(&organisation, blocks).await.map(drop) })
    };
    within(Duration::from_mins(1), async || {
        unfinished(bucket, &prefix).await == 1
    })
    .await;
    giving_up.abort();
    within(Duration::from_secs(20), async || {
        unfinished(bucket, &prefix).await == 0
    })
    .await;
    objects.delete(&organisation, &digest).await.unwrap();
}

async fn within(limit: Duration, check: impl AsyncFn() -> bool) {
    let start = Instant::now();
    while !check().await {
        assert!(start.elapsed() < limit, "not within {limit:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
