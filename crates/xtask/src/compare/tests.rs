mod breaking;
mod harmless;

use serde_json::{Value, json};

use super::{breaks, with_last_release};
use breaking::breaking;
use harmless::harmless;

/// A small document with a bit of everything.
fn released() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {"version": "1.0.0"},
        "servers": [{"url": "/things/v1"}],
        "paths": {
            "/things": {
                "get": {
                    "operationId": "listThings",
                    "security": [{"bearer": ["things:read"]}],
                    "parameters": [
                        {"in": "query", "name": "limit", "required": false, "schema": {"type": "integer", "minimum": 1, "maximum": 200}},
                        {"in": "query", "name": "kind", "required": false, "schema": {"type": "string"}},
                    ],
                    "responses": {
                        "200": {
                            "headers": {"Link": {"schema": {"type": "string"}}, "API-Version": {"required": true, "schema": {"type": "string"}}},
                            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Things"}}, "text/csv": {"schema": {"type": "string"}}},
                        },
                        "401": {"content": {"application/problem+json": {}}},
                    },
                },
                "post": {
                    "operationId": "createThing",
                    "security": [{"bearer": ["things:write"]}],
                    "requestBody": {"required": true, "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/NewThing"}},
                        "text/csv": {"schema": {"type": "string"}},
                    }},
                    "responses": {"201": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}},
                },
            },
            "/things/{id}": {
                "get": {
                    "operationId": "getThing",
                    "security": [],
                    "parameters": [{"in": "path", "name": "id", "required": true, "schema": {"type": "string", "format": "uuid"}}],
                    "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}},
                },
                "delete": {"operationId": "removeThing", "security": [{"bearer": ["things:write"]}], "responses": {"204": {}}},
            },
        },
        "components": {"schemas": {
            "Things": {"type": "object", "required": ["items"], "properties": {
                "items": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
                "next": {"type": ["string", "null"]},
            }},
            "Thing": {"type": "object", "required": ["id", "size"], "properties": {
                "id": {"type": "string", "format": "uuid"},
                "size": {"type": "integer", "format": "int32"},
                "state": {"type": "string", "enum": ["new", "old"]},
                "shape": {"$ref": "#/components/schemas/Shape"},
                "parent": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Thing"}]},
                "counts": {"type": "object", "additionalProperties": {"type": "integer"}},
            }},
            "Shape": {"oneOf": [
                {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string", "enum": ["round"]}}},
                {"type": "object", "required": ["kind", "side"], "properties": {"kind": {"type": "string", "enum": ["square"]}, "side": {"type": "number"}}},
            ]},
            "NewShape": {"oneOf": [
                {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string", "enum": ["round"]}}},
                {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string", "enum": ["square"]}}},
            ]},
            "NewThing": {"type": "object", "required": ["name"], "properties": {
                "name": {"type": "string", "minLength": 1, "maxLength": 100},
                "size": {"type": "number"},
                "colour": {"type": "string", "enum": ["red", "blue"], "default": "red"},
                "note": {"type": ["string", "null"]},
                "tags": {"type": "array", "maxItems": 10, "items": {"type": "string"}},
                "shape": {"$ref": "#/components/schemas/NewShape"},
            }},
        }},
    })
}

const LIST: &str = "/paths/~1things/get";
const CREATE: &str = "/paths/~1things/post";
const ONE: &str = "/paths/~1things~1{id}/get";
const SCHEMAS: &str = "/components/schemas";

/// Puts a value at a pointer; nothing takes away what is there.
fn put(document: &mut Value, pointer: &str, value: Option<Value>) {
    let (holder, name) = pointer.rsplit_once('/').unwrap();
    let name = name.replace("~1", "/");
    match document.pointer_mut(holder).unwrap() {
        Value::Object(members) => match value {
            Some(value) => {
                members.insert(name, value);
            }
            None => assert!(members.remove(&name).is_some(), "nothing at {pointer}"),
        },
        Value::Array(items) => match (value, name.parse::<usize>()) {
            (Some(value), Ok(place)) => items[place] = value,
            (Some(value), Err(_)) => items.push(value),
            (None, place) => {
                items.remove(place.unwrap());
            }
        },
        other => panic!("{holder} is {other}"),
    }
}

type Change = (&'static str, String, Option<Value>);

fn change(what: &'static str, place: &str, value: Value) -> Change {
    (what, place.to_owned(), Some(value))
}

fn away(what: &'static str, place: &str) -> Change {
    (what, place.to_owned(), None)
}

fn breaks_of((what, pointer, value): Change) -> (&'static str, Vec<String>) {
    let mut changed = released();
    put(&mut changed, &pointer, value);
    assert_ne!(changed, released(), "{what}");
    (what, breaks(&released(), &changed))
}

#[test]
fn every_breaking_change_is_found() {
    let changes = breaking();
    assert!(changes.len() >= 25);
    for (what, found) in changes.into_iter().map(breaks_of) {
        assert!(!found.is_empty(), "{what} is not found");
    }
}

#[test]
fn no_harmless_change_is_called_breaking() {
    let changes = harmless();
    assert!(changes.len() >= 15);
    assert_eq!(breaks(&released(), &released()), Vec::<String>::new());
    for (what, found) in changes.into_iter().map(breaks_of) {
        assert_eq!(found, Vec::<String>::new(), "{what}");
    }
}

#[test]
fn a_new_major_version_may_break_everything() {
    let new = json!({"info": {"version": "2.0.0"}, "paths": {}});
    assert_eq!(breaks(&released(), &new), Vec::<String>::new());
    let old = json!({"info": {"version": "0.9.0"}, "paths": {}});
    assert!(!breaks(&released(), &old).is_empty());
}

#[test]
fn a_break_says_where() {
    let change = change(
        "",
        &format!("{SCHEMAS}/Thing/properties/state/enum/-"),
        json!("lost"),
    );
    let (_, found) = breaks_of(change);
    assert!(
        found.contains(
            &r#"GET /things/{id} 200 application/json/state: it may be "lost" now"#.to_owned()
        ),
        "{found:?}"
    );
}

#[test]
fn the_committed_documents_break_nothing_of_the_last_release() {
    let folder = crate::workspace_root().unwrap().join("openapi");
    let found = with_last_release(&folder).unwrap();
    assert!(found.is_empty(), "{}", found.join("\n"));
}
