//! One schema of OpenAPI 3.1 in the words of 3.0.

use anyhow::{bail, ensure};
use serde_json::{Map, Value, json};

/// What 3.0 says in the same words.
const SAME: [&str; 18] = [
    "type",
    "properties",
    "required",
    "items",
    "additionalProperties",
    "enum",
    "format",
    "pattern",
    "default",
    "description",
    "title",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "oneOf",
];
/// What only says more about a value; a client can do without.
const DROPPED: [&str; 3] = ["propertyNames", "contentMediaType", "examples"];

/// Rewrites a schema and all below it.
///
/// # Errors
/// A keyword, or a combination, that is not known here.
pub(super) fn convert(schema: &mut Value) -> anyhow::Result<()> {
    let Some(object) = schema.as_object_mut() else {
        return Ok(());
    };
    if let Some(reference) = object.remove("$ref") {
        // Words beside a reference are not read in 3.0.
        *schema = json!({"$ref": reference});
        return Ok(());
    }
    object.retain(|word, _| !DROPPED.contains(&word.as_str()));
    if object.get("additionalProperties") == Some(&Value::Bool(false)) {
        object.remove("additionalProperties");
    }
    bounds(object)?;
    types(object)?;
    choices(object)?;
    for (word, value) in object.iter_mut() {
        match word.as_str() {
            "properties" => {
                for property in value.as_object_mut().into_iter().flat_map(Map::values_mut) {
                    convert(property)?;
                }
            }
            "oneOf" | "allOf" => {
                for part in value.as_array_mut().into_iter().flatten() {
                    convert(part)?;
                }
            }
            "items" | "additionalProperties" => convert(value)?,
            "nullable" | "exclusiveMinimum" | "exclusiveMaximum" => {}
            word => ensure!(SAME.contains(&word), "{word} has no known form in 3.0"),
        }
    }
    Ok(())
}

/// An exclusive bound is a bound with a mark.
fn bounds(schema: &mut Map<String, Value>) -> anyhow::Result<()> {
    for (exclusive, bound) in [
        ("exclusiveMinimum", "minimum"),
        ("exclusiveMaximum", "maximum"),
    ] {
        if let Some(value) = schema.remove(exclusive) {
            ensure!(!schema.contains_key(bound), "both {exclusive} and {bound}");
            schema.insert(bound.to_owned(), value);
            schema.insert(exclusive.to_owned(), Value::Bool(true));
        }
    }
    Ok(())
}

/// One type, or one that may be null.
fn types(schema: &mut Map<String, Value>) -> anyhow::Result<()> {
    let Some(Value::Array(types)) = schema.get("type") else {
        return Ok(());
    };
    let real: Vec<_> = types.iter().filter(|it| **it != "null").cloned().collect();
    let [one] = real.as_slice() else {
        bail!("{} types at once", real.len());
    };
    let is_nullable = real.len() < types.len();
    schema.insert("type".to_owned(), one.clone());
    if is_nullable {
        nothing_too(schema);
    }
    Ok(())
}

/// One of several, or one of several that may be null.
fn choices(schema: &mut Map<String, Value>) -> anyhow::Result<()> {
    ensure!(!schema.contains_key("anyOf"), "anyOf is not known here");
    let Some(Value::Array(choices)) = schema.get_mut("oneOf") else {
        return Ok(());
    };
    let all = choices.len();
    choices.retain(|choice| choice["type"] != "null");
    let is_nullable = choices.len() < all;
    if let [_] = choices.as_slice()
        && let Some(only) = schema.remove("oneOf")
    {
        schema.insert("allOf".to_owned(), only);
    }
    if is_nullable {
        nothing_too(schema);
    }
    Ok(())
}

fn nothing_too(schema: &mut Map<String, Value>) {
    schema.insert("nullable".to_owned(), Value::Bool(true));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(mut schema: Value) -> Value {
        convert(&mut schema).unwrap();
        schema
    }

    #[test]
    fn what_may_be_null_says_so_in_the_words_of_3_0() {
        assert_eq!(
            converted(json!({"type": ["integer", "null"], "minimum": 0})),
            json!({"type": "integer", "nullable": true, "minimum": 0})
        );
        assert_eq!(
            converted(json!({"oneOf": [{"type": "null"}, {"$ref": "#/x", "description": "lost"}]})),
            json!({"allOf": [{"$ref": "#/x"}], "nullable": true})
        );
        assert_eq!(
            converted(json!({"oneOf": [{"type": "null"}, {"type": "string"}, {"type": "number"}]})),
            json!({"oneOf": [{"type": "string"}, {"type": "number"}], "nullable": true})
        );
    }

    #[test]
    fn bounds_keep_their_meaning() {
        assert_eq!(
            converted(json!({"type": "number", "exclusiveMinimum": 0, "maximum": 1})),
            json!({"type": "number", "minimum": 0, "exclusiveMinimum": true, "maximum": 1})
        );
    }

    #[test]
    fn fields_that_are_named_like_words_of_schemas_stay() {
        let fields = json!({"type": "object", "properties": {"examples": {"type": ["string", "null"]}, "oneOf": {"type": "string"}}});
        assert_eq!(
            converted(fields),
            json!({"type": "object", "properties": {"examples": {"type": "string", "nullable": true}, "oneOf": {"type": "string"}}})
        );
    }

    #[test]
    fn answers_may_gain_fields_and_maps_keep_their_values() {
        assert_eq!(
            converted(json!({"type": "object", "additionalProperties": false})),
            json!({"type": "object"})
        );
        assert_eq!(
            converted(
                json!({"type": "object", "additionalProperties": {"type": ["string", "null"]}, "propertyNames": {}})
            ),
            json!({"type": "object", "additionalProperties": {"type": "string", "nullable": true}})
        );
    }

    #[test]
    fn what_has_no_known_form_is_an_error_instead_of_a_loss() {
        for schema in [
            json!({"type": "array", "prefixItems": [{"type": "string"}]}),
            json!({"type": ["string", "integer"]}),
            json!({"anyOf": [{"type": "string"}, {"type": "integer"}]}),
            json!({"type": "object", "properties": {"x": {"if": {}}}}),
            json!({"type": "number", "minimum": 0, "exclusiveMinimum": 0}),
        ] {
            assert!(convert(&mut schema.clone()).is_err(), "{schema}");
        }
    }
}
