//! Rules every OpenAPI document keeps: the machine-testable `NLgov` API Design Rules, and those the gateway relies on.
//!
//! # Source
//! Logius, API Design Rules 2.2.0 (`/core/…` names in the messages).

use std::collections::{BTreeMap, BTreeSet};

use helder_types::Permission;
use serde_json::Value;

/// Schemas whose property names another standard fixes, and which one.
const FOREIGN_WORDS: [(&str, &str); 1] = [("ProcessingRecord", "Logboek Dataverwerkingen")];

const METHODS: [&str; 7] = ["get", "put", "post", "delete", "options", "head", "patch"];

/// All faults of one document, each as `service METHOD /path: what is wrong`.
pub(crate) fn document(service: &str, document: &Value) -> Vec<String> {
    let mut faults = head(service, document);
    let mut operation_ids = BTreeSet::new();
    for (path, item) in object(&document["paths"]) {
        let place = format!("{service} {path}");
        faults.extend(
            path_faults(path)
                .into_iter()
                .map(|fault| format!("{place}: {fault}")),
        );
        for (method, operation) in object(item).filter(|(key, _)| METHODS.contains(&key.as_str())) {
            let place = format!("{service} {} {path}", method.to_uppercase());
            let id = operation["operationId"].as_str().unwrap_or_default();
            let mut found = operation_faults(document, method, path, operation);
            if id.is_empty() || !operation_ids.insert(id.to_owned()) {
                found.push("operationId is missing or not unique".into());
            }
            faults.extend(found.into_iter().map(|fault| format!("{place}: {fault}")));
        }
    }
    faults.extend(
        schema_faults(document)
            .into_iter()
            .map(|fault| format!("{service}: {fault}")),
    );
    faults
}

/// Version, contact, server (`/core/doc-openapi`, `/core/doc-openapi-contact`, `/core/semver`, `/core/uri-version`).
fn head(service: &str, document: &Value) -> Vec<String> {
    let info = &document["info"];
    let semver = info["version"].as_str().is_some_and(|version| {
        let parts: Vec<_> = version.split('.').collect();
        parts.len() == 3 && parts.iter().all(|part| part.parse::<u32>().is_ok())
    });
    let contact = ["name", "email", "url"]
        .iter()
        .all(|key| info["contact"][*key].is_string());
    let server = document["servers"][0]["url"] == format!("/{service}/v1");
    let v31 = document["openapi"]
        .as_str()
        .is_some_and(|version| version.starts_with("3.1."));
    [
        (v31, "openapi is not 3.1"),
        (semver, "info.version is not x.y.z (/core/semver)"),
        (
            contact,
            "info.contact lacks name, email or url (/core/doc-openapi-contact)",
        ),
        (
            server,
            "servers[0].url is not /{service}/v1 (/core/uri-version)",
        ),
    ]
    .into_iter()
    .filter(|(holds, _)| !holds)
    .map(|(_, fault)| format!("{service}: {fault}"))
    .collect()
}

/// `/core/no-trailing-slash`, `/core/path-segments-kebab-case`.
fn path_faults(path: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let segments: Vec<_> = path.split('/').skip(1).collect();
    if !path.starts_with('/') || segments.last().is_none_or(|last| last.is_empty()) {
        faults.push("ends in a slash, or does not start with one".into());
    }
    for (place, segment) in segments.iter().enumerate() {
        let is_parameter = segment.starts_with('{') && segment.ends_with('}');
        let is_last = place + 1 == segments.len();
        let bare = if is_last {
            segment.strip_prefix('_').unwrap_or(segment)
        } else {
            segment
        };
        let kebab = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !is_parameter && *segment != "openapi.json" && !bare.bytes().all(kebab) {
            faults.push(format!("segment {segment} is not kebab-case"));
        }
    }
    faults
}

