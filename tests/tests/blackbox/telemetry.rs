//! Traces, numbers and lines of a whole run, as a collector receives them: joined, and with nobody in them.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fs,
    time::Duration,
};

use helder_testkit::{CollectedPoint, Collector, Platform};
use reqwest::Method;

use crate::{
    journey::People,
    made::{PREDICT, active, predicted, subject},
    support::{HERE, answer, eventually},
};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CLIENT: &str = "00f067aa0ba902b7";

/// A platform that sends to this address from its first line on.
async fn traced(address: &str) -> Platform {
    let mut platform = Platform::start().await.unwrap();
    told(&mut platform, address).await;
    platform
}

async fn told(platform: &mut Platform, address: &str) {
    assert!(platform.stop(Duration::from_secs(20)).await.unwrap());
    let settings = format!(
        "[telemetry]\nfilter = \"info\"\notlp_endpoint = \"http://{address}\"\nmetrics_interval_s = 1\n"
    );
    fs::write(platform.data().join("helder.toml"), settings).unwrap();
    platform.restart().await.unwrap();
}

#[tokio::test]
async fn a_collector_gets_joined_traces_and_numbers_and_nobody_is_in_them() {
    let collector = Collector::start().unwrap();
    let mut platform = traced(&collector.address.to_string()).await;
    let people = People::of(&platform, HERE);
    active(&platform, &people).await;
    predicted(&people.consumer).await;
    let request = people
        .consumer
        .request(Method::POST, PREDICT)
        .json(&subject());
    let traceparent = format!("00-{TRACE}-{CLIENT}-01");
    let reply = answer(request.header("traceparent", traceparent)).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    // Wrong input, unknown paths, somebody's number where none belongs: errors are traced too.
    people
        .consumer
        .post(
            PREDICT,
            &serde_json::json!({"subjects": [{"values": {"leeftijd": "Jansen"}}]}),
        )
        .await;
    people.steward.get("/ingest/v1/datasets/999000003").await;
    assert!(platform.stop(Duration::from_secs(20)).await.unwrap());
    assert_eq!(collector.faults(), Vec::<String>::new());

    joined(&collector);
    numbers(&collector);
    let log = fs::read_to_string(platform.folder().join("testkit.log")).unwrap();
    let line = log.lines().find(|line| line.contains(TRACE));
    assert!(line.is_some_and(|it| it.contains("trace_id=")), "{line:?}");
    nobody(&platform, &collector, &log);
}

/// Every span has its parent, in its own trace.
fn joined(collector: &Collector) {
    let spans = collector.spans();
    let known: HashSet<_> = spans
        .iter()
        .map(|span| (span.trace_id.clone(), span.span_id.clone()))
        .collect();
    assert_eq!(known.len(), spans.len(), "every span once");
    let mut names = BTreeMap::<&str, usize>::new();
    for span in &spans {
        *names.entry(span.name.as_str()).or_default() += 1;
        let parent = (span.trace_id.clone(), span.parent_span_id.clone());
        let is_root = span.parent_span_id.is_empty() || span.parent_span_id == CLIENT;
        assert!(is_root || known.contains(&parent), "an orphan: {span:?}");
    }
    println!("{} spans: {names:?}", spans.len());
    for name in ["gateway", "request", "job"] {
        assert!(names.contains_key(name), "no span {name}: {names:?}");
    }
    let of_ours: Vec<_> = spans.iter().filter(|span| span.trace_id == TRACE).collect();
    let find = |name: &str, parent: &str| {
        of_ours
            .iter()
            .find(|span| span.name == name && span.parent_span_id == parent)
            .unwrap_or_else(|| panic!("no {name} under {parent}: {of_ours:?}"))
    };
    let gateway = find("gateway", CLIENT);
    assert_eq!(gateway.attributes["status"], "200");
    let service = find("request", &gateway.span_id);
    assert!(service.attributes["route"].ends_with("/models/{model}/predictions"));
    // A job goes on in the trace of the request that asked for it, and what it asks of others is under it.
    let by_id: BTreeMap<_, _> = spans.iter().map(|span| (&span.span_id, span)).collect();
    let jobs = spans.iter().filter(|span| span.name == "job");
    let jobs: Vec<_> = jobs.collect();
    assert!(
        jobs.iter()
            .all(|job| by_id.contains_key(&job.parent_span_id))
    );
    let asks = |job: &&&helder_testkit::CollectedSpan| {
        spans
            .iter()
            .any(|span| span.name == "request" && span.parent_span_id == job.span_id)
    };
    assert!(jobs.iter().filter(asks).count() > 2, "{jobs:?}");
}

fn numbers(collector: &Collector) {
    let names = collector.metric_names();
    for name in [
        "http.server.request.duration",
        "helder.jobs",
        "helder.jobs.oldest",
        "helder.cache.lookups",
        "helder.cache.entries",
        "helder.model.age",
        "helder.models",
        "helder.registry.silence",
        "helder.logboek.records",
        "helder.logboek.lag",
        "helder.logboek.waiting",
        "helder.telemetry.dropped",
    ] {
        assert!(names.iter().any(|it| it == name), "no {name}: {names:?}");
    }
    let has = |point: &&CollectedPoint, key: &str, value: &str| {
        point.attributes.get(key).is_some_and(|it| it == value)
    };
    let requests = collector.metric("http.server.request.duration");
    for service in ["gateway", "prediction"] {
        // Of all replicas together.
        let answered = requests.iter().filter(|point| {
            has(point, "helder.service", service)
                && has(
                    point,
                    "http.route",
                    PREDICT.replace("dreigende-dakloosheid", "{model}").as_str(),
                )
                && has(point, "http.response.status_code", "200")
        });
        let answered: f64 = answered.map(|it| it.value).sum();
        assert!(answered >= 2.0, "{service}: {requests:?}");
    }
    let records = collector.metric("helder.logboek.records");
    let written = records
        .iter()
        .filter(|it| has(it, "helder.outcome", "written"));
    let written: f64 = written.map(|it| it.value).sum();
    assert!(written >= 3.0, "{records:?}");
    let dropped = collector.metric("helder.telemetry.dropped");
    assert!(dropped.iter().all(|it| it.value < 1.0), "{dropped:?}");
}

