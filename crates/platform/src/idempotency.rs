//! A POST that a client may safely repeat: `Idempotency-Key`.
//!
//! The key belongs to one person of one organisation, for 24 hours. The first request with it leaves its answer beside
//! its effect, in one transaction; a repeat of the same request gets that answer, and another request with the same key
//! is refused (409). A request that failed leaves nothing, so trying again is right.

use std::{
    future::{Ready, ready},
    sync::{Arc, OnceLock},
    time::Duration,
};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, http::header::HeaderName};
use diesel::prelude::*;
use helder_types::{Bsn, Caller, Digest, Fault};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    clock,
    problem::{Problem, Result},
    schema::idempotency_keys,
    store::Conn,
};

pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// How long an answer is kept.
pub const KEPT: Duration = Duration::from_hours(24);
/// Longest key accepted, in bytes.
pub const MAX_KEY_BYTES: usize = 200;

/// The digest of the request's body, shared by the extractor that reads the body and [`Idempotency`].
#[derive(Clone, Default)]
pub struct BodyDigest(Arc<OnceLock<Digest>>);

impl BodyDigest {
    /// The slot of this request.
    pub fn of(request: &HttpRequest) -> Self {
        let mut extensions = request.extensions_mut();
        if let Some(slot) = extensions.get::<Self>() {
            return slot.clone();
        }
        let slot = Self::default();
        extensions.insert(slot.clone());
        slot
    }

    /// Says what the body is; whoever reads it calls this once.
    pub fn set(&self, digest: Digest) {
        // A second reader of the same body would find the same digest.
        let _ = self.0.set(digest);
    }
}

/// The request's `Idempotency-Key` with all that makes the request what it is. An actix extractor.
#[derive(Clone)]
pub struct Idempotency {
    key: Option<String>,
    target: String,
    body: BodyDigest,
}

/// A key in use by one person for one request.
pub(crate) struct Claim {
    organisation: String,
    subject: String,
    key: String,
    request_digest: String,
}

impl Idempotency {
    /// A request without key.
    pub fn none() -> Self {
        Self {
            key: None,
            target: String::new(),
            body: BodyDigest::default(),
        }
    }

    /// A key for a request with this target (method and path) and body digest; for calls that come from elsewhere than HTTP.
    pub fn with_key(key: impl Into<String>, target: impl Into<String>, body: Digest) -> Self {
        let slot = BodyDigest::default();
        slot.set(body);
        Self {
            key: Some(key.into()),
            target: target.into(),
            body: slot,
        }
    }

    /// Says what the streamed body was, for handlers that read it themselves.
    pub fn body_is(&self, digest: Digest) {
        self.body.set(digest);
    }

    /// The key, when the client sent one.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    pub(crate) fn claim(&self, caller: &Caller) -> Option<Claim> {
        let key = self.key.clone()?;
        let body = self
            .body
            .0
            .get()
            .map_or_else(String::new, Digest::to_string);
        let request_digest = Digest::of(format!("{}\n{body}", self.target).as_bytes()).to_string();
        Some(Claim {
            organisation: caller.organisation.to_string(),
            subject: caller.subject.clone(),
            key,
            request_digest,
        })
    }
}

impl FromRequest for Idempotency {
    type Error = Problem;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read_header(request))
    }
}

fn read_header(request: &HttpRequest) -> Result<Idempotency> {
    let mut values = request.headers().get_all(IDEMPOTENCY_KEY);
    let key = values.next();
    if values.next().is_some() {
        return Err(refuse("send one Idempotency-Key"));
    }
    let key = match key.map(|value| value.to_str()) {
        None => None,
        // A key is kept for a day.
        Some(Ok(text)) if Bsn::stands_in(text) => {
            return Err(refuse(
                "an Idempotency-Key is a name of a request, not of a person: this one looks like a BSN",
            ));
        }
        Some(Ok(text)) if (1..=MAX_KEY_BYTES).contains(&text.len()) => Some(text.to_owned()),
        Some(_) => {
            return Err(refuse(
                "an Idempotency-Key is 1 to 200 visible ASCII characters",
            ));
        }
    };
    let uri = request.uri();
    let path = uri.path_and_query();
    let path = path.map_or(uri.path(), |path| path.as_str());
    // Only what may come again needs to be told apart.
    let target = key.as_ref().map(|_| format!("{} {path}", request.method()));
    let target = target.unwrap_or_default();
    Ok(Idempotency {
        key,
        target,
        body: BodyDigest::of(request),
    })
}

fn refuse(detail: &str) -> Problem {
    Problem::invalid(vec![Fault::new(
        "Idempotency-Key",
        "idempotency-key",
        detail,
    )])
}

/// Runs `work` unless this claim was honoured before; then answers what was answered.
pub(crate) fn once<T, F>(conn: &mut Conn, claim: &Claim, work: F) -> Result<T>
where
    T: Serialize + DeserializeOwned,
    F: FnOnce(&mut Conn) -> Result<T>,
{
    use idempotency_keys::dsl;
    let now = clock::now();
    let mine = || {
        dsl::idempotency_keys.find((
            claim.organisation.as_str(),
            claim.subject.as_str(),
            claim.key.as_str(),
        ))
    };
    diesel::delete(mine().filter(dsl::expires_at.lt(now.as_str()))).execute(conn)?;
    if !take(conn, claim, &now)? {
        let (digest, answer): (String, Option<String>) = mine()
            .select((dsl::request_digest, dsl::answer))
            .first(conn)?;
        if digest != claim.request_digest {
            return Err(Problem::conflict(
                "idempotency-key-reused",
                "this Idempotency-Key came with another request before; use a new key",
            ));
        }
        let answer = answer
            .ok_or_else(|| Problem::unavailable("the first request is still being answered", 1))?;
        return serde_json::from_str(&answer).map_err(Problem::internal);
    }
    let value = work(conn)?;
    let answer = serde_json::to_string(&value).map_err(Problem::internal)?;
    diesel::update(mine())
        .set(dsl::answer.eq(Some(answer)))
        .execute(conn)?;
    Ok(value)
}

/// Writes the claim; false when it is taken. On PostgreSQL a second writer waits here until the first has ended.
fn take(conn: &mut Conn, claim: &Claim, now: &str) -> Result<bool> {
    use idempotency_keys::dsl;
    let expires = clock::after(KEPT);
    let row = (
        dsl::organisation.eq(&claim.organisation),
        dsl::subject.eq(&claim.subject),
        dsl::idempotency_key.eq(&claim.key),
        dsl::request_digest.eq(&claim.request_digest),
        dsl::created_at.eq(now),
        dsl::expires_at.eq(&expires),
    );
    let written = match conn {
        Conn::Pg(conn) => diesel::insert_into(dsl::idempotency_keys)
            .values(row)
            .on_conflict_do_nothing()
            .execute(conn)?,
        Conn::Sqlite(conn) => diesel::insert_into(dsl::idempotency_keys)
            .values(row)
            .on_conflict_do_nothing()
            .execute(conn)?,
    };
    Ok(written == 1)
}

/// Removes answers past their time. Returns how many.
///
/// # Errors
/// Database errors.
pub fn purge(conn: &mut Conn) -> Result<usize> {
    use idempotency_keys::dsl;
    Ok(
        diesel::delete(dsl::idempotency_keys.filter(dsl::expires_at.lt(clock::now())))
            .execute(conn)?,
    )
}

#[cfg(test)]
mod tests;