fn operation_faults(document: &Value, method: &str, path: &str, operation: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    if operation["summary"].as_str().unwrap_or_default().is_empty() {
        faults.push("no summary".into());
    }
    faults.extend(security_faults(operation));
    let parameters = array(&operation["parameters"]);
    for parameter in parameters
        .iter()
        .filter(|parameter| parameter["in"] == "query")
    {
        let name = parameter["name"].as_str().unwrap_or_default();
        if !is_camel_case(name) {
            faults.push(format!("query key {name} is not camelCase"));
        }
    }
    for segment in path
        .split('/')
        .filter_map(|s| s.strip_prefix('{')?.strip_suffix('}'))
    {
        let declared =
            |p: &&Value| p["in"] == "path" && p["name"] == segment && p["required"] == true;
        if !parameters.iter().any(|p| declared(&p)) {
            faults.push(format!(
                "path parameter {segment} is not declared as required"
            ));
        }
    }
    faults.extend(body_faults(document, operation));
    faults.extend(answer_faults(method, path, operation));
    faults
}

/// Public operations say `security: []`; all others name exactly one known permission.
fn security_faults(operation: &Value) -> Option<String> {
    let Some(security) = operation["security"].as_array() else {
        return Some("no explicit security; a public operation says `security: []`".into());
    };
    let scopes: Vec<_> = security
        .iter()
        .flat_map(|entry| array(&entry["bearer"]))
        .collect();
    match (security.len(), scopes.as_slice()) {
        (0, _) => None,
        (1, [scope])
            if scope
                .as_str()
                .is_some_and(|text| text.parse::<Permission>().is_ok()) =>
        {
            None
        }
        _ => Some("security does not name exactly one known permission".into()),
    }
}

/// A JSON body refuses unknown fields, and says so.
fn body_faults(document: &Value, operation: &Value) -> Option<String> {
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    let schema = resolve(document, schema);
    let is_object = schema["properties"].is_object();
    (is_object && schema["additionalProperties"] != Value::Bool(false))
        .then(|| "the JSON body does not say that unknown fields are refused".into())
}

/// What an operation must say about its answers.
fn answer_faults(method: &str, path: &str, operation: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let answers: BTreeMap<_, _> = object(&operation["responses"]).collect();
    if !answers
        .keys()
        .any(|status| status.starts_with('2') || status.starts_with('3'))
    {
        faults.push("no answer for success".into());
    }
    let secured = operation["security"]
        .as_array()
        .is_some_and(|list| !list.is_empty());
    let has_input =
        !array(&operation["parameters"]).is_empty() || operation["requestBody"].is_object();
    let expected = [
        ("401", secured),
        ("403", secured),
        (
            "400",
            has_input || matches!(method, "post" | "put" | "patch"),
        ),
        ("404", path.contains('{')),
        ("413", operation["requestBody"].is_object()),
        ("429", true),
    ];
    for (status, _) in expected
        .iter()
        .filter(|(status, due)| *due && !answers.contains_key(&(*status).to_owned()))
    {
        faults.push(format!("answer {status} is not documented"));
    }
    for (status, answer) in answers
        .iter()
        .filter(|(status, _)| status.starts_with(['4', '5']))
    {
        if !answer["content"]["application/problem+json"].is_object() {
            faults.push(format!("answer {status} is not problem+json"));
        }
    }
    faults
}

/// Property names of all schemas are camelCase, apart from extension keys with a prefix (`helder:…`) and
/// [`FOREIGN_WORDS`].
fn schema_faults(document: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let own = |name: &str| FOREIGN_WORDS.iter().all(|(foreign, _)| *foreign != name);
    let schemas = object(&document["components"]["schemas"]);
    for (name, schema) in schemas.filter(|(name, _)| own(name)) {
        for (property, _) in object(&schema["properties"]) {
            if !property.contains(':') && !is_camel_case(property) {
                faults.push(format!(
                    "schema {name}: property {property} is not camelCase"
                ));
            }
        }
    }
    if let Some(place) = closed_part(document, document, "") {
        faults.push(format!(
            "{place}: a part of allOf refuses unknown fields, so nothing fits the whole"
        ));
    }
    faults
}

