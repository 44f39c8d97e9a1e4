//! One call.

use std::time::Duration;

use helder_types::ProblemDetails;
use reqwest::{
    Method, RequestBuilder, Response,
    header::{self, HeaderMap},
};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::ClientError;

/// A caller of the API under one token.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    gateway: String,
    token: Option<String>,
}

/// A decoded answer with what its head says.
#[derive(Clone, Debug)]
pub struct Answer<T> {
    /// The body.
    pub body: T,
    /// HTTP status.
    pub status: u16,
    /// Public path of what was made or of the job that makes it.
    pub location: Option<String>,
    /// Version tag for `If-Match`.
    pub etag: Option<String>,
}

impl Client {
    /// A client of the gateway at `address` (`http://127.0.0.1:8080`).
    ///
    /// # Errors
    /// [`ClientError::Unreachable`] when the address is no HTTP address.
    pub fn new(address: &str) -> Result<Self, ClientError> {
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(10))
            // Identity lies in the token; a redirect would carry it elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| unreachable(address, &error))?;
        let gateway = address.trim_end_matches('/').to_owned();
        reqwest::Url::parse(&gateway).map_err(|error| ClientError::Unreachable {
            address: gateway.clone(),
            reason: error.to_string(),
        })?;
        Ok(Self {
            http,
            gateway,
            token: None,
        })
    }

    /// The same client with this token.
    #[must_use]
    pub fn with_token(&self, token: impl Into<String>) -> Self {
        Self {
            token: Some(token.into()),
            ..self.clone()
        }
    }

    /// Address of the gateway.
    pub fn gateway(&self) -> &str {
        &self.gateway
    }

    /// Reads a resource.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Answer<T>, ClientError> {
        decode(
            path,
            self.send(path, self.request(Method::GET, path)).await?,
        )
        .await
    }

    /// Reads a resource as text in the media type asked (`text/html`, `text/csv`).
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn get_text(&self, path: &str, accept: &str) -> Result<String, ClientError> {
        let request = self
            .request(Method::GET, path)
            .header(header::ACCEPT, accept);
        let response = self.send(path, request).await?;
        response
            .text()
            .await
            .map_err(|error| unreadable(path, error))
    }

    /// Reads a resource as bytes.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn get_bytes(&self, path: &str) -> Result<Vec<u8>, ClientError> {
        let response = self.send(path, self.request(Method::GET, path)).await?;
        Ok(response
            .bytes()
            .await
            .map_err(|error| unreadable(path, error))?
            .to_vec())
    }

    /// All items of a paged list, following `Link: rel="next"`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn list<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, ClientError> {
        #[derive(serde::Deserialize)]
        struct Page<T> {
            items: Vec<T>,
        }
        let mut items = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let response = self.send(&path, self.request(Method::GET, &path)).await?;
            next = next_page(response.headers());
            let page: Answer<Page<T>> = decode(&path, response).await?;
            items.extend(page.body.items);
        }
        Ok(items)
    }

    /// Creates or starts something. Carries a fresh `Idempotency-Key`, so that a repeated send has one effect.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn post<B: Serialize + Sync, T: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<Answer<T>, ClientError> {
        let request = self
            .request(Method::POST, path)
            .header("idempotency-key", Uuid::now_v7().to_string())
            .json(body);
        decode(path, self.send(path, request).await?).await
    }

    /// Does something that needs no body (`…/_activate`). Carries a fresh `Idempotency-Key` as [`Self::post`] does.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn act<T: DeserializeOwned>(&self, path: &str) -> Result<Answer<T>, ClientError> {
        let request = self
            .request(Method::POST, path)
            .header("idempotency-key", Uuid::now_v7().to_string());
        decode(path, self.send(path, request).await?).await
    }

    /// Changes a resource that still has the version `etag`.
    ///
    /// # Errors
    /// [`ClientError`]; status 412 when somebody else changed it first.
    pub async fn patch<B: Serialize + Sync, T: DeserializeOwned>(
        &self,
        path: &str,
        etag: &str,
        body: &B,
    ) -> Result<Answer<T>, ClientError> {
        let request = self
            .request(Method::PATCH, path)
            .header(header::IF_MATCH, etag)
            .json(body);
        decode(path, self.send(path, request).await?).await
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.gateway));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends and turns every 4xx and 5xx into an error.
    pub(crate) async fn send(
        &self,
        path: &str,
        request: RequestBuilder,
    ) -> Result<Response, ClientError> {
        let response = request
            .send()
            .await
            .map_err(|error| unreachable(&self.gateway, &error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let unexplained = ClientError::Unexplained {
            status: status.as_u16(),
            path: path.to_owned(),
        };
        match response.json::<ProblemDetails>().await {
            Ok(problem) => Err(ClientError::Problem(Box::new(problem))),
            Err(_) => Err(unexplained),
        }
    }
}

pub(crate) async fn decode<T: DeserializeOwned>(
    path: &str,
    response: Response,
) -> Result<Answer<T>, ClientError> {
    let status = response.status().as_u16();
    let text = |name| {
        response
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let (location, etag) = (text(header::LOCATION), text(header::ETAG));
    let bytes = response
        .bytes()
        .await
        .map_err(|error| unreadable(path, error))?;
    let body = serde_json::from_slice(&bytes).map_err(|error| unreadable(path, error))?;
    Ok(Answer {
        body,
        status,
        location,
        etag,
    })
}

fn next_page(headers: &HeaderMap) -> Option<String> {
    let link = headers.get(header::LINK)?.to_str().ok()?;
    link.split(',').find_map(|part| {
        let (target, parameters) = part.split_once(';')?;
        parameters
            .contains("rel=\"next\"")
            .then(|| target.trim().trim_matches(['<', '>']).to_owned())
    })
}

fn unreachable(address: &str, error: &reqwest::Error) -> ClientError {
    // The outer message only says "error sending request"; the cause says what is wrong.
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    ClientError::Unreachable {
        address: address.to_owned(),
        reason: cause.to_string(),
    }
}

pub(crate) fn unreadable(path: &str, error: impl std::fmt::Display) -> ClientError {
    ClientError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    }
}
