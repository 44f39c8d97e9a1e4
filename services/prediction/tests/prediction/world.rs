//! The service behind real sockets, with a registry and an ingest that say what the test wants.

use std::{
    collections::BTreeMap,
    net::TcpListener,
    sync::{Arc, Mutex},
    time::Duration,
};

use actix_web::{App, HttpResponse, HttpServer, dev::ServerHandle, web};
use helder_platform::{
    calls::Peers,
    config::Limits,
    identity::{TokenMint, TokenVerifier},
    server::{RunningService, ServiceContext},
    store::Store,
    testing::TestDatabase,
};
use helder_prediction::{MIGRATIONS, registry::ActiveVersion};
use helder_types::{Caller, Digest, Permission};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{MODEL, Place, caller, version};

/// What the other services say.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) in_force: Vec<ActiveVersion>,
    /// Versions that answered before and no longer do.
    pub(crate) retired: Vec<ActiveVersion>,
    pub(crate) dataset: Option<Digest>,
    pub(crate) refusal: Option<String>,
}

pub(crate) struct World {
    pub(crate) place: Place,
    pub(crate) said: Arc<Mutex<Said>>,
    pub(crate) others: ServerHandle,
    pub(crate) store: Store,
    pub(crate) client: Client,
    pub(crate) database: TestDatabase,
    gateway: TokenMint,
    base: String,
    service: RunningService,
}

pub(crate) const PREDICT: &str = "/models/vroeg/predictions";

impl World {
    pub(crate) async fn new(patience: Duration) -> Self {
        Self::with(patience, Limits::default()).await
    }

    pub(crate) async fn with(patience: Duration, limits: Limits) -> Self {
        let place = Place::new();
        let digest = place.put(MODEL).await;
        let said = Arc::new(Mutex::new(Said {
            in_force: vec![version("vroeg", digest)],
            ..Said::default()
        }));
        let (others, address) = serve_others(Arc::clone(&said));
        let gateway = TokenMint::generate("gateway").unwrap();
        let mint = Arc::new(TokenMint::generate("prediction").unwrap());
        let verifier = TokenVerifier::new().trust("gateway", &gateway.public_key());
        let bases: BTreeMap<_, _> = ["registry", "ingest"]
            .map(|name| (name.to_owned(), address.clone()))
            .into();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let database = TestDatabase::sqlite().unwrap();
        let context = ServiceContext {
            workers: 2,
            job_workers: 1,
            scratch: place.folder.path().join("scratch"),
            store_url: database.url.clone(),
            objects: place.objects.clone(),
            keyring: place.keyring.clone(),
            peers: Peers::new(Arc::clone(&mint), bases, Duration::from_secs(5)).unwrap(),
            mint,
            verifier: Arc::new(verifier),
            limits,
            logboek: helder_platform::logboek::LogboekSettings::default(),
            listener,
        };
        let service = helder_prediction::start_with(context, patience)
            .await
            .unwrap();
        let base = format!("http://{}/prediction/v1", service.address);
        let store = database.open(&[MIGRATIONS]).unwrap();
        let world = Self {
            place,
            said,
            others,
            store,
            client: Client::new(),
            database,
            gateway,
            base,
            service,
        };
        world.until(PREDICT, 200, Duration::from_secs(10)).await;
        world
    }

    pub(crate) fn token(&self, caller: &Caller) -> String {
        self.gateway.mint(caller).unwrap().token.to_string()
    }

