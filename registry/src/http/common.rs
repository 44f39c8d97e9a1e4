//! Small things that several operations need.

use actix_web::{HttpRequest, HttpResponse, http::header};
use helder_platform::{
    etag,
    problem::{Problem, Result},
};
use helder_types::Digest;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::Serialize;

/// Public path of this service.
pub(super) const BASE: &str = "/registry/v1";

/// Today on the Dutch calendar, by which retention periods end.
pub(super) fn today() -> Date {
    let zone = TimeZone::get("Europe/Amsterdam").unwrap_or(TimeZone::UTC);
    Timestamp::now().to_zoned(zone).date()
}

/// Whether the client would rather read a page than JSON.
pub(super) fn wants_html(request: &HttpRequest) -> bool {
    let accept = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("*/*");
    let mut html = 0.0;
    let mut json = 0.0;
    for range in accept.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let weight = parts
            .find_map(|part| part.strip_prefix("q="))
            .map_or(1.0, |weight| weight.parse::<f32>().unwrap_or(0.0));
        match name {
            "text/html" => html = weight,
            "application/json" => json = weight,
            "*/*" | "application/*" => json = f32::max(json, weight * 0.99),
            _ => {}
        }
    }
    html > json
}

/// A page without scripts.
pub(super) fn page(html: String) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            helder_report::CONTENT_SECURITY_POLICY,
        ))
        .insert_header((header::VARY, "Accept"))
        .body(html)
}

/// 201 with the path of what was made.
pub(super) fn made<T: Serialize>(path: &str, revision: i64, value: &T) -> HttpResponse {
    HttpResponse::Created()
        .insert_header((header::LOCATION, path))
        .insert_header((header::ETAG, etag::of_revision(revision)))
        .json(value)
}

/// 200 with the revision as tag, or 304 when the client has it.
pub(super) fn found<T: Serialize>(request: &HttpRequest, revision: i64, value: &T) -> HttpResponse {
    etag::respond(request, &etag::of_revision(revision), value)
}

/// A digest in a path; what is none names nothing.
pub(super) fn parse_digest(text: &str) -> Result<Digest> {
    text.parse().map_err(|_| Problem::not_found())
}
