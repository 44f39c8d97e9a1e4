//! Makes one object of a struct with flattened parts.
//!
//! A `#[serde(flatten)]` part becomes an `allOf` in the document. Where the part refuses unknown fields
//! (`additionalProperties: false`, as every request body does), that `allOf` refuses the fields beside it, so no answer
//! would fit its own schema.

use std::collections::BTreeMap;

use utoipa::openapi::{
    RefOr,
    schema::{AllOf, ArrayItems, Components, Object, Schema},
};

/// Replaces every `allOf` of plain objects by one object with all their properties.
pub(super) fn flatten(components: &mut Components) {
    let named = components.schemas.clone();
    for schema in components.schemas.values_mut() {
        visit(schema, &named);
    }
}

type Named = BTreeMap<String, RefOr<Schema>>;

fn visit(schema: &mut RefOr<Schema>, named: &Named) {
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => object
            .properties
            .values_mut()
            .for_each(|property| visit(property, named)),
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                visit(items, named);
            }
        }
        Schema::OneOf(choice) => choice.items.iter_mut().for_each(|item| visit(item, named)),
        Schema::AnyOf(choice) => choice.items.iter_mut().for_each(|item| visit(item, named)),
        Schema::AllOf(parts) => {
            if let Some(object) = merged(parts, named) {
                *schema = Schema::Object(object);
            }
        }
        _ => {}
    }
}

/// One object with the properties of all parts; `None` when a part is something else than a plain object.
fn merged(parts: &AllOf, named: &Named) -> Option<Object> {
    let mut whole = Object::new();
    for part in &parts.items {
        let object = as_object(part, named)?;
        whole.properties.extend(object.properties);
        whole.required.extend(object.required);
    }
    whole.title.clone_from(&parts.title);
    whole.description.clone_from(&parts.description);
    Some(whole)
}

fn as_object(schema: &RefOr<Schema>, named: &Named) -> Option<Object> {
    match schema {
        RefOr::Ref(reference) => {
            let name = reference
                .ref_location
                .strip_prefix("#/components/schemas/")?;
            as_object(named.get(name)?, named)
        }
        RefOr::T(Schema::Object(object)) => Some(object.clone()),
        RefOr::T(Schema::AllOf(parts)) => merged(parts, named),
        RefOr::T(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use serde_json::{Value, json};
    use utoipa::{OpenApi, ToSchema};

    use super::*;

    #[derive(Serialize, ToSchema)]
    #[serde(deny_unknown_fields)]
    struct Asked {
        name: String,
    }

    #[derive(Serialize, ToSchema)]
    struct Kept {
        id: u64,
        #[serde(flatten)]
        asked: Asked,
    }

    #[derive(OpenApi)]
    #[openapi(components(schemas(Kept, Asked)))]
    struct Document;

    #[test]
    fn a_flattened_part_leaves_room_for_the_fields_beside_it() {
        let mut components = Document::openapi().components.unwrap();
        flatten(&mut components);
        let schema = serde_json::to_value(&components.schemas["Kept"]).unwrap();
        assert_eq!(schema["allOf"], Value::Null, "{schema}");
        assert_eq!(schema["additionalProperties"], Value::Null, "{schema}");
        let mut names: Vec<_> = schema["properties"].as_object().unwrap().keys().collect();
        names.sort();
        assert_eq!(names, ["id", "name"]);
        assert_eq!(schema["required"].as_array().unwrap().len(), 2);
        assert_eq!(
            serde_json::to_value(&components.schemas["Asked"]).unwrap()["additionalProperties"],
            json!(false)
        );
    }
}
