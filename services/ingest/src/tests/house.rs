//! A house for the service, and a client that speaks to it.

use std::{
    net::TcpListener,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use actix_web::{
    App, HttpServer, get,
    web::{self, Data},
};
use helder_platform::{
    calls::Peers,
    config::Limits,
    identity::{TokenMint, TokenVerifier},
    keyring::{KeyRing, MasterKeys},
    objects::Objects,
    problem::Problem,
    server::{RunningService, ServiceContext},
    testing::{TestDatabase, caller},
};
use helder_types::{Caller, Permission};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

#[get("/registry/v1/projects/{id}/permits/ingest")]
async fn permit(
    refusing: Data<AtomicBool>,
    id: web::Path<Uuid>,
) -> Result<web::Json<Value>, Problem> {
    if id.is_nil() {
        return Err(Problem::not_found());
    }
    let allowed = !refusing.load(Ordering::SeqCst);
    Ok(web::Json(
        json!({"allowed": allowed, "reason": (!allowed).then_some("the project has ended")}),
    ))
}

#[get("/registry/v1/projects/{id}")]
async fn project_of(until: Data<Mutex<String>>) -> web::Json<Value> {
    let until = until.lock().unwrap().clone();
    web::Json(json!({"until": until}))
}

pub(super) struct House {
    pub(super) until: Data<Mutex<String>>,
    pub(super) folder: TempDir,
    pub(super) database: TestDatabase,
    pub(super) objects: Objects,
    pub(super) keyring: KeyRing,
    pub(super) anna: Caller,
    pub(super) mint: Arc<TokenMint>,
    pub(super) training: Arc<TokenMint>,
    pub(super) refusing: Data<AtomicBool>,
    pub(super) peers: Peers,
}

pub(super) const EVERYTHING: &[Permission] = &[
    Permission::IngestRead,
    Permission::IngestWrite,
    Permission::IngestAudit,
];

impl House {
    pub(super) fn new() -> Self {
        Self::on(TestDatabase::sqlite().unwrap())
    }

    pub(super) fn on(database: TestDatabase) -> Self {
        // On a server tables are made by their owner.
        drop(database.open(&[crate::MIGRATIONS]).unwrap());
        let folder = tempfile::tempdir().unwrap();
        let masters = MasterKeys::from_file_or_new(&folder.path().join("master.key")).unwrap();
        let mint = Arc::new(TokenMint::generate("gateway").unwrap());
        let refusing = Data::new(AtomicBool::new(false));
        let served = refusing.clone();
        let until = Data::new(Mutex::new("2099-12-31".to_owned()));
        let told = until.clone();
        let app = move || {
            App::new()
                .app_data(served.clone())
                .app_data(told.clone())
                .service(permit)
                .service(project_of)
        };
        let server = HttpServer::new(app)
            .workers(1)
            .disable_signals()
            .bind("127.0.0.1:0")
            .unwrap();
        let base = format!("http://{}", server.addrs()[0]);
        tokio::spawn(server.run());
        Self {
            database,
            objects: Objects::local(folder.path().join("objects")).unwrap(),
            keyring: KeyRing::open(
                masters,
                &format!("file:{}", folder.path().join("shelf").display()),
            )
            .unwrap(),
            anna: caller("GM0772", "anna", EVERYTHING).unwrap(),
            peers: Peers::new(
                Arc::clone(&mint),
                [("registry".to_owned(), base)].into(),
                Duration::from_secs(5),
            )
            .unwrap(),
            mint,
            training: Arc::new(TokenMint::generate("training").unwrap()),
            refusing,
            until,
            folder,
        }
    }

    pub(super) async fn serve(&self) -> (RunningService, Visitor) {
        self.serve_with(Limits::default()).await
    }

    pub(super) async fn serve_with(&self, limits: Limits) -> (RunningService, Visitor) {
        let context = ServiceContext {
            listener: TcpListener::bind("127.0.0.1:0").unwrap(),
            workers: 2,
            job_workers: 2,
            scratch: self.folder.path().to_owned(),
            store_url: self.database.url.clone(),
            objects: self.objects.clone(),
            keyring: self.keyring.clone(),
            mint: Arc::clone(&self.mint),
            verifier: Arc::new(
                TokenVerifier::new()
                    .trust("gateway", &self.mint.public_key())
                    .trust("training", &self.training.public_key()),
            ),
            peers: self.peers.clone(),
            limits,
            logboek: helder_platform::logboek::LogboekSettings::default(),
        };
        let service = crate::start(context).await.unwrap();
        let base = format!("http://{}", service.address);
        let visitor = self.visitor(&base, &self.anna);
        (service, visitor)
    }

    pub(super) fn visitor(&self, base: &str, who: &Caller) -> Visitor {
        Visitor {
            base: base.to_owned(),
            token: self.mint.mint(who).unwrap().token.to_string(),
            client: Client::new(),
        }
    }

    /// The training service on behalf of anna.
    pub(super) fn service_visitor(&self, base: &str) -> Visitor {
        let who = Peers::with_permission(&self.anna, Permission::IngestDerive);
        Visitor {
            base: base.to_owned(),
            token: self.training.mint(&who).unwrap().token.to_string(),
            client: Client::new(),
        }
    }

    /// All bytes under a folder of the house, as one text to search in.
    pub(super) fn everything_stored(&self) -> Vec<u8> {
        fn collect(folder: &std::path::Path, out: &mut Vec<u8>) {
            for entry in std::fs::read_dir(folder).unwrap().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    collect(&path, out);
                } else {
                    out.extend(std::fs::read(&path).unwrap_or_default());
                }
            }
        }
        let mut out = Vec::new();
        collect(self.folder.path(), &mut out);
        if let Some(path) = self.database.url.strip_prefix("sqlite:") {
            collect(std::path::Path::new(path).parent().unwrap(), &mut out);
        }
        out
    }

    /// Files in the object store.
    pub(super) fn stored_objects(&self) -> usize {
        let folder = self.folder.path().join("objects").join("GM0772");
        let Ok(entries) = std::fs::read_dir(folder) else {
            return 0;
        };
        entries
            .flatten()
            .filter(|entry| entry.path().is_file())
            .count()
    }
}

