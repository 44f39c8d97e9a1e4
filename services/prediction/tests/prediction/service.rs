//! The service over HTTP: who may, what is refused, what stops, what is kept.

use std::time::Duration;

use diesel::{RunQueryDsl, sql_query};
use futures_util::future::join_all;
use helder_prediction::wire::PredictionAnswer;
use helder_types::{Digest, Permission};
use serde_json::Value;

use crate::{
    support::{GROUPS, VALUES, caller, version},
    world::{PREDICT, World, body, everything, problem},
};

pub(crate) const LONG: Duration = Duration::from_mins(10);

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

pub(crate) async fn logged(world: &World) -> i64 {
    let count = |conn: &mut _| {
        Ok(
            sql_query("SELECT COALESCE(SUM(records), 0) AS n FROM processing_segments")
                .get_result::<Count>(conn)?
                .n,
        )
    };
    world
        .store
        .of(&everything().organisation)
        .read(count)
        .await
        .unwrap()
}

#[actix_web::test]
async fn an_answer_is_advice_and_its_record_is_there_when_it_arrives() {
    let world = World::new(LONG).await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let answer = world
        .post(PREDICT, body("249566758"))
        .header("traceparent", format!("00-{trace}-00f067aa0ba902b7-00"))
        .header("fsc-transaction-id", "01a202cf-10bf-7eca-9337-75234c40a139")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let answer: PredictionAnswer = answer.json().await.unwrap();
    assert!(answer.advice);
    let mut cursor = String::new();
    let found = loop {
        let page: Value = world
            .get(&format!("/processing-records?limit=1{cursor}"))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let record = page["items"][0]["record"].clone();
        if record["trace_id"] == trace {
            break record;
        }
        cursor = format!("&cursor={}", page["next"].as_str().unwrap());
    };
    assert_eq!(found["parent_span_id"], "00f067aa0ba902b7");
    assert_eq!(
        found["resource"]["attributes"]["helder.fsc_transaction_id"],
        "01a202cf-10bf-7eca-9337-75234c40a139"
    );
    assert_eq!(
        found["resource"]["attributes"]["helder.model_digest"],
        answer.model_digest.to_string()
    );
    let attributes = &found["attributes"];
    assert_eq!(attributes["dpl.core.data_subject_id_type"], "BSN");
    assert_eq!(
        attributes["dpl.core.data_subject_id"]
            .as_str()
            .unwrap()
            .len(),
        32
    );
    assert_eq!(
        attributes["dpl.core.processing_activity_id"],
        "https://gemeente.example/verwerkingen/vroegsignalering"
    );
    assert_eq!(found["status"], "Ok");
    assert_eq!(
        found["resource"]["attributes"]["helder.caller"],
        "consulent-7"
    );
    assert!(found["start_time"].as_u64().unwrap() <= found["end_time"].as_u64().unwrap());
    world.stop().await;
}

#[actix_web::test]
async fn who_may_not_is_refused() {
    let world = World::new(LONG).await;
    let before = logged(&world).await;
    let nobody = world
        .client
        .post(world.post(PREDICT, "").build().unwrap().url().clone())
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!(problem(nobody).await.0, 401);
    let auditor = caller(&[Permission::PredictionAudit]);
    let other =
        helder_platform::testing::caller("GM0772", "x", &[Permission::PredictionPredict]).unwrap();
    for (who, wanted) in [
        (auditor, (403, "not-permitted")),
        (other, (404, "model-not-active")),
    ] {
        let mut request = world.post(PREDICT, body("a")).build().unwrap();
        let token = format!("Bearer {}", world.token(&who)).parse().unwrap();
        request.headers_mut().insert("authorization", token);
        let (status, code, _) = problem(world.client.execute(request).await.unwrap()).await;
        assert_eq!((status, code.as_str()), wanted);
    }
    assert_eq!(logged(&world).await, before);
    world.stop().await;
}

#[actix_web::test]
async fn bad_input_names_all_faults_and_is_on_record_about_nobody() {
    let world = World::new(LONG).await;
    let before = logged(&world).await;
    let bad = r#"{"subjects":[{"values":{"huurachterstand":"x","bijstand":null,"maat":1}}]}"#;
    let (status, code, problem_json) =
        problem(world.post(PREDICT, bad).send().await.unwrap()).await;
    assert_eq!(
        (
            status,
            code.as_str(),
            problem_json["errors"].as_array().unwrap().len()
        ),
        (400, "invalid-input", 6)
    );
    let deep = format!("{{\"subjects\":{}", "[".repeat(10_000));
    assert_eq!(
        world.post(PREDICT, deep).send().await.unwrap().status(),
        400
    );
    let large = format!("{{\"subjects\":[{}", " ".repeat(3 << 20));
    assert_eq!(
        world.post(PREDICT, large).send().await.unwrap().status(),
        413
    );
    let mut other_type = world.post(PREDICT, body("a")).build().unwrap();
    other_type
        .headers_mut()
        .insert("content-type", "text/plain".parse().unwrap());
    assert_eq!(
        world.client.execute(other_type).await.unwrap().status(),
        415
    );
    assert_eq!(logged(&world).await, before + 2);
    let page = world.get("/processing-records?limit=200").send().await;
    let page: Value = page.unwrap().json().await.unwrap();
    let last = &page["items"].as_array().unwrap().last().unwrap()["record"];
    assert_eq!(last["status"], "Unset");
    assert!(last["attributes"]["dpl.core.data_subject_id"].is_null());
    world.stop().await;
}

