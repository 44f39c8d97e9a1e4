//! Batches run by real workers over a real file.

use std::{
    io::Write as _,
    sync::Arc,
    time::{Duration, Instant},
};

use arrow::{
    array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray},
    datatypes::Schema,
};
use diesel::{RunQueryDsl, sql_query};
use helder_platform::{
    jobs::{self, Pace, Runner},
    keyring::{KeyRing, MasterKeys},
    objects::Objects,
    store::Store,
    testing::{TestDatabase, caller},
};
use helder_types::{Caller, Digest, job::JobState};
use parquet::arrow::ArrowWriter;
use tempfile::TempDir;
use uuid::Uuid;

use super::{BatchJob, KIND, NewRow, job::Payload, results, rows};
use crate::{MIGRATIONS, active::Active, registry::ActiveVersion, wire::BatchOutcome};

const MODEL: &[u8] =
    include_bytes!("../../../../crates/model/tests/formats/1/economic-homelessness.json");
const ROWS: usize = 5_000;

struct World {
    _folder: TempDir,
    _database: TestDatabase,
    objects: Objects,
    store: Store,
    active: Active,
    caller: Caller,
    version: ActiveVersion,
    runner: Runner,
}

async fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let database = TestDatabase::sqlite().unwrap();
    let store = database.open(&[MIGRATIONS]).unwrap();
    let objects = Objects::local(folder.path().join("objects")).unwrap();
    let masters = MasterKeys::from_file_or_new(&folder.path().join("master.key")).unwrap();
    let keyring = KeyRing::open(
        masters,
        &format!("file:{}", folder.path().join("shelf").display()),
    )
    .unwrap();
    let caller = caller("GM0758", "analist-3", &[]).unwrap();
    let digest = objects
        .put_bytes(&caller.organisation, MODEL.into())
        .await
        .unwrap();
    let version = ActiveVersion {
        organisation: caller.organisation.clone(),
        model_id: Uuid::from_u128(1),
        model_name: "vroeg".to_owned(),
        model_version_id: Uuid::from_u128(2),
        digest,
        project_id: Uuid::from_u128(3),
        verwerkingsactiviteit: "https://gemeente.example/v/1".to_owned(),
        activated_at: None,
    };
    let active = Active::new(objects.clone(), keyring, Duration::from_mins(10));
    active.apply(vec![version.clone()], Instant::now()).await;
    let handler = BatchJob {
        active: active.clone(),
        objects: objects.clone(),
    };
    let pace = Pace {
        pause: Duration::from_millis(10),
        ..Pace::default()
    };
    let runner = Runner::start(&store, vec![Arc::new(handler)], pace)
        .await
        .unwrap();
    World {
        _folder: folder,
        _database: database,
        objects,
        store,
        active,
        caller,
        version,
        runner,
    }
}

/// Every tenth row misses a value the model does not do without; every third an amount it does.
fn parquet(with_children: bool) -> Vec<u8> {
    let n = |i: usize| i as i64;
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        (
            "_row",
            Arc::new((0..ROWS).map(|i| Some(n(i) + 1)).collect::<Int64Array>()),
        ),
        (
            "bsn_pseudonym",
            Arc::new(
                (0..ROWS)
                    .map(|i| Some(format!("{i:032x}")))
                    .collect::<StringArray>(),
            ),
        ),
        (
            "huurachterstand",
            Arc::new(
                (0..ROWS)
                    .map(|i| (i % 3 != 0).then_some(n(i) * 100))
                    .collect::<Int64Array>(),
            ),
        ),
        (
            "bijstand",
            Arc::new(
                (0..ROWS)
                    .map(|i| (i % 10 != 0).then_some(i % 2 == 0))
                    .collect::<BooleanArray>(),
            ),
        ),
        (
            "woonvorm",
            Arc::new(
                (0..ROWS)
                    .map(|i| Some(["huur", "koop", "boot"][i % 3]))
                    .collect::<StringArray>(),
            ),
        ),
        (
            "meldingen",
            Arc::new(
                (0..ROWS)
                    // What is no number counts as missing, as it did in training.
                    .map(|i| Some(if i == 7 { f64::NAN } else { i as f64 / 1_000.0 }))
                    .collect::<Float64Array>(),
            ),
        ),
        (
            "other",
            Arc::new((0..ROWS).map(|_| Some("not read")).collect::<StringArray>()),
        ),
    ];
    if with_children {
        columns.push((
            "kinderen",
            Arc::new((0..ROWS).map(|i| Some(n(i) % 4)).collect::<Int64Array>()),
        ));
    }
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns
            .into_iter()
            .map(|(name, column)| (name, column, true)),
    )
    .unwrap();
    let mut out = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut out, batch.schema() as Arc<Schema>, None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    out.flush().unwrap();
    out
}

