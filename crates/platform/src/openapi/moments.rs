//! Moments: every field that is called `…At` is a moment in UTC, and says so.
//!
//! The format is given here, by the name, so that no handler can forget it; `clock` writes all of them.

use utoipa::openapi::{
    Components, KnownFormat, RefOr, SchemaFormat,
    schema::{ArrayItems, Schema, SchemaType, Type},
};

/// Gives moments their format, at any depth.
pub(super) fn mark(components: &mut Components) {
    components.schemas.values_mut().for_each(visit);
}

/// Whether a field of this name is a moment.
fn is_moment(name: &str) -> bool {
    name == "at"
        || name
            .strip_suffix("At")
            .is_some_and(|start| !start.is_empty())
}

fn visit(schema: &mut RefOr<Schema>) {
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => {
            for (name, property) in &mut object.properties {
                if let (true, RefOr::T(Schema::Object(moment))) = (is_moment(name), &mut *property)
                    && is_text(&moment.schema_type)
                {
                    moment.format = Some(SchemaFormat::KnownFormat(KnownFormat::DateTime));
                }
                visit(property);
            }
        }
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                visit(items);
            }
        }
        Schema::OneOf(choice) => choice.items.iter_mut().for_each(visit),
        Schema::AnyOf(choice) => choice.items.iter_mut().for_each(visit),
        Schema::AllOf(parts) => parts.items.iter_mut().for_each(visit),
        _ => {}
    }
}

fn is_text(kind: &SchemaType) -> bool {
    match kind {
        SchemaType::Type(Type::String) => true,
        SchemaType::Array(kinds) => kinds.contains(&Type::String),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use utoipa::{OpenApi, ToSchema};

    use super::*;

    #[derive(Serialize, ToSchema)]
    #[serde(rename_all = "camelCase")]
    struct Dated {
        created_at: String,
        ended_at: Option<String>,
        at: String,
        /// A count, whatever it is called.
        stopped_at: u64,
        format: String,
        below: Vec<Below>,
    }

    #[derive(Serialize, ToSchema)]
    #[serde(tag = "kind")]
    #[expect(dead_code, reason = "only its schema is looked at")]
    enum Below {
        Seen {
            #[serde(rename = "seenAt")]
            seen_at: String,
        },
    }

    #[derive(OpenApi)]
    #[openapi(components(schemas(Dated, Below)))]
    struct Document;

    #[test]
    fn what_is_called_a_moment_is_one() {
        let mut components = Document::openapi().components.unwrap();
        mark(&mut components);
        let schemas = serde_json::to_value(&components.schemas).unwrap();
        let format = |name: &str| schemas["Dated"]["properties"][name]["format"].clone();
        assert_eq!(format("createdAt"), "date-time");
        assert_eq!(format("endedAt"), "date-time");
        assert_eq!(format("at"), "date-time");
        assert_eq!(format("stoppedAt"), "int64");
        assert!(format("format").is_null());
        let below = schemas["Below"].to_string();
        assert!(
            below.contains("seenAt") && below.contains("date-time"),
            "{below}"
        );
    }
}
