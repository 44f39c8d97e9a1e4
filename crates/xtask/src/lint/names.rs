//! Names of schemas, which become names of types in generated clients.

use serde_json::Value;

use super::{
    rule::{Finding, Level, Place, Rule},
    walk::object,
};

static SCHEMA_NAMES: Rule = Rule {
    id: "nlgov:schema-camel-case",
    design: "",
    level: Level::Warn,
    text: "the name of a schema is upper camel case",
};

/// Checks the name of every schema.
pub(super) fn check(document: &Value, found: &mut Vec<Finding>) {
    for (name, _) in object(&document["components"]["schemas"]) {
        let is_upper = name.starts_with(|first: char| first.is_ascii_uppercase());
        if !is_upper || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            found.push(SCHEMA_NAMES.broken_at(&Place::of(&["components", "schemas", name])));
        }
    }
}
