//! Findings over HTTP: written down sealed, never overwritten, and counted once the list is open.

use diesel::{
    QueryableByName, RunQueryDsl, sql_query,
    sql_types::{Binary, Nullable, Text},
};
use helder_types::Permission;
use serde_json::{Value, json};

use crate::{
    batches::{done, parquet, read},
    service::LONG,
    support::{breda, caller},
    world::{World, problem},
};

const ROWS: usize = 450;

/// What lies in the database.
#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Binary)]
    findings: Vec<u8>,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
}

/// A list of thirty picked and a sample of 120, told by group.
async fn listed(world: &World) -> (String, usize) {
    let bytes = parquet(ROWS).into();
    let stored = world.place.objects.put_bytes(&breda(), bytes).await;
    world.said.lock().unwrap().dataset = Some(stored.unwrap());
    let path = done(world, asked(&["bijstand"])).await;
    let batch = read(world, &path).await;
    assert_eq!(batch["control"]["sensitiveFeatures"], json!(["bijstand"]));
    let n = batch["outcome"]["rowsListed"].as_u64().unwrap();
    (path, n as usize)
}

fn asked(features: &[&str]) -> String {
    let version = uuid::Uuid::from_u128(7);
    let control = json!({"picked": 30, "sample": 120, "sensitiveFeatures": features});
    json!({"model": "vroeg", "datasetVersionId": version, "control": control}).to_string()
}

fn findings(numbers: impl IntoIterator<Item = usize>, outcome: &str) -> Value {
    let each = numbers
        .into_iter()
        .map(|number| json!({"number": number, "outcome": outcome}));
    json!({"findings": each.collect::<Vec<_>>()})
}

