//! Artifacts: bytes come in, are looked at, and get a digest as their name.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap},
    post, web,
};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use helder_platform::{
    content_digest,
    idempotency::Idempotency,
    identity::Allowed,
    objects::Objects,
    problem::{Problem, Problems, Result},
    store::Store,
};
use helder_types::{
    Digest,
    permission::{Needs, needs},
};

use super::common::{BASE, made, parse_digest};
use crate::{
    domain::artifact::{MAX_BYTES, MediaType},
    store::artifacts::{self, Artifact},
};

/// Stores bytes, at most 32 MiB of JSON or HTML, and answers their digest.
///
/// The bytes themselves are looked at: pickles, archives, executables and pages with scripts are refused, as is JSON that is
/// broken, nested deeper than 32 levels, or names a key twice. The same bytes again are the same artifact.
#[utoipa::path(
    tag = "artifacts",
    request_body(content(
        (serde_json::Value = "application/json"),
        (String = "text/html")
    ), description = "The bytes"),
    params(
        ("Content-Digest" = Option<String>, Header, description = "SHA-256 of the bytes, `sha-256=:…:` (RFC 9530)"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe")
    ),
    responses((status = 201, description = "The artifact", body = Artifact, headers(("ETag" = String, description = "Tag of this state"))), Problems),
    security(("bearer" = [<needs::RegistryRegister as Needs>::PERMISSION.as_str()]))
)]
#[post("/artifacts")]
pub(super) async fn upload_artifact(
    request: HttpRequest,
    caller: Allowed<needs::RegistryRegister>,
    store: web::Data<Store>,
    objects: web::Data<Objects>,
    idempotency: Idempotency,
    payload: web::Payload,
) -> Result<HttpResponse> {
    let headers = request.headers();
    if headers.contains_key(CONTENT_ENCODING) {
        return Err(Problem::unsupported_media_type(
            "send the bytes as they are, without Content-Encoding",
        ));
    }
    let media_type = MediaType::from_header(
        headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok()),
    )?;
    let announced = content_digest::announced(headers)?;
    let bytes = read(headers, payload).await?;
    let digest = Digest::of(&bytes);
    content_digest::check(announced, &digest)?;
    let bytes = web::block(move || media_type.check(&bytes).map(|()| bytes))
        .await
        .map_err(Problem::internal)??;
    let size = bytes.len() as u64;
    // Bytes without a row are invisible; a row without bytes would be a lie. So the bytes go first.
    objects.put_bytes(&caller.organisation, bytes).await?;
    idempotency.body_is(digest);
    let who = caller.caller();
    let artifact = store
        .create(&caller, &idempotency, move |conn| {
            artifacts::put(conn, &who, &digest, media_type, size)
        })
        .await?;
    Ok(made(&format!("{BASE}/artifacts/{digest}"), 1, &artifact))
}

async fn read(headers: &HeaderMap, mut payload: web::Payload) -> Result<Bytes> {
    let length = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > MAX_BYTES) {
        return Err(Problem::too_large(MAX_BYTES));
    }
    let mut bytes = BytesMut::new();
    while let Some(block) = payload.next().await {
        let block = block.map_err(|_| {
            Problem::bad_request("cut-off", "the body ended before it was complete")
        })?;
        if (bytes.len() + block.len()) as u64 > MAX_BYTES {
            return Err(Problem::too_large(MAX_BYTES));
        }
        bytes.extend_from_slice(&block);
    }
    Ok(bytes.freeze())
}

/// Shows what is known of stored bytes.
#[utoipa::path(
    tag = "artifacts",
    params(("digest" = Digest, Path, description = "Digest")),
    responses((status = 200, description = "The artifact", body = Artifact), Problems),
    security(("bearer" = [<needs::RegistryRead as Needs>::PERMISSION.as_str()]))
)]
#[get("/artifacts/{digest}")]
pub(super) async fn get_artifact(
    caller: Allowed<needs::RegistryRead>,
    store: web::Data<Store>,
    digest: web::Path<String>,
) -> Result<web::Json<Artifact>> {
    let digest = parse_digest(&digest)?;
    let organisation = caller.organisation.clone();
    Ok(web::Json(
        store
            .of(&organisation)
            .read(move |conn| artifacts::find(conn, &organisation, &digest))
            .await?,
    ))
}
