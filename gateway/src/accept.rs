//! What a client says it can read, against what an operation answers with (RFC 9110, section 12.5.1).

use actix_web::{
    HttpRequest,
    http::{StatusCode, header},
};
use helder_platform::problem::{Problem, Result};

/// Refuses a request whose `Accept` leaves none of the media types in `offered`.
///
/// No `Accept`, or one that cannot be read, means that anything is welcome; so does an operation that answers without
/// content. A refusal is a problem all the same: who takes no JSON still has to learn why.
pub(crate) fn check(request: &HttpRequest, offered: &[String]) -> Result<()> {
    let mut wanted = request.headers().get_all(header::ACCEPT).peekable();
    if offered.is_empty() || wanted.peek().is_none() {
        return Ok(());
    }
    let mut ranges = Vec::new();
    for line in wanted {
        let Ok(line) = line.to_str() else {
            return Ok(());
        };
        ranges.extend(line.split(',').filter_map(Range::read));
    }
    if ranges.is_empty() || offered.iter().any(|media| is_welcome(&ranges, media)) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::NOT_ACCEPTABLE,
        "not-acceptable",
        format!(
            "this answers with {}; accept one of them",
            offered.join(", ")
        ),
    ))
}

/// A part of `Accept`: `text/html`, `text/*`, `*/*`.
struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    /// Weight zero: anything but this.
    is_refused: bool,
}

impl<'a> Range<'a> {
    /// Parameters other than the weight are left aside: no operation here offers one type in two ways.
    fn read(part: &'a str) -> Option<Self> {
        let mut pieces = part.split(';').map(str::trim);
        let (kind, subtype) = pieces.next()?.split_once('/')?;
        let weight = pieces.find_map(|piece| piece.strip_prefix("q=").or(piece.strip_prefix("Q=")));
        let is_refused = weight.is_some_and(|it| it.parse::<f32>().is_ok_and(|it| it <= 0.0));
        Some(Self {
            kind,
            subtype,
            is_refused,
        })
    }

    /// How narrowly it names this type: 2 by name, 1 by its first half, 0 as anything; nothing when it does not.
    fn names(&self, media: &str) -> Option<u8> {
        let (kind, subtype) = media.split_once('/')?;
        match (self.kind, self.subtype) {
            ("*", "*") => Some(0),
            (own, "*") if own.eq_ignore_ascii_case(kind) => Some(1),
            (own, sub) if own.eq_ignore_ascii_case(kind) && sub.eq_ignore_ascii_case(subtype) => {
                Some(2)
            }
            _ => None,
        }
    }
}

/// The narrowest range that names a type decides about it.
fn is_welcome(ranges: &[Range<'_>], media: &str) -> bool {
    let named = ranges
        .iter()
        .filter_map(|range| Some((range.names(media)?, !range.is_refused)));
    named.max().is_some_and(|(_, is_welcome)| is_welcome)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn status(accept: &[&str], offered: &[&str]) -> u16 {
        let mut request = TestRequest::default();
        for line in accept {
            request = request.append_header((header::ACCEPT, *line));
        }
        let offered: Vec<_> = offered.iter().map(|it| (*it).to_owned()).collect();
        match check(&request.to_http_request(), &offered) {
            Ok(()) => 200,
            Err(problem) => problem.status().as_u16(),
        }
    }

    #[test]
    fn a_type_that_is_named_or_covered_is_welcome() {
        for accept in [
            "application/json",
            "Application/JSON",
            "application/*",
            "*/*",
            "image/png, */*;q=0.1",
            "text/html, application/json; charset=utf-8; q=0.2",
            "nonsense",
            "",
        ] {
            assert_eq!(status(&[accept], &["application/json"]), 200, "{accept}");
        }
        assert_eq!(status(&[], &["application/json"]), 200);
        assert_eq!(status(&["image/png"], &[]), 200, "there is no content");
        assert_eq!(
            status(
                &["image/png", "text/csv"],
                &["application/json", "text/csv"]
            ),
            200
        );
    }

    #[test]
    fn anything_else_is_406() {
        for accept in [
            "image/png",
            "application/xml, text/*",
            "application/json;q=0",
            "application/json;q=0, */*",
            "application/*;q=0.0, text/html",
        ] {
            assert_eq!(status(&[accept], &["application/json"]), 406, "{accept}");
        }
    }
}
