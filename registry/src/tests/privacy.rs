use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use helder_types::{Bsn, Role};
use reqwest::Method;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use super::{
    live::Live,
    support::{analyst, officer, owner, person, project_body},
};

/// Everything that is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// The first well-formed numbers from a seed.
fn numbers(n: usize) -> Vec<String> {
    (123_000_000_u32..)
        .map(|number| number.to_string())
        .filter(|text| Bsn::parse(text.as_bytes()).is_ok())
        .take(n)
        .collect()
}

/// Every field of a project body with the number in it, one at a time.
fn spoilt(number: &str) -> Vec<Value> {
    let texts = [
        "name",
        "challenge",
        "question",
        "doelbinding",
        "verwerkingsactiviteit",
        "bewaartermijn",
        "until",
        "phase",
    ];
    let mut bodies: Vec<_> = texts
        .iter()
        .map(|field| {
            let mut body = project_body();
            body[*field] = json!(number);
            body
        })
        .collect();
    for pointer in ["/grondslag/article", "/grondslag/title", "/steps/0"] {
        let mut body = project_body();
        *body.pointer_mut(pointer).unwrap() = json!(number);
        bodies.push(body);
    }
    let mut unknown = project_body();
    unknown[number] = json!(number);
    bodies.extend([unknown, json!(number), json!([number])]);
    bodies
}

/// Asks everything with the number in it. What comes back: status, headers and body as text.
async fn ask_everything(live: &Live, number: &str) -> Vec<String> {
    let nowhere = "/model-versions/0198c0de-0000-7000-8000-000000000000";
    let mut asks = Vec::new();
    for body in spoilt(number) {
        asks.push(live.ask(&owner(), Method::POST, "/projects").json(&body));
    }
    for path in [
        "/projects",
        "/models",
        "/model-versions",
        "/artifacts",
        "/catalogue-entries",
        "/jobs",
    ] {
        asks.push(live.ask(&analyst(), Method::GET, &format!("{path}/{number}")));
        asks.push(live.ask(
            &analyst(),
            Method::GET,
            &format!("{path}?cursor={number}x&limit={number}"),
        ));
    }
    asks.push(live.ask(
        &analyst(),
        Method::GET,
        &format!("/models?name={number}&projectId={number}"),
    ));
    for (media_type, body) in [
        ("application/json", format!("{{\"{number}\":{number}")),
        (
            "application/json",
            format!("{{\"a\":{number},\"a\":{number}}}"),
        ),
        (
            "application/json",
            format!("{{\"{number}\":1,\"{number}\":1}}"),
        ),
        (number, "{}".to_owned()),
    ] {
        asks.push(
            live.ask(&analyst(), Method::POST, "/artifacts")
                .header("content-type", media_type)
                .body(body),
        );
    }
    let remark = json!({"verdict": "approve", "remarks": number});
    asks.push(
        live.ask(&officer(), Method::POST, &format!("{nowhere}/reviews"))
            .json(&remark),
    );
    asks.push(
        live.ask(&officer(), Method::POST, &format!("{nowhere}/_suspend"))
            .json(&json!({"reason": number})),
    );
    asks.push(
        live.ask(&owner(), Method::PATCH, "/projects/x")
            .header("if-match", number)
            .json(&json!({"name": number})),
    );
    asks.push(
        live.ask(&owner(), Method::POST, "/projects")
            .header("idempotency-key", number)
            .json(&json!({})),
    );
    let mut answers = Vec::new();
    for ask in asks {
        let answer = ask.send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        answers.push(format!(
            "{status} {headers:?} {}",
            answer.text().await.unwrap()
        ));
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bsn_that_somebody_types_comes_back_in_no_answer_and_stands_in_no_log() {
    let log = Log::default();
    let lines = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    // For the whole process: what the service's own threads say counts as well.
    tracing::subscriber::set_global_default(lines).unwrap();
    helder_platform::trace::written_from_now_on();
    let live = Live::start().await;
    let numbers = numbers(16);
    let mut asked = 0;
    for number in &numbers {
        for answer in ask_everything(&live, number).await {
            asked += 1;
            assert!(
                !answer.contains(number.as_str()),
                "{}",
                answer.replace(number.as_str(), "(the number)")
            );
        }
    }
    assert!(asked >= 500, "{asked}");
    let auditor = person("GM0772", "aad", Role::Auditor);
    let events = live
        .ask(&auditor, Method::GET, "/events?limit=200")
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(
        numbers
            .iter()
            .all(|number| !events.contains(number.as_str()))
    );
    live.stop().await;
    // What the HTTP client of this test says about itself is not the service's log.
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let said: Vec<_> = text
        .lines()
        .filter(|line| !line.contains(" hyper_util") && !line.contains(" reqwest"))
        .collect();
    assert!(
        said.iter()
            .any(|line| line.contains("/registry/v1/projects/{id}")),
        "the service logs its routes"
    );
    for line in said {
        assert!(
            numbers.iter().all(|number| !line.contains(number.as_str())),
            "{line}"
        );
    }
}
