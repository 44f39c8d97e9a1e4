//! Whether this door is open, and whether there is something behind it.

use std::{sync::atomic::Ordering, time::Duration};

use actix_web::{
    HttpResponse,
    web::{Data, ServiceConfig, get, resource},
};
use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde_json::{Map, Value};

use crate::{answer, serve::Door};

/// Mounts `/health/live`, `/health/accepting` and `/health/ready`.
pub(crate) fn mount(config: &mut ServiceConfig) {
    config
        .service(
            resource("/health/live")
                .route(get().to(live))
                .default_service(answer::only_get()),
        )
        .service(
            resource("/health/accepting")
                .route(get().to(accepting))
                .default_service(answer::only_get()),
        )
        .service(
            resource("/health/ready")
                .route(get().to(ready))
                .default_service(answer::only_get()),
        );
}

async fn live() -> HttpResponse {
    finish(HttpResponse::Ok().json(serde_json::json!({"status": "live"})))
}

/// 200 while this process takes requests, 503 once it is stopping. For a balancer in front: a service that is away behind
/// this door is away behind every other.
async fn accepting(door: Data<Door>) -> HttpResponse {
    finish(if door.is_closing.load(Ordering::Relaxed) {
        HttpResponse::ServiceUnavailable().json(serde_json::json!({"status": "stopping"}))
    } else {
        HttpResponse::Ok().json(serde_json::json!({"status": "accepting"}))
    })
}

/// 200 when every service is ready, else 503; the body says which is not.
async fn ready(door: Data<Door>) -> HttpResponse {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let asked = door.upstreams.iter().map(|(service, upstream)| {
        let base = &upstream.base;
        let request = Request::get(format!("{base}health/ready")).body(Empty::new());
        let client = &client;
        async move {
            let Ok(request) = request else {
                return (service.clone(), false);
            };
            let answer =
                tokio::time::timeout(Duration::from_secs(2), client.request(request)).await;
            (
                service.clone(),
                matches!(answer, Ok(Ok(answer)) if answer.status().is_success()),
            )
        }
    });
    let answers = futures_util::future::join_all(asked).await;
    let all = answers.iter().all(|(_, ready)| *ready);
    let services: Map<String, Value> = answers
        .into_iter()
        .map(|(service, ready)| {
            (
                service,
                Value::from(if ready { "ready" } else { "not ready" }),
            )
        })
        .collect();
    let body = serde_json::json!({"status": if all { "ready" } else { "not ready" }, "services": services});
    finish(if all {
        HttpResponse::Ok().json(body)
    } else {
        HttpResponse::ServiceUnavailable().json(body)
    })
}

fn finish(mut response: HttpResponse) -> HttpResponse {
    answer::finish(response.headers_mut(), crate::trace::new_request_id(), None);
    response
}
