//! A registry in memory of the test, and persons who use it.

use std::future::Future;

use actix_web::{
    App,
    body::MessageBody,
    http::{Method, StatusCode, header::HeaderMap},
    test::{TestRequest, call_service, init_service},
    web::{Bytes, Data},
};
use helder_platform::{
    config::Limits,
    identity::{TokenMint, TokenVerifier},
    objects::Objects,
    store::Store,
    testing::{TestDatabase, on_every_database},
};
use helder_types::{Caller, Digest, Permission, Role};
use serde_json::{Value, json};
use tempfile::TempDir;
use utoipa_actix_web::{AppExt, scope};

pub(super) struct Registry {
    pub(super) store: Store,
    pub(super) objects: Objects,
    pub(super) folder: TempDir,
    mint: TokenMint,
    prediction: TokenMint,
    verifier: Data<TokenVerifier>,
    pub(super) database: TestDatabase,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) bytes: Bytes,
}

/// What is asked.
pub(super) struct Ask {
    request: TestRequest,
}

/// Runs a test on a registry over each database.
pub(super) async fn on_every_registry<F, T>(test: F)
where
    F: Fn(Registry) -> T,
    T: Future<Output = ()>,
{
    on_every_database(|database| test(Registry::over(database)))
        .await
        .unwrap();
}

/// A person in a role.
pub(super) fn person(organisation: &str, subject: &str, role: Role) -> Caller {
    helder_platform::testing::caller(organisation, subject, role.permissions()).unwrap()
}

pub(super) fn analyst() -> Caller {
    person("GM0772", "anna", Role::Analyst)
}

pub(super) fn officer() -> Caller {
    person("GM0772", "femke", Role::PrivacyOfficer)
}

pub(super) fn owner() -> Caller {
    person("GM0772", "omar", Role::ModelOwner)
}

/// The prediction service itself.
fn server() -> Caller {
    helder_platform::testing::caller("helder", "service:prediction", &[Permission::RegistryServe])
        .unwrap()
}

pub(super) fn project_body() -> Value {
    json!({
        "name": "Vroeg eropaf",
        "challenge": "Inwoners raken hun huis kwijt door schulden.",
        "question": "Wie loopt risico?",
        "doelbinding": "Vroegtijdig hulp aanbieden.",
        "grondslag": {"article": "Wgs, artikel 3", "title": "Vroegsignalering"},
        "verwerkingsactiviteit": "https://register.example.nl/verwerkingen/12",
        "bewaartermijn": "P5Y",
        "until": "2099-12-31",
        "phase": "production",
        "steps": ["ingest", "linkage", "training", "prediction"],
    })
}

impl Registry {
    pub(super) fn over(database: TestDatabase) -> Self {
        let folder = TempDir::new().unwrap();
        let store = database.open(&[crate::MIGRATIONS]).unwrap();
        let mint = TokenMint::generate("gateway").unwrap();
        let prediction = TokenMint::generate("prediction").unwrap();
        let verifier = TokenVerifier::new().trust("gateway", &mint.public_key());
        let verifier = Data::new(verifier.trust("prediction", &prediction.public_key()));
        let objects = Objects::local(folder.path().join("objects")).unwrap();
        Self {
            store,
            objects,
            folder,
            mint,
            prediction,
            verifier,
            database,
        }
    }

    /// The prediction service calls with a token of its own.
    pub(super) fn ask_as_service(&self, method: Method, path: &str) -> Ask {
        self.ask_by_service(&server(), method, path)
    }

    /// The prediction service calls for somebody.
    pub(super) fn ask_by_service(&self, caller: &Caller, method: Method, path: &str) -> Ask {
        let token = self.prediction.mint(caller).unwrap().token;
        let ask = Self::anonymous(method, path);
        Ask {
            request: ask
                .request
                .insert_header(("authorization", format!("Bearer {token}"))),
        }
    }

    pub(super) async fn active_versions(&self) -> Answer {
        self.send(self.ask_as_service(Method::GET, "/active-versions"))
            .await
    }

    pub(super) fn ask(&self, caller: &Caller, method: Method, path: &str) -> Ask {
        let token = self.mint.mint(caller).unwrap().token;
        let ask = Self::anonymous(method, path);
        Ask {
            request: ask
                .request
                .insert_header(("authorization", format!("Bearer {token}"))),
        }
    }

    pub(super) fn anonymous(method: Method, path: &str) -> Ask {
        Ask {
            request: TestRequest::default()
                .method(method)
                .uri(&format!("/registry/v1{path}")),
        }
    }

    pub(super) async fn send(&self, ask: Ask) -> Answer {
        self.try_send(ask).await.unwrap()
    }

    /// An error when the answer breaks off before its end.
    pub(super) async fn try_send(&self, ask: Ask) -> Result<Answer, Box<dyn std::error::Error>> {
        let app = App::new()
            .app_data(Data::new(self.store.clone()))
            .app_data(Data::new(self.objects.clone()))
            .app_data(self.verifier.clone())
            .app_data(Data::new(Limits::default()))
            .into_utoipa_app()
            .service(scope("/registry/v1").configure(crate::http::configure))
            .into_app();
        let response = call_service(&init_service(app).await, ask.request.to_request()).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = actix_web::body::to_bytes(response.into_body().boxed()).await?;
        Ok(Answer {
            status,
            headers,
            bytes,
        })
    }

    pub(super) async fn get(&self, caller: &Caller, path: &str) -> Answer {
        self.send(self.ask(caller, Method::GET, path)).await
    }

    pub(super) async fn post(&self, caller: &Caller, path: &str, body: &Value) -> Answer {
        self.send(self.ask(caller, Method::POST, path).json(body))
            .await
    }