    /// A request as somebody who may do everything here.
    pub(crate) fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
        self.client
            .post(format!("{}{path}", self.base))
            .bearer_auth(self.token(&everything()))
            .header("content-type", "application/json")
            .body(body)
    }

    /// Address of something outside the service's own base path.
    pub(crate) fn outside(&self, base: &str, path: &str) -> String {
        format!("http://{}{base}{path}", self.service.address)
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.client
            .get(format!("{}{path}", self.base))
            .bearer_auth(self.token(&everything()))
    }

    /// Asks until the status is this; answers how long that took.
    pub(crate) async fn until(&self, path: &str, status: u16, patience: Duration) -> Duration {
        let start = std::time::Instant::now();
        loop {
            let found = self.post(path, body("a")).send().await.unwrap().status();
            if found == status {
                return start.elapsed();
            }
            assert!(start.elapsed() < patience, "still {found}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Every byte of the database, its log included.
    pub(crate) fn database_bytes(&self) -> Vec<u8> {
        let path = self.database.url.trim_start_matches("sqlite:");
        ["", "-wal"]
            .iter()
            .flat_map(|end| std::fs::read(format!("{path}{end}")).unwrap_or_default())
            .collect()
    }

    pub(crate) async fn stop(self) {
        self.service.stop().await.unwrap();
        self.others.stop(false).await;
    }
}

pub(crate) fn everything() -> Caller {
    caller(&[
        Permission::PredictionPredict,
        Permission::PredictionBatch,
        Permission::PredictionFindings,
        Permission::PredictionReproduce,
        Permission::PredictionAudit,
    ])
}

pub(crate) fn body(id: &str) -> String {
    format!(
        r#"{{"subjects":[{{"id":"{id}","values":{}}}]}}"#,
        crate::support::VALUES
    )
}

pub(crate) async fn problem(response: Response) -> (u16, String, Value) {
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    let status = response.status().as_u16();
    let problem: Value = response.json().await.unwrap();
    (
        status,
        problem["type"]
            .as_str()
            .unwrap()
            .rsplit(':')
            .next()
            .unwrap()
            .to_owned(),
        problem,
    )
}

fn serve_others(said: Arc<Mutex<Said>>) -> (ServerHandle, String) {
    let said = web::Data::from(said);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(said.clone())
            .route(
                "/registry/v1/active-versions",
                web::get().to(active_versions),
            )
            .route(
                "/registry/v1/answered-versions/{version}",
                web::get().to(answered_version),
            )
            .route(
                "/registry/v1/projects/{id}/permits/{step}",
                web::get().to(permit),
            )
            .route(
                "/ingest/v1/dataset-versions/{id}",
                web::get().to(dataset_version),
            )
    })
    .workers(1)
    .disable_signals()
    .bind("127.0.0.1:0")
    .unwrap();
    let address = format!("http://{}", server.addrs()[0]);
    let server = server.run();
    let handle = server.handle();
    tokio::spawn(server);
    (handle, address)
}

async fn active_versions(
    request: actix_web::HttpRequest,
    said: web::Data<Mutex<Said>>,
) -> HttpResponse {
    let text = json!({"items": said.lock().unwrap().in_force}).to_string();
    let tag = format!("\"{}\"", Digest::of(text.as_bytes()).hex());
    if request
        .headers()
        .get("if-none-match")
        .is_some_and(|known| *known == *tag)
    {
        return HttpResponse::NotModified().finish();
    }
    HttpResponse::Ok()
        .insert_header(("etag", tag))
        .content_type("application/json")
        .body(text)
}

async fn answered_version(name: web::Path<String>, said: web::Data<Mutex<Said>>) -> HttpResponse {
    let said = said.lock().unwrap();
    let is_named = |version: &&ActiveVersion| {
        version.digest.to_string() == *name || version.model_version_id.to_string() == *name
    };
    let found = |versions: &[ActiveVersion], state: &str| {
        let mut found = serde_json::to_value(versions.iter().find(is_named)?).unwrap();
        found["state"] = json!(state);
        if state == "retired" {
            found["endedAt"] = json!("2026-03-01T00:00:00Z");
        }
        Some(HttpResponse::Ok().json(found))
    };
    let found = found(&said.in_force, "active").or_else(|| found(&said.retired, "retired"));
    found.unwrap_or_else(not_found)
}

fn not_found() -> HttpResponse {
    HttpResponse::NotFound().json(json!({
        "status": 404, "title": "Not Found", "detail": "nothing", "type": "urn:helder:problem:not-found"
    }))
}

async fn permit(said: web::Data<Mutex<Said>>) -> HttpResponse {
    let reason = said.lock().unwrap().refusal.clone();
    HttpResponse::Ok().json(json!({"allowed": reason.is_none(), "reason": reason}))
}

async fn dataset_version(id: web::Path<Uuid>, said: web::Data<Mutex<Said>>) -> HttpResponse {
    let project = Uuid::from_u128(if id.as_u128() == 8 { 99 } else { 3 });
    match said.lock().unwrap().dataset {
        Some(digest) => HttpResponse::Ok().json(json!({
            "id": *id, "projectId": project, "state": "ready", "parts": {"analysis": {"digest": digest, "rows": 3, "sizeBytes": 1}}
        })),
        None => not_found(),
    }
}
