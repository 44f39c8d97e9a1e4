//! Batches over HTTP: asked, done, read in pages, and lists that hide who is on them by score.

use std::{sync::Arc, time::Duration};

use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray};
use helder_types::Digest;
use serde_json::{Value, json};

use crate::{
    service::LONG,
    support::breda,
    world::{World, problem},
};

pub(crate) fn parquet(rows: usize) -> Vec<u8> {
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
pub(crate) async fn done(world: &World, body: String) -> String {
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

pub(crate) async fn read(world: &World, path: &str) -> Value {
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