#[derive(Clone)]
pub(super) struct Visitor {
    pub(super) base: String,
    pub(super) token: String,
    pub(super) client: Client,
}

impl Visitor {
    fn url(&self, path: &str) -> String {
        if path.starts_with("/ingest/") {
            format!("{}{path}", self.base)
        } else {
            format!("{}/ingest/v1{path}", self.base)
        }
    }

    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(self.url(path)).bearer_auth(&self.token)
    }

    pub(super) fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(self.url(path)).bearer_auth(&self.token)
    }

    pub(super) async fn read(&self, path: &str) -> Value {
        json_of(self.get(path).send().await.unwrap(), StatusCode::OK).await
    }

    pub(super) async fn make(&self, path: &str, body: Value) -> Value {
        json_of(
            self.post(path).json(&body).send().await.unwrap(),
            StatusCode::CREATED,
        )
        .await
    }

    pub(super) async fn dataset(&self, project: Uuid) -> String {
        let made = self
            .make(
                "/datasets",
                json!({"projectId": project, "name": "uitkeringen"}),
            )
            .await;
        made["id"].as_str().unwrap().to_owned()
    }

    pub(super) async fn contract(&self, contract: Value) -> String {
        let made = self
            .make(
                "/contracts",
                json!({"name": "afspraak", "contract": contract}),
            )
            .await;
        made["id"].as_str().unwrap().to_owned()
    }

    pub(super) fn upload(&self, dataset: &str, contract: Option<&str>) -> RequestBuilder {
        let query = contract.map_or_else(String::new, |id| format!("?contractId={id}"));
        self.post(&format!("/datasets/{dataset}/dataset-versions{query}"))
            .header("content-type", "text/csv")
    }

    pub(super) async fn ended(&self, job: &Value) -> Value {
        let path = format!("/jobs/{}", job["id"].as_str().unwrap());
        for _ in 0..3_000 {
            let job = self.read(&path).await;
            if !matches!(job["state"].as_str().unwrap(), "queued" | "running") {
                return job;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the job does not end");
    }

    /// Uploads CSV and gives the version.
    pub(super) async fn version(
        &self,
        dataset: &str,
        contract: Option<&str>,
        csv: impl Into<reqwest::Body>,
    ) -> Value {
        let job = json_of(
            self.upload(dataset, contract)
                .body(csv)
                .send()
                .await
                .unwrap(),
            StatusCode::ACCEPTED,
        )
        .await;
        let job = self.ended(&job).await;
        assert_eq!(job["state"], "succeeded", "{job}");
        self.read(job["result"].as_str().unwrap()).await
    }
}

pub(super) async fn json_of(response: Response, status: StatusCode) -> Value {
    let found = response.status();
    let text = response.text().await.unwrap();
    assert_eq!(found, status, "{text}");
    serde_json::from_str(&text).unwrap()
}

/// Code of a refusal, and of its faults.
pub(super) async fn refusal(response: Response, status: u16) -> (String, Vec<(String, String)>) {
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    let problem = json_of(response, StatusCode::from_u16(status).unwrap()).await;
    let faults = problem["errors"].as_array().cloned().unwrap_or_default();
    let pair = |fault: &Value| {
        (
            fault["pointer"].as_str().unwrap().to_owned(),
            fault["code"].as_str().unwrap().to_owned(),
        )
    };
    let code = problem["type"]
        .as_str()
        .unwrap()
        .rsplit(':')
        .next()
        .unwrap()
        .to_owned();
    (code, faults.iter().map(pair).collect())
}
