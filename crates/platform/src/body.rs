//! Reads JSON bodies strictly: bounded, typed, all faults at once, never a value in an answer.

mod checked;
mod fault;
mod scan;
mod schema;
#[cfg(test)]
mod tests;

pub use checked::{Check, CheckedBody, parse_checked};
pub use fault::escape as pointer_token;

use std::{future::Future, ops::Deref, pin::Pin};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header, web::Data};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use helder_types::Digest;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use crate::{
    config::Limits,
    idempotency::{BodyDigest, IDEMPOTENCY_KEY},
    problem::{Problem, Result},
};

/// A JSON body that follows the documented schema of `T`.
///
/// Refused: other media types and encodings (415), more than `limits.json_bytes` (413), and with 400 broken JSON, objects
/// that name a key twice, too deep nesting, unknown fields, whatever the schema of `T` forbids, and any text in which a BSN
/// stands: what comes in this way is kept and shown. All faults are in one answer.
#[derive(Debug)]
pub struct JsonBody<T> {
    value: T,
    digest: Digest,
}

/// [`JsonBody`] that looks at the schema only when `T` cannot be read: for hot paths whose handler checks the values itself.
#[derive(Debug)]
pub struct FastJsonBody<T>(pub T);

/// The bytes of a JSON body, read by nobody yet: for hot paths whose handler reads them in one pass, checks them strictly and
/// names all faults itself. Media type, encoding and size are checked as for [`JsonBody`].
#[derive(Debug)]
pub struct RawJsonBody(pub Bytes);

impl<T> JsonBody<T> {
    /// The value.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// SHA-256 of the bytes as they came.
    pub const fn digest(&self) -> Digest {
        self.digest
    }
}

impl<T> Deref for JsonBody<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> Deref for FastJsonBody<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned + ToSchema + 'static> FromRequest for JsonBody<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let bytes = read(&request, payload).await?;
            let digest = Digest::of(&bytes);
            BodyDigest::of(&request).set(digest);
            Ok(Self {
                value: parse(&bytes)?,
                digest,
            })
        })
    }
}

impl<T: DeserializeOwned + ToSchema + 'static> FromRequest for FastJsonBody<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let bytes = read(&request, payload).await?;
            BodyDigest::of(&request).set(Digest::of(&bytes));
            parse_fast(&bytes).map(Self)
        })
    }
}

impl FromRequest for RawJsonBody {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let bytes = read(&request, payload).await?;
            // Only a request that may come again needs to be known again.
            if request.headers().contains_key(IDEMPOTENCY_KEY) {
                BodyDigest::of(&request).set(Digest::of(&bytes));
            }
            Ok(Self(bytes))
        })
    }
}

/// Checks that `bytes` are JSON in UTF-8, nested not too deep, with no object that names a key twice, only finite numbers and
/// no BSN in a text, without keeping anything of it. For stored documents that nobody reads as a type here.
///
/// # Errors
/// 400 with the first fault of form, or with every place where a BSN stands.
pub fn strict(bytes: &[u8]) -> Result<()> {
    let numbers = scan::strict(bytes).map_err(|fault| Problem::invalid(vec![fault]))?;
    if numbers.is_empty() {
        Ok(())
    } else {
        Err(Problem::invalid(numbers))
    }
}

/// Reads `bytes` as `T` and checks the schema of `T`.
///
/// # Errors
/// 400 with every fault.
pub fn parse<T: DeserializeOwned + ToSchema + 'static>(bytes: &[u8]) -> Result<T> {
    let mut faults = scan::strict(bytes).map_err(|fault| Problem::invalid(vec![fault]))?;
    let value: serde_json::Value = serde_json::from_slice(bytes).map_err(|_| fault::broken())?;
    faults.extend(schema::faults::<T>(&value));
    match read_as(bytes) {
        Ok(value) if faults.is_empty() => Ok(value),
        Ok(_) => Err(Problem::invalid(faults)),
        Err(fault) => {
            if !faults.iter().any(|known| known.pointer == fault.pointer) {
                faults.push(fault);
            }
            Err(Problem::invalid(faults))
        }
    }
}

/// Reads `bytes` as `T`; the schema is looked at only to name all faults once reading has failed.
///
/// # Errors
/// 400 with every fault.
pub fn parse_fast<T: DeserializeOwned + ToSchema + 'static>(bytes: &[u8]) -> Result<T> {
    strict(bytes).map_or_else(
        |_| parse(bytes),
        |()| read_as(bytes).or_else(|_| parse(bytes)),
    )
}

fn read_as<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, helder_types::Fault> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| fault::from_serde(&error))
}

/// The whole body, at most `limits.json_bytes` of it.
async fn read(request: &HttpRequest, mut payload: Payload) -> Result<Bytes> {
    let limit = request
        .app_data::<Data<Limits>>()
        .map_or_else(Limits::default, |limits| ***limits)
        .json_bytes;
    expect_json(request)?;
    let declared = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    if declared.is_some_and(|length: u64| length > limit) {
        return Err(Problem::too_large(limit));
    }
    let mut body = BytesMut::with_capacity(declared.unwrap_or(0).min(64 * 1024) as usize);
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| {
            Problem::bad_request("body-cut", "the body ended too early")
                .caused_by(error.to_string())
        })?;
        if (body.len() + chunk.len()) as u64 > limit {
            return Err(Problem::too_large(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn expect_json(request: &HttpRequest) -> Result<()> {
    let headers = request.headers();
    if headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|value| value != "identity")
    {
        return Err(Problem::unsupported_media_type(
            "send this body without Content-Encoding",
        ));
    }
    let media = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim();
    if media.eq_ignore_ascii_case("application/json") {
        Ok(())
    } else {
        Err(Problem::unsupported_media_type(
            "send Content-Type: application/json",
        ))
    }
}
