//! The same documents for generators of clients that know OpenAPI 3.0, one media type per body and no unions with "nothing".
//!
//! Nothing that goes over the wire changes its shape: a generated client sends and reads what the committed document says.
//! What such generators cannot say is left out:
//!
//! * answers in another form than JSON, where JSON is offered too;
//! * what kind of file an upload is: the body becomes `application/octet-stream`, the caller sets `Content-Type`;
//! * the answer 304, which only who sends `If-None-Match` gets;
//! * "no other fields": a later minor version may add fields to answers.

mod names;
mod schema;

use anyhow::Context as _;
use serde_json::{Map, Value, json};

use crate::lint::walk::METHODS;

const JSON: &str = "application/json";

/// The document as OpenAPI 3.0.
///
/// # Errors
/// A schema says something that has no known form in 3.0; the message names the place.
pub(crate) fn portable(document: &Value) -> anyhow::Result<Value> {
    let mut document = document.clone();
    document["openapi"] = json!("3.0.3");
    if let Some(license) = document.pointer_mut("/info/license") {
        remove(license, "identifier");
    }
    if let Some(schemas) = document.pointer_mut("/components/schemas") {
        names::give(schemas)?;
        for (name, value) in members(schemas) {
            schema::convert(value).with_context(|| format!("schema {name}"))?;
        }
    }
    for (path, item) in document.get_mut("paths").map(members).into_iter().flatten() {
        for (method, operation) in members(item) {
            if METHODS.contains(&method.as_str()) {
                convert(operation).with_context(|| format!("{method} {path}"))?;
            }
        }
    }
    Ok(document)
}

fn convert(operation: &mut Value) -> anyhow::Result<()> {
    let parameters = operation
        .get_mut("parameters")
        .and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten() {
        if let Some(value) = parameter.get_mut("schema") {
            schema::convert(value)?;
            // A parameter that is left out says the same as "nothing".
            remove(value, "nullable");
        }
    }
    if let Some(content) = operation.pointer_mut("/requestBody/content") {
        let has_json = content.get(JSON).is_some();
        *content = if has_json {
            json!({JSON: content[JSON].take()})
        } else {
            json!({"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}})
        };
        schemas_of(content)?;
    }
    let Some(answers) = operation.get_mut("responses") else {
        return Ok(());
    };
    remove(answers, "304");
    for (_, answer) in members(answers) {
        for (_, header) in answer.get_mut("headers").map(members).into_iter().flatten() {
            if let Some(value) = header.get_mut("schema") {
                schema::convert(value)?;
            }
        }
        let Some(content) = answer.get_mut("content") else {
            continue;
        };
        let json = [JSON, "application/problem+json"]
            .into_iter()
            .find(|media| content.get(media).is_some());
        if let Some(media) = json {
            *content = json!({JSON: content[media].take()});
        }
        for (_, text) in members(content).filter(|(media, _)| *media != JSON) {
            // A page, a table or a stream: text to the client, whatever its lines hold.
            *text = json!({"schema": {"type": "string"}});
        }
        schemas_of(content)?;
    }
    Ok(())
}

/// Converts the schema of every media type.
fn schemas_of(content: &mut Value) -> anyhow::Result<()> {
    for (_, media) in members(content) {
        if let Some(value) = media.get_mut("schema") {
            schema::convert(value)?;
        }
    }
    Ok(())
}

fn members(value: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    value.as_object_mut().into_iter().flat_map(Map::iter_mut)
}

fn remove(value: &mut Value, name: &str) {
    if let Some(object) = value.as_object_mut() {
        object.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::{rule::Place, walk::every};

    fn operation(operation: &Value) -> Value {
        let document = json!({"openapi": "3.1.0", "paths": {"/things": {"post": operation}}});
        portable(&document).unwrap()["paths"]["/things"]["post"].clone()
    }

    #[test]
    fn a_body_has_one_media_type() {
        let bodies =
            json!({"requestBody": {"content": {"text/csv": {}, "application/x-ndjson": {}}}});
        let content = &operation(&bodies)["requestBody"]["content"];
        assert_eq!(
            content,
            &json!({"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}})
        );
        let bodies = json!({"requestBody": {"content": {"text/html": {}, JSON: {"schema": {"type": ["string", "null"]}}}}});
        let content = &operation(&bodies)["requestBody"]["content"];
        assert_eq!(
            content,
            &json!({JSON: {"schema": {"type": "string", "nullable": true}}})
        );
    }

    #[test]
    fn an_answer_is_json_where_it_can_be() {
        let refusal = json!({"$ref": "#/components/schemas/ProblemDetails"});
        let answers = json!({"responses": {
            "200": {"content": {JSON: {"schema": {"type": "object"}}, "text/html": {"schema": {"type": "string"}}}},
            "202": {"content": {"text/html": {"schema": {"type": "string"}}}},
            "304": {"description": "as it was"},
            "404": {"content": {"application/problem+json": {"schema": refusal}}},
        }});
        let answers = &operation(&answers)["responses"];
        assert_eq!(
            answers["200"]["content"],
            json!({JSON: {"schema": {"type": "object"}}})
        );
        assert_eq!(
            answers["202"]["content"],
            json!({"text/html": {"schema": {"type": "string"}}})
        );
        assert_eq!(answers["304"], Value::Null);
        assert_eq!(
            answers["404"]["content"],
            json!({JSON: {"schema": refusal}})
        );
    }

    #[test]
    fn an_optional_parameter_is_left_out_instead_of_null() {
        let parameters = json!({"parameters": [{"name": "Idempotency-Key", "in": "header", "schema": {"type": ["string", "null"]}}]});
        assert_eq!(
            operation(&parameters)["parameters"][0]["schema"],
            json!({"type": "string"})
        );
    }

    #[test]
    fn every_committed_document_can_be_written_for_older_generators() {
        let folder = crate::workspace_root().unwrap().join("openapi");
        for service in ["ingest", "linkage", "training", "registry", "prediction"] {
            let text = std::fs::read_to_string(folder.join(format!("{service}.json"))).unwrap();
            let document: Value = serde_json::from_str(&text).unwrap();
            let mut words = 0;
            every(
                &Place::default(),
                &portable(&document).unwrap(),
                &mut |place, value| {
                    words += 1;
                    assert_ne!(value["type"], "null", "{service} {place}");
                    assert!(!value["type"].is_array(), "{service} {place}");
                    assert_eq!(
                        value["application/problem+json"],
                        Value::Null,
                        "{service} {place}"
                    );
                },
            );
            assert!(words > 1000, "{service}: {words}");
        }
    }
}