/// P1 to P4: no number, name, address or birth date of anybody in the files.
fn nobody(platform: &Platform, collector: &Collector, log: &str) {
    let texts = collector.texts().join("\n");
    let said = [("what the collector got", texts.as_str()), ("the log", log)];
    let mut looked_for = 0;
    let values = values(platform);
    for (what, said) in said {
        let words: HashSet<&str> = said
            .split(|letter: char| !letter.is_alphanumeric())
            .collect();
        for value in &values {
            looked_for += 1;
            let is_word = value.chars().all(char::is_alphanumeric);
            let is_there = if is_word {
                words.contains(value.as_str())
            } else {
                said.contains(value.as_str())
            };
            assert!(!is_there, "{what} holds {value}");
        }
        assert!(
            !words.contains("999000003"),
            "{what} holds a number from a path"
        );
    }
    let bytes = collector.bytes();
    let digits: HashSet<&[u8]> = bytes.split(|byte| !byte.is_ascii_digit()).collect();
    let numbers = values.iter().filter(|it| it.len() == 9);
    for number in numbers {
        assert!(!digits.contains(number.as_bytes()), "the bytes hold a BSN");
    }
    println!(
        "{looked_for} values looked for in {} KiB of texts and {} KiB of log",
        texts.len() >> 10,
        log.len() >> 10
    );
    assert!(looked_for > 2_000 && texts.len() > 20_000);
}

/// Every number, name, postcode and birth date in the files that were brought in.
fn values(platform: &Platform) -> BTreeSet<String> {
    let mut values = BTreeSet::new();
    for file in ["persons.csv", "signals.csv"] {
        let text = find(platform.folder(), file);
        let mut lines = text.lines();
        let header: Vec<_> = lines.next().unwrap().split(';').collect();
        for line in lines {
            for (name, value) in header.iter().zip(line.split(';')) {
                let is_personal = [
                    "bsn",
                    "voornamen",
                    "geslachtsnaam",
                    "geboortedatum",
                    "postcode",
                ];
                if is_personal.contains(name) && value.len() > 2 {
                    values.insert(value.to_owned());
                    if *name == "postcode" {
                        values.insert(value.replace(' ', ""));
                    }
                }
            }
        }
    }
    values
}

fn find(folder: &std::path::Path, name: &str) -> String {
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(&path).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                open.push(entry.path());
            } else if entry.file_name() == name {
                return fs::read_to_string(entry.path()).unwrap();
            }
        }
    }
    panic!("no {name}")
}

/// R22: the numbers of every process with services, on its internal addresses; the gateway does not lead there.
pub(crate) async fn scraped(platform: &Platform) -> Vec<String> {
    let client = reqwest::Client::new();
    let outside = format!("{}/metrics", platform.url());
    assert_eq!(client.get(outside).send().await.unwrap().status(), 404);
    let mut shown = Vec::new();
    for port in platform.service_ports().unwrap() {
        let url = format!("http://127.0.0.1:{port}/metrics");
        let reply = client.get(&url).send().await;
        if let Ok(reply) = reply
            && reply.status() == 200
        {
            shown.push(reply.text().await.unwrap());
        }
    }
    assert!(!shown.is_empty(), "nobody shows numbers");
    shown
}

/// Spans dropped by all processes with services.
fn dropped(texts: &[String]) -> u64 {
    let line = "helder_telemetry_dropped_total{helder_signal=\"traces\"} ";
    let of = |text: &String| {
        let line = text.lines().find_map(|it| it.strip_prefix(line));
        line.unwrap().parse::<u64>().unwrap()
    };
    texts.iter().map(of).sum()
}

#[tokio::test]
async fn a_collector_that_says_nothing_or_is_away_costs_no_answer_and_what_is_dropped_is_counted() {
    let collector = Collector::start().unwrap();
    let mut platform = traced(&collector.address.to_string()).await;
    let people = People::of(&platform, HERE);
    active(&platform, &people).await;
    predicted(&people.consumer).await;
    collector.silence(true);
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let consumer = people.consumer.clone();
        asking.spawn(async move {
            for _ in 0..200 {
                assert_eq!(consumer.post(PREDICT, &subject()).await.status, 200);
            }
        });
    }
    while let Some(ended) = asking.join_next().await {
        ended.unwrap();
    }
    // What does not fit the queue at once, or what nobody took within its time.
    let text = eventually(Duration::from_secs(30), || async {
        let text = scraped(&platform).await;
        (dropped(&text) > 0).then_some(text)
    })
    .await;
    println!("{} spans dropped", dropped(&text));
    assert!(
        text.iter()
            .all(|it| it.contains("http_server_request_duration_seconds_bucket"))
    );

    // It ends in time although nobody takes what is left; then the same with nobody there at all.
    let nowhere = std::net::TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap();
    told(&mut platform, &nowhere.to_string()).await;
    predicted(&people.consumer).await;
    eventually(Duration::from_secs(20), || async {
        assert_eq!(people.consumer.post(PREDICT, &subject()).await.status, 200);
        (dropped(&scraped(&platform).await) > 0).then_some(())
    })
    .await;
    collector.silence(false);
}
