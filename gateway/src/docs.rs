//! The documents of all services, together and one by one, without asking anything of the outside world.

use actix_web::{
    HttpRequest, HttpResponse, ResponseError as _,
    dev::{Service, ServiceResponse},
    http::{Method, StatusCode, header},
    web::{self, ServiceConfig},
};
use helder_platform::problem::{Problem, Result};
use utoipa_swagger_ui::{Config, SwaggerUi, Url};

use crate::{answer, table::DOCUMENTS};

/// What the page itself may load: only from here, with the styles and the start script it carries inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    font-src 'self'; connect-src 'self'; frame-ancestors 'none'";

/// `/{service}/v1/openapi.json`, readable for everybody from everywhere.
pub(crate) fn document(request: &HttpRequest) -> Result<Option<HttpResponse>> {
    let Some(document) = DOCUMENTS
        .iter()
        .find(|document| document.path == request.path())
    else {
        return Ok(None);
    };
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return Err(Problem::method_not_allowed("GET, HEAD"));
    }
    Ok(Some(
        HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, "application/json"))
            .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
            .body(document.text),
    ))
}

/// Mounts `/docs/`.
pub(crate) fn mount(config: &mut ServiceConfig) {
    let urls: Vec<_> = DOCUMENTS
        .iter()
        .map(|document| Url::new(document.name, document.path))
        .collect();
    let pages = SwaggerUi::new("/{_:.*}").config(Config::new(urls).validator_url("none"));
    config
        .service(
            web::resource("/docs")
                .route(web::get().to(|| async {
                    HttpResponse::PermanentRedirect()
                        .insert_header((header::LOCATION, "/docs/"))
                        .finish()
                }))
                .default_service(answer::only_get()),
        )
        .service(
            web::scope("/docs")
                .wrap_fn(|mut request, service| {
                    // Whether the path exists is asked of the only method that there is.
                    let is_read = request.method() == Method::GET;
                    request.head_mut().method = Method::GET;
                    let answer = service.call(request);
                    async move {
                        let id = crate::trace::new_request_id();
                        let answer: ServiceResponse<_> = answer.await?;
                        let refusal = if answer.status() == StatusCode::NOT_FOUND {
                            Some(Problem::not_found())
                        } else if is_read {
                            None
                        } else {
                            Some(Problem::method_not_allowed("GET"))
                        };
                        let mut answer = if let Some(refusal) = refusal {
                            let refusal = helder_platform::problem::REQUEST_ID
                                .scope(id, async { refusal.error_response() })
                                .await;
                            answer.into_response(refusal).map_into_right_body()
                        } else {
                            answer.map_into_left_body()
                        };
                        let headers = answer.headers_mut();
                        headers.insert(
                            header::CONTENT_SECURITY_POLICY,
                            header::HeaderValue::from_static(POLICY),
                        );
                        answer::finish(headers, id, None);
                        Ok(answer)
                    }
                })
                .service(pages),
        );
}
