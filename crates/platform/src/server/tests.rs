use std::{collections::BTreeMap, net::TcpListener, sync::Arc, time::Duration};

use actix_web::{get, post, web};
use helder_types::{
    Permission,
    permission::{Needs, needs},
};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{RunningService, Service, ServiceContext};
use crate::{
    calls::Peers,
    config::Limits,
    identity::{Allowed, TokenMint, TokenVerifier},
    keyring::{KeyRing, MasterKeys},
    objects::Objects,
    openapi::{self, ServiceInfo},
    problem::{Problems, Result},
    store::Store,
    testing::{TestDatabase, caller},
};

const INFO: ServiceInfo = ServiceInfo {
    name: "test",
    title: "Test",
    description: "For tests.",
};

/// Greets.
#[utoipa::path(
    responses((status = 200, description = "Words", body = String), Problems),
    security(("bearer" = [<needs::RegistryRead as Needs>::PERMISSION.as_str()]))
)]
#[get("/greetings/{number}")]
async fn greet(
    caller: Allowed<needs::RegistryRead>,
    number: web::Path<u8>,
) -> Result<web::Json<Value>> {
    Ok(web::Json(
        json!({"subject": caller.subject, "number": *number}),
    ))
}

/// Breaks.
#[utoipa::path(responses((status = 204, description = "Never"), Problems), security(()))]
#[post("/greetings/_break")]
async fn break_down() -> Result<web::Json<Value>> {
    panic!("as a fault in a handler would");
}

crate::job_routes!(read = RegistryRead, write = RegistryProject);

fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(greet)
        .service(break_down)
        .configure(job_routes::configure);
}

struct Running {
    service: RunningService,
    mint: Arc<TokenMint>,
    peers: Peers,
    client: Client,
    store: Store,
    _folder: TempDir,
    _database: TestDatabase,
}

fn start() -> Running {
    let folder = TempDir::new().unwrap();
    let database = TestDatabase::sqlite().unwrap();
    let mint = Arc::new(TokenMint::generate("gateway").unwrap());
    let verifier = Arc::new(TokenVerifier::new().trust("gateway", &mint.public_key()));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let bases = BTreeMap::from([
        ("test".to_owned(), base),
        ("away".to_owned(), "http://127.0.0.1:9".to_owned()),
    ]);
    let peers = Peers::new(Arc::clone(&mint), bases, Duration::from_secs(5)).unwrap();
    let masters = MasterKeys::from_file_or_new(&folder.path().join("master.key")).unwrap();
    let context = ServiceContext {
        listener,
        workers: 1,
        job_workers: 1,
        scratch: folder.path().to_owned(),
        store_url: database.url.clone(),
        objects: Objects::local(folder.path().join("objects")).unwrap(),
        keyring: KeyRing::open(
            masters,
            &format!("file:{}", folder.path().join("keys").display()),
        )
        .unwrap(),
        mint: Arc::clone(&mint),
        verifier,
        peers: peers.clone(),
        limits: Limits::default(),
        logboek: crate::logboek::LogboekSettings::default(),
    };
    let store: Store = database.open(&[]).unwrap();
    let service = Service::new(INFO, store.clone(), configure)
        .serve(context)
        .unwrap();
    Running {
        service,
        mint,
        peers,
        client: Client::new(),
        store,
        _folder: folder,
        _database: database,
    }
}

