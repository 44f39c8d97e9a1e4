//! The service as it runs, behind a port.

use std::{collections::BTreeMap, net::TcpListener, path::Path, sync::Arc, time::Duration};

use helder_platform::{
    calls::Peers,
    config::Limits,
    identity::{TokenMint, TokenVerifier},
    keyring::{KeyRing, MasterKeys},
    objects::Objects,
    server::{RunningService, ServiceContext},
};
use helder_types::Caller;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use tempfile::TempDir;

use super::support::{owner, project_body};

pub(super) struct Live {
    service: RunningService,
    mint: Arc<TokenMint>,
    client: Client,
    folder: Arc<TempDir>,
}

impl Live {
    /// On a fresh folder.
    pub(super) async fn start() -> Self {
        Self::over(Arc::new(TempDir::new().unwrap())).await
    }

    /// On a folder that may hold the data of a former process.
    async fn over(folder: Arc<TempDir>) -> Self {
        let mint = Arc::new(TokenMint::generate("gateway").unwrap());
        let context = context(folder.path(), &mint);
        let service = crate::start(context).await.unwrap();
        Self {
            service,
            mint,
            client: Client::new(),
            folder,
        }
    }

    pub(super) fn ask(&self, caller: &Caller, method: Method, path: &str) -> RequestBuilder {
        let url = format!("http://{}/registry/v1{path}", self.service.address);
        self.client
            .request(method, url)
            .bearer_auth(self.mint.mint(caller).unwrap().token)
    }

    pub(super) async fn stop(self) -> Arc<TempDir> {
        self.service.stop().await.unwrap();
        self.folder
    }
}

fn context(folder: &Path, mint: &Arc<TokenMint>) -> ServiceContext {
    let masters = MasterKeys::from_file_or_new(&folder.join("master.key")).unwrap();
    ServiceContext {
        listener: TcpListener::bind("127.0.0.1:0").unwrap(),
        workers: 1,
        job_workers: 1,
        scratch: folder.to_owned(),
        store_url: format!("sqlite:{}", folder.join("registry.db").display()),
        objects: Objects::local(folder.join("objects")).unwrap(),
        keyring: KeyRing::open(masters, &format!("file:{}", folder.join("keys").display()))
            .unwrap(),
        mint: Arc::clone(mint),
        verifier: Arc::new(TokenVerifier::new().trust("gateway", &mint.public_key())),
        peers: Peers::new(Arc::clone(mint), BTreeMap::new(), Duration::from_secs(5)).unwrap(),
        limits: Limits::default(),
        logboek: helder_platform::logboek::LogboekSettings::default(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn started_again_the_service_finds_everything_and_repeats_an_answer_for_its_key() {
    let ask = |live: &Live| {
        live.ask(&owner(), Method::POST, "/projects")
            .header("idempotency-key", "k")
            .json(&project_body())
    };
    let live = Live::start().await;
    let first = ask(&live).send().await.unwrap().text().await.unwrap();
    let folder = live.stop().await;
    let live = Live::over(folder).await;
    let again = ask(&live).send().await.unwrap();
    assert_eq!(again.status(), 201);
    assert_eq!(again.text().await.unwrap(), first);
    let list: Value = live
        .ask(&owner(), Method::GET, "/projects")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    live.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_document_describes_every_operation_that_is_served() {
    let live = Live::start().await;
    let url = format!("http://{}/registry/v1/openapi.json", live.service.address);
    let served: Value = live
        .client
        .get(url)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(served, serde_json::to_value(crate::openapi()).unwrap());
    let mut names = Vec::new();
    for (path, item) in served["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            names.push(operation["operationId"].as_str().unwrap());
            assert!(operation["summary"].is_string(), "{method} {path}");
            let security = operation["security"].as_array().unwrap();
            let public = path.starts_with("/catalogue-entries");
            assert_eq!(security.is_empty(), public, "{method} {path}");
        }
    }
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert!(all > 30, "{names:?}");
    assert_eq!(names.len(), all, "two operations of one name");
    live.stop().await;
}