#[actix_web::test]
async fn a_suspended_model_stops_within_five_seconds_and_a_tampered_one_never_answers() {
    let world = World::new(LONG).await;
    world.said.lock().unwrap().in_force.clear();
    let took = world.until(PREDICT, 404, Duration::from_secs(5)).await;
    assert!(took < Duration::from_secs(2), "{took:?}");
    let digest = world.place.put(GROUPS).await;
    let path = world.place.folder.path().join("objects");
    let file = walk(&path)
        .into_iter()
        .find(|file| file.contains(&digest.hex()[2..]))
        .unwrap();
    let mut tampered = GROUPS.to_vec();
    tampered[200] ^= 1;
    std::fs::remove_file(&file).unwrap();
    std::fs::write(&file, tampered).unwrap();
    world.said.lock().unwrap().in_force = vec![version("vroeg", digest)];
    world.until(PREDICT, 503, Duration::from_secs(5)).await;
    world.stop().await;
}

fn walk(folder: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(walk(&path));
        } else {
            found.push(path.to_string_lossy().into_owned());
        }
    }
    found
}

#[actix_web::test]
async fn without_its_registry_the_service_goes_on_for_its_patience_and_then_stops() {
    let world = World::new(Duration::from_millis(1_500)).await;
    world.others.stop(false).await;
    assert_eq!(
        world
            .post(PREDICT, body("a"))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    world.until(PREDICT, 503, Duration::from_secs(5)).await;
    world.stop().await;
}

#[actix_web::test]
async fn an_unwritable_log_means_no_answer() {
    let world = World::new(LONG).await;
    world
        .database
        .tamper("ALTER TABLE processing_segments RENAME TO gone")
        .unwrap();
    for key in [None, Some("k1")] {
        let request = world.post(PREDICT, body("a"));
        let request = key.map_or_else(
            || world.post(PREDICT, body("a")),
            |key| request.header("idempotency-key", key),
        );
        let response = request.send().await.unwrap();
        assert!(response.headers().contains_key("retry-after"));
        let (status, _, problem) = problem(response).await;
        assert_eq!(status, 503);
        assert!(problem.get("predictions").is_none());
    }
    world
        .database
        .tamper("ALTER TABLE gone RENAME TO processing_segments")
        .unwrap();
    assert_eq!(
        world
            .post(PREDICT, body("a"))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    world.stop().await;
}

#[actix_web::test]
async fn one_key_sixty_four_times_is_one_record_and_one_answer() {
    let world = World::new(LONG).await;
    let before = logged(&world).await;
    let ask = |body: String| {
        world
            .post(PREDICT, body)
            .header("idempotency-key", "key-1")
            .send()
    };
    let answers = join_all((0..64).map(|_| ask(body("249566758")))).await;
    let mut texts = Vec::new();
    for answer in answers {
        let answer = answer.unwrap();
        assert_eq!(answer.status(), 200);
        texts.push(answer.text().await.unwrap());
    }
    texts.dedup();
    assert_eq!(texts.len(), 1);
    assert!(
        texts[0].contains("249566758"),
        "the caller's own name comes back"
    );
    assert_eq!(logged(&world).await, before + 1);
    let (status, code, _) = problem(ask(body("other")).await.unwrap()).await;
    assert_eq!((status, code.as_str()), (409, "idempotency-key-reused"));
    // Later, also after a new version came in force, the same answer.
    let digest = world.place.put(GROUPS).await;
    assert_ne!(digest, Digest::of(crate::support::MODEL));
    assert_eq!(
        ask(body("249566758")).await.unwrap().text().await.unwrap(),
        texts[0]
    );
    world.stop().await;
}

#[actix_web::test]
async fn no_identifier_reaches_the_database_or_a_refusal() {
    let world = World::new(LONG).await;
    let mut seen = Vec::new();
    // Numbers that pass the eleven-test, in every place a caller could put them.
    for bsn in bsns(60) {
        let bodies = [
            body(&bsn),
            format!(r#"{{"subjects":[{{"id":{bsn},"values":{VALUES}}}]}}"#),
            format!(
                r#"{{"subjects":[{{"values":{{"huurachterstand":"{bsn}","woonvorm":"{bsn}"}}}}]}}"#
            ),
            format!(r#"{{"{bsn}":1}}"#).replace(&bsn, "x"),
            format!(r#"{{"subjects":[{{"values":{{"huurachterstand": {bsn}x"#),
        ];
        for (place, body) in bodies.into_iter().enumerate() {
            let request = world
                .post(PREDICT, body)
                .header("idempotency-key", format!("{place}-{}", seen.len()));
            let response = request.send().await.unwrap();
            if response.status() != 200 {
                assert!(!response.text().await.unwrap().contains(&bsn));
            }
        }
        seen.push(bsn);
    }
    let bytes = world.database_bytes();
    assert!(bytes.len() > 60 * 300);
    for bsn in seen {
        assert!(!bytes.windows(9).any(|window| window == bsn.as_bytes()));
    }
    world.stop().await;
}

fn bsns(n: usize) -> Vec<String> {
    (100_000_000_u32..)
        .step_by(1_234)
        .map(|number| number.to_string())
        .filter(|text| helder_types::Bsn::parse(text.as_bytes()).is_ok())
        .take(n)
        .collect()
}
