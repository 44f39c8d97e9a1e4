//! The only error a handler returns: an `application/problem+json` answer (RFC 9457).

mod inference;
mod responses;

use std::{borrow::Cow, error::Error, fmt};

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use helder_types::{Fault, ProblemDetails};

pub use inference::{InferenceProblem, InferenceProblems};
pub use responses::Problems;

/// Result of everything that can end in an answer to the client.
pub type Result<T, E = Problem> = std::result::Result<T, E>;

/// Media type of every refusal.
pub const MEDIA_TYPE: &str = "application/problem+json";

tokio::task_local! {
    /// Id of the request this task answers; becomes `instance` of its problem.
    pub static REQUEST_ID: uuid::Uuid;
}

/// A refusal or failure, ready to be sent.
///
/// What the client reads is in [`Problem::details`]; the cause is written to the log once, when the answer is made,
/// and is never part of the answer.
pub struct Problem(Box<Inner>);

struct Inner {
    status: StatusCode,
    code: Cow<'static, str>,
    title: Cow<'static, str>,
    detail: Cow<'static, str>,
    errors: Vec<Fault>,
    headers: Vec<(header::HeaderName, String)>,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl Problem {
    /// A problem with any status; prefer the named ones below.
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        let title = status.canonical_reason().unwrap_or("Problem");
        Self(Box::new(Inner {
            status,
            code: code.into(),
            title: title.into(),
            detail: detail.into(),
            errors: Vec::new(),
            headers: Vec::new(),
            cause: None,
        }))
    }

    /// 400 with every fault of the input.
    pub fn invalid(faults: Vec<Fault>) -> Self {
        let mut problem = Self::new(
            StatusCode::BAD_REQUEST,
            "invalid-input",
            "the input has faults, see errors",
        );
        problem.0.errors = faults;
        problem
    }

    /// 400 for a request that cannot be read as a whole.
    pub fn bad_request(
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 401: who is asking is not proven.
    pub fn unauthenticated(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail)
            .with_header(header::WWW_AUTHENTICATE, "Bearer")
    }

    /// 403: known, but not allowed.
    pub fn forbidden(
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, detail)
    }

    /// 404: absent, or someone else's; the answer is the same.
    pub fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not-found",
            "there is nothing here that you may see",
        )
    }

    /// 405 with the methods that exist, for instance `GET, POST`.
    pub fn method_not_allowed(allow: impl Into<String>) -> Self {
        let detail = "this path does not know this method, see the Allow header";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail)
            .with_header(header::ALLOW, allow)
    }

    /// 409: the thing is in another state than the request assumes.
    pub fn conflict(
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 412: `If-Match` names another version.
    pub fn precondition_failed() -> Self {
        let detail = "it has changed since you read it; read it again and repeat your change";
        Self::new(StatusCode::PRECONDITION_FAILED, "changed-meanwhile", detail)
    }

    /// 413, saying how much is allowed.
    pub fn too_large(limit_bytes: u64) -> Self {
        let detail = format!("the body is larger than the {limit_bytes} bytes allowed here");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
    }

    /// 415: a media type or encoding this operation does not read.
    pub fn unsupported_media_type(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            detail,
        )
    }

    /// 429 with `Retry-After`.
    pub fn too_many_requests(retry_after_s: u64) -> Self {
        let detail = "too many requests from this client; wait and try again";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", detail)
            .retry_after(retry_after_s)
    }

    /// 503 with `Retry-After`: something this answer needs is away or full.
    pub fn unavailable(detail: impl Into<Cow<'static, str>>, retry_after_s: u64) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail).retry_after(retry_after_s)
    }

    /// 503 with `Retry-After` and the code `storage-full`: a disk has no room left. Nothing was kept.
    pub fn storage_full() -> Self {
        let detail = "there is no room left to store this; it has to be made first";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "storage-full", detail).retry_after(60)
    }

    /// 503 with the code `storage-failed`: a disk reported a fault, so nobody knows what it kept. Ends with a restart.
    pub fn storage_failed() -> Self {
        let detail =
            "a disk reported a fault; nothing is written until the service has been started again";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "storage-failed", detail).retry_after(60)
    }

    /// 500. The cause goes to the log, the client reads only the request id.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let detail = "something went wrong on our side; quote the instance when you ask for help";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail).caused_by(cause)
    }

    /// Passes on a problem that another service answered.
    pub fn from_details(details: ProblemDetails) -> Self {
        let status =
            StatusCode::from_u16(details.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let code = details
            .kind
            .rsplit(':')
            .next()
            .unwrap_or("internal")
            .to_owned();
        let mut problem = Self::new(status, code, details.detail);
        problem.0.title = details.title.into();
        problem.0.errors = details.errors;
        problem
    }

    /// Adds a response header.
    #[must_use]
    pub fn with_header(mut self, name: header::HeaderName, value: impl Into<String>) -> Self {
        self.0.headers.push((name, value.into()));
        self
    }

    /// Adds a cause for the log.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// Adds what is wrong, place by place.
    #[must_use]
    pub fn with_faults(mut self, faults: Vec<Fault>) -> Self {
        self.0.errors = faults;
        self
    }

    /// Says after how many seconds it may be better.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.with_header(header::RETRY_AFTER, seconds.to_string())
    }

    /// HTTP status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// Stable code, the last part of `type`.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// Faults of the input.
    pub fn faults(&self) -> &[Fault] {
        &self.0.errors
    }

    /// What the client reads.
    pub fn details(&self) -> ProblemDetails {
        ProblemDetails {
            status: self.0.status.as_u16(),
            title: self.0.title.clone().into_owned(),
            detail: self.0.detail.clone().into_owned(),
            kind: format!("urn:helder:problem:{}", self.0.code),
            instance: REQUEST_ID.try_with(|id| format!("urn:uuid:{id}")).ok(),
            errors: self.0.errors.clone(),
        }
    }

    /// Writes the cause and its sources to the log, once, where somebody finally handles the problem.
    pub fn log(&self) {
        let Some(cause) = &self.0.cause else { return };
        let mut chain = cause.to_string();
        let mut source = cause.source();
        while let Some(next) = source {
            chain.push_str(": ");
            chain.push_str(&next.to_string());
            source = next.source();
        }
        tracing::error!(status = self.0.status.as_u16(), code = %self.0.code, cause = %chain, "request failed");
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.0.detail, self.0.code)
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Problem")
            .field("status", &self.0.status)
            .field("code", &self.0.code)
            .field("detail", &self.0.detail)
            .field("errors", &self.0.errors)
            .field("cause", &self.0.cause)
            .finish_non_exhaustive()
    }
}

impl Error for Problem {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.cause.as_deref().map(|cause| cause as _)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.0.status
    }

    fn error_response(&self) -> HttpResponse {
        self.log();
        let mut response = HttpResponse::build(self.0.status);
        for (name, value) in &self.0.headers {
            response.insert_header((name.clone(), value.as_str()));
        }
        response.insert_header((header::CONTENT_TYPE, MEDIA_TYPE));
        // Serialising this struct cannot fail: its keys are strings and it holds no maps.
        response.body(serde_json::to_vec(&self.details()).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
