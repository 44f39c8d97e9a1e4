//! P1 to P4: hundreds of BSNs through every field, parameter and error path of every operation, with everything logged that can
//! be. None of them is in an answer, in the log, in a trace, in a metric, in what the database server writes down of every
//! statement, or in the data folder afterwards.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use diesel::{Connection as _, PgConnection, connection::SimpleConnection as _};
use helder_testkit::{Collector, Platform};
use reqwest::Method;
use serde_json::json;

use crate::{
    described::{Described, described},
    journey::{self, People},
    known::{Known, who_may},
    made::{active, predicted},
    spoilt::{Numbers, Spoilt, spoilt},
    support::{Caller, HERE, answer, eventually, every, stranger},
    telemetry::scraped,
};

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
    let collector = Collector::start().unwrap();
    let settings = format!(
        "[telemetry]\nfilter = \"trace\"\notlp_endpoint = \"http://{}\"\n",
        collector.address
    );
    assert!(platform.stop(Duration::from_secs(20)).await.unwrap());
    fs::write(platform.data().join("helder.toml"), settings).unwrap();
    let server_log = every_statement_logged(&platform);
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
    let used = numbers.used.len();
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
    let metrics = scraped(&platform).await.concat();
    if !numbers.found(metrics.as_bytes()).is_empty() {
        faults.push("a metric that is scraped".to_owned());
    }
    assert!(platform.stop(Duration::from_secs(20)).await.unwrap());
    if !numbers.found(&collector.bytes()).is_empty() {
        faults.push("a trace or a metric".to_owned());
    }
    if let Some(log) = server_log {
        faults.extend(in_server_log(log, &numbers));
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
        // Only a run of a series has persons with numbers; `series` reads them.
        let is_of_series = ["/entities", "/changes"]
            .iter()
            .any(|end| operation.template.ends_with(end));
        let is_list = operation.query.iter().any(|it| it == "cursor") && !is_of_series;
        if is_list && !path.contains("0000-7000-8000") {
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

/// Makes the database server write down every statement with its values, on connections that are made from now on. Gives its
/// log and how long that is now.
fn every_statement_logged(platform: &Platform) -> Option<(PathBuf, u64)> {
    let database = platform.database()?;
    let Ok(log) = env::var("HELDER_TEST_POSTGRES_LOG") else {
        helder_testkit::not_run("the log of the server: HELDER_TEST_POSTGRES_LOG names none");
        return None;
    };
    let mut conn = PgConnection::establish(database).unwrap();
    let set = "format('ALTER DATABASE %I SET log_statement = %L', current_database(), 'all')";
    conn.batch_execute(&format!("DO $$ BEGIN EXECUTE {set}; END $$"))
        .unwrap();
    let before = fs::metadata(&log).unwrap().len();
    Some((log.into(), before))
}

/// Where a number stands in the server's log, which must hold what was asked.
fn in_server_log((log, before): (PathBuf, u64), numbers: &Numbers) -> Vec<String> {
    let bytes = fs::read(&log).unwrap().split_off(before as usize);
    let has_values = bytes.windows(11).any(|it| it == b"parameters:");
    assert!(has_values, "statements are logged with their values");
    println!("{} MiB of the server's log", bytes.len() >> 20);
    // There are millions of hexadecimal digits in it, in which any nine digits may stand.
    let is_alone = |number: &String| {
        let at = bytes.windows(11).any(|it| {
            &it[1..10] == number.as_bytes()
                && ![it[0], it[10]].iter().any(u8::is_ascii_alphanumeric)
        });
        at.then(|| around(&log, &bytes, number))
    };
    numbers.found(&bytes).iter().filter_map(is_alone).collect()
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
        let found = numbers.found(&bytes);
        hits.extend(found.iter().map(|number| around(&path, &bytes, number)));
    }
    (files, hits)
}

/// What stands around a number.
fn around(path: &Path, bytes: &[u8], number: &str) -> String {
    let mut windows = bytes.windows(9);
    let place = windows.position(|it| it == number.as_bytes()).unwrap();
    let around = &bytes[place.saturating_sub(200)..bytes.len().min(place + 60)];
    format!("{}: {}", path.display(), String::from_utf8_lossy(around))
}