/// Pointer of the first `allOf` with more than one part of which one refuses unknown fields.
fn closed_part(document: &Value, value: &Value, place: &str) -> Option<String> {
    let parts = array(&value["allOf"]);
    let is_closed = |part: &Value| resolve(document, part)["additionalProperties"] == false;
    if parts.len() > 1 && parts.iter().any(is_closed) {
        return Some(place.to_owned());
    }
    match value {
        Value::Object(members) => members
            .iter()
            .find_map(|(key, below)| closed_part(document, below, &format!("{place}/{key}"))),
        Value::Array(items) => items
            .iter()
            .find_map(|below| closed_part(document, below, place)),
        _ => None,
    }
}

fn is_camel_case(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema["$ref"]
        .as_str()
        .and_then(|reference| reference.strip_prefix('#'));
    target
        .and_then(|pointer| document.pointer(pointer))
        .unwrap_or(schema)
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn good() -> Value {
        let problem =
            json!({"description": "problem", "content": {"application/problem+json": {}}});
        json!({
            "openapi": "3.1.0",
            "info": {"title": "t", "version": "1.0.0", "contact": {"name": "n", "email": "e", "url": "u"}},
            "servers": [{"url": "/ingest/v1"}],
            "paths": {"/dataset-versions/{id}": {"get": {
                "operationId": "getDatasetVersion", "summary": "One version",
                "security": [{"bearer": ["ingest:read"]}],
                "parameters": [{"in": "path", "name": "id", "required": true}],
                "responses": {"200": {}, "400": problem, "401": problem, "403": problem, "404": problem, "429": problem},
            }}},
        })
    }

    fn faults_after(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut changed = good();
        change(&mut changed);
        document("ingest", &changed)
    }

    #[test]
    fn a_document_that_keeps_the_rules_has_no_faults() {
        assert_eq!(document("ingest", &good()), Vec::<String>::new());
    }

    #[test]
    fn each_broken_rule_is_named() {
        let operation = "/paths/~1dataset-versions~1{id}/get";
        let cases: [(&str, &str, Value); 7] = [
            ("/summary", "no summary", json!("")),
            ("/security", "no explicit security", Value::Null),
            (
                "/security",
                "exactly one known permission",
                json!([{"bearer": ["ingest:everything"]}]),
            ),
            ("/operationId", "operationId", json!("")),
            ("/parameters", "path parameter id", json!([])),
            (
                "/responses/404",
                "answer 404 is not problem+json",
                json!({}),
            ),
            (
                "/responses",
                "answer 429 is not documented",
                json!({"200": {}}),
            ),
        ];
        for (pointer, expected, value) in cases {
            let faults = faults_after(|document| {
                *document
                    .pointer_mut(&format!("{operation}{pointer}"))
                    .unwrap() = value;
            });
            assert!(
                faults.iter().any(|fault| fault.contains(expected)),
                "{expected}: {faults:?}"
            );
        }
    }

    #[test]
    fn an_unknown_field_in_a_body_must_be_refused_by_the_schema() {
        let faults = faults_after(|document| {
            document["paths"]["/dataset-versions/{id}"]["get"]["requestBody"] =
                json!({"content": {"application/json": {"schema": {"properties": {"name": {}}}}}});
        });
        assert!(
            faults.iter().any(|fault| fault.contains("unknown fields")),
            "{faults:?}"
        );
    }

    #[test]
    fn paths_are_kebab_case_without_trailing_slash() {
        assert!(path_faults("/model-versions/{id}/_activate").is_empty());
        assert!(path_faults("/").len() == 1 && path_faults("/models/").len() == 1);
        assert!(
            !path_faults("/modelVersions").is_empty() && !path_faults("/_odd/models").is_empty()
        );
    }
}
