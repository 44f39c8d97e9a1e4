//! Headers of answers that follow from what an operation is, so that no handler has to repeat them.
//!
//! A handler documents only what is its own, for instance what its `Location` leads to; that is kept.

use utoipa::openapi::{
    HeaderBuilder, ObjectBuilder, Ref, RefOr, Response,
    path::{Operation, ParameterIn},
    schema::Type,
};

use super::API_VERSION;

/// Adds to every answer of an operation the headers that it carries.
pub(super) fn document(operation: &mut Operation) {
    let has_version_tag = operation.responses.responses.contains_key("304")
        || operation.parameters.iter().flatten().any(|parameter| {
            matches!(parameter, RefOr::T(it) if it.parameter_in == ParameterIn::Header && it.name == "If-Match")
        });
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else {
            continue;
        };
        if status.starts_with(['2', '3']) {
            // `/core/version-header` of the API design rules.
            add(
                response,
                "API-Version",
                "Version of this API, `major.minor.patch`",
                Some(API_VERSION),
            );
        }
        if is_page(response) {
            add(
                response,
                "Link",
                "`rel=\"next\"`: the next page, when there is one",
                None,
            );
        }
        if response.content.len() > 1 {
            add(response, "Vary", "`Accept`: there are other forms", None);
        }
        match status.as_str() {
            "200" if has_version_tag => add(response, "ETag", TAG, None),
            "304" => add(response, "ETag", TAG, None),
            "201" => add(response, "Location", "What was made", None),
            "202" => add(response, "Location", "The job", None),
            "401" => add(
                response,
                "WWW-Authenticate",
                "`Bearer`: how to prove who asks",
                None,
            ),
            "405" => add(response, "Allow", "The methods that there are", None),
            "429" | "503" => add(response, "Retry-After", "Seconds to wait", None),
            _ => {}
        }
    }
}

const TAG: &str = "Tag of this state, for `If-None-Match` and `If-Match`";

fn add(response: &mut Response, name: &str, meaning: &str, example: Option<&str>) {
    if response.headers.contains_key(name) {
        return;
    }
    let text = ObjectBuilder::new()
        .schema_type(Type::String)
        .examples(example)
        .build();
    let header = HeaderBuilder::new()
        .schema(Some(text))
        .description(Some(meaning))
        .build();
    response.headers.insert(name.to_owned(), RefOr::T(header));
}

/// Whether the answer is a page of a list.
fn is_page(response: &Response) -> bool {
    response.content.values().any(|content| {
        let RefOr::T(content) = content else {
            return false;
        };
        matches!(&content.schema, Some(RefOr::Ref(Ref { ref_location, .. }))
            if ref_location.starts_with("#/components/schemas/Page"))
    })
}
