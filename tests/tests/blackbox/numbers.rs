//! P1: hundreds of BSNs through every field, parameter and error path of every operation, with everything logged that can be.
//! None of them is in an answer, in the log, in a trace or in the data folder afterwards.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::Duration,
};

use helder_testkit::Platform;
use helder_types::Bsn;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    described::{Described, described, leaves, objects},
    journey::{self, People},
    known::{Known, who_may},
    made::{active, predicted},
    support::{Caller, HERE, answer, eventually, every, stranger},
    trap::Collector,
};

/// Well-formed numbers with a beginning that nothing else here has.
struct Numbers(std::vec::IntoIter<String>, BTreeSet<Vec<u8>>);

impl Numbers {
    fn new() -> Self {
        let all = (909_000_000_u32..).map(|number| number.to_string());
        let good = all.filter(|text| Bsn::parse(text.as_bytes()).is_ok());
        Self(
            good.take(8_000).collect::<Vec<_>>().into_iter(),
            BTreeSet::new(),
        )
    }

    /// The next one, each used once.
    fn next(&mut self) -> String {
        let number = self.0.next().unwrap();
        self.1.insert(number.clone().into_bytes());
        number
    }

    /// Used numbers that stand in the bytes, wherever in a run of digits.
    fn found(&self, bytes: &[u8]) -> Vec<String> {
        let windows = bytes
            .windows(9)
            .enumerate()
            .filter(|(_, it)| it.starts_with(b"909"));
        let hits =
            windows.filter(|(at, window)| self.1.contains(*window) && !is_fraction(bytes, *at));
        hits.map(|(_, hit)| String::from_utf8_lossy(hit).into_owned())
            .collect()
    }
}

/// Whether the digits around `at` stand behind a decimal point.
fn is_fraction(bytes: &[u8], at: usize) -> bool {
    let digits = bytes[..at]
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let before = &bytes[..at - digits];
    before.ends_with(b".") && before.len() > 1 && before[before.len() - 2].is_ascii_digit()
}

/// A request with somebody's number somewhere in it.
struct Spoilt {
    what: String,
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<(String, String)>,
    number: String,
}

/// Every request that holds a number in one of its places.
fn spoilt(operation: &Described, known: &Known, numbers: &mut Numbers) -> Vec<Spoilt> {
    let base = known.path(operation);
    let bodies = known.bodies(operation);
    let json_body = |body: &Value| Some(("application/json".to_owned(), body.to_string()));
    let good = bodies.last().and_then(json_body);
    let mut found = Vec::new();
    let mut add =
        |place: &str, path: String, headers: Vec<(String, String)>, body, number: &str| {
            let what = format!("{} {}: {place}", operation.method, operation.template);
            let method = operation.method.clone();
            found.push(Spoilt {
                what,
                method,
                path,
                headers,
                body,
                number: number.to_owned(),
            });
        };
    for (index, segment) in operation.template.split('/').enumerate().skip(3) {
        if segment.starts_with('{') {
            let number = numbers.next();
            let mut parts: Vec<_> = base.split('/').collect();
            parts[index] = &number;
            add(segment, parts.join("/"), vec![], good.clone(), &number);
            let longer = format!("x-{number}");
            parts[index] = &longer;
            add(segment, parts.join("/"), vec![], good.clone(), &number);
        }
    }
    for name in operation
        .query
        .iter()
        .map(String::as_str)
        .chain(["bsn", "cursor", "limit"])
    {
        let number = numbers.next();
        add(
            name,
            format!("{base}?{name}={number}"),
            vec![],
            good.clone(),
            &number,
        );
    }
    let headers = [
        "x-bsn",
        "cookie",
        "user-agent",
        "x-request-id",
        "if-none-match",
        "tracestate",
        "accept-language",
    ];
    for name in operation.headers.iter().map(String::as_str).chain(headers) {
        let number = numbers.next();
        add(
            name,
            base.clone(),
            vec![(name.to_lowercase(), number.clone())],
            good.clone(),
            &number,
        );
    }
    let mut seen = BTreeSet::new();
    for body in &bodies {
        // What one alternative was asked before is not asked again of the next.
        for place in leaves(body)
            .into_iter()
            .filter(|it| seen.insert(it.clone()))
        {
            let number = numbers.next();
            let mut other = body.clone();
            *other.pointer_mut(&place).unwrap() = json!(number);
            add(&place, base.clone(), vec![], json_body(&other), &number);
        }
        for place in objects(body).into_iter().take(3) {
            let number = numbers.next();
            let mut other = body.clone();
            other.pointer_mut(&place).unwrap()[&number] = json!(number);
            add(
                &format!("a key at {place}"),
                base.clone(),
                vec![],
                json_body(&other),
                &number,
            );
        }
    }
    for media in &operation.media {
        let number = numbers.next();
        for body in broken(media, &number) {
            add(
                media,
                base.clone(),
                vec![],
                Some((media.clone(), body)),
                &number,
            );
        }
        let other = Some((number.clone(), number.clone()));
        add("media type", base.clone(), vec![], other, &number);
    }
    found
}