async fn send(world: &World, path: &str, body: &Value) -> (u16, Value) {
    let request = world.post(&format!("{path}/findings"), body.to_string());
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn pointers(problem: &Value) -> Vec<&str> {
    let errors = problem["errors"].as_array().unwrap();
    errors
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect()
}

#[actix_web::test]
async fn what_is_found_is_added_and_never_overwritten() {
    let world = World::new(LONG).await;
    let (path, n) = listed(&world).await;
    let (status, all) = send(&world, &path, &findings([1, 2, 2, n + 1], "found")).await;
    assert_eq!(status, 400);
    assert_eq!(pointers(&all), ["/findings/2/number", "/findings/3/number"]);
    let (_, nothing) = send(&world, &path, &findings([1], "found")).await;
    assert_eq!(
        nothing["rowsRecorded"], 1,
        "a delivery with a fault leaves nothing"
    );

    let (_, told) = send(&world, &path, &findings(1..=10, "found")).await;
    let counts = |told: &Value| {
        ["recorded", "corrected", "unchanged", "rowsRecorded"]
            .map(|name| told[name].as_u64().unwrap())
    };
    assert_eq!(counts(&told), [9, 0, 1, 10]);
    let (status, known) = send(&world, &path, &findings([1, 11, 2], "not-found")).await;
    assert_eq!(
        (status, pointers(&known)),
        (400, vec!["/findings/0/outcome", "/findings/2/outcome"])
    );
    let mut because = findings([1, 11, 2], "not-found");
    because["reason"] = json!("   ");
    assert_eq!(send(&world, &path, &because).await.0, 400);
    because["reason"] = json!("verkeerd dossier");
    assert_eq!(
        counts(&send(&world, &path, &because).await.1),
        [1, 2, 0, 11]
    );

    // What lies in the database says nothing to who has no key.
    let rows: Vec<Row> = world
        .store
        .of(&breda())
        .read(|conn| {
            Ok(
                sql_query("SELECT findings, reason FROM batch_findings ORDER BY delivery")
                    .load(conn)?,
            )
        })
        .await
        .unwrap();
    assert_eq!(rows.len(), 3, "the first stays as it was");
    assert_eq!(rows[2].reason.as_deref(), Some("verkeerd dossier"));
    for row in &rows {
        assert!(!row.findings.windows(5).any(|part| part == b"found"));
    }
    world.stop().await;
}

#[actix_web::test]
async fn only_those_who_may_write_findings_and_only_their_own_organisation() {
    let world = World::new(LONG).await;
    let (path, _) = listed(&world).await;
    let body = findings([1], "found").to_string();
    let as_somebody = |who: &helder_types::Caller| {
        world
            .client
            .post(world.outside("/prediction/v1", &format!("{path}/findings")))
            .bearer_auth(world.token(who))
            .header("content-type", "application/json")
            .body(body.clone())
    };
    let analyst = caller(&[Permission::PredictionBatch]);
    let refused = problem(as_somebody(&analyst).send().await.unwrap()).await;
    assert_eq!(refused.0, 403);
    let elsewhere = helder_platform::testing::caller(
        "GM0344",
        "consulent-1",
        &[Permission::PredictionFindings],
    )
    .unwrap();
    let absent = problem(as_somebody(&elsewhere).send().await.unwrap()).await;
    assert_eq!(absent.0, 404);
    world.stop().await;
}

#[actix_web::test]
async fn the_result_is_told_when_the_list_is_open_and_by_the_groups_that_were_named() {
    let world = World::new(LONG).await;
    let (path, n) = listed(&world).await;
    // Written down in two parts, without the last; every third has the outcome.
    let found: Vec<usize> = (1..n).filter(|number| number % 3 == 0).collect();
    let others: Vec<usize> = (1..n).filter(|number| number % 3 != 0).collect();
    send(&world, &path, &findings(found.clone(), "found")).await;
    send(&world, &path, &findings(others, "not-found")).await;
    let result = format!("{path}/control-result");
    let (status, code, _) = problem(world.get(&result).send().await.unwrap()).await;
    assert_eq!((status, code.as_str()), (409, "sealed"));
    world
        .post(&format!("{path}/_reveal"), String::new())
        .send()
        .await
        .unwrap();
    let (status, late) = send(&world, &path, &findings([n], "found")).await;
    assert_eq!((status, pointers(&late)), (400, vec!["/reason"]));

    let told = read(&world, &result).await;
    let list = read(&world, &format!("{path}/work-list?limit=200")).await;
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), n);
    let count = |picked: bool, group: Option<bool>| -> [u64; 2] {
        let mut counts = [0, 0];
        for item in items {
            // Every odd row gets assistance.
            let is_group =
                group.is_none_or(|group| (item["row"].as_i64().unwrap() % 2 == 1) == group);
            let number = item["number"].as_u64().unwrap() as usize;
            if item["picked"] == picked && is_group && number < n {
                counts[0] += 1;
                counts[1] += u64::from(found.contains(&number));
            }
        }
        counts
    };
    let of = |part: &Value| {
        let numbers = ["found", "notFound"].map(|name| part[name].as_u64().unwrap());
        [numbers[0] + numbers[1], numbers[0]]
    };
    assert_eq!(of(&told["picked"]), count(true, None), "{told}");
    assert_eq!(of(&told["rest"]), count(false, None));
    let missing = ["picked", "rest"].map(|part| told[part]["missing"].as_u64().unwrap());
    assert_eq!(missing.iter().sum::<u64>(), 1);
    let [total, cases] = count(false, None);
    assert_eq!(told["missed"]["rows"], 420);
    let expected = cases as f64 / total as f64 * 420.0;
    assert!((told["missed"]["cases"]["value"].as_f64().unwrap() - expected).abs() < 1e-9);
    let groups = told["features"][0]["groups"].as_array().unwrap();
    let names: Vec<&str> = groups
        .iter()
        .map(|group| group["group"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["false", "true"]);
    for (group, is_group) in groups.iter().zip([false, true]) {
        assert_eq!(group["rowsScored"], 225);
        assert_eq!(of(&group["rest"]), count(false, Some(is_group)), "{group}");
        let contrast = &group["restBesideOthers"];
        assert!(contrast["verdict"].is_string() && contrast["difference"]["value"].is_number());
    }
    assert_eq!(told["corrections"], json!([]));

    let page = world
        .get(&result)
        .header("accept", "text/html,*/*")
        .send()
        .await
        .unwrap();
    assert!(page.headers().contains_key("content-security-policy"));
    let page = page.text().await.unwrap();
    for text in [
        "Wat de controlesteekproef zegt",
        "What the control sample says",
        "Wie het model mist",
        "Per groep: bijstand",
        "Bij 1 rij is niets",
    ] {
        assert!(page.contains(text), "{text}");
    }
    // When the data are deleted the rest still stands.
    let digest = read(&world, &path).await["datasetDigest"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    world.place.objects.delete(&breda(), &digest).await.unwrap();
    let later = read(&world, &result).await;
    assert_eq!(later["features"][0]["notTold"], "dataset-gone", "{later}");
    assert_eq!(later["missed"], told["missed"]);
    world.stop().await;
}

#[actix_web::test]
async fn figures_on_fewer_than_ten_people_stay_away() {
    let world = World::new(LONG).await;
    let (path, n) = listed(&world).await;
    send(&world, &path, &findings(1..=9, "found")).await;
    world
        .post(&format!("{path}/_reveal"), String::new())
        .send()
        .await
        .unwrap();
    let told = read(&world, &format!("{path}/control-result")).await;
    for part in ["picked", "rest", "contrast", "ratio", "missed", "sample"] {
        assert!(told[part].is_null(), "{part} {told}");
    }
    assert!(n > 100);
    let group = &told["features"][0]["groups"][0];
    assert!(group["picked"].is_null() && group["rest"].is_null() && group["missed"].is_null());
    world.stop().await;
}

#[actix_web::test]
async fn groups_are_columns_that_are_there_and_have_groups() {
    let world = World::new(LONG).await;
    let bytes = parquet(ROWS).into();
    let stored = world.place.objects.put_bytes(&breda(), bytes).await;
    world.said.lock().unwrap().dataset = Some(stored.unwrap());
    let accepted = world
        .post("/batches", asked(&["herkomst", "bijstand", "meldingen"]))
        .send()
        .await
        .unwrap();
    let location = accepted.headers()["location"]
        .to_str()
        .unwrap()
        .replace("/prediction/v1", "");
    let job = loop {
        let job = read(&world, &location).await;
        if ["succeeded", "failed"].contains(&job["state"].as_str().unwrap()) {
            break job;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    assert_eq!(job["state"], "failed");
    let errors = job["problem"]["errors"].as_array().unwrap();
    let codes: Vec<_> = errors
        .iter()
        .map(|error| {
            (
                error["pointer"].as_str().unwrap(),
                error["code"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        codes,
        [
            ("/control/sensitiveFeatures/0", "unknown-column"),
            ("/control/sensitiveFeatures/2", "wrong-type")
        ]
    );
    world.stop().await;
}

#[actix_web::test]
async fn without_its_key_an_organisation_has_no_findings() {
    let world = World::new(LONG).await;
    let (path, _) = listed(&world).await;
    send(&world, &path, &findings(1..=40, "found")).await;
    world
        .post(&format!("{path}/_reveal"), String::new())
        .send()
        .await
        .unwrap();
    world
        .place
        .keyring
        .destroy_identities(&breda())
        .await
        .unwrap();
    let refused = world
        .get(&format!("{path}/control-result"))
        .send()
        .await
        .unwrap();
    let (status, code, _) = problem(refused).await;
    assert_eq!((status, code.as_str()), (409, "key-destroyed"));
    world.stop().await;
}
