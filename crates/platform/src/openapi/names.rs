//! Names of schemas in upper camel case: a list of models is `PageModel`, not `Page_Model`.
//!
//! The name of a generic type is put together with underscores where it is used, so it is changed afterwards, in the
//! document as a whole. Generated clients take their type names from it.

use serde_json::{Map, Value};
use utoipa::openapi::OpenApi;

const SCHEMAS: &str = "#/components/schemas/";

/// The document with upper camel case names; unchanged where two names would become one.
pub(super) fn upper_camel_case(document: OpenApi) -> OpenApi {
    renamed(&document).unwrap_or(document)
}

fn renamed(document: &OpenApi) -> Option<OpenApi> {
    let mut whole = serde_json::to_value(document).ok()?;
    let schemas = whole.pointer_mut("/components/schemas")?.as_object_mut()?;
    let names: Map<String, Value> = std::mem::take(schemas)
        .into_iter()
        .map(|(name, schema)| (without_underscores(&name), schema))
        .collect();
    if names.len() != document.components.as_ref()?.schemas.len() {
        return None;
    }
    *schemas = names;
    references(&mut whole);
    serde_json::from_value(whole).ok()
}

fn references(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (key, below) in members {
                let target = below.as_str().and_then(|text| text.strip_prefix(SCHEMAS));
                if let ("$ref", Some(name)) = (key.as_str(), target) {
                    *below = Value::String(format!("{SCHEMAS}{}", without_underscores(name)));
                } else {
                    references(below);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(references),
        _ => {}
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
    struct Page<T> {
        items: Vec<T>,
    }

    #[derive(Serialize, ToSchema)]
    struct Model {
        id: u64,
    }

    #[derive(Serialize, ToSchema)]
    struct Answer {
        page: Page<Model>,
    }

    #[derive(utoipa::OpenApi)]
    #[openapi(components(schemas(Answer, Page<Model>, Model)))]
    struct Document;

    #[test]
    fn a_generic_name_loses_its_underscore_also_where_it_is_referred_to() {
        let document = upper_camel_case(Document::openapi());
        let value = serde_json::to_value(&document).unwrap();
        let schemas = value["components"]["schemas"].as_object().unwrap();
        assert_eq!(
            schemas.keys().collect::<Vec<_>>(),
            ["Answer", "Model", "PageModel"]
        );
        assert_eq!(
            schemas["Answer"]["properties"]["page"]["$ref"],
            "#/components/schemas/PageModel"
        );
    }

    #[test]
    fn two_names_that_would_become_one_stay_as_they_are() {
        let mut document = Document::openapi();
        let schemas = &mut document.components.as_mut().unwrap().schemas;
        let page = schemas["Page_Model"].clone();
        schemas.insert("PageModel".to_owned(), page);
        let document = upper_camel_case(document);
        assert!(
            document
                .components
                .unwrap()
                .schemas
                .contains_key("Page_Model")
        );
    }
}