/// Bodies of a media type that are wrong in their own ways.
fn broken(media: &str, number: &str) -> Vec<String> {
    let bodies: &[&str] = match media {
        "application/json" => &[
            "{\"#\":#",
            "\"#\"",
            "{\"a\":#,\"a\":#}",
            "{\"#\":1,\"#\":2}",
            "[#",
            "# #",
            "{\"name\":\"#\\",
        ],
        "text/html" => &[
            "<!doctype html><p>#</p><script>#</script>",
            "<!doctype html><html><body><p>#</p></body></html>",
            "#",
        ],
        "text/csv" => &[
            "#;#\n#;1\n",
            "naam,#\nJan,1\n",
            "naam,getal\n\"#,1\n",
            "naam,getal\nJan,#,#\n",
            "naam,getal\nJa\0n,#\n",
            "#",
            "bsn;uitkomst\n#;#\n#9;1\n#;\"1\n",
            "naam\n#\n#\n",
        ],
        "application/x-ndjson" => &[
            "{\"#\":#",
            "{\"naam\":\"#\"}\n{\"#\":1}\n[#]\n",
            "{\"a\":#,\"a\":#}\n",
        ],
        _ => &["#", "PK\u{3}\u{4}#", "PAR1#PAR1"],
    };
    bodies
        .iter()
        .map(|body| body.replace('#', number))
        .collect()
}

async fn said(caller: &Caller, spoilt: &Spoilt) -> (u16, String, String) {
    let mut request = caller.request(spoilt.method.clone(), &spoilt.path);
    if spoilt.path.contains("/projects/") || spoilt.path.contains("/models/") {
        request = request.header("if-match", "\"1\"");
    }
    for (name, value) in &spoilt.headers {
        request = request.header(name, value);
    }
    if let Some((media, body)) = &spoilt.body {
        request = request.header("content-type", media).body(body.clone());
    }
    let reply = answer(request).await;
    let location = reply.header("location").to_owned();
    // A subject comes back under the name that the caller gave it: that is how the caller knows whose answer it is.
    let text = if spoilt.path.ends_with("/predictions") {
        reply
            .text
            .replace(&format!("\"id\":\"{}\"", spoilt.number), "")
    } else {
        reply.text.clone()
    };
    (
        reply.status,
        format!("{:?} {text}", reply.headers),
        location,
    )
}

