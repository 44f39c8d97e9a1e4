//! What answers must hold: the version header, problem details, a refusal of wrong input.

use serde_json::Value;

use super::{
    rule::{Finding, Level, Place, Rule},
    walk::{every, object, operations, target},
};

static NO_HEADERS: Rule = Rule {
    id: "nlgov:missing-header",
    design: "/core/version-header",
    level: Level::Error,
    text: "an answer of success documents its headers",
};
static VERSION_HEADER: Rule = Rule {
    id: "nlgov:missing-version-header",
    design: "/core/version-header",
    level: Level::Error,
    text: "an answer of success has the header API-Version",
};
static PROBLEM: Rule = Rule {
    id: "nlgov:use-problem-schema",
    design: "/core/error-handling/problem-details",
    level: Level::Error,
    text: "an error is application/problem+json or application/problem+xml (RFC 9457)",
};
static MEMBERS: Rule = Rule {
    id: "nlgov:problem-schema-members",
    design: "/core/error-handling/problem-details",
    level: Level::Error,
    text: "a problem has status, title and detail",
};
static INVALID_INPUT: Rule = Rule {
    id: "nlgov:problem-invalid-input",
    design: "/core/error-handling/invalid-input",
    level: Level::Error,
    text: "what takes input documents the answer 400; get and delete take some when they have parameters",
};

const PROBLEM_TYPES: [&str; 2] = ["application/problem+json", "application/problem+xml"];

/// Checks the answers of every operation.
pub(super) fn check(document: &Value, found: &mut Vec<Finding>) {
    for operation in operations(document) {
        for (place, answer) in operation.answers(document, ['2', '3']) {
            let headers = &answer["headers"];
            let has_version =
                object(headers).any(|(name, _)| name.eq_ignore_ascii_case("API-Version"));
            if !headers.is_object() {
                found.push(NO_HEADERS.broken_at(&place));
            } else if !has_version {
                found.push(VERSION_HEADER.broken_at(&place.with("headers")));
            }
        }
        for (place, answer) in operation.answers(document, ['4', '5']) {
            problem(document, &place.with("content"), &answer["content"], found);
        }
        let takes_input = !matches!(operation.method, "get" | "delete" | "head")
            || !operation.parameters(document).is_empty();
        let responses = &operation.value["responses"];
        if takes_input && responses["400"].is_null() && responses["4XX"].is_null() {
            found.push(INVALID_INPUT.broken_at(&operation.place.with("responses")));
        }
    }
}

/// The content of an error, when it says any.
fn problem(document: &Value, place: &Place, content: &Value, found: &mut Vec<Finding>) {
    if !content.is_object() {
        return;
    }
    if PROBLEM_TYPES.iter().all(|media| content[*media].is_null()) {
        found.push(PROBLEM.broken_at(place));
    }
    for media in PROBLEM_TYPES {
        every(&place.with(media), &content[media], &mut |place, value| {
            if value["schema"].is_null() {
                return;
            }
            let (place, schema) = target(document, place.with("schema"), &value["schema"]);
            let properties = &schema["properties"];
            let lacks = |name: &str| properties[name].is_null();
            if properties.is_object() && ["status", "title", "detail"].iter().any(|it| lacks(it)) {
                found.push(MEMBERS.broken_at(&place.with("properties")));
            }
        });
    }
}
