//! Two municipalities link on encodings: each gets its own rows that the other knows too, and nothing else of the other.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use helder_pprl::{Columns, Options, ProjectKey, encode};
use helder_record_linkage::{Column, Table};
use helder_testkit::Platform;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    journey::{People, finished, id, project},
    support::{Caller, ELSEWHERE, HERE, NOWHERE, Reply, THIRD, activities, answer},
};

/// Person `n`; nobody else is like them.
fn person(n: usize) -> [String; 5] {
    const GIVEN: [&str; 7] = ["Anna", "Bram", "Cora", "Daan", "Eva", "Floris", "Guusje"];
    const STEMS: [&str; 11] = [
        "Berg", "Dijk", "Bakker", "Visser", "Smid", "Meijer", "Mulder", "Groot", "Bos", "Vos",
        "Peters",
    ];
    let day = 1 + n * 5 % 28;
    [
        GIVEN[n % 7].to_owned(),
        format!(
            "{}{}",
            STEMS[n % 11],
            ["", "s", "ma", "stra", "huis"][n / 7 % 5]
        ),
        format!("{}{:02}{day:02}", 1940 + n * 37 % 71, 1 + n * 7 % 12),
        format!(
            "{} {}",
            1000 + n * 13 % 9000,
            ["AB", "CD", "EF", "GH"][n % 4]
        ),
        (1 + n * 3 % 150).to_string(),
    ]
}

/// An encoding of these people, and who stands behind each row token: only its maker knows.
fn encoded(
    key: u8,
    nonce: u8,
    people: impl Iterator<Item = usize>,
) -> (Vec<u8>, BTreeMap<String, usize>) {
    let people: Vec<usize> = people.collect();
    let rows: Vec<[String; 5]> = people.iter().map(|n| person(*n)).collect();
    let mut table = Table::new(rows.len());
    let names = [
        "voornamen",
        "geslachtsnaam",
        "geboortedatum",
        "postcode",
        "huisnummer",
    ];
    for (place, name) in names.into_iter().enumerate() {
        let column = Column::from_texts(rows.iter().map(|row| Some(row[place].as_str())));
        table.insert(name, column).unwrap();
    }
    let key = ProjectKey::new("armoede-2026", std::array::from_fn(|i| i as u8 ^ key)).unwrap();
    let mut file = Vec::new();
    let columns = Columns::guess(table.names());
    let done = encode(
        &key,
        [nonce; 16],
        &columns,
        Options::default(),
        &table,
        &mut file,
    )
    .unwrap();
    let tokens = done.tokens.iter().map(|token| format!("{token:016x}"));
    (file, tokens.zip(people).collect())
}

async fn offer(steward: &Caller, project: &str, partner: &str, file: Vec<u8>) -> Reply {
    let path = format!("/linkage/v1/encodings?projectId={project}&partner={partner}");
    let request = steward
        .request(Method::POST, &path)
        .header("content-type", "application/octet-stream")
        .body(file);
    answer(request).await
}

async fn offered(steward: &Caller, project: &str, partner: &str, file: Vec<u8>) -> String {
    let reply = offer(steward, project, partner, file).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    assert_eq!(reply.json()["state"], "offered");
    id(&reply.json())
}

async fn link(steward: &Caller, encoding: &str) -> Reply {
    steward
        .post(
            &format!("/linkage/v1/encodings/{encoding}/_link"),
            &json!({}),
        )
        .await
}

/// Own tokens with the code of the pair.
async fn links(steward: &Caller, encoding: &str) -> Vec<(String, String)> {
    let path = format!("/linkage/v1/encodings/{encoding}/links");
    let reply = steward.get(&path).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let mut lines = reply.text.lines();
    assert_eq!(lines.next(), Some("token,pair,probability"));
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            assert!(fields[2].parse::<f64>().unwrap() >= 0.5, "{line}");
            (fields[0].to_owned(), fields[1].to_owned())
        })
        .collect()
}

fn code(reply: &Reply, status: u16) -> String {
    reply.assert_problem(status);
    let kind = reply.json()["type"].as_str().unwrap().to_owned();
    kind.rsplit([':', '/']).next().unwrap().to_owned()
}

