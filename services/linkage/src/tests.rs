//! Runs over stored parts as ingest writes them, with a real store, object store and key ring.

use std::{collections::BTreeSet, io::Write, path::Path, sync::Arc, time::Duration};

use arrow::{
    array::{ArrayRef, Int64Array, RecordBatch, StringArray},
    datatypes::{DataType, Field, Schema},
};
use helder_platform::{
    jobs::{self, Pace, Runner},
    keyring::{KeyRing, MasterKeys},
    objects::Objects,
    problem::Problem,
    store::Store,
    testing::{TestDatabase, caller},
};
use helder_types::{
    Caller, Digest, SemanticType,
    job::{Job, JobState},
};
use parquet::arrow::ArrowWriter;
use tempfile::TempDir;
use tokio::runtime::Handle;
use uuid::Uuid;

use crate::{
    MIGRATIONS, check, explain,
    job::LinkageJob,
    output::read_links,
    page, runs,
    versions::{Field as ContractField, Version},
    wire::{LinkageRun, NewLinkageRun, PairRows},
};

const QUICK: Pace = Pace {
    lease: Duration::from_millis(1500),
    heartbeat: Duration::from_millis(200),
    poll: Duration::from_millis(30),
    pause: Duration::from_millis(10),
    parallel: 1,
};

struct House {
    _folder: TempDir,
    _database: TestDatabase,
    store: Store,
    objects: Objects,
    keyring: KeyRing,
    anna: Caller,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = TestDatabase::sqlite().unwrap();
        let masters = MasterKeys::from_file_or_new(&folder.path().join("master.key")).unwrap();
        Self {
            store: database.open(&[MIGRATIONS]).unwrap(),
            objects: Objects::local(folder.path().join("objects")).unwrap(),
            keyring: KeyRing::open(
                masters,
                &format!("file:{}", folder.path().join("shelf").display()),
            )
            .unwrap(),
            anna: caller("GM0772", "anna", &[]).unwrap(),
            _folder: folder,
            _database: database,
        }
    }

    fn handler(&self) -> Arc<LinkageJob> {
        Arc::new(LinkageJob {
            objects: self.objects.clone(),
            keyring: self.keyring.clone(),
        })
    }

    async fn put(&self, bytes: Vec<u8>) -> Digest {
        self.objects
            .put_bytes(&self.anna.organisation, bytes.into())
            .await
            .unwrap()
    }

    /// Stores a table as ingest would; `row` numbers skip the second record, as if it was quarantined.
    async fn version(
        &self,
        project: Uuid,
        columns: &[(&str, Option<SemanticType>, Vec<String>)],
    ) -> Version {
        let is_identity =
            |meaning: Option<SemanticType>| meaning.is_some_and(SemanticType::identifies_directly);
        let mut parts = Vec::new();
        for identity in [false, true] {
            let chosen = columns
                .iter()
                .filter(|(_, meaning, _)| is_identity(*meaning) == identity);
            parts.push(parquet(
                chosen.map(|(name, _, texts)| (*name, texts.as_slice())),
            ));
        }
        let mut sealed = self
            .keyring
            .sealer(&self.anna.organisation)
            .await
            .unwrap()
            .writer(Vec::new())
            .unwrap();
        sealed.write_all(&parts[1]).unwrap();
        let (identity, analysis) = (
            self.put(sealed.finish().unwrap()).await,
            self.put(parts.swap_remove(0)).await,
        );
        let fields: Vec<_> = columns
            .iter()
            .map(|(name, meaning, _)| serde_json::json!({"name": name, "type": "string", "semanticType": meaning}))
            .collect();
        serde_json::from_value(serde_json::json!({
            "id": Uuid::now_v7(), "projectId": project, "contract": {"fields": fields},
            "parts": {"analysis": {"digest": analysis}, "identity": {"digest": identity}}
        }))
        .unwrap()
    }

    async fn ask(&self, left: Version, right: Version) -> Job {
        let request = NewLinkageRun {
            project_id: left.project_id,
            left: left.id,
            right: right.id,
            spec: None,
            threshold: None,
            one_to_one: Some(true),
        };
        let checked = check::run(
            request,
            check::Found {
                left: Some(left),
                right: Some(right),
            },
        )
        .unwrap();
        let anna = self.anna.clone();
        self.store
            .write(move |conn| runs::insert(conn, &anna, &checked))
            .await
            .unwrap()
    }

    async fn ended(&self, id: Uuid) -> Job {
        for _ in 0..6000 {
            let job = jobs::http::get(&self.store, &self.anna, id).await.unwrap();
            if job.state.is_final() {
                return job;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the job does not end");
    }

    async fn runs(&self) -> Vec<LinkageRun> {
        let organisation = self.anna.organisation.clone();
        self.store
            .read(move |conn| {
                let rows = runs::list(conn, &organisation, None, 10)?;
                rows.into_iter()
                    .map(|row| row.show(conn, &organisation))
                    .collect()
            })
            .await
            .unwrap()
    }
}

fn parquet<'a>(columns: impl Iterator<Item = (&'a str, &'a [String])>) -> Vec<u8> {
    let mut fields = vec![Field::new("_row", DataType::Int64, false)];
    let mut arrays: Vec<ArrayRef> = Vec::new();
    for (name, texts) in columns {
        fields.push(Field::new(name, DataType::Utf8, true));
        arrays.push(Arc::new(StringArray::from_iter(
            texts.iter().map(|text| (!text.is_empty()).then_some(text)),
        )));
    }
    let n = arrays.first().map_or(0, |array| array.len()) as i64;
    arrays.insert(
        0,
        Arc::new(Int64Array::from_iter_values(
            (1..=n).map(|row| if row > 1 { row + 1 } else { row }),
        )),
    );
    let schema = Arc::new(Schema::new(fields));
    let mut out = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut out, Arc::clone(&schema), None).unwrap();
    writer
        .write(&RecordBatch::try_new(schema, arrays).unwrap())
        .unwrap();
    writer.close().unwrap();
    out
}