impl World {
    async fn start(&self, dataset_digest: Digest) -> (Uuid, Uuid) {
        let (id, caller, version) = (Uuid::now_v7(), self.caller.clone(), self.version.clone());
        let new = NewRow {
            version,
            dataset_version_id: Uuid::from_u128(9),
            dataset_digest,
            control: None,
        };
        let job = self
            .store
            .of(&self.caller.organisation)
            .write(move |conn| {
                let job = jobs::enqueue(conn, &caller, KIND, &Payload { batch_id: id })?;
                rows::insert(conn, &caller, id, &new, job.id)?;
                Ok(job.id)
            })
            .await
            .unwrap();
        (id, job)
    }

    async fn end(&self, job: Uuid) -> helder_types::job::Job {
        for _ in 0..600 {
            let found = jobs::http::get(&self.store, &self.caller, job)
                .await
                .unwrap();
            if found.state.is_final() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        unreachable!("the job ends")
    }

    async fn logged(&self) -> i64 {
        #[derive(diesel::QueryableByName)]
        struct Count {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            n: i64,
        }
        let count = |conn: &mut _| {
            Ok(
                sql_query("SELECT COALESCE(SUM(subjects), 0) AS n FROM processing_acts")
                    .get_result::<Count>(conn)?
                    .n,
            )
        };
        self.store
            .of(&self.caller.organisation)
            .read(count)
            .await
            .unwrap()
    }

    async fn outcome(&self, id: Uuid) -> BatchOutcome {
        let organisation = self.caller.organisation.clone();
        self.store
            .of(&self.caller.organisation)
            .read(move |conn| rows::find(conn, &organisation, id))
            .await
            .unwrap()
            .outcome
            .unwrap()
    }
}

#[actix_web::test]
async fn every_row_is_scored_logged_and_ranked_or_counted_as_refused() {
    let world = world().await;
    let digest = world
        .objects
        .put_bytes(&world.caller.organisation, parquet(true).into())
        .await
        .unwrap();
    let (id, job) = world.start(digest).await;
    let job = world.end(job).await;
    assert_eq!((job.state, job.problem), (JobState::Succeeded, None));
    assert_eq!(job.result, Some(format!("/prediction/v1/batches/{id}")));
    let outcome = world.outcome(id).await;
    assert_eq!((outcome.rows_in, outcome.rows_scored), (5_000, 4_500));
    assert_eq!(
        (
            outcome.rows_refused[0].input.as_str(),
            outcome.rows_refused[0].rows
        ),
        ("bijstand", 500)
    );
    // Everybody in it, also who was refused.
    assert_eq!(world.logged().await, 5_000);

    let file = world
        .objects
        .get_to_file(&world.caller.organisation, &outcome.result_digest)
        .await
        .unwrap();
    let mut all = Vec::new();
    loop {
        let page = results::page(&file, all.len(), 700).unwrap();
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    assert_eq!(all.len(), 4_500);
    assert!(
        all.iter()
            .zip(1..)
            .all(|(result, rank)| result.rank == rank && result.reasons.len() == 3)
    );
    assert!(all.is_sorted_by_key(|result| (!(result.score + 1_000.0).to_bits(), result.row)));
    let mut found: Vec<i64> = all.iter().map(|result| result.row).collect();
    found.sort_unstable();
    assert_eq!(
        found,
        (1..=5_000).filter(|row| row % 10 != 1).collect::<Vec<_>>()
    );
    let one = all.iter().find(|result| result.row == 6).unwrap();
    assert_eq!(
        one.pseudonym.as_deref(),
        Some("00000000000000000000000000000005")
    );
    assert!(one.has_warnings, "a boat is no category");
    let gap = all.iter().find(|result| result.row == 8).unwrap();
    assert!(gap.has_warnings && gap.score.is_finite());
    let reasons = all
        .iter()
        .flat_map(|result| &result.reasons)
        .map(|reason| reason.nl.as_str());
    assert!(
        reasons
            .clone()
            .all(|text| text.ends_with("de kans.") || text.ends_with("verschil."))
    );
    assert!(reasons.clone().any(|text| text.contains("niet bekend")));

    // The same work again gives the same result, and its own records.
    let (again, job) = world.start(digest).await;
    assert_eq!(world.end(job).await.state, JobState::Succeeded);
    assert_eq!(
        world.outcome(again).await.result_digest,
        outcome.result_digest
    );
    assert_eq!(world.logged().await, 10_000);
    world.runner.stop(Duration::from_secs(5)).await;
}

#[actix_web::test]
async fn a_batch_of_a_stopped_model_or_without_its_columns_fails_with_the_reason() {
    let world = world().await;
    let organisation = &world.caller.organisation;
    let without = world
        .objects
        .put_bytes(organisation, parquet(false).into())
        .await
        .unwrap();
    let (_, job) = world.start(without).await;
    let problem = world.end(job).await.problem.unwrap();
    assert_eq!(
        (problem.status, problem.errors[0].pointer.as_str()),
        (400, "/datasetVersionId/kinderen")
    );
    let whole = world
        .objects
        .put_bytes(organisation, parquet(true).into())
        .await
        .unwrap();
    world.active.apply(Vec::new(), Instant::now()).await;
    let (_, job) = world.start(whole).await;
    let problem = world.end(job).await.problem.unwrap();
    assert_eq!(problem.kind, "urn:helder:problem:model-not-active");
    assert_eq!(world.logged().await, 0);
    world.runner.stop(Duration::from_secs(5)).await;
}

#[actix_web::test]
async fn survival_models_rank_by_speed_and_have_their_chances_in_columns() {
    use helder_model::{Model, Reasons, Scorer, Value};

    let bytes = include_bytes!("../../../../crates/model/tests/formats/1/benefit-outflow.json");
    let model = Model::from_json(bytes).unwrap();
    let (scorer, reasons) = (Scorer::new(&model).unwrap(), Reasons::plain(&model));
    let ends = crate::survival::Ends::of(&model).unwrap();
    let mut row = scorer.row();
    let (mut expected, mut scored) = (Vec::new(), Vec::new());
    let mut waiting = super::scoring::Waiting::new(&scorer);
    for place in 0..50_i64 {
        row.clear();
        let age = Value::Number(20.0 + place as f64);
        for (input, value) in [age, Value::Text("huur"), Value::Boolean(place % 2 == 0)]
            .into_iter()
            .enumerate()
        {
            scorer.set(&mut row, input, value).unwrap();
        }
        expected.push(scorer.outlook(&row, false).unwrap().unwrap());
        waiting.add((place, None), &row, &mut scored).unwrap();
    }
    waiting.score(&mut scored).unwrap();
    super::ranking::rank(&mut scored);
    let folder = tempfile::tempdir().unwrap();
    let objects = Objects::local(folder.path().join("objects")).unwrap();
    let organisation = caller("GM0758", "analist-3", &[]).unwrap().organisation;
    let bytes = results::write(Vec::new(), &scored, (&scorer, Some(&ends)), &reasons).unwrap();
    let digest = objects
        .put_bytes(&organisation, bytes.into())
        .await
        .unwrap();
    let file = objects.get_to_file(&organisation, &digest).await.unwrap();
    let page = results::page(&file, 0, 100).unwrap();
    assert_eq!(page.len(), 50);
    assert!(page.windows(2).all(|pair| pair[0].score >= pair[1].score));
    for found in page {
        let outlook = &expected[usize::try_from(found.row).unwrap()];
        let told = found.survival.unwrap();
        assert_eq!(told.median_days, outlook.median.time);
        let lasting: Vec<f64> = outlook.lasting.iter().map(|chance| chance.chance).collect();
        assert_eq!(told.lasting, lasting);
        assert_eq!(told.ended.len(), 2);
        for (told, cause) in told.ended.iter().zip(&outlook.causes) {
            let ended: Vec<f64> = cause.ended.iter().map(|chance| chance.chance).collect();
            assert_eq!(*told, ended);
        }
        assert_eq!((found.probability, found.value), (None, None));
    }
}
