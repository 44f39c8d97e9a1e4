//! Names of schemas in upper camel case: a list of models is `PageModel`, not `Page_Model`.
//!
//! The name of a generic type is put together with underscores where it is used, so it is changed afterwards, in the
//! document as a whole. Generated clients take their type names from it.

use std::{collections::BTreeSet, mem};

use utoipa::openapi::{
    Components, Content, RefOr,
    path::Operation,
    schema::{AdditionalProperties, ArrayItems, Schema},
};

const SCHEMAS: &str = "#/components/schemas/";

/// Renames the schemas and what refers to them among themselves.
///
/// # Returns
/// False, and nothing is changed, when two names would become one.
pub(super) fn rename_schemas(components: &mut Components) -> bool {
    let names = components.schemas.keys().map(|it| without_underscores(it));
    let fresh: BTreeSet<_> = names.collect();
    if fresh.len() != components.schemas.len() {
        return false;
    }
    components.schemas = mem::take(&mut components.schemas)
        .into_iter()
        .map(|(name, mut schema)| {
            rename(&mut schema);
            (without_underscores(&name), schema)
        })
        .collect();
    true
}

/// Renames what an operation refers to.
pub(super) fn rename_in(operation: &mut Operation) {
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        body.content.values_mut().for_each(rename_content);
    }
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response {
            response.content.values_mut().for_each(rename_content);
        }
    }
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter {
            parameter.schema.iter_mut().for_each(rename);
        }
    }
}

fn rename_content(content: &mut RefOr<Content>) {
    if let RefOr::T(content) = content {
        content.schema.iter_mut().for_each(rename);
    }
}

fn rename(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::Ref(reference) => {
            if let Some(name) = reference.ref_location.strip_prefix(SCHEMAS) {
                reference.ref_location = format!("{SCHEMAS}{}", without_underscores(name));
            }
        }
        RefOr::T(Schema::Object(object)) => {
            object.properties.values_mut().for_each(rename);
            if let Some(AdditionalProperties::RefOr(values)) =
                object.additional_properties.as_deref_mut()
            {
                rename(values);
            }
        }
        RefOr::T(Schema::Array(array)) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                rename(items);
            }
        }
        RefOr::T(Schema::OneOf(choice)) => choice.items.iter_mut().for_each(rename),
        RefOr::T(Schema::AnyOf(choice)) => choice.items.iter_mut().for_each(rename),
        RefOr::T(Schema::AllOf(parts)) => parts.items.iter_mut().for_each(rename),
        RefOr::T(_) => {}
    }
}

fn without_underscores(name: &str) -> String {
    name.replace('_', "")
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use utoipa::{OpenApi as _, ToSchema};

    use super::*;

    #[derive(Serialize, ToSchema)]
    struct Shelf<T> {
        items: Vec<T>,
    }

    #[derive(Serialize, ToSchema)]
    struct Thing {
        id: u64,
    }

    #[derive(Serialize, ToSchema)]
    struct Wall {
        shelf: Shelf<Thing>,
    }

    #[derive(utoipa::OpenApi)]
    #[openapi(components(schemas(Wall, Shelf<Thing>, Thing)))]
    struct Document;

    #[test]
    fn a_generic_name_loses_its_underscore_also_where_it_is_referred_to() {
        let mut document = Document::openapi();
        assert!(rename_schemas(document.components.as_mut().unwrap()));
        let value = serde_json::to_value(&document).unwrap();
        let schemas = value["components"]["schemas"].as_object().unwrap();
        assert_eq!(
            schemas.keys().collect::<Vec<_>>(),
            ["ShelfThing", "Thing", "Wall"]
        );
        assert_eq!(
            schemas["Wall"]["properties"]["shelf"]["$ref"],
            "#/components/schemas/ShelfThing"
        );
    }

    #[test]
    fn two_names_that_would_become_one_stay_as_they_are() {
        let mut components = Document::openapi().components.unwrap();
        let shelf = components.schemas["Shelf_Thing"].clone();
        components.schemas.insert("ShelfThing".to_owned(), shelf);
        assert!(!rename_schemas(&mut components));
        assert!(components.schemas.contains_key("Shelf_Thing"));
    }
}
