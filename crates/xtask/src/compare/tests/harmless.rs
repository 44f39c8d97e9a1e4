//! Changes that no client notices.

use serde_json::json;

use super::{CREATE, Change, LIST, ONE, SCHEMAS, away, change};

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn harmless() -> Vec<Change> {
    let (list, create, one, schemas) = (LIST, CREATE, ONE, SCHEMAS);
    let new = format!("{schemas}/NewThing/properties");
    let thing = format!("{schemas}/Thing/properties");
    let ok = format!("{list}/responses/200");
    vec![
        change(
            "a new path",
            "/paths/~1others",
            json!({"get": {"operationId": "listOthers"}}),
        ),
        change(
            "a new operation",
            "/paths/~1things~1{id}/put",
            json!({"operationId": "changeThing"}),
        ),
        change("a minor version", "/info/version", json!("1.1.0")),
        change(
            "another summary",
            &format!("{list}/summary"),
            json!("Things"),
        ),
        change(
            "other words",
            &format!("{new}/name/description"),
            json!("The name"),
        ),
        change("open to all", &format!("{list}/security"), json!([])),
        change(
            "another name in the path",
            "/paths/~1things~1{id}/get/parameters/0/name",
            json!("thingId"),
        ),
        change(
            "a new parameter",
            &format!("{list}/parameters/-"),
            json!({"in": "query", "name": "day", "required": false, "schema": {"type": "string"}}),
        ),
        change(
            "a higher maximum",
            &format!("{list}/parameters/0/schema/maximum"),
            json!(500),
        ),
        away("no minimum", &format!("{list}/parameters/0/schema/minimum")),
        change(
            "any header name case",
            &format!("{one}/parameters/-"),
            json!({"in": "header", "name": "If-None-Match", "required": false, "schema": {}}),
        ),
        change(
            "one more body",
            &format!("{create}/requestBody/content/text~1plain"),
            json!({}),
        ),
        change(
            "a body may be left out",
            &format!("{create}/requestBody/required"),
            json!(false),
        ),
        change(
            "a new field of a body",
            &format!("{new}/owner"),
            json!({"type": "string"}),
        ),
        away(
            "a field of a body may be missing",
            &format!("{schemas}/NewThing/required/0"),
        ),
        change(
            "a field of a body may be null",
            &format!("{new}/name/type"),
            json!(["string", "null"]),
        ),
        change(
            "one more value of a field of a body",
            &format!("{new}/colour/enum/-"),
            json!("green"),
        ),
        away(
            "any value of a field of a body",
            &format!("{new}/colour/enum"),
        ),
        change(
            "a longer field of a body",
            &format!("{new}/name/maxLength"),
            json!(200),
        ),
        change(
            "one more choice of a body",
            &format!("{schemas}/NewShape/oneOf/-"),
            json!({"type": "object", "properties": {"kind": {"enum": ["flat"]}}}),
        ),
        change(
            "one more refusal",
            &format!("{list}/responses/429"),
            json!({}),
        ),
        away("one refusal less", &format!("{list}/responses/401")),
        change(
            "one more media type of an answer",
            &format!("{ok}/content/text~1html"),
            json!({}),
        ),
        change(
            "one more header of an answer",
            &format!("{ok}/headers/ETag"),
            json!({}),
        ),
        change(
            "a new field of an answer",
            &format!("{thing}/owner"),
            json!({"type": "string"}),
        ),
        change(
            "a field of an answer is always there",
            &format!("{schemas}/Thing/required/-"),
            json!("state"),
        ),
        away(
            "a value of an answer is gone",
            &format!("{thing}/state/enum/1"),
        ),
        change(
            "a field of an answer has a format",
            &format!("{schemas}/Things/properties/next/format"),
            json!("uri"),
        ),
        change(
            "a field of an answer is never null",
            &format!("{schemas}/Things/properties/next/type"),
            json!("string"),
        ),
        away(
            "a choice of an answer is gone",
            &format!("{schemas}/Shape/oneOf/0"),
        ),
        change(
            "a shape with a name",
            &format!("{thing}/parent"),
            json!({"oneOf": [{"$ref": "#/components/schemas/Thing"}, {"type": "null"}]}),
        ),
    ]
}