impl Running {
    async fn get(&self, path: &str, token: Option<&str>) -> Response {
        let request = self
            .client
            .get(format!("http://{}{path}", self.service.address));
        match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
        .send()
        .await
        .unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_answers_whoever_proves_to_be_allowed() {
    let running = start();
    let anna = caller("GM0772", "anna", &[Permission::RegistryRead]).unwrap();
    let token = running.mint.mint(&anna).unwrap().token;
    let response = running.get("/test/v1/greetings/7", Some(&token)).await;
    assert_eq!(response.status(), 200);
    for (name, value) in [
        ("api-version", "1.0.0"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(response.headers()[name], value);
    }
    assert_eq!(
        response.json::<Value>().await.unwrap(),
        json!({"subject": "anna", "number": 7})
    );
    assert_eq!(
        running.get("/test/v1/greetings/7", None).await.status(),
        401
    );
    let bert = caller("GM0772", "bert", &[]).unwrap();
    let token = running.mint.mint(&bert).unwrap().token;
    assert_eq!(
        running
            .get("/test/v1/greetings/7", Some(&token))
            .await
            .status(),
        403
    );
    let greeted: Value = running
        .peers
        .peer("test")
        .get_json(&anna, "/test/v1/greetings/9")
        .await
        .unwrap();
    assert_eq!(greeted["number"], 9);
    let refused = running
        .peers
        .peer("test")
        .get_json::<Value>(&bert, "/test/v1/greetings/9")
        .await
        .unwrap_err();
    assert_eq!(
        (refused.status().as_u16(), refused.code()),
        (403, "not-permitted")
    );
    let away = running
        .peers
        .peer("away")
        .get_json::<Value>(&anna, "/x")
        .await
        .unwrap_err();
    assert_eq!(away.status().as_u16(), 503);
    running.service.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_job_can_be_read_followed_and_stopped_and_a_stream_does_not_hold_up_the_end() {
    let running = start();
    let anna = caller(
        "GM0772",
        "anna",
        &[Permission::RegistryRead, Permission::RegistryProject],
    )
    .unwrap();
    let token = running.mint.mint(&anna).unwrap().token;
    let store = running.store.clone();
    let who = anna.clone();
    let mut jobs = Vec::new();
    for _ in 0..2 {
        let who = who.clone();
        jobs.push(
            store
                .of(&anna.organisation)
                .write(move |conn| crate::jobs::enqueue(conn, &who, "none", &1))
                .await
                .unwrap(),
        );
    }
    let path = format!("/test/v1/jobs/{}", jobs[0].id);
    let read: helder_types::job::Job = running.get(&path, Some(&token)).await.json().await.unwrap();
    assert_eq!(read, jobs[0]);
    let follow = running.get(&format!("{path}/events"), Some(&token)).await;
    assert_eq!(follow.headers()["content-type"], "text/event-stream");
    let url = format!("http://{}{path}/_cancel", running.service.address);
    assert_eq!(
        running
            .client
            .post(url)
            .bearer_auth(&token)
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    let events = follow.text().await.unwrap();
    assert!(
        events.ends_with("\n\n") && events.contains("\"state\":\"cancelled\""),
        "{events}"
    );
    assert!(events.starts_with("event: job\ndata: {"));
    let waiting = running
        .get(
            &format!("/test/v1/jobs/{}/events", jobs[1].id),
            Some(&token),
        )
        .await;
    let began = std::time::Instant::now();
    running.service.stop().await.unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "{:?}",
        began.elapsed()
    );
    drop(waiting);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_it_refuses_is_a_problem() {
    let running = start();
    let anna = caller("GM0772", "anna", &[Permission::RegistryRead]).unwrap();
    let token = running.mint.mint(&anna).unwrap().token;
    let url = |path: &str| format!("http://{}{path}", running.service.address);
    let posted = running
        .client
        .post(url("/test/v1/greetings/7"))
        .send()
        .await
        .unwrap();
    assert_eq!(posted.headers()["allow"], "GET");
    let broken = running
        .client
        .post(url("/test/v1/greetings/_break"))
        .send()
        .await
        .unwrap();
    let cases = [
        (
            running.get("/test/v1/greetings/seven", Some(&token)).await,
            404,
        ),
        (running.get("/test/v1/nothing", Some(&token)).await, 404),
        (running.get("/nothing", None).await, 404),
        (
            running.get("/test/v1/greetings/7/", Some(&token)).await,
            404,
        ),
        (posted, 405),
        (broken, 500),
    ];
    for (response, status) in cases {
        assert_eq!(response.status().as_u16(), status);
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
        let id = response.headers()["x-request-id"]
            .to_str()
            .unwrap()
            .to_owned();
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["instance"], format!("urn:uuid:{id}"));
        assert!(
            !problem.to_string().contains("seven") && !problem.to_string().contains("as a fault")
        );
    }
    running.service.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fixed_paths_refuse_other_methods_with_the_one_that_they_know() {
    let running = start();
    for path in [
        "/health/live",
        "/health/accepting",
        "/health/ready",
        "/test/v1/openapi.json",
    ] {
        let address = format!("http://{}{path}", running.service.address);
        for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            let method = method.parse().unwrap();
            let reply = running.client.request(method, &address).send().await;
            let reply = reply.unwrap();
            assert_eq!(reply.status(), 405, "{path}");
            assert_eq!(reply.headers()["allow"], "GET", "{path}");
            let media = &reply.headers()["content-type"];
            assert_eq!(media, "application/problem+json", "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_and_document_are_open() {
    let running = start();
    assert_eq!(running.get("/health/live", None).await.status(), 200);
    assert_eq!(running.get("/health/accepting", None).await.status(), 200);
    assert_eq!(running.get("/health/ready", None).await.status(), 200);
    let document: Value = running
        .get("/test/v1/openapi.json", None)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["servers"][0]["url"], "/test/v1");
    assert_eq!(
        document["paths"]["/greetings/{number}"]["get"]["security"],
        json!([{"bearer": ["registry:read"]}])
    );
    assert_eq!(
        document["paths"]["/greetings/_break"]["post"]["security"],
        json!([])
    );
    assert_eq!(
        document,
        serde_json::to_value(openapi::document(&INFO, configure)).unwrap()
    );
    // Asked to stop, it says so at both places and goes on answering.
    running.service.drain(Duration::ZERO).await;
    for path in ["/health/accepting", "/health/ready"] {
        assert_eq!(running.get(path, None).await.status(), 503, "{path}");
    }
    assert_eq!(running.get("/health/live", None).await.status(), 200);
    running.service.stop().await.unwrap();
}
