//! Around every request of the protocol: its clients tell no media type, and read the member `error` of a refusal.

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{CONTENT_TYPE, HeaderName, HeaderValue},
    middleware::Next,
};
use helder_platform::problem::Problem;

use super::VERSION;

pub(super) async fn in_its_words(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse, Error> {
    let headers = request.headers_mut();
    if !headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    let response = next.call(request).await?.map_into_boxed_body();
    let refusal = response
        .response()
        .error()
        .and_then(Error::as_error::<Problem>)
        .map(Problem::inference_response);
    let mut response = match refusal {
        Some(refusal) => response.into_response(refusal),
        None => response,
    };
    response.headers_mut().insert(
        HeaderName::from_static("api-version"),
        HeaderValue::from_static(VERSION),
    );
    Ok(response)
}