/// Whatever `other` asks about an encoding of somebody else gives what nothing gives.
async fn sees_nothing(other: &Caller, encoding: &str) {
    for (method, end) in [
        (Method::GET, ""),
        (Method::GET, "/links"),
        (Method::POST, "/_link"),
        (Method::POST, "/_withdraw"),
    ] {
        let ask = async |id: &str| {
            let path = format!("/linkage/v1/encodings/{id}{end}");
            answer(other.request(method.clone(), &path)).await
        };
        let (foreign, absent) = (ask(encoding).await, ask(NOWHERE).await);
        foreign.assert_problem(404);
        for member in ["type", "title", "detail"] {
            assert_eq!(
                foreign.json()[member],
                absent.json()[member],
                "{method} {end}"
            );
        }
    }
}

/// Files of a folder that hold these bytes, at any depth.
fn lying_open(folder: &Path, piece: &[u8]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(lying_open(&path, piece));
        } else if let Ok(bytes) = std::fs::read(&path)
            && bytes.windows(piece.len()).any(|window| window == piece)
        {
            found.push(path);
        }
    }
    found
}

/// No file of the platform shows the middle of this one; a bucket is not looked into.
fn lies_sealed(platform: &Platform, file: &[u8]) {
    if platform.bucket().is_none() {
        let open = lying_open(&platform.data(), &file[file.len() / 2..][..64]);
        assert!(open.is_empty(), "{open:?}");
    }
}

#[tokio::test]
async fn each_side_learns_which_of_its_own_rows_the_other_knows_and_nothing_else() {
    let platform = Platform::start().await.unwrap();
    let [ours, theirs, third] = [HERE, ELSEWHERE, THIRD].map(|it| People::of(&platform, it));
    let (own, other) = (project(&ours.owner).await, project(&theirs.owner).await);
    let (a, b, c) = (&ours.steward, &theirs.steward, &third.steward);

    let (file, tokens) = encoded(1, 1, 0..240);
    let mine = offered(a, &own, ELSEWHERE, file.clone()).await;
    lies_sealed(&platform, &file);
    assert_eq!(
        code(&offer(a, &own, ELSEWHERE, file).await, 409),
        "encoding-known"
    );
    assert_eq!(code(&link(a, &mine).await, 409), "partner-not-ready");
    sees_nothing(b, &mine).await;
    sees_nothing(c, &mine).await;

    // Neither an offer of a third, nor one of the partner to somebody else, nor one under another key is linked.
    let elsewhere = project(&third.owner).await;
    offered(c, &elsewhere, HERE, encoded(1, 2, 0..240).0).await;
    let aside = offered(b, &other, THIRD, encoded(1, 3, 0..240).0).await;
    assert_eq!(code(&link(a, &mine).await, 409), "partner-not-ready");
    let strange = offered(b, &other, HERE, encoded(2, 4, 120..400).0).await;
    assert_eq!(code(&link(a, &mine).await, 409), "encodings-do-not-fit");
    for taken in [&aside, &strange] {
        let path = format!("/linkage/v1/encodings/{taken}/_withdraw");
        assert_eq!(b.create(&path, json!({})).await["state"], "withdrawn");
    }
    assert_eq!(code(&link(a, &mine).await, 409), "partner-not-ready");

    let (file, their_tokens) = encoded(1, 5, 120..400);
    let its = offered(b, &other, HERE, file).await;
    let queued = link(b, &its).await;
    assert_eq!(queued.status, 202, "{}", queued.text);
    let job = queued.header("location").to_owned();
    assert_eq!(
        finished(b, &job).await,
        format!("/linkage/v1/encodings/{its}")
    );
    a.get(&job).await.assert_problem(404);

    let (left, right) = (links(a, &mine).await, links(b, &its).await);
    let people =
        |links: &[(String, String)], tokens: &BTreeMap<String, usize>| -> BTreeMap<String, usize> {
            links
                .iter()
                .map(|(token, pair)| (pair.clone(), tokens[token]))
                .collect()
        };
    // Every token in the answer is an own one: the other's would not be in the map.
    let (left, right) = (people(&left, &tokens), people(&right, &their_tokens));
    assert_eq!(
        left, right,
        "one code per pair, for the same person on both sides"
    );
    let found: BTreeSet<usize> = left.values().copied().collect();
    let known = found.iter().filter(|n| (120..240).contains(*n)).count();
    assert!(
        known >= 114 && found.len() <= known + 2,
        "{known} of {}",
        found.len()
    );

    for (steward, encoding, rows) in [(a, &mine, 240), (b, &its, 280)] {
        let shown = steward
            .get(&format!("/linkage/v1/encodings/{encoding}"))
            .await
            .json();
        assert_eq!(
            (&shown["state"], &shown["rows"]),
            (&json!("linked"), &json!(rows))
        );
        assert_eq!(shown["links"], json!(found.len()));
        // Used once.
        assert_eq!(
            code(&link(steward, encoding).await, 409),
            "encoding-not-offered"
        );
        let path = format!("/linkage/v1/encodings/{encoding}/_withdraw");
        assert_eq!(
            code(&steward.post(&path, &json!({})).await, 409),
            "encoding-linked"
        );
    }
    sees_nothing(b, &mine).await;
    sees_nothing(a, &its).await;
    sees_nothing(c, &its).await;

    // Both have it on record, each for its own project.
    for (people, project, partner) in [(&ours, &own, ELSEWHERE), (&theirs, &other, HERE)] {
        let all = activities(
            &people.auditor,
            "linkage",
            &json!({"dpl.core.processing_activity_id": "https://register.example/verwerkingen/1"}),
        )
        .await;
        let named = |name: &str| -> Vec<&Value> {
            let it = all
                .iter()
                .filter(|record| record.to_string().contains(name));
            it.collect()
        };
        let linked = named("encodings linked");
        assert_eq!(linked.len(), 1, "{all:?}");
        let text = linked[0].to_string();
        assert!(
            text.contains(project.as_str()) && text.contains(partner),
            "{text}"
        );
        assert!(!named("encoding received").is_empty());
    }
}