    pub(super) async fn upload(&self, caller: &Caller, media_type: &str, bytes: &[u8]) -> Answer {
        let ask = self
            .ask(caller, Method::POST, "/artifacts")
            .header("content-type", media_type)
            .bytes(bytes);
        self.send(ask).await
    }

    pub(super) async fn project(&self) -> String {
        self.post(&owner(), "/projects", &project_body())
            .await
            .made()
    }

    pub(super) async fn model(&self, name: &str) -> String {
        let project = self.project().await;
        let body = json!({"projectId": project, "name": name, "title": {"nl": "Kans op dakloosheid", "en": "Chance of homelessness"}});
        self.post(&analyst(), "/models", &body).await.made()
    }

    /// Registers a version whose `model.json` differs by `seed`; with or without a fairness report.
    pub(super) async fn version(&self, model: &str, seed: u32, fairness: bool) -> String {
        self.version_that_says(model, seed, fairness.then(within_bound))
            .await
    }

    /// [`Registry::version`] with this fairness report.
    pub(super) async fn version_that_says(
        &self,
        model: &str,
        seed: u32,
        fairness: Option<Value>,
    ) -> String {
        let body = self.body_that_says(seed, fairness).await;
        self.post(
            &analyst(),
            &format!("/models/{model}/model-versions"),
            &body,
        )
        .await
        .made()
    }

    pub(super) async fn version_body(&self, seed: u32, fairness: bool) -> Value {
        self.body_that_says(seed, fairness.then(within_bound)).await
    }

    async fn body_that_says(&self, seed: u32, fairness: Option<Value>) -> Value {
        let model = model_json(seed);
        let digest = self
            .stored("application/json", model.to_string().as_bytes())
            .await;
        let card = self
            .stored(
                "text/html",
                b"<!doctype html><html><body><main><h2>Kaart</h2></main></body></html>",
            )
            .await;
        let mut files = vec![
            json!({"name": "model.json", "digest": digest, "mediaType": "application/json"}),
            json!({"name": "card.html", "digest": card, "mediaType": "text/html"}),
        ];
        if let Some(report) = fairness {
            let bytes = report.to_string();
            let report = self.stored("application/json", bytes.as_bytes()).await;
            files.push(
                json!({"name": "fairness.json", "digest": report, "mediaType": "application/json"}),
            );
        }
        json!({"files": files, "lineage": lineage(&digest)})
    }

    async fn stored(&self, media_type: &str, bytes: &[u8]) -> String {
        let answer = self.upload(&analyst(), media_type, bytes).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        assert_eq!(answer.json()["digest"], Digest::of(bytes).to_string());
        answer.json()["digest"].as_str().unwrap().to_owned()
    }

    /// A version that answers.
    pub(super) async fn active(&self, model: &str, seed: u32) -> String {
        let version = self.version(model, seed, true).await;
        let path = format!("/model-versions/{version}");
        let review = json!({"verdict": "approve", "remarks": "geen bezwaar"});
        assert_eq!(
            self.post(&officer(), &format!("{path}/reviews"), &review)
                .await
                .status,
            201
        );
        let answer = self
            .send(self.ask(&owner(), Method::POST, &format!("{path}/_activate")))
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        version
    }
}

fn within_bound() -> Value {
    json!({"verdict": "withinBound", "sensitiveFeatures": []})
}

pub(super) fn model_json(seed: u32) -> Value {
    json!({
        "format": "helder-model/1",
        "algorithm": "logistic_regression",
        "output": {"name": "dakloos", "meaning": {"nl": "kans op dakloosheid binnen een jaar", "en": "chance of homelessness within a year"}},
        "inputs": [{
            "name": "arrears", "meaning": {"nl": "huurachterstand in maanden", "en": "rent arrears in months"},
            "justification": "Achterstand gaat vaak vooraf aan verlies van de woning."
        }],
        "fitted": {"seed": seed},
    })
}

pub(super) fn lineage(model: &str) -> Value {
    let source = Digest::of(b"wmo.csv").to_string();
    json!({
        "nodes": [
            {"id": "wmo.csv", "kind": "source", "label": "wmo.csv", "digest": source},
            {"id": "run", "kind": "training-run", "label": "training", "reference": "/training/v1/training-runs/1"},
            {"id": "model", "kind": "model", "label": "model.json", "digest": model},
        ],
        "edges": [{"from": "wmo.csv", "to": "run"}, {"from": "run", "to": "model"}],
    })
}

impl Ask {
    pub(super) fn header(self, name: &str, value: &str) -> Self {
        Self {
            request: self.request.insert_header((name, value)),
        }
    }

    pub(super) fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json")
            .bytes(body.to_string().as_bytes())
    }

    pub(super) fn bytes(self, bytes: &[u8]) -> Self {
        Self {
            request: self.request.set_payload(bytes.to_vec()),
        }
    }
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap().to_str().unwrap()
    }

    /// The id of what was made.
    pub(super) fn made(&self) -> String {
        assert_eq!(self.status, 201, "{self:?}");
        let id = self.json()["id"].as_str().unwrap().to_owned();
        assert!(self.header("location").ends_with(&id));
        id
    }

    /// Code of a problem, with the status.
    pub(super) fn problem(&self) -> (u16, String) {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{self:?}"
        );
        let kind = self.json()["type"].as_str().unwrap().to_owned();
        (
            self.status.as_u16(),
            kind.trim_start_matches("urn:helder:problem:").to_owned(),
        )
    }

    /// Pointers of all faults.
    pub(super) fn pointers(&self) -> Vec<String> {
        let errors = self.json()["errors"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        errors
            .iter()
            .map(|fault| fault["pointer"].as_str().unwrap().to_owned())
            .collect()
    }
}