#[tokio::test]
async fn five_hundred_numbers_through_every_field_and_error_path_leave_no_trace() {
    let mut platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let made = active(&platform, &people).await;
    predicted(&people.consumer).await;
    let known = Known::of(&people, &made).await;
    // From here on everything is logged, and traced to a collector of ours.
    let collector = Collector::start();
    let settings = format!(
        "[telemetry]\nfilter = \"trace\"\notlp_endpoint = \"http://{}\"\n",
        collector.address
    );
    assert!(platform.stop(Duration::from_secs(20)).await.unwrap());
    fs::write(platform.data().join("helder.toml"), settings).unwrap();
    platform.restart().await.unwrap();
    let nobody = stranger(&platform);

    let (mut numbers, mut asked, mut statuses) = (Numbers::new(), 0, BTreeMap::<u16, usize>::new());
    let mut jobs = Vec::new();
    let mut faults = Vec::new();
    let mut operations = described();
    // Last what stops the model.
    operations.sort_by_key(|it| it.template.contains("/_"));
    for operation in &operations {
        let spoilt = spoilt(operation, &known, &mut numbers);
        for (index, one) in spoilt.iter().enumerate() {
            // Without a token, with the wrong role, and as somebody who may.
            let caller = match (index, who_may(&people, operation)) {
                (0, _) => &nobody,
                (1, _) | (_, None) => &people.consumer,
                (_, Some(caller)) => caller,
            };
            let (status, text, location) = said(caller, one).await;
            asked += 1;
            *statuses.entry(status).or_default() += 1;
            if status >= 500 {
                faults.push(format!("{}: {text}", one.what));
            }
            if !numbers.found(text.as_bytes()).is_empty() {
                faults.push(format!(
                    "{} ({status}): {}",
                    one.what,
                    text.replace(&one.number, "(THE NUMBER)")
                ));
            }
            if status == 202 && !location.is_empty() {
                jobs.push((caller, location));
            }
        }
    }
    let used = numbers.1.len();
    println!(
        "{used} numbers in {asked} requests, {} jobs: {statuses:?}",
        jobs.len()
    );
    for (caller, job) in &jobs {
        let job = journey::ended(caller, job).await.to_string();
        if !numbers.found(job.as_bytes()).is_empty() || job.contains("\"status\":500") {
            faults.push(format!("a job: {job}"));
        }
    }
    faults.extend(what_can_be_read(&people, &numbers, &operations, &known).await);
    eventually(Duration::from_secs(20), || async {
        (collector.bytes().len() > 10_000).then_some(())
    })
    .await;
    assert!(platform.stop(Duration::from_secs(20)).await.unwrap());
    if !numbers.found(&collector.bytes()).is_empty() {
        faults.push("a trace".to_owned());
    }
    let (files, hits) = in_files(platform.folder(), &numbers);
    println!(
        "{files} files, {} MiB of traces",
        collector.bytes().len() >> 20
    );
    faults.extend(hits);
    assert!(
        faults.is_empty(),
        "{} places:\n{}",
        faults.len(),
        faults.join("\n")
    );
    assert!(used >= 500 && files > 30, "{used} numbers, {files} files");
}

/// Everything that can be read afterwards, by whoever may.
async fn what_can_be_read(
    people: &People,
    numbers: &Numbers,
    operations: &[Described],
    known: &Known,
) -> Vec<String> {
    let mut faults = Vec::new();
    for operation in operations.iter().filter(|it| it.method == Method::GET) {
        let Some(caller) =
            who_may(people, operation).filter(|_| !operation.template.contains("/events"))
        else {
            continue;
        };
        let path = known.path(operation);
        for accept in ["application/json", "text/html", "text/csv"] {
            let reply = answer(caller.request(Method::GET, &path).header("accept", accept)).await;
            if !numbers.found(reply.text.as_bytes()).is_empty() {
                faults.push(format!("{path} as {accept}: {}", reply.text));
            }
        }
        if operation.query.iter().any(|it| it == "cursor") && !path.contains("0000-7000-8000") {
            let all = json!(every(caller, &path).await).to_string();
            if !numbers.found(all.as_bytes()).is_empty() {
                faults.push(format!("{path}: {all}"));
            }
        }
    }
    let events = json!(every(&people.auditor, "/registry/v1/events").await).to_string();
    if !numbers.found(events.as_bytes()).is_empty() {
        faults.push(format!("events: {events}"));
    }
    faults
}

/// Looks into all files below `folder`; gives how many, and where a number stands.
fn in_files(folder: &Path, numbers: &Numbers) -> (usize, Vec<String>) {
    let (mut files, mut hits, mut open) = (0, Vec::new(), vec![folder.to_owned()]);
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        files += 1;
        for number in numbers.found(&bytes) {
            let place = bytes
                .windows(9)
                .position(|it| it == number.as_bytes())
                .unwrap();
            let around = &bytes[place.saturating_sub(200)..bytes.len().min(place + 60)];
            hits.push(format!(
                "{}: {}",
                path.display(),
                String::from_utf8_lossy(around)
            ));
        }
    }
    (files, hits)
}