#[tokio::test]
async fn what_is_no_fitting_encoding_is_refused_with_all_that_is_wrong() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let project = project(&people.owner).await;
    let steward = &people.steward;
    let post = async |query: &str, media: &str, body: Vec<u8>| {
        let request = steward
            .request(Method::POST, &format!("/linkage/v1/encodings{query}"))
            .header("content-type", media);
        answer(request.body(body)).await
    };
    let octets = "application/octet-stream";
    let reply = post("", octets, Vec::new()).await;
    reply.assert_problem(400);
    assert_eq!(
        reply.json()["errors"].as_array().unwrap().len(),
        2,
        "{}",
        reply.text
    );
    let fits = format!("?projectId={project}&partner={ELSEWHERE}");
    let own = format!("?projectId={project}&partner={HERE}");
    let unknown = format!("?projectId={NOWHERE}&partner={ELSEWHERE}");
    let good = encoded(1, 1, 0..120).0;
    let mut cut = good.clone();
    cut.truncate(good.len() - 100);
    let cases = [
        (&own, octets, good.clone(), 400, "own"),
        (&unknown, octets, good.clone(), 400, "unknown"),
        (&fits, "text/csv", good.clone(), 415, ""),
        (&fits, octets, b"geen codering".to_vec(), 400, "encoding"),
        (&fits, octets, cut, 400, "length"),
        (&fits, octets, encoded(1, 1, 0..99).0, 400, "too-few"),
    ];
    for (query, media, body, status, fault) in cases {
        let reply = post(query, media, body).await;
        reply.assert_problem(status);
        if !fault.is_empty() {
            assert_eq!(reply.json()["errors"][0]["code"], fault, "{}", reply.text);
        }
    }
    let listed = steward.get("/linkage/v1/encodings").await.json();
    assert_eq!(
        listed["items"],
        json!([]),
        "nothing is kept of what is refused"
    );

    // A file that is damaged inside is found when it is linked, and says so.
    let mut damaged = good;
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let mine = offered(steward, &project, ELSEWHERE, damaged).await;
    let others = People::of(&platform, ELSEWHERE);
    let other = crate::journey::project(&others.owner).await;
    offered(&others.steward, &other, HERE, encoded(1, 2, 0..120).0).await;
    let job = link(steward, &mine).await;
    assert_eq!(job.status, 202, "{}", job.text);
    let ended = crate::journey::ended(steward, job.header("location")).await;
    assert_eq!(ended["state"], "failed", "{ended}");
    assert!(
        ended["problem"]["type"]
            .to_string()
            .contains("encoding-damaged"),
        "{ended}"
    );
}
