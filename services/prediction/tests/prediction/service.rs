//! The service over HTTP: who may, what is refused, what stops, what is kept.

use std::{sync::Arc, time::Duration};

use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray};
use diesel::{RunQueryDsl, sql_query};
use futures_util::future::join_all;
use helder_prediction::wire::PredictionAnswer;
use helder_types::{Digest, Permission};
use serde_json::{Value, json};

use crate::{
    support::{GROUPS, VALUES, breda, caller, version},
    world::{PREDICT, World, body, everything, problem},
};

const LONG: Duration = Duration::from_mins(10);

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

fn parquet(rows: usize) -> Vec<u8> {
    let columns: [(&str, ArrayRef); 6] = [
        (
            "_row",
            Arc::new(
                (0..rows)
                    .map(|i| Some(i as i64 + 1))
                    .collect::<Int64Array>(),
            ),
        ),
        (
            "huurachterstand",
            Arc::new((0..rows).map(|i| Some(i as i64)).collect::<Int64Array>()),
        ),
        (
            "bijstand",
            Arc::new(
                (0..rows)
                    .map(|i| Some(i % 2 == 0))
                    .collect::<BooleanArray>(),
            ),
        ),
        (
            "woonvorm",
            Arc::new((0..rows).map(|_| Some("koop")).collect::<StringArray>()),
        ),
        (
            "meldingen",
            Arc::new((0..rows).map(|_| Some(0.5)).collect::<Float64Array>()),
        ),
        (
            "kinderen",
            Arc::new((0..rows).map(|_| Some(1)).collect::<Int64Array>()),
        ),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut out = Vec::new();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut out, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    out
}

/// Asks a batch and waits for it; gives its path.
async fn done(world: &World, body: String) -> String {
    let accepted = world.post("/batches", body).send().await.unwrap();
    assert_eq!(accepted.status(), 202);
    let location = accepted.headers()["location"]
        .to_str()
        .unwrap()
        .replace("/prediction/v1", "");
    let job = loop {
        let job = read(world, &location).await;
        if ["succeeded", "failed"].contains(&job["state"].as_str().unwrap()) {
            break job;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(job["result"].is_string(), "{job}");
    let path = job["result"].as_str().unwrap();
    path.replace("/prediction/v1", "")
}

async fn read(world: &World, path: &str) -> Value {
    let answer = world.get(path).send().await.unwrap();
    answer.json().await.unwrap()
}

#[actix_web::test]
async fn a_batch_is_asked_done_and_read_in_pages() {
    let world = World::new(LONG).await;
    let digest = world
        .place
        .objects
        .put_bytes(&breda(), parquet(450).into())
        .await
        .unwrap();
    let ask = |id: u128| {
        json!({"model": "vroeg", "datasetVersionId": uuid::Uuid::from_u128(id)}).to_string()
    };
    let (status, _, absent) = problem(world.post("/batches", ask(7)).send().await.unwrap()).await;
    assert_eq!(
        (status, absent["errors"][0]["code"].as_str().unwrap()),
        (400, "unknown")
    );
    world.said.lock().unwrap().dataset = Some(digest);
    let (status, _, foreign) = problem(world.post("/batches", ask(8)).send().await.unwrap()).await;
    assert_eq!(
        (status, foreign["errors"][0]["code"].as_str().unwrap()),
        (400, "other-project")
    );
    world.said.lock().unwrap().refusal = Some("the retention period is over".to_owned());
    let (status, code, _) = problem(world.post("/batches", ask(7)).send().await.unwrap()).await;
    assert_eq!((status, code.as_str()), (403, "project-refuses"));
    world.said.lock().unwrap().refusal = None;
    let path = done(&world, ask(7)).await;
    let batch: Value = world.get(&path).send().await.unwrap().json().await.unwrap();
    assert_eq!(
        (
            batch["outcome"]["rowsIn"].as_u64(),
            batch["outcome"]["rowsScored"].as_u64()
        ),
        (Some(450), Some(450))
    );
    let (mut next, mut ranks) = (Some("0".to_owned()), Vec::new());
    while let Some(cursor) = next {
        let page: Value = world
            .get(&format!("{path}/results?limit=200&cursor={cursor}"))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        ranks.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["rank"].as_i64().unwrap()),
        );
        next = page["next"].as_str().map(str::to_owned);
    }
    assert_eq!(ranks, (1..=450).collect::<Vec<_>>());
    world.stop().await;
}

#[actix_web::test]
async fn a_work_list_hides_who_is_on_it_by_score_until_it_is_revealed() {
    let world = World::new(LONG).await;
    let bytes = parquet(450).into();
    let stored = world.place.objects.put_bytes(&breda(), bytes).await;
    world.said.lock().unwrap().dataset = Some(stored.unwrap());
    let version = uuid::Uuid::from_u128(7);
    let ask = |control: Value| {
        json!({"model": "vroeg", "datasetVersionId": version, "control": control}).to_string()
    };
    let wrong = ask(json!({"picked": 0, "sample": 1_000_000}));
    let (status, _, refused) = problem(world.post("/batches", wrong).send().await.unwrap()).await;
    assert_eq!(
        (status, refused["errors"].as_array().unwrap().len()),
        (400, 2)
    );

    let path = done(&world, ask(json!({"picked": 30, "sample": 40}))).await;
    let list = format!("{path}/work-list?limit=200");
    let batch = read(&world, &path).await;
    let commitment = batch["control"]["commitment"].as_str().unwrap().to_owned();
    assert!(batch["control"].get("seed").is_none(), "{batch}");
    let blind = read(&world, &list).await;
    let items = blind["items"].as_array().unwrap();
    assert_eq!(batch["outcome"]["rowsListed"], items.len());
    assert!((40..=70).contains(&items.len()), "{}", items.len());
    for item in items {
        let known = item.as_object().unwrap().keys().map(String::as_str);
        assert!(
            known
                .into_iter()
                .all(|key| ["number", "row", "pseudonym"].contains(&key))
        );
    }
    let ranks = world.get(&format!("{path}/results")).send().await.unwrap();
    let (status, code, _) = problem(ranks).await;
    assert_eq!((status, code.as_str()), (409, "sealed"));

    let reveal = format!("{path}/_reveal");
    let answer = world.post(&reveal, String::new()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let open: Value = answer.json().await.unwrap();
    let seed = open["control"]["seed"].as_str().unwrap();
    assert_eq!(Digest::of(seed.as_bytes()).to_string(), commitment);
    let again = world.post(&reveal, String::new()).send().await.unwrap();
    assert_eq!(
        again.json::<Value>().await.unwrap()["control"],
        open["control"]
    );

    let marked = read(&world, &list).await;
    let rows = |mark: &str| -> Vec<i64> {
        let items = marked["items"].as_array().unwrap().iter();
        let mut rows: Vec<_> = items
            .filter(|item| item[mark] == true)
            .map(|item| item["row"].as_i64().unwrap())
            .collect();
        rows.sort_unstable();
        rows
    };
    let best = read(&world, &format!("{path}/results?limit=30")).await;
    let best = best["items"].as_array().unwrap().iter();
    let mut best: Vec<_> = best.map(|item| item["row"].as_i64().unwrap()).collect();
    best.sort_unstable();
    assert_eq!(rows("picked"), best);
    // Whoever has the seed and the file draws the same.
    let scored = read(&world, &format!("{path}/results?limit=200")).await;
    let mut page = scored["items"].as_array().unwrap().clone();
    let mut next = scored["next"].as_str().map(str::to_owned);
    while let Some(cursor) = next {
        let more = read(&world, &format!("{path}/results?limit=200&cursor={cursor}")).await;
        page.extend(more["items"].as_array().unwrap().iter().cloned());
        next = more["next"].as_str().map(str::to_owned);
    }
    let mut keyed: Vec<_> = page
        .iter()
        .map(|item| item["row"].as_i64().unwrap())
        .map(|row| {
            (
                Digest::of(format!("{seed} sample {row}").as_bytes()).hex(),
                row,
            )
        })
        .collect();
    assert_eq!(keyed.len(), 450);
    keyed.sort_unstable();
    let mut drawn: Vec<_> = keyed[..40].iter().map(|(_, row)| *row).collect();
    drawn.sort_unstable();
    assert_eq!(rows("sampled"), drawn);
    world.stop().await;
}