/// FEBRL4 columns with their meaning, and the number of the person per record.
fn febrl(
    file: &str,
) -> (
    Vec<(&'static str, Option<SemanticType>, Vec<String>)>,
    Vec<String>,
) {
    const MEANINGS: [(&str, Option<SemanticType>); 9] = [
        ("given_name", Some(SemanticType::Voornamen)),
        ("surname", Some(SemanticType::Geslachtsnaam)),
        ("street_number", Some(SemanticType::Huisnummer)),
        ("address_1", Some(SemanticType::Straatnaam)),
        ("address_2", None),
        ("suburb", Some(SemanticType::Woonplaats)),
        ("postcode", None),
        ("state", None),
        ("date_of_birth", Some(SemanticType::Geboortedatum)),
    ];
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../crates/record-linkage/tests/data/febrl4")
        .join(file);
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header: Vec<String> = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let column = |name: &str| {
        let place = header.iter().position(|known| known == name).unwrap();
        records
            .iter()
            .map(|record| record[place].to_owned())
            .collect::<Vec<_>>()
    };
    let persons = column("rec_id")
        .iter()
        .map(|id| id.split('-').nth(1).unwrap().to_owned())
        .collect();
    (
        MEANINGS
            .iter()
            .map(|(name, meaning)| (*name, *meaning, column(name)))
            .collect(),
        persons,
    )
}

async fn ask_febrl(house: &House) -> (Job, [Vec<String>; 2]) {
    let project = Uuid::now_v7();
    let ((left, left_persons), (right, right_persons)) = (febrl("a.csv"), febrl("b.csv"));
    let (left, right) = (
        house.version(project, &left).await,
        house.version(project, &right).await,
    );
    (house.ask(left, right).await, [left_persons, right_persons])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_sealed_versions_are_linked_explained_and_reported() {
    let house = House::new();
    let runner = Runner::start(&house.store, vec![house.handler()], QUICK)
        .await
        .unwrap();
    let (job, persons) = ask_febrl(&house).await;
    let job = house.ended(job.id).await;
    assert_eq!(job.state, JobState::Succeeded, "{job:?}");
    let run = house.runs().await.remove(0);
    assert_eq!(
        job.result,
        Some(format!("/linkage/v1/linkage-runs/{}", run.id))
    );
    let outcome = run.outcome.clone().unwrap();
    assert_eq!((outcome.left_rows, outcome.right_rows), (5000, 5000));

    let file = house
        .objects
        .get_to_file(&house.anna.organisation, &outcome.linked_dataset.digest)
        .await
        .unwrap();
    let links = read_links(&file, 0, 10_000).unwrap();
    assert_eq!(links.len() as u64, outcome.links);
    let place = |row: i64| (if row > 1 { row - 2 } else { row - 1 }) as usize;
    let right = links
        .iter()
        .filter(|link| persons[0][place(link.left_row)] == persons[1][place(link.right_row)])
        .count();
    assert!(
        right as f64 >= 0.995 * links.len() as f64 && right >= 4950,
        "{right} of {}",
        links.len()
    );
    assert_eq!(read_links(&file, 100, 3).unwrap(), links[100..103]);
    let expected = outcome.expected_error.unwrap();
    assert!(expected.precision > 0.99 && expected.recall > 0.99);

    let (link, organisation) = (links[17].clone(), house.anna.organisation.clone());
    let row = {
        let (organisation, id) = (organisation.clone(), run.id);
        house
            .store
            .read(move |conn| runs::find(conn, &organisation, id))
            .await
            .unwrap()
    };
    let (spec, inputs) = (row.spec().unwrap(), row.inputs().unwrap());
    let stores = (house.objects.clone(), house.keyring.clone());
    let (shown, missing) = tokio::task::spawn_blocking(move || {
        let explain = |rows| {
            explain::pair(
                (&stores.0, &stores.1),
                &organisation,
                (&spec, &inputs, &outcome),
                rows,
                &Handle::current(),
            )
        };
        let pair = explain(PairRows {
            left_row: link.left_row,
            right_row: link.right_row,
        })
        .unwrap();
        assert_eq!(
            pair.waterfall.as_ref().unwrap().match_weight.to_bits(),
            link.match_weight.unwrap().to_bits()
        );
        (
            pair,
            explain(PairRows {
                left_row: 2,
                right_row: 1,
            }),
        )
    })
    .await
    .unwrap();
    assert!(shown.linked && shown.rivals_weighed && shown.waterfall.unwrap().found_by.is_some());
    let missing: Problem = missing.err().unwrap();
    assert_eq!(missing.faults()[0].pointer, "/leftRow");

    let html = page::render(&run, run.outcome.as_ref().unwrap());
    assert!(html.contains("<svg") && html.contains("geboortedatum") && !html.contains("michaela"));
    runner.stop(Duration::from_secs(5)).await;
}

#[test]
fn a_run_whose_process_is_killed_is_completed_once_by_the_next() {
    let house = House::new();
    let killed = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let job = killed.block_on(async {
        let (job, _) = ask_febrl(&house).await;
        drop(
            Runner::start(&house.store, vec![house.handler()], QUICK)
                .await
                .unwrap(),
        );
        for _ in 0..2000 {
            let seen = jobs::http::get(&house.store, &house.anna, job.id)
                .await
                .unwrap();
            if seen.state == JobState::Running {
                return job;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        panic!("the job does not start");
    });
    // No heartbeat any more; the worker's thread may go on like a process that only seemed dead.
    killed.shutdown_background();
    let next = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    next.block_on(async {
        let runner = Runner::start(&house.store, vec![house.handler()], QUICK)
            .await
            .unwrap();
        let job = house.ended(job.id).await;
        assert_eq!(job.state, JobState::Succeeded, "{job:?}");
        let runs = house.runs().await;
        assert_eq!(runs.len(), 1);
        assert!(runs[0].outcome.is_some());
        runner.stop(Duration::from_secs(5)).await;
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn equal_input_gives_an_equal_linked_dataset() {
    let house = House::new();
    let runner = Runner::start(&house.store, vec![house.handler()], QUICK)
        .await
        .unwrap();
    let mut digests = BTreeSet::new();
    for _ in 0..2 {
        let (job, _) = ask_febrl(&house).await;
        assert_eq!(house.ended(job.id).await.state, JobState::Succeeded);
        let run = house.runs().await.remove(0);
        let outcome = run.outcome.unwrap();
        digests.insert((outcome.linked_dataset.digest, outcome.scored_pairs.digest));
    }
    assert_eq!(digests.len(), 1);
    runner.stop(Duration::from_secs(5)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn equal_pseudonyms_link_before_anything_is_compared() {
    let house = House::new();
    let project = Uuid::now_v7();
    let texts = |texts: [&str; 4]| texts.map(str::to_owned).to_vec();
    let columns = |pseudonyms, names| {
        [
            (
                "bsn_pseudonym",
                Some(SemanticType::Persoonsnummer),
                texts(pseudonyms),
            ),
            ("voornamen", Some(SemanticType::Voornamen), texts(names)),
        ]
    };
    let as_bsn = |mut version: Version| {
        let fields = &mut version.contract.as_mut().unwrap().fields;
        fields[0] = ContractField {
            name: "bsn".to_owned(),
            kind: None,
            semantic_type: Some(SemanticType::Bsn),
        };
        version
    };
    let left = as_bsn(
        house
            .version(
                project,
                &columns(["p1", "p2", "p3", ""], ["Anna", "Jan", "Piet", "Kees"]),
            )
            .await,
    );
    let right = as_bsn(
        house
            .version(
                project,
                &columns(["p3", "", "p9", "p1"], ["Peter", "Kees", "Els", "Ans"]),
            )
            .await,
    );
    let runner = Runner::start(&house.store, vec![house.handler()], QUICK)
        .await
        .unwrap();
    let job = house.ask(left, right).await;
    let job = house.ended(job.id).await;
    assert_eq!(job.state, JobState::Succeeded, "{job:?}");
    let outcome = house.runs().await.remove(0).outcome.unwrap();
    assert_eq!(
        (outcome.steps[0].links, outcome.steps[0].left_unlinked),
        (2, 2)
    );
    let file = house
        .objects
        .get_to_file(&house.anna.organisation, &outcome.linked_dataset.digest)
        .await
        .unwrap();
    let links = read_links(&file, 0, 10).unwrap();
    assert!(
        links
            .iter()
            .any(|link| (link.left_row, link.right_row, link.match_weight) == (1, 5, None))
    );
    runner.stop(Duration::from_secs(5)).await;
}
