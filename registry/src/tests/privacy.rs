use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use actix_web::http::Method;
use helder_types::{Bsn, Role};
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use super::support::{Registry, analyst, officer, on_every_registry, owner, person, project_body};

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

async fn ask_everything(registry: &Registry, number: &str) -> Vec<String> {
    let mut answers = Vec::new();
    for body in spoilt(number) {
        answers.push(registry.post(&owner(), "/projects", &body).await);
    }
    for path in [
        "/projects",
        "/models",
        "/model-versions",
        "/artifacts",
        "/catalogue-entries",
        "/jobs",
    ] {
        answers.push(registry.get(&analyst(), &format!("{path}/{number}")).await);
        answers.push(
            registry
                .get(
                    &analyst(),
                    &format!("{path}?cursor={number}x&limit={number}"),
                )
                .await,
        );
    }
    answers.push(
        registry
            .get(
                &analyst(),
                &format!("/models?name={number}&projectId={number}"),
            )
            .await,
    );
    answers.push(
        registry
            .upload(
                &analyst(),
                "application/json",
                format!("{{\"{number}\":{number}").as_bytes(),
            )
            .await,
    );
    answers.push(registry.upload(&analyst(), number, b"{}").await);
    let twice = format!("{{\"a\":{number},\"a\":{number}}}");
    answers.push(
        registry
            .upload(&analyst(), "application/json", twice.as_bytes())
            .await,
    );
    let nowhere = "/model-versions/0198c0de-0000-7000-8000-000000000000";
    let remark = json!({"verdict": "approve", "remarks": number});
    answers.push(
        registry
            .post(&officer(), &format!("{nowhere}/reviews"), &remark)
            .await,
    );
    answers.push(
        registry
            .post(
                &officer(),
                &format!("{nowhere}/_suspend"),
                &json!({"reason": number}),
            )
            .await,
    );
    let wrong = registry
        .ask(&owner(), Method::PATCH, "/projects/x")
        .header("if-match", number);
    answers.push(registry.send(wrong.json(&json!({"name": number}))).await);
    answers
        .into_iter()
        .map(|answer| format!("{} {:?} {}", answer.status, answer.headers, answer.text()))
        .collect()
}

#[actix_web::test]
async fn a_bsn_that_somebody_types_comes_back_in_no_answer_and_stands_in_no_log() {
    let log = Log::default();
    let lines = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(lines);
    on_every_registry(async |registry| {
        registry.project().await;
        let mut asked = 0;
        for number in numbers(15) {
            for answer in ask_everything(&registry, &number).await {
                asked += 1;
                assert!(
                    !answer.contains(&number),
                    "{}",
                    answer.replace(&number, "(the number)")
                );
            }
        }
        assert!(asked >= 500, "{asked}");
        let auditor = person("GM0772", "aad", Role::Auditor);
        let events = registry.get(&auditor, "/events?limit=200").await;
        assert!(
            numbers(15)
                .iter()
                .all(|number| !events.text().contains(number))
        );
    })
    .await;
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(numbers(15).iter().all(|number| !text.contains(number)));
}
