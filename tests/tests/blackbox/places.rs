//! M5–M7: no client names a place. There is no field for it, and what looks like a place in a text is text.

use std::collections::BTreeSet;

use helder_testkit::Platform;
use serde_json::json;

use crate::{
    described::{described, texts},
    journey::{self, People},
    known::{Known, who_may},
    made::{active, predicted},
    support::{HERE, answer},
    trap::Trap,
};

/// Words of a name under which a service could be told to fetch something.
const WORDS: [&str; 22] = [
    "url",
    "uri",
    "href",
    "link",
    "path",
    "file",
    "filename",
    "folder",
    "dir",
    "directory",
    "location",
    "source",
    "endpoint",
    "host",
    "address",
    "server",
    "callback",
    "webhook",
    "redirect",
    "proxy",
    "bucket",
    "artifact",
];

/// Fields with such a name whose value is no place, and what it is.
const NO_PLACE: [(&str, &str); 2] = [
    ("source", "name of the column in the file"),
    (
        "link",
        "comparison of relatives: which probability makes a link",
    ),
];

#[test]
fn no_operation_has_a_field_for_a_place() {
    let mut looked = 0;
    for operation in described() {
        let fields = operation.fields();
        for (name, schema) in &fields {
            looked += 1;
            let is_known = NO_PLACE.iter().any(|(known, _)| known == name);
            let word = WORDS.contains(&name.to_lowercase().as_str());
            assert!(is_known || !word, "{} takes {name}", operation.template);
            let format = schema["format"].as_str().unwrap_or_default();
            let is_place = ["uri", "iri", "url", "hostname", "ipv"]
                .iter()
                .any(|it| format.starts_with(it));
            assert!(!is_place, "{} takes {name} as {format}", operation.template);
        }
        for name in operation.query.iter().chain(&operation.headers) {
            assert!(
                !WORDS.contains(&name.to_lowercase().as_str()),
                "{} takes {name}",
                operation.template
            );
        }
    }
    assert!(looked > 150, "only {looked} fields");
}

/// How the places of the known weaknesses of others are written.
fn places(trap: &Trap) -> Vec<String> {
    let address = trap.address();
    [
        format!("http://{address}/x"),
        format!("HTTP://{address}#/../x"),
        format!("//{address}/x"),
        format!("\\\\{address}\\x"),
        format!("http://169.254.169.254@{address}/latest/meta-data"),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "file:///etc/passwd".to_owned(),
        "file:/etc/passwd#x".to_owned(),
        "/etc/passwd".to_owned(),
        "../../../../../../../../etc/passwd".to_owned(),
        "..\\..\\..\\..\\etc\\passwd".to_owned(),
        "%252e%252e/%252e%252e/etc/passwd".to_owned(),
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd".to_owned(),
        "s3://bucket/key".to_owned(),
        "models:/x/1".to_owned(),
        "runs:/0/../../etc/passwd".to_owned(),
    ]
    .to_vec()
}

#[tokio::test]
async fn a_place_in_any_text_is_refused_or_stays_text() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let made = active(&platform, &people).await;
    predicted(&people.consumer).await;
    let known = Known::of(&people, &made).await;
    let trap = Trap::set();
    let places = places(&trap);
    let (mut asked, mut jobs) = (0, Vec::new());
    let mut operations = described();
    // Last what stops the model: its reason is a text too.
    operations.sort_by_key(|it| it.template.contains("/_"));
    for operation in operations.iter().filter(|it| it.schema.is_some()) {
        let Some(caller) = who_may(&people, operation) else {
            continue;
        };
        let path = known.path(operation);
        let bodies = known.bodies(operation);
        let mut seen = BTreeSet::new();
        for (number, body) in bodies.iter().enumerate() {
            for at in texts(body).into_iter().filter(|it| seen.insert(it.clone())) {
                asked += 1;
                let mut other = body.clone();
                *other.pointer_mut(&at).unwrap() = json!(places[asked % places.len()]);
                let request = caller.request(operation.method.clone(), &path);
                let reply = answer(request.header("if-match", "\"1\"").json(&other)).await;
                assert!(reply.status < 500, "{path} {other}: {}", reply.text);
                assert!(!reply.text.contains("root:"), "{path}: {}", reply.text);
                if reply.status == 202 {
                    jobs.push((caller, reply.header("location").to_owned()));
                }
            }
            if number + 1 < bodies.len() || operation.fields().is_empty() {
                continue;
            }
            for (number, key) in WORDS.iter().enumerate() {
                asked += 1;
                let mut other = body.clone();
                other[*key] = json!(places[number % places.len()]);
                let request = caller.request(operation.method.clone(), &path);
                let reply = answer(request.header("if-match", "\"1\"").json(&other)).await;
                if operation.template.starts_with("/oip/") {
                    // The protocol ignores fields that it does not know.
                    assert!(reply.status < 500 && !reply.text.contains("root:"));
                    continue;
                }
                reply.assert_problem(400);
                assert!(
                    reply.text.contains(&format!("/{key}\"")),
                    "{path} {key}: {}",
                    reply.text
                );
            }
        }
    }
    println!("{asked} bodies, {} jobs", jobs.len());
    for (caller, job) in &jobs {
        let job = journey::ended(caller, job).await;
        assert_ne!(job["problem"]["status"], 500, "{job}");
    }
    assert!(asked > 500, "{asked}");
    trap.assert_untouched();
    let projects = people.owner.get("/registry/v1/projects").await;
    assert_eq!(projects.status, 200, "{}", projects.text);
}
