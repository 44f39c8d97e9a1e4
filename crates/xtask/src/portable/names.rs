//! Names for shapes that have none where they stand, so that generated types are called after what they are for.

use anyhow::{Context as _, ensure};
use serde_json::{Map, Value, json};

/// Names the shapes of choices, and calls every shape that stands elsewhere under a name by that name.
///
/// # Errors
/// A name that would be given twice.
pub(super) fn give(schemas: &mut Value) -> anyhow::Result<()> {
    let schemas = schemas.as_object_mut().context("no object of schemas")?;
    let mut named = Map::new();
    for (name, schema) in schemas.iter_mut() {
        let shapes = schema.get_mut("oneOf").and_then(Value::as_array_mut);
        for shape in shapes.into_iter().flatten() {
            if let Some(word) = shape["properties"].as_object().and_then(only_word) {
                let name = format!("{name}{word}");
                let reference = reference(&name);
                let former = named.insert(name, std::mem::replace(shape, reference));
                ensure!(former.is_none(), "two shapes with one name");
            }
        }
    }
    for (name, shape) in named {
        ensure!(
            schemas.insert(name.clone(), shape).is_none(),
            "{name} is the name of another schema"
        );
    }
    let known: Vec<_> = schemas
        .iter()
        .filter(|(_, schema)| schema["properties"].is_object())
        .map(|(name, schema)| (name.clone(), schema.clone()))
        .collect();
    for schema in schemas.values_mut() {
        let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
        for items in properties
            .into_iter()
            .flat_map(Map::values_mut)
            .filter_map(|property| property.get_mut("items"))
        {
            if let Some((name, _)) = known.iter().find(|(_, schema)| schema == items) {
                *items = reference(name);
            }
        }
    }
    Ok(())
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// The single value of the one property that has a single value, in upper camel case: `MapCodes` for the shape of `Step`
/// whose `kind` is `map-codes`.
fn only_word(properties: &Map<String, Value>) -> Option<String> {
    let mut words = properties
        .values()
        .filter_map(|it| match it["enum"].as_array()?.as_slice() {
            [Value::String(word)] => Some(word),
            _ => None,
        });
    let word = words.next()?;
    if words.next().is_some() {
        return None;
    }
    let parts = word.split(['-', '_']).map(|part| {
        let mut letters = part.chars();
        let first = letters.next().map(|it| it.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    Some(parts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(word: &str) -> Value {
        json!({"type": "object", "properties": {"kind": {"enum": [word]}, "to": {"enum": ["a", "b"]}}})
    }

    #[test]
    fn a_shape_of_a_choice_is_named_after_the_word_that_tells_it_apart() {
        let mut schemas = json!({"Step": {"oneOf": [shape("map-codes"), {"type": "null"}]}, "Other": {"type": "string"}});
        give(&mut schemas).unwrap();
        assert_eq!(
            schemas,
            json!({
                "Other": {"type": "string"},
                "Step": {"oneOf": [{"$ref": "#/components/schemas/StepMapCodes"}, {"type": "null"}]},
                "StepMapCodes": shape("map-codes"),
            })
        );
    }

    #[test]
    fn a_list_of_what_has_a_name_is_a_list_of_that() {
        let thing = json!({"type": "object", "properties": {"id": {"type": "string"}}});
        let page = json!({"properties": {"items": {"type": "array", "items": thing}}});
        let mut schemas = json!({"PageThing": page, "Thing": thing});
        give(&mut schemas).unwrap();
        assert_eq!(
            schemas["PageThing"]["properties"]["items"]["items"],
            json!({"$ref": "#/components/schemas/Thing"})
        );
        assert_eq!(schemas["Thing"], thing);
    }

    #[test]
    fn a_name_is_given_once() {
        let mut schemas = json!({"Step": {"oneOf": [shape("trim"), shape("trim")]}});
        assert!(give(&mut schemas).is_err());
        let mut schemas =
            json!({"Step": {"oneOf": [shape("trim")]}, "StepTrim": {"type": "string"}});
        assert!(give(&mut schemas).is_err());
    }
}
