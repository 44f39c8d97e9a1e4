//! Changes that break a client.

use serde_json::json;

use super::{CREATE, Change, LIST, ONE, SCHEMAS, away, change, released};

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn breaking() -> Vec<Change> {
    let (list, create, one, schemas) = (LIST, CREATE, ONE, SCHEMAS);
    let new = format!("{schemas}/NewThing/properties");
    let thing = format!("{schemas}/Thing/properties");
    let ok = format!("{list}/responses/200");
    vec![
        away("a path is gone", "/paths/~1things~1{id}"),
        away("an operation is gone", "/paths/~1things~1{id}/delete"),
        change("another address", "/servers/0/url", json!("/things/v2")),
        change(
            "another operationId",
            &format!("{one}/operationId"),
            json!("readThing"),
        ),
        change(
            "another permission",
            &format!("{list}/security/0/bearer/0"),
            json!("things:audit"),
        ),
        change(
            "a permission for what was open",
            &format!("{one}/security"),
            json!([{"bearer": ["things:read"]}]),
        ),
        away("a parameter is gone", &format!("{list}/parameters/1")),
        change(
            "a new parameter is required",
            &format!("{list}/parameters/-"),
            json!({"in": "query", "name": "day", "required": true, "schema": {}}),
        ),
        change(
            "a parameter is required",
            &format!("{list}/parameters/0/required"),
            json!(true),
        ),
        change(
            "a parameter has a lower maximum",
            &format!("{list}/parameters/0/schema/maximum"),
            json!(100),
        ),
        change(
            "a parameter has a higher minimum",
            &format!("{list}/parameters/0/schema/minimum"),
            json!(2),
        ),
        change(
            "a parameter has another type",
            &format!("{list}/parameters/1/schema/type"),
            json!("integer"),
        ),
        change(
            "a parameter has only some values",
            &format!("{list}/parameters/1/schema/enum"),
            json!(["a"]),
        ),
        change(
            "a path parameter has another format",
            &format!("{one}/parameters/0/schema/format"),
            json!("date"),
        ),
        away(
            "a body is not read",
            &format!("{create}/requestBody/content/text~1csv"),
        ),
        away("no body is read", &format!("{create}/requestBody")),
        change(
            "a new field of a body is required",
            &format!("{schemas}/NewThing"),
            {
                let mut body = released()["components"]["schemas"]["NewThing"].clone();
                body["properties"]["owner"] = json!({"type": "string"});
                body["required"] = json!(["name", "owner"]);
                body
            },
        ),
        change(
            "a field of a body is required",
            &format!("{schemas}/NewThing/required/-"),
            json!("size"),
        ),
        away("a field of a body is gone", &format!("{new}/note")),
        change(
            "a field of a body has a narrower type",
            &format!("{new}/size/type"),
            json!("integer"),
        ),
        change(
            "a field of a body may not be null",
            &format!("{new}/note/type"),
            json!("string"),
        ),
        away(
            "a value of a field of a body is gone",
            &format!("{new}/colour/enum/1"),
        ),
        change(
            "a field of a body is shorter",
            &format!("{new}/name/maxLength"),
            json!(50),
        ),
        change(
            "a field of a body has a pattern",
            &format!("{new}/name/pattern"),
            json!("^[a-z]+$"),
        ),
        change(
            "a list of a body is shorter",
            &format!("{new}/tags/maxItems"),
            json!(5),
        ),
        change(
            "the items of a list of a body are narrower",
            &format!("{new}/tags/items/enum"),
            json!(["a"]),
        ),
        change(
            "another default",
            &format!("{new}/colour/default"),
            json!("blue"),
        ),
        change(
            "other fields are refused",
            &format!("{schemas}/NewThing/additionalProperties"),
            json!(false),
        ),
        away(
            "a choice of a body is gone",
            &format!("{schemas}/NewShape/oneOf/1"),
        ),
        change(
            "another status of success",
            &format!("{create}/responses"),
            json!({"202": released()["paths"]["/things"]["post"]["responses"]["201"]}),
        ),
        change(
            "one more way to succeed",
            &format!("{list}/responses/206"),
            json!({}),
        ),
        away(
            "an answer is gone",
            "/paths/~1things~1{id}/delete/responses/204",
        ),
        away(
            "a media type of an answer is gone",
            &format!("{ok}/content/text~1csv"),
        ),
        away(
            "a header of an answer is gone",
            &format!("{ok}/headers/Link"),
        ),
        change(
            "a header may be missing",
            &format!("{ok}/headers/API-Version/required"),
            json!(false),
        ),
        away("a field of an answer is gone", &format!("{thing}/state")),
        away(
            "a field of an answer may be missing",
            &format!("{schemas}/Thing/required/1"),
        ),
        change(
            "a field of an answer has a wider type",
            &format!("{thing}/size/type"),
            json!("number"),
        ),
        change(
            "a field of an answer may be null",
            &format!("{thing}/id/type"),
            json!(["string", "null"]),
        ),
        change(
            "a field of an answer has another format",
            &format!("{thing}/size/format"),
            json!("int64"),
        ),
        away(
            "a field of an answer has no format",
            &format!("{thing}/id/format"),
        ),
        change(
            "a field of an answer has one more value",
            &format!("{thing}/state/enum/-"),
            json!("lost"),
        ),
        away(
            "a field of an answer has any value",
            &format!("{thing}/state/enum"),
        ),
        change(
            "one more choice in an answer",
            &format!("{schemas}/Shape/oneOf/-"),
            json!({"type": "object", "properties": {"kind": {"enum": ["flat"]}}}),
        ),
        away(
            "a field of a choice is gone",
            &format!("{schemas}/Shape/oneOf/1/properties/side"),
        ),
        change(
            "the values of a map are wider",
            &format!("{thing}/counts/additionalProperties/type"),
            json!("number"),
        ),
        change(
            "a field below is of another type",
            &format!("{schemas}/Things/properties/items/items"),
            json!({"type": "string"}),
        ),
    ]
}
