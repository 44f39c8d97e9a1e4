//! The client against a real HTTP server that behaves like the gateway, for better and worse.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::{
    net::TcpListener,
    sync::atomic::{AtomicU32, Ordering},
};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use helder_client::{Client, ClientError};
use serde_json::{Value, json};

static LOOKS: AtomicU32 = AtomicU32::new(0);

fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let server = HttpServer::new(|| {
        App::new()
            .route("/pages", web::get().to(pages))
            .route("/job", web::get().to(job))
            .route("/refused", web::get().to(refused))
            .route(
                "/proxy",
                web::get().to(|| async { HttpResponse::BadGateway().body("<html>") }),
            )
            .route("/upload", web::post().to(upload))
    });
    let server = server
        .workers(1)
        .listen(listener)
        .unwrap()
        .disable_signals()
        .run();
    actix_web::rt::spawn(server);
    address
}

async fn pages(request: HttpRequest) -> HttpResponse {
    if request.query_string().contains("cursor=2") {
        HttpResponse::Ok().json(json!({"items": [3]}))
    } else {
        HttpResponse::Ok()
            .insert_header(("link", "</pages?cursor=2>; rel=\"next\""))
            .json(json!({"items": [1, 2]}))
    }
}

async fn job() -> HttpResponse {
    let state = if LOOKS.fetch_add(1, Ordering::SeqCst) < 2 {
        "running"
    } else {
        "succeeded"
    };
    HttpResponse::Ok().json(json!({
        "id": "0190aaaa-0000-7000-8000-000000000000", "kind": "k", "state": state, "stage": "s",
        "progress": {"done": 1, "total": 2, "unit": "rows"}, "result": "/made/1", "createdAt": "2026-01-01T00:00:00Z"
    }))
}

async fn refused() -> HttpResponse {
    HttpResponse::BadRequest().json(json!({
        "status": 400, "title": "Invalid input", "detail": "two faults", "type": "urn:helder:problem:invalid",
        "instance": "urn:uuid:1",
        "errors": [{"pointer": "/a", "code": "c", "detail": "give a"}, {"pointer": "/b", "code": "c", "detail": "give b"}]
    }))
}

async fn upload(request: HttpRequest, body: web::Payload) -> HttpResponse {
    let header = |name| {
        request
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    HttpResponse::Accepted().insert_header(("location", "/job")).json(json!({
        "size": body.to_bytes().await.unwrap().len(), "type": header("content-type"), "encoding": header("content-encoding"),
        "digest": header("content-digest"), "token": header("authorization"), "key": header("idempotency-key").is_some()
    }))
}

#[actix_web::test]
async fn a_list_is_followed_to_its_end() {
    let client = Client::new(&serve()).unwrap();
    assert_eq!(client.list::<u32>("/pages").await.unwrap(), [1, 2, 3]);
}

#[actix_web::test]
async fn a_job_is_waited_for_and_every_look_is_told() {
    let client = Client::new(&serve()).unwrap();
    let mut heard = 0;
    assert_eq!(
        client.wait("/job", |_| heard += 1).await.unwrap(),
        "/made/1"
    );
    assert_eq!(heard, 3);
}

#[actix_web::test]
async fn a_problem_is_told_with_all_its_faults() {
    let client = Client::new(&serve()).unwrap();
    let error = client.get::<Value>("/refused").await.unwrap_err();
    assert_eq!(error.status(), Some(400));
    let text = error.to_string();
    assert!(
        text.contains("/a: give a") && text.contains("/b: give b") && text.contains("urn:uuid:1"),
        "{text}"
    );
}

#[actix_web::test]
async fn an_answer_that_is_not_the_gateways_is_told_as_such() {
    let client = Client::new(&serve()).unwrap();
    let error = client.get::<Value>("/proxy").await.unwrap_err();
    assert!(
        matches!(error, ClientError::Unexplained { status: 502, .. }),
        "{error}"
    );
    let closed = Client::new("http://127.0.0.1:1").unwrap();
    assert!(matches!(
        closed.get::<Value>("/x").await,
        Err(ClientError::Unreachable { .. })
    ));
}

#[actix_web::test]
async fn a_file_is_streamed_with_its_digest_and_type() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.csv.gz");
    std::fs::write(&file, b"helder").unwrap();
    let client = Client::new(&serve()).unwrap().with_token("t");
    let answer = client
        .upload::<Value>("/upload", &file, |_| {})
        .await
        .unwrap();
    assert_eq!(answer.location.as_deref(), Some("/job"));
    assert_eq!(
        answer.body,
        json!({
            "size": 6, "type": "text/csv", "encoding": "gzip", "token": "Bearer t", "key": true,
            // printf helder | sha256sum | xxd -r -p | base64
            "digest": "sha-256=:l4qpo4KLlcPckrkDX4/MY/HKMZyMNu8P5fcmjuJVGAU=:"
        })
    );
}
