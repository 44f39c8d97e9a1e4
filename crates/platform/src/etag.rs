//! `ETag`, `If-None-Match` and `If-Match` for things with a revision number.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, ETAG, HeaderMap, IF_MATCH, IF_NONE_MATCH},
};
use helder_types::Fault;
use serde::Serialize;

use crate::problem::{Problem, Result};

/// The tag of a revision, quotes included.
pub fn of_revision(revision: i64) -> String {
    format!("\"{revision}\"")
}

/// Answers `value` with its tag, or 304 when the client has it already.
pub fn respond<T: Serialize>(request: &HttpRequest, tag: &str, value: &T) -> HttpResponse {
    if is_known(request.headers(), tag) {
        return HttpResponse::NotModified()
            .insert_header((ETAG, tag))
            .finish();
    }
    changed(tag, value)
}

/// Answers `value`, just changed, with its new tag.
pub fn changed<T: Serialize>(tag: &str, value: &T) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((ETAG, tag))
        .insert_header((CACHE_CONTROL, "private, no-cache"))
        .json(value)
}

/// Whether `If-None-Match` names this tag.
pub fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get_all(IF_NONE_MATCH)
        .filter_map(|value| value.to_str().ok())
        .any(|value| {
            value
                .split(',')
                .map(str::trim)
                .any(|known| known == "*" || known.trim_start_matches("W/") == tag)
        })
}

/// The revision that the client has read, from `If-Match`.
///
/// # Errors
/// 400 when the header is missing or unreadable, 412 when it names something else than a revision of ours.
pub fn expected_revision(headers: &HeaderMap) -> Result<i64> {
    let missing = || {
        let detail = "send If-Match with the ETag that you read, so that nobody's change is lost";
        Problem::invalid(vec![Fault::new("If-Match", "if-match", detail)])
    };
    let value = headers
        .get(IF_MATCH)
        .and_then(|value| value.to_str().ok())
        .ok_or_else(missing)?;
    let digits = value
        .trim()
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'))
        .ok_or_else(missing)?;
    digits.parse().map_err(|_| Problem::precondition_failed())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_known_tag_answers_without_body() {
        let tag = of_revision(3);
        for (known, status) in [
            ("\"3\"", 304),
            ("W/\"3\"", 304),
            ("\"2\", \"3\"", 304),
            ("*", 304),
            ("\"2\"", 200),
        ] {
            let request = TestRequest::default()
                .insert_header((IF_NONE_MATCH, known))
                .to_http_request();
            assert_eq!(
                respond(&request, &tag, &1).status().as_u16(),
                status,
                "{known}"
            );
        }
    }

    #[test]
    fn a_change_says_what_it_has_read() {
        let expected = |value: &str| {
            expected_revision(
                TestRequest::default()
                    .insert_header((IF_MATCH, value))
                    .to_http_request()
                    .headers(),
            )
        };
        assert_eq!(expected("\"3\"").unwrap(), 3);
        assert_eq!(expected("\"other\"").unwrap_err().status().as_u16(), 412);
        assert_eq!(expected("3").unwrap_err().status().as_u16(), 400);
        let nothing = TestRequest::default().to_http_request();
        assert_eq!(
            expected_revision(nothing.headers())
                .unwrap_err()
                .status()
                .as_u16(),
            400
        );
    }
}
