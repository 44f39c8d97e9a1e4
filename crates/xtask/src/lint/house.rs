//! Rules of our own beyond the published ones: what the gateway, the tests and generated clients rely on.

use std::collections::BTreeMap;

use helder_types::Permission;
use serde_json::Value;

use super::{
    rule::Place,
    walk::{Operation, array, every, is_camel_case, object, operations, target},
};

/// Schemas whose property names another standard fixes, and which one.
const FOREIGN_WORDS: [(&str, &str); 2] = [
    ("ProcessingRecord", "Logboek Dataverwerkingen"),
    ("ProcessingActivityQuery", "Logboek Dataverwerkingen, lezen"),
];

/// The document of another protocol: it has its own base path, its own names of fields, and ignores fields it does not know.
pub(super) const FOREIGN_DOCUMENT: &str = "oip";

/// All faults of one document, each as `service METHOD /path: what is wrong`.
pub(super) fn document(service: &str, document: &Value) -> Vec<String> {
    let mut faults: Vec<_> = head(service, document)
        .into_iter()
        .chain(schema_faults(service, document))
        .map(|fault| format!("{service}: {fault}"))
        .collect();
    for operation in operations(document) {
        let place = format!(
            "{service} {} {}",
            operation.method.to_uppercase(),
            operation.path
        );
        let found = operation_faults(service, document, &operation);
        faults.extend(found.into_iter().map(|fault| format!("{place}: {fault}")));
    }
    faults
}

/// The gateway routes by the name of the service, and clients are generated from OpenAPI 3.1.
fn head(service: &str, document: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let version = document["openapi"].as_str().unwrap_or_default();
    if !version.starts_with("3.1.") {
        faults.push("openapi is not 3.1".to_owned());
    }
    let base = if service == FOREIGN_DOCUMENT {
        format!("/{service}")
    } else {
        format!("/{service}/v1")
    };
    if document["servers"][0]["url"] != base {
        faults.push(format!("servers[0].url is not {base}"));
    }
    faults
}

fn operation_faults(service: &str, document: &Value, operation: &Operation<'_>) -> Vec<String> {
    let value = operation.value;
    let mut faults = Vec::new();
    for key in ["summary", "operationId"] {
        if value[key].as_str().unwrap_or_default().is_empty() {
            faults.push(format!("no {key}"));
        }
    }
    faults.extend(security_faults(value));
    if service != FOREIGN_DOCUMENT {
        faults.extend(body_faults(document, value));
    }
    faults.extend(answer_faults(operation.method, operation.path, value));
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
    let (_, schema) = target(document, Place::default(), schema);
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
fn schema_faults(service: &str, document: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let own = |name: &str| {
        service != FOREIGN_DOCUMENT && FOREIGN_WORDS.iter().all(|(foreign, _)| *foreign != name)
    };
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
    faults.extend(moments(document));
    if let Some(place) = closed_part(document, document, "") {
        faults.push(format!(
            "{place}: a part of allOf refuses unknown fields, so nothing fits the whole"
        ));
    }
    faults
}

/// A field that is called a moment, `…At`, and is a text, says the format `date-time`.
fn moments(document: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    every(&Place::default(), document, &mut |place, value| {
        for (name, schema) in object(&value["properties"]) {
            let is_called = name == "at" || name.ends_with("At");
            let is_text = schema["type"] == "string"
                || array(&schema["type"]).contains(&Value::from("string"));
            if is_called && is_text && schema["format"] != "date-time" {
                faults.push(format!(
                    "{place}: {name} is a moment without format date-time"
                ));
            }
        }
    });
    faults
}

/// Pointer of the first `allOf` with more than one part of which one refuses unknown fields.
fn closed_part(document: &Value, value: &Value, place: &str) -> Option<String> {
    let parts = array(&value["allOf"]);
    let is_closed = |part: &Value| {
        let (_, part) = target(document, Place::default(), part);
        part["additionalProperties"] == false
    };
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
        let cases: [(&str, &str, Value); 6] = [
            ("/summary", "no summary", json!("")),
            ("/security", "no explicit security", Value::Null),
            (
                "/security",
                "exactly one known permission",
                json!([{"bearer": ["ingest:everything"]}]),
            ),
            ("/operationId", "operationId", json!("")),
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
    fn a_moment_says_its_format_wherever_it_stands() {
        let faults = |field: Value| {
            faults_after(|document| {
                let items = json!({"type": "object", "properties": {"createdAt": field}});
                let list = json!({"type": "object", "properties": {"items": {"type": "array", "items": items}}});
                document["components"] = json!({"schemas": {"Page": list}});
            })
        };
        let found = faults(json!({"type": ["string", "null"]}));
        assert!(
            found.iter().any(|it| it.contains("createdAt is a moment")),
            "{found:?}"
        );
        assert!(faults(json!({"type": "string", "format": "date-time"})).is_empty());
        assert!(faults(json!({"type": "integer"})).is_empty());
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
}
