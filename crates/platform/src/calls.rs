//! Calls to other services, on behalf of whoever called us.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use helder_types::{Caller, Permission, ProblemDetails};
use reqwest::{
    Client, RequestBuilder, Response, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    identity::TokenMint,
    problem::{Problem, REQUEST_ID, Result},
    trace,
};

/// Header that carries the request id from service to service.
pub const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Waits before a request is tried again, at most this often. The gateway keeps to them, too.
pub const BETWEEN_TRIES: [Duration; 3] = [
    Duration::from_millis(20),
    Duration::from_millis(60),
    Duration::from_millis(200),
];

/// The other services. Cheap to clone.
#[derive(Clone)]
pub struct Peers {
    client: Client,
    mint: Arc<TokenMint>,
    bases: Arc<BTreeMap<String, String>>,
}

/// One other service.
#[derive(Clone)]
pub struct Peer {
    peers: Peers,
    name: String,
}

/// What came of a question that may be answered "as you know it".
#[derive(Debug)]
pub enum Changed<T> {
    /// New content, with its tag.
    Now(T, Option<String>),
    /// The same as before.
    Not,
}

impl Peers {
    /// Peers at these base addresses (`registry` → `http://127.0.0.1:8085`).
    ///
    /// * `patience` – longest wait for an answer
    ///
    /// # Errors
    /// 500 when the HTTP client cannot be made.
    pub fn new(
        mint: Arc<TokenMint>,
        bases: BTreeMap<String, String>,
        patience: Duration,
    ) -> Result<Self> {
        let client = Client::builder()
            .connect_timeout(Duration::from_secs(3))
            .timeout(patience)
            .pool_max_idle_per_host(8)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(Problem::internal)?;
        Ok(Self {
            client,
            mint,
            bases: Arc::new(bases),
        })
    }

    /// The service called `name`.
    pub fn peer(&self, name: &str) -> Peer {
        Peer {
            peers: self.clone(),
            name: name.to_owned(),
        }
    }

    /// The caller with one more permission that only services hold, such as `ingest:derive`.
    pub fn with_permission(caller: &Caller, permission: Permission) -> Caller {
        let mut caller = caller.clone();
        if !caller.may(permission) {
            caller.permissions.push(permission);
        }
        caller
    }
}

impl Peer {
    /// Reads JSON. `path` is the public path, `/registry/v1/projects/…`.
    ///
    /// # Errors
    /// The other service's refusal as it is; 503 when it is away or failed.
    pub async fn get_json<T: DeserializeOwned>(&self, caller: &Caller, path: &str) -> Result<T> {
        let response = self.send(caller, path, Client::get).await?;
        response.json().await.map_err(|error| self.away(error))
    }

    /// Reads JSON unless it is what `tag` names.
    ///
    /// # Errors
    /// As [`Peer::get_json`].
    pub async fn get_if_changed<T: DeserializeOwned>(
        &self,
        caller: &Caller,
        path: &str,
        tag: Option<&str>,
    ) -> Result<Changed<T>> {
        let response = self
            .send(caller, path, |client, url| match tag {
                Some(tag) => client.get(url).header(IF_NONE_MATCH, tag),
                None => client.get(url),
            })
            .await?;
        if response.status() == StatusCode::NOT_MODIFIED {
            return Ok(Changed::Not);
        }
        let tag = response
            .headers()
            .get(ETAG)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let value = response.json().await.map_err(|error| self.away(error))?;
        Ok(Changed::Now(value, tag))
    }

    /// Sends JSON and reads the answer.
    ///
    /// * `key` – `Idempotency-Key`; a job gives its own id and step, so that a second try does nothing twice
    ///
    /// # Errors
    /// As [`Peer::get_json`].
    pub async fn post_json<B: Serialize + ?Sized, T: DeserializeOwned>(
        &self,
        caller: &Caller,
        path: &str,
        body: &B,
        key: Option<&str>,
    ) -> Result<T> {
        let response = self
            .send(caller, path, |client, url| {
                keyed(client.post(url).json(body), key)
            })
            .await?;
        response.json().await.map_err(|error| self.away(error))
    }

    /// Sends bytes and reads the answer.
    ///
    /// # Errors
    /// As [`Peer::get_json`].
    pub async fn post_bytes<T: DeserializeOwned>(
        &self,
        caller: &Caller,
        path: &str,
        media_type: &str,
        bytes: Bytes,
        key: Option<&str>,
    ) -> Result<T> {
        let response = self
            .send(caller, path, |client, url| {
                keyed(
                    client
                        .post(url)
                        .header(CONTENT_TYPE, media_type)
                        .body(bytes),
                    key,
                )
            })
            .await?;
        response.json().await.map_err(|error| self.away(error))
    }

    async fn send(
        &self,
        caller: &Caller,
        path: &str,
        request: impl FnOnce(&Client, String) -> RequestBuilder,
    ) -> Result<Response> {
        let base =
            self.peers.bases.get(&self.name).ok_or_else(|| {
                Problem::internal(format!("no address configured for {}", self.name))
            })?;
        let token = self.peers.mint.mint(caller)?.token;
        let mut request = request(
            &self.peers.client,
            format!("{}{path}", base.trim_end_matches('/')),
        )
        .header(AUTHORIZATION, format!("Bearer {token}"));
        if let Ok(id) = REQUEST_ID.try_with(uuid::Uuid::to_string) {
            request = request.header(REQUEST_ID_HEADER, id);
        }
        if let Some(parent) = trace::onward() {
            request = request.header(trace::TRACEPARENT, parent);
        }
        request = request.header(trace::CALLING_ACT, trace::calling());
        let response = self.ask(request).await?;
        let status = response.status();
        if status.is_success() || status == StatusCode::NOT_MODIFIED {
            return Ok(response);
        }
        let details: ProblemDetails = response.json().await.map_err(|error| self.away(error))?;
        if status.is_client_error() && status != StatusCode::UNAUTHORIZED {
            return Err(Problem::from_details(details));
        }
        Err(self.away(Refused {
            status,
            detail: details.detail,
        }))
    }

    /// Asks, and asks again where that can do no harm: nobody took the connection, or it ended without an answer and the request
    /// may be repeated. That is what is seen of a replica that comes or goes.
    async fn ask(&self, request: RequestBuilder) -> Result<Response> {
        let mut request = request.build().map_err(Problem::internal)?;
        let is_repeatable =
            request.method().is_safe() || request.headers().contains_key("idempotency-key");
        let mut waits = BETWEEN_TRIES.into_iter();
        loop {
            let again = request.try_clone();
            let error = match self.peers.client.execute(request).await {
                Ok(response) => return Ok(response),
                Err(error) => error,
            };
            let is_harmless = error.is_connect() || (is_repeatable && !error.is_timeout());
            match (again, waits.next()) {
                (Some(again), Some(wait)) if is_harmless => {
                    tokio::time::sleep(wait).await;
                    request = again;
                }
                _ => return Err(self.away(error)),
            }
        }
    }

    fn away(&self, error: impl std::error::Error + Send + Sync + 'static) -> Problem {
        let detail = format!("the {} service cannot answer now", self.name);
        Problem::unavailable(detail, 2).caused_by(error)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("answered {status}: {detail}")]
struct Refused {
    status: StatusCode,
    detail: String,
}

fn keyed(request: RequestBuilder, key: Option<&str>) -> RequestBuilder {
    match key {
        Some(key) => request.header("idempotency-key", key),
        None => request,
    }
}
