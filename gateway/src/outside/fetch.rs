//! Fetches what an issuer publishes: its metadata, and the keys that the metadata points to.
//!
//! Addresses come from the configuration and from the issuer's own metadata, never from a token. Redirects are not followed.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::Deserialize;
use serde_json::Value;

use crate::config::is_safe;

/// Longest wait for one answer.
const WITHIN: Duration = Duration::from_secs(5);
/// Largest answer, bytes.
const MAX_BYTES: usize = 256 << 10;

/// Why an issuer's keys could not be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("the address is neither https nor a loopback address")]
    NotSafe,
    #[error("no answer within {} s", WITHIN.as_secs())]
    Slow,
    #[error("no connection")]
    Unreachable(#[source] hyper_util::client::legacy::Error),
    #[error("answered {0}")]
    Status(StatusCode),
    #[error("broke off, or said more than {MAX_BYTES} bytes")]
    Body,
    #[error("did not answer with the JSON that was asked")]
    Json(#[source] serde_json::Error),
    #[error("the metadata is of another issuer")]
    OtherIssuer,
}

/// The part of `OpenID` Connect Discovery 1.0 §3 that counts here.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

/// A client for the issuers.
pub(super) struct Fetch {
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
}

impl Fetch {
    /// Trusts the certificates that the system trusts (`SSL_CERT_FILE` names others).
    ///
    /// # Errors
    /// When the system's certificates cannot be read.
    pub(super) fn new() -> std::io::Result<Self> {
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(provider)?
            .https_or_http()
            .enable_http1()
            .build();
        // Asked every few minutes: a kept connection would only be found broken.
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .build(connector);
        Ok(Self { client })
    }

    /// The key set that the issuer publishes now.
    pub(super) async fn keys(&self, issuer: &str) -> Result<Value, FetchError> {
        let place = metadata_of(issuer);
        let metadata: Metadata =
            serde_json::from_slice(&self.get(&place).await?).map_err(FetchError::Json)?;
        // `OpenID` Connect Discovery 1.0 §4.3: else one issuer could speak for another.
        if metadata.issuer != issuer {
            return Err(FetchError::OtherIssuer);
        }
        serde_json::from_slice(&self.get(&metadata.jwks_uri).await?).map_err(FetchError::Json)
    }

    /// The issuer's clock, as the head of its answer tells it.
    pub(super) async fn clock(&self, issuer: &str) -> Option<SystemTime> {
        let request = Request::get(metadata_of(issuer)).body(Empty::new()).ok()?;
        let answer = tokio::time::timeout(WITHIN, self.client.request(request));
        let answer = answer.await.ok()?.ok()?;
        let told = answer.headers().get(header::DATE)?.to_str().ok()?;
        told.parse::<actix_web::http::header::HttpDate>()
            .ok()
            .map(SystemTime::from)
    }

    async fn get(&self, address: &str) -> Result<Bytes, FetchError> {
        let uri: Uri = address
            .parse()
            .ok()
            .filter(|_| is_safe(address))
            .ok_or(FetchError::NotSafe)?;
        let request = Request::get(uri)
            .header(header::ACCEPT, "application/json")
            .body(Empty::new())
            .map_err(|_| FetchError::NotSafe)?;
        let asked = async {
            let answer = self
                .client
                .request(request)
                .await
                .map_err(FetchError::Unreachable)?;
            if answer.status() != StatusCode::OK {
                return Err(FetchError::Status(answer.status()));
            }
            let body = Limited::new(answer.into_body(), MAX_BYTES);
            let whole = body.collect().await.map_err(|_| FetchError::Body)?;
            Ok(whole.to_bytes())
        };
        tokio::time::timeout(WITHIN, asked)
            .await
            .map_err(|_| FetchError::Slow)?
    }
}

fn metadata_of(issuer: &str) -> String {
    format!(
        "{}/.well-known/openid-configuration",
        issuer.trim_end_matches('/')
    )
}
