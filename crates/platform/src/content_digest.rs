//! The `Content-Digest` header (RFC 9530): what the sender says the bytes are.

use actix_web::http::header::HeaderMap;
use base64::{Engine, engine::general_purpose::STANDARD};
use helder_types::{Digest, Fault};

use crate::problem::{Problem, Result};

/// Name of the header.
pub const HEADER: &str = "content-digest";

/// The SHA-256 the sender announced, if any. Other algorithms are passed over, as the standard asks.
///
/// # Errors
/// 400 at `Content-Digest` when the header cannot be read.
pub fn announced(headers: &HeaderMap) -> Result<Option<Digest>> {
    let mut found = None;
    for value in headers.get_all(HEADER) {
        let text = value.to_str().map_err(|_| unreadable())?;
        for member in text
            .split(',')
            .map(str::trim)
            .filter(|member| !member.is_empty())
        {
            let (algorithm, value) = member.split_once('=').ok_or_else(unreadable)?;
            let value = value
                .strip_prefix(':')
                .and_then(|value| value.strip_suffix(':'))
                .ok_or_else(unreadable)?;
            if algorithm != "sha-256" {
                continue;
            }
            let bytes = STANDARD.decode(value).map_err(|_| unreadable())?;
            let digest = Digest::from_sha256(bytes.try_into().map_err(|_| unreadable())?);
            if found.is_some_and(|before| before != digest) {
                return Err(unreadable());
            }
            found = Some(digest);
        }
    }
    Ok(found)
}

/// Compares what was announced with what came.
///
/// # Errors
/// 400 `digest-mismatch` at `Content-Digest` when they differ.
pub fn check(announced: Option<Digest>, came: &Digest) -> Result<()> {
    match announced {
        Some(digest) if digest != *came => {
            let detail = "the bytes that came have another SHA-256 than announced; send them again";
            Err(Problem::invalid(vec![Fault::new(
                "Content-Digest",
                "digest-mismatch",
                detail,
            )]))
        }
        _ => Ok(()),
    }
}

/// The header's value for bytes with this digest.
pub fn value(digest: &Digest) -> String {
    format!("sha-256=:{}:", STANDARD.encode(digest.as_bytes()))
}

fn unreadable() -> Problem {
    let detail = "write sha-256=:<base64 of 32 bytes>:";
    Problem::invalid(vec![Fault::new("Content-Digest", "content-digest", detail)])
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(
                HeaderName::from_static(HEADER),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        headers
    }

    #[test]
    fn what_we_write_we_read() {
        let digest = Digest::of(b"helder");
        let value = value(&digest);
        assert_eq!(announced(&headers(&[&value])).unwrap(), Some(digest));
        assert_eq!(
            announced(&headers(&[&format!("sha-512=:AAAA:, {value}")])).unwrap(),
            Some(digest)
        );
        assert_eq!(announced(&headers(&[])).unwrap(), None);
        assert!(check(Some(digest), &digest).is_ok() && check(None, &digest).is_ok());
        let refused = check(Some(digest), &Digest::of(b"")).unwrap_err();
        assert_eq!(
            (
                refused.status().as_u16(),
                refused.faults()[0].pointer.as_str()
            ),
            (400, "Content-Digest")
        );
    }

    #[test]
    fn an_unreadable_header_is_not_passed_over() {
        let other = value(&Digest::of(b"other"));
        let both = [value(&Digest::of(b"")), other];
        for bad in [
            vec!["sha-256"],
            vec!["sha-256=abc"],
            vec!["sha-256=:???:"],
            vec!["sha-256=:AAAA:"],
        ] {
            assert!(announced(&headers(&bad)).is_err(), "{bad:?}");
        }
        assert!(announced(&headers(&[&both[0], &both[1]])).is_err());
    }
}
