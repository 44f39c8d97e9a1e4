//! What an operation says about itself and its parameters.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    rule::{Finding, Level, Place, Rule},
    walk::{every, is_camel_case, object, operations},
};

static QUERY_KEYS: Rule = Rule {
    id: "nlgov:query-keys-camel-case",
    design: "/core/query-keys-camel-case",
    level: Level::Error,
    text: "a key of the query is lower camel case",
};
static UNIQUE_ID: Rule = Rule {
    id: "operation-operationId-unique",
    design: "",
    level: Level::Error,
    text: "no two operations have the same operationId",
};
static PATH_PARAMETERS: Rule = Rule {
    id: "path-params",
    design: "",
    level: Level::Error,
    text: "the parameters in the path are those that are declared, as required",
};
static REFERENCES: Rule = Rule {
    id: "invalid-ref",
    design: "",
    level: Level::Error,
    text: "a reference leads to something in the document",
};

/// Checks every operation.
pub(super) fn check(document: &Value, found: &mut Vec<Finding>) {
    let mut ids = BTreeSet::new();
    for operation in operations(document) {
        let id = operation.value["operationId"].as_str();
        if id.is_some_and(|id| !ids.insert(id)) {
            found.push(UNIQUE_ID.broken_at(&operation.place.with("operationId")));
        }
        let parameters = operation.parameters(document);
        let mut declared = BTreeSet::new();
        for (place, parameter) in &parameters {
            let name = parameter["name"].as_str().unwrap_or_default();
            if parameter["in"] == "query" && !is_query_key(name) {
                found.push(QUERY_KEYS.broken_at(&place.with("name")));
            }
            if parameter["in"] == "path" {
                let is_new = declared.insert(name);
                let is_used = operation.path.contains(&format!("{{{name}}}"));
                if !is_new || !is_used || parameter["required"] != true {
                    found.push(PATH_PARAMETERS.broken_at(place));
                }
            }
        }
        let used = operation.path.split('{').skip(1);
        let used = used.filter_map(|rest| rest.split_once('}').map(|(name, _)| name));
        if used.into_iter().any(|name| !declared.contains(name)) {
            found.push(PATH_PARAMETERS.broken_at(&operation.place));
        }
    }
    for (name, scheme) in object(&document["components"]["securitySchemes"]) {
        let key = scheme["name"].as_str().unwrap_or_default();
        if scheme["in"] == "query" && !is_query_key(key) {
            let place = Place::of(&["components", "securitySchemes", name, "name"]);
            found.push(QUERY_KEYS.broken_at(&place));
        }
    }
    every(&Place::default(), document, &mut |place, value| {
        if let Some(pointer) = value["$ref"].as_str().and_then(|it| it.strip_prefix('#'))
            && document.pointer(pointer).is_none()
        {
            found.push(REFERENCES.broken_at(&place.with("$ref")));
        }
    });
}

fn is_query_key(name: &str) -> bool {
    is_camel_case(name.strip_prefix('$').unwrap_or(name))
}
