//! A house for the service: neighbours, stores, and FEBRL4 stored as ingest would store it.

use std::{
    collections::BTreeMap,
    io::Write,
    net::TcpListener,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use actix_web::{
    App, HttpServer, get, post,
    web::{self, Data},
};
use arrow::{
    array::{ArrayRef, Int64Array, RecordBatch, StringArray},
    datatypes::{DataType, Field, Schema},
};
use helder_platform::{
    calls::Peers,
    config::Limits,
    identity::{TokenMint, TokenVerifier},
    jobs::{self, Pace},
    keyring::{KeyRing, MasterKeys},
    objects::Objects,
    problem::Problem,
    server::{RunningService, ServiceContext},
    store::Store,
    testing::{TestDatabase, caller},
};
use helder_types::{Caller, Digest, Permission, SemanticType, job::Job};
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{
    MIGRATIONS, check,
    job::LinkageJob,
    memory::Memory,
    runs,
    versions::Version,
    wire::{LinkageRun, NewLinkageRun},
};

pub(super) const QUICK: Pace = Pace {
    lease: Duration::from_millis(1500),
    heartbeat: Duration::from_millis(200),
    poll: Duration::from_millis(30),
    pause: Duration::from_millis(10),
    parallel: 1,
};

/// Ingest and registry, as far as linkage asks them.
#[derive(Default)]
pub(super) struct Neighbours {
    pub(super) versions: Mutex<BTreeMap<Uuid, Value>>,
    /// Bodies of derived versions that were registered.
    pub(super) derived: Mutex<Vec<Value>>,
    pub(super) refusing: AtomicBool,
}

#[get("/ingest/v1/dataset-versions/{id}")]
async fn show_version(
    known: Data<Neighbours>,
    id: web::Path<Uuid>,
) -> Result<web::Json<Value>, Problem> {
    known
        .versions
        .lock()
        .unwrap()
        .get(&id)
        .cloned()
        .map(web::Json)
        .ok_or_else(Problem::not_found)
}

#[post("/ingest/v1/derived-versions")]
async fn register(known: Data<Neighbours>, body: web::Json<Value>) -> web::Json<Value> {
    known.derived.lock().unwrap().push(body.into_inner());
    web::Json(json!({"id": Uuid::from_u128(77)}))
}

#[get("/registry/v1/projects/{id}/permits/linkage")]
async fn show_permit(
    known: Data<Neighbours>,
    id: web::Path<Uuid>,
) -> Result<web::Json<Value>, Problem> {
    if id.is_nil() {
        return Err(Problem::not_found());
    }
    let allowed = !known.refusing.load(Ordering::SeqCst);
    Ok(web::Json(
        json!({"allowed": allowed, "reason": (!allowed).then_some("the project has ended")}),
    ))
}

pub(super) struct House {
    pub(super) folder: TempDir,
    pub(super) database: TestDatabase,
    pub(super) store: Store,
    pub(super) objects: Objects,
    pub(super) keyring: KeyRing,
    pub(super) anna: Caller,
    pub(super) mint: Arc<TokenMint>,
    pub(super) neighbours: Data<Neighbours>,
    pub(super) peers: Peers,
}

impl House {
    /// With neighbours on a port of their own; runs until the test's runtime ends.
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = TestDatabase::sqlite().unwrap();
        let masters = MasterKeys::from_file_or_new(&folder.path().join("master.key")).unwrap();
        let mint = Arc::new(TokenMint::generate("gateway").unwrap());
        let neighbours = Data::new(Neighbours::default());
        let served = neighbours.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(served.clone())
                .service(show_version)
                .service(register)
                .service(show_permit)
        })
        .workers(1)
        .disable_signals()
        .bind("127.0.0.1:0")
        .unwrap();
        let base = format!("http://{}", server.addrs()[0]);
        tokio::spawn(server.run());
        let bases = ["ingest", "registry"]
            .map(|name| (name.to_owned(), base.clone()))
            .into();
        Self {
            store: database.open(&[MIGRATIONS]).unwrap(),
            objects: Objects::local(folder.path().join("objects")).unwrap(),
            keyring: KeyRing::open(
                masters,
                &format!("file:{}", folder.path().join("shelf").display()),
            )
            .unwrap(),
            anna: caller(
                "GM0772",
                "anna",
                &[Permission::LinkageRead, Permission::LinkageWrite],
            )
            .unwrap(),
            peers: Peers::new(Arc::clone(&mint), bases, Duration::from_secs(5)).unwrap(),
            mint,
            neighbours,
            folder,
            database,
        }
    }

    pub(super) fn handler(&self) -> Arc<LinkageJob> {
        Arc::new(LinkageJob {
            memory: Memory::default(),
            objects: self.objects.clone(),
            keyring: self.keyring.clone(),
            peers: self.peers.clone(),
        })
    }

    /// The whole service on a free port, and its address.
    pub(super) async fn serve(&self) -> (RunningService, String) {
        self.serve_within(Limits::default()).await
    }

    /// The same with limits of its own.
    pub(super) async fn serve_within(&self, limits: Limits) -> (RunningService, String) {
        let context = ServiceContext {
            listener: TcpListener::bind("127.0.0.1:0").unwrap(),
            workers: 1,
            job_workers: 1,
            scratch: self.folder.path().to_owned(),
            store_url: self.database.url.clone(),
            objects: self.objects.clone(),
            keyring: self.keyring.clone(),
            mint: Arc::clone(&self.mint),
            verifier: Arc::new(TokenVerifier::new().trust("gateway", &self.mint.public_key())),
            peers: self.peers.clone(),
            limits,
            logboek: helder_platform::logboek::LogboekSettings::default(),
        };
        let service = crate::start(context).await.unwrap();
        let base = format!("http://{}/linkage/v1", service.address);
        (service, base)
    }

    pub(super) fn token(&self, who: &Caller) -> String {
        self.mint.mint(who).unwrap().token.to_string()
    }

    pub(super) async fn put(&self, bytes: Vec<u8>) -> Digest {
        self.objects
            .put_bytes(&self.anna.organisation, bytes.into())
            .await
            .unwrap()
    }

    /// Stores a table as ingest would; `row` numbers skip the second record, as if it was quarantined.
    pub(super) async fn version(&self, project: Uuid, columns: &[TestColumn]) -> (Uuid, Version) {
        self.version_of(project, (Uuid::now_v7(), 1), columns).await
    }

    /// The same as version `number` of a dataset.
    pub(super) async fn version_of(
        &self,
        project: Uuid,
        (dataset, number): (Uuid, i64),
        columns: &[TestColumn],
    ) -> (Uuid, Version) {
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
            .map(|(name, meaning, _)| json!({"name": name, "type": "string", "semanticType": meaning}))
            .collect();
        let id = Uuid::now_v7();
        let version = json!({
            "id": id, "projectId": project, "datasetId": dataset, "number": number, "contract": {"fields": fields},
            "parts": {"analysis": {"digest": analysis}, "identity": {"digest": identity}}
        });
        self.neighbours
            .versions
            .lock()
            .unwrap()
            .insert(id, version.clone());
        (id, serde_json::from_value(version).unwrap())
    }

    pub(super) async fn ask(
        &self,
        (left_id, left): (Uuid, Version),
        (right_id, right): (Uuid, Version),
    ) -> Job {
        let request = NewLinkageRun {
            project_id: left.project_id,
            left: left_id,
            right: Some(right_id),
            spec: None,
            threshold: None,
            one_to_one: Some(true),
            group_by: Vec::new(),
            truth: None,
            dataset_name: None,
            incremental: None,
        };
        let checked = check::run(
            request,
            check::Found {
                left: Some(left),
                right: Some(right),
                is_within: false,
                truth: None,
                previous: None,
            },
            None,
        )
        .unwrap();
        let anna = self.anna.clone();
        self.store
            .of(&self.anna.organisation)
            .write(move |conn| Ok(runs::insert_named(conn, &anna, &checked)?.0))
            .await
            .unwrap()
    }

    pub(super) async fn ended(&self, id: Uuid) -> Job {
        for _ in 0..6000 {
            let job = jobs::http::get(&self.store, &self.anna, id).await.unwrap();
            if job.state.is_final() {
                return job;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the job does not end");
    }

    pub(super) async fn runs(&self) -> Vec<LinkageRun> {
        let organisation = self.anna.organisation.clone();
        self.store
            .of(&self.anna.organisation)
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
        arrays.push(Arc::new(
            texts
                .iter()
                .map(|text| (!text.is_empty()).then_some(text))
                .collect::<StringArray>(),
        ));
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

/// Name, meaning and texts of a column.
pub(super) type TestColumn = (&'static str, Option<SemanticType>, Vec<String>);

/// FEBRL4 columns with their meaning, and the number of the person per record.
pub(super) fn febrl(file: &str) -> (Vec<TestColumn>, Vec<String>) {
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
        .join("../../tests/data/febrl4")
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

pub(super) async fn ask_febrl(house: &House) -> (Job, [Vec<String>; 2]) {
    let project = Uuid::now_v7();
    let ((left, left_persons), (right, right_persons)) = (febrl("a.csv"), febrl("b.csv"));
    let (left, right) = (
        house.version(project, &left).await,
        house.version(project, &right).await,
    );
    (house.ask(left, right).await, [left_persons, right_persons])
}
