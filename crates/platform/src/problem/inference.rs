//! Problems for clients of the Open Inference Protocol, which read the member `error` and nothing else.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, ResponseError as _, http::header};
use helder_types::Fault;
use serde::Serialize;
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{ContentBuilder, Ref, RefOr, Response},
};

use super::{MEDIA_TYPE, Problem, Problems};

/// A problem with what its faults are in one text: the same members as everywhere, and `error`.
#[derive(Debug, Serialize, ToSchema)]
pub struct InferenceProblem {
    /// What happened and what to do, faults of the input included.
    pub error: String,
    /// HTTP status.
    pub status: u16,
    /// Short name of the kind of problem.
    pub title: String,
    /// What happened here and what to do.
    pub detail: String,
    /// URN of the kind: `urn:helder:problem:<code>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Request id, to quote when asking for help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// All faults of the input.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
}

impl Problem {
    /// The answer with the member `error` beside the others.
    pub fn inference_response(&self) -> HttpResponse {
        let mut response = self.error_response();
        let details = self.details();
        let mut error = details.detail.clone();
        for fault in &details.errors {
            error.push_str("; ");
            error.push_str(&fault.pointer);
            error.push_str(": ");
            error.push_str(&fault.detail);
        }
        let body = InferenceProblem {
            error,
            status: details.status,
            title: details.title,
            detail: details.detail,
            kind: details.kind,
            instance: details.instance,
            errors: details.errors,
        };
        // Serialising this struct cannot fail: its keys are strings and it holds no maps.
        let body = serde_json::to_vec(&body).unwrap_or_default();
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            header::HeaderValue::from_static(MEDIA_TYPE),
        );
        response.set_body(body).map_into_boxed_body()
    }
}

/// [`Problems`] in the shape of [`InferenceProblem`]. Put it in `responses(.., InferenceProblems)` and the schema among the
/// components of the document.
#[derive(Clone, Copy, Debug)]
pub struct InferenceProblems;

impl IntoResponses for InferenceProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = Problems::responses();
        for response in responses.values_mut() {
            if let RefOr::T(response) = response {
                let schema = Ref::from_schema_name(InferenceProblem::name());
                let content = ContentBuilder::new().schema(Some(schema)).build();
                response
                    .content
                    .insert(MEDIA_TYPE.to_owned(), RefOr::T(content));
            }
        }
        responses
    }
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;
    use helder_types::Fault;
    use serde_json::Value;

    use super::*;

    #[actix_web::test]
    async fn the_error_says_all_faults_and_the_rest_stays() {
        let faults = ["/a", "/b"].map(|pointer| Fault::new(pointer, "wrong-type", "a number"));
        let response = Problem::invalid(faults.into()).inference_response();
        assert_eq!(response.status(), 400);
        let header = |name| response.headers().get(name).unwrap();
        assert_eq!(header("content-type"), MEDIA_TYPE);
        let body = to_bytes(response.into_body()).await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            body["error"],
            "the input has faults, see errors; /a: a number; /b: a number"
        );
        assert_eq!(body["type"], "urn:helder:problem:invalid-input");
        assert_eq!(body["errors"][1]["pointer"], "/b");
        let response = Problem::method_not_allowed("GET").inference_response();
        assert_eq!(response.headers().get("allow").unwrap(), "GET");
    }
}
