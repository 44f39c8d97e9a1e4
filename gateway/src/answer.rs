//! What every answer carries.

use actix_web::{
    HttpRequest, HttpResponse, ResponseError, Route,
    http::header::{self, HeaderMap, HeaderName, HeaderValue},
    web,
};
use helder_platform::problem::Problem;
use uuid::Uuid;

use crate::trace;

const SECURITY: [(HeaderName, &str); 6] = [
    (header::CACHE_CONTROL, "no-store"),
    (
        header::STRICT_TRANSPORT_SECURITY,
        "max-age=31536000; includeSubDomains",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const API_VERSION: HeaderName = HeaderName::from_static("api-version");

const NO_CONTENT_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// Adds the security headers of the API design rules, the request id and the API version.
pub(crate) fn finish(headers: &mut HeaderMap, request_id: Uuid, version: Option<&str>) {
    for (name, value) in SECURITY {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(NO_CONTENT_POLICY),
        );
    }
    let mut buffer = Uuid::encode_buffer();
    if let Ok(value) = HeaderValue::from_str(request_id.hyphenated().encode_lower(&mut buffer)) {
        headers.insert(REQUEST_ID, value);
    }
    if let (Some(version), false) = (version, headers.contains_key(API_VERSION))
        && let Ok(value) = HeaderValue::from_str(version)
    {
        headers.insert(API_VERSION, value);
    }
}

/// 405 for every other method on a path that is only read.
pub(crate) fn only_get() -> Route {
    web::to(|request: HttpRequest| async move {
        let id = trace::Trace::of(&request).request_id;
        helder_platform::problem::REQUEST_ID
            .scope(id, async {
                let refusal = Problem::method_not_allowed("GET");
                refuse(request.path(), &refusal, id, None)
            })
            .await
    })
}

/// A refusal by the gateway itself, for clients of the inference protocol with the member that they read.
pub(crate) fn refuse(
    path: &str,
    problem: &Problem,
    request_id: Uuid,
    version: Option<&str>,
) -> HttpResponse {
    let mut response = if path.starts_with("/oip/") {
        problem.inference_response()
    } else {
        problem.error_response()
    };
    finish(response.headers_mut(), request_id, version);
    response
}
