//! Headers of answers: what is sent is documented, and what is documented is sent.

use std::collections::BTreeSet;

use helder_testkit::Platform;
use reqwest::{Method, RequestBuilder};

use crate::{
    described::{Described, described},
    journey::People,
    known::{Known, who_may},
    made::{active, predicted},
    support::{HERE, Reply, answer, stranger},
};

/// Headers that mean something to a client, beside those that every answer carries.
const MEANT: [&str; 11] = [
    "allow",
    "content-digest",
    "content-disposition",
    "content-language",
    "etag",
    "last-modified",
    "link",
    "location",
    "retry-after",
    "vary",
    "www-authenticate",
];

/// What is wrong with the headers of an answer.
fn faults(operation: &Described, reply: &Reply) -> Vec<String> {
    let place = format!(
        "{} {} {}",
        operation.method, operation.template, reply.status
    );
    let Some(documented) = operation.answer_headers.get(&reply.status.to_string()) else {
        return vec![format!("{place}: the status is not documented")];
    };
    let sent: BTreeSet<_> = MEANT
        .iter()
        .filter(|name| reply.headers.contains_key(**name))
        .map(|name| (*name).to_owned())
        .collect();
    let mut found: Vec<_> = sent
        .difference(documented)
        .map(|name| format!("{place}: {name} is sent and not documented"))
        .collect();
    // The last page has no next one.
    let expected = documented.iter().filter(|name| *name != "link");
    found.extend(
        expected
            .filter(|name| MEANT.contains(&name.as_str()) && !sent.contains(*name))
            .map(|name| format!("{place}: {name} is documented and not sent")),
    );
    found
}

/// The requests that an operation is asked with: one that succeeds where that is possible, one without a token, one with a
/// method that the path does not know.
fn requests(
    people: &People,
    known: &Known,
    platform: &Platform,
    operation: &Described,
) -> Vec<RequestBuilder> {
    let path = known.path(operation);
    let Some(caller) = who_may(people, operation) else {
        return Vec::new();
    };
    let request = caller.request(operation.method.clone(), &path);
    let request = match known.bodies(operation).pop() {
        Some(body) => request.json(&body),
        None if operation.query.iter().any(|key| key == "limit") => {
            request.query(&[("limit", "1")])
        }
        None => request,
    };
    let mut requests = vec![
        request.header("if-match", "\"1\""),
        caller.request(Method::TRACE, &path),
    ];
    if operation.permission.is_some() {
        requests.push(stranger(platform).request(operation.method.clone(), &path));
    }
    requests
}

#[tokio::test]
async fn the_headers_of_answers_are_those_that_the_documents_name() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let made = active(&platform, &people).await;
    predicted(&people.consumer).await;
    let known = Known::of(&people, &made).await;
    let (mut wrong, mut seen) = (Vec::new(), BTreeSet::new());
    let mut operations = described();
    // Last what stops the model.
    operations.sort_by_key(|it| it.template.contains("/_"));
    for operation in operations
        .iter()
        .filter(|it| !it.template.ends_with("/events"))
    {
        for request in requests(&people, &known, &platform, operation) {
            let reply = answer(request.try_clone().unwrap()).await;
            wrong.extend(faults(operation, &reply));
            seen.insert((reply.status, operation.template.clone()));
            let tag = reply.header("etag");
            if operation.method == Method::GET && !tag.is_empty() {
                let again = answer(request.header("if-none-match", tag)).await;
                wrong.extend(faults(operation, &again));
                seen.insert((again.status, operation.template.clone()));
            }
        }
    }
    let of = |status: u16| seen.iter().filter(|(it, _)| *it == status).count();
    let counts = [200, 201, 202, 304, 401, 405].map(|status| (status, of(status)));
    println!("{counts:?}");
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    for (status, least) in [
        (200, 40),
        (201, 5),
        (202, 3),
        (304, 3),
        (401, 60),
        (405, 60),
    ] {
        assert!(of(status) >= least, "{status}: {counts:?}");
    }
}
