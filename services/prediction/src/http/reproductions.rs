//! What a version answered before, for whoever must explain it years later.

use actix_web::{HttpRequest, HttpResponse, http::header, post, web};
use helder_platform::{
    body::RawJsonBody,
    calls::Peers,
    idempotency::Idempotency,
    identity::Allowed,
    problem::{Problem, Problems, Result},
    store::Store,
};
use helder_types::{
    Caller, Permission,
    permission::{Needs, needs},
};
use serde_json::{Value, json};

use super::predictions::answered;
use crate::{
    active::Active,
    asking::Asking,
    budget::Budget,
    log::Log,
    registry::AnsweredVersion,
    served::Served,
    wire::{PredictionRequest, Reproduction},
};

/// Where an answer goes on record, and what it counts against.
type Kept = (web::Data<Log>, web::Data<Store>, web::Data<Budget>);

/// Answers again what a version answered before: the same scores, contributions and reasons, to the bit, from the digest in an answer and
/// the same values.
///
/// It works for every version that ever answered in your organisation, also one that was suspended or retired, and is meant for explaining
/// an answer that somebody was given: the answer says that it is no new advice. Like a prediction it goes on record per subject, for the purpose
/// of the project, before it leaves. `{version}` is the `modelDigest` of an answer, or the id of the version. 404 for what never answered
/// here; 503 where the file cannot be read.
#[utoipa::path(
    tag = "predictions",
    params(
        ("version" = String, Path, description = "`modelDigest` of an answer, or id of the version"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe: one line in the log, the same answer"),
        ("traceparent" = Option<String>, Header, description = "W3C trace context, followed into the processing log")
    ),
    request_body = PredictionRequest,
    responses((status = 200, description = "What was answered, with reasons", body = Reproduction), Problems),
    security(("bearer" = [<needs::PredictionReproduce as Needs>::PERMISSION.as_str()]))
)]
#[post("/model-versions/{version}/_reproduce")]
pub(super) async fn reproduce(
    request: HttpRequest,
    caller: Allowed<needs::PredictionReproduce>,
    (active, peers): (web::Data<Active>, web::Data<Peers>),
    (log, store, budget): Kept,
    version: web::Path<String>,
    idempotency: Idempotency,
    body: RawJsonBody,
) -> Result<HttpResponse> {
    let served = read(&active, &peers, &caller, &version).await?;
    let asking = Asking::start(&request, &caller, &served);
    let answer = match answered(&asking, &body.0, (&log, &budget), &store, &idempotency).await {
        Ok(answer) => answer,
        Err(problem) => return Err(asking.unanswered(&log, problem).await),
    };
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .body(answer))
}

/// The version as it was, from the file under its digest.
async fn read(active: &Active, peers: &Peers, caller: &Caller, version: &str) -> Result<Served> {
    // Only these characters are in a digest or an id; nothing else becomes part of a path.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b':');
    if !version.bytes().all(is_plain) {
        return Err(Problem::not_found());
    }
    let path = format!("/registry/v1/answered-versions/{version}");
    let asks = Peers::with_permission(caller, Permission::RegistryServe);
    let found: AnsweredVersion = peers.peer("registry").get_json(&asks, &path).await?;
    let head = head(&found);
    Ok(active.read(&found.version).await?.again(head))
}

/// The answer up to the list of predictions.
fn head(found: &AnsweredVersion) -> Vec<u8> {
    let version = &found.version;
    let ended = found.ended_at.as_ref();
    let ended = ended.map_or_else(String::new, |at| {
        format!("\"endedAt\":{},", Value::from(at.as_str()))
    });
    let text = |text: Option<&str>| Value::from(text.unwrap_or_default()).to_string();
    format!(
        "{{\"advice\":false,\"notice\":{},\"model\":{},\"modelVersionId\":\"{}\",\"modelDigest\":\"{}\",\"state\":{},\"activatedAt\":{},{ended}\
         \"catalogueEntry\":\"/registry/v1/catalogue-entries/{}\",\"predictions\":[",
        json!({
            "nl": "Dit is wat deze versie met deze gegevens antwoordt, om een eerder antwoord uit te leggen. Het is geen nieuw advies en geen \
                   besluit.",
            "en": "This is what this version answers to these values, to explain an earlier answer. It is no new advice and no decision."
        }),
        text(Some(&version.model_name)),
        version.model_version_id,
        version.digest,
        text(Some(&found.state)),
        text(version.activated_at.as_deref()),
        version.digest,
    )
    .into_bytes()
}
