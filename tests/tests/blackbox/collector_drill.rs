//! R22 as a drill, run by `tests/drills/overload`: what a collector that hangs does to the times of answers.

use std::time::Duration;

use helder_testkit::{Collector, Platform};

use crate::{
    journey::People,
    made::{active, predicted},
    overload::{ask_for, request, told},
    support::HERE,
};

/// What stands where the telemetry goes.
#[derive(Clone, Copy, Debug)]
enum There {
    Nobody,
    Working,
    Hanging,
}

const ROUNDS: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a drill: tests/drills/overload"]
async fn drill_a_collector_that_hangs() {
    let mut platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    active(&platform, &people).await;
    let collector = Collector::start().unwrap();
    let quiet = "[telemetry]\nfilter = \"warn\"\n[gateway]\nrequests_per_second = 1000000\nburst = 1000000\n";
    let told_where = quiet.replace(
        "filter",
        &format!("otlp_endpoint = \"http://{}\"\nfilter", collector.address),
    );
    let asked = request(&platform, HERE);
    let pace = (8, 50.0);
    let mut measured = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        for there in [There::Nobody, There::Working, There::Hanging] {
            let settings = match there {
                There::Nobody => quiet,
                There::Working | There::Hanging => &told_where,
            };
            collector.silence(false);
            told(&mut platform, settings).await;
            predicted(&people.consumer).await;
            collector.silence(matches!(there, There::Hanging));
            ask_for(&platform, &asked, pace, Duration::from_secs(2)).await;
            let answers = ask_for(&platform, &asked, pace, Duration::from_secs(8)).await;
            assert_eq!(answers.count(200), answers.0.len(), "{there:?}");
            let quantiles = [0.5, 0.99].map(|share| answers.quantile(200, share));
            println!(
                "{there:?}: {} answers, p50 {:.2} ms, p99 {:.2} ms",
                answers.0.len(),
                quantiles[0],
                quantiles[1]
            );
            measured[there as usize].push(quantiles[1]);
        }
    }
    let [nobody, working, hanging] = measured.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[ROUNDS / 2]
    });
    println!(
        "median p99: {nobody:.2} ms without a collector, {working:.2} ms with one that works, {hanging:.2} ms with one that hangs \
         ({:.2}x of one that works)",
        hanging / working
    );
}
