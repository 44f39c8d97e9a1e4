//! How paths and the methods under them are written.

use serde_json::Value;

use super::{
    rule::{Finding, Level, Place, Rule},
    walk::object,
};

static TRAILING_SLASH: Rule = Rule {
    id: "path-keys-no-trailing-slash",
    design: "/core/no-trailing-slash",
    level: Level::Error,
    text: "a path does not end in a slash",
};
static KEBAB_CASE: Rule = Rule {
    id: "nlgov:paths-kebab-case",
    design: "/core/path-segments-kebab-case",
    level: Level::Error,
    text: "a segment is lower-case letters, digits and hyphens; only the last may begin with an underscore",
};
static NO_QUERY: Rule = Rule {
    id: "path-not-include-query",
    design: "",
    level: Level::Error,
    text: "a path holds no query",
};
static METHODS: Rule = Rule {
    id: "nlgov:http-methods",
    design: "/core/http-methods",
    level: Level::Error,
    text: "a path knows no other methods than get, head, post, put, patch and delete",
};

/// What may stand under a path besides an operation of an allowed method.
const BESIDE_METHODS: [&str; 5] = ["$ref", "summary", "description", "servers", "parameters"];

const ALLOWED_METHODS: [&str; 6] = ["get", "head", "post", "put", "patch", "delete"];

/// Checks every path.
pub(super) fn check(document: &Value, found: &mut Vec<Finding>) {
    for (path, item) in object(&document["paths"]) {
        let place = Place::of(&["paths", path]);
        if path.len() > 1 && path.ends_with('/') {
            found.push(TRAILING_SLASH.broken_at(&place));
        }
        if path.contains('?') {
            found.push(NO_QUERY.broken_at(&place));
        } else if !is_kebab_case(path) {
            found.push(KEBAB_CASE.broken_at(&place));
        }
        for (key, _) in object(item) {
            let key = key.as_str();
            let is_known = ALLOWED_METHODS.contains(&key) || BESIDE_METHODS.contains(&key);
            if !is_known && !key.starts_with("x-") {
                found.push(METHODS.broken_at(&place.with(key)));
            }
        }
    }
}

/// A slash at the end is another rule's matter, and `/openapi.json` is what the standard calls it.
fn is_kebab_case(path: &str) -> bool {
    let Some(inner) = path.strip_prefix('/') else {
        return false;
    };
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    if inner.is_empty() || inner == "openapi.json" {
        return true;
    }
    let mut segments = inner.split('/').peekable();
    let is_word = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-')
    };
    let is_parameter = |text: &str| {
        let name = text.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
        name.is_some_and(|it| !it.is_empty() && !it.contains(['{', '}']))
    };
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        let is_operation = is_last && segment.strip_prefix('_').is_some_and(is_word);
        if !is_word(segment) && !is_parameter(segment) && !is_operation {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_kebab_case() {
        for good in [
            "/",
            "/models",
            "/model-versions/{id}/_activate",
            "/_zoek",
            "/a/",
            "/openapi.json",
        ] {
            assert!(is_kebab_case(good), "{good}");
        }
        for bad in [
            "models",
            "/modelVersions",
            "/model_versions",
            "/_odd/models",
            "/a//b",
            "/model.json",
            "/{}",
            "/{a}{b}",
        ] {
            assert!(!is_kebab_case(bad), "{bad}");
        }
    }
}
