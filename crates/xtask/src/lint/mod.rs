//! Rules that every OpenAPI document keeps: the `NLgov` API Design Rules as far as a document can show them, the rules
//! for OpenAPI itself that their published linter switches on, and [`house`]: what the gateway and our clients rely on.
//!
//! One file per family; each rule has the identifier, the level and the meaning under which it is published.
//!
//! # Source
//! Logius, API Design Rules 2.2.0, and the test cases of their linter (`tests/data/adr/`), which give the same hits here.

mod answers;
mod dates;
mod head;
mod house;
mod names;
mod operations;
mod paths;
#[cfg(test)]
mod published;
pub(crate) mod rule;
pub(crate) mod walk;

use serde_json::Value;

use rule::Finding;

/// All findings of the published rules in one document.
pub(crate) fn standard(document: &Value) -> Vec<Finding> {
    let families: [fn(&Value, &mut Vec<Finding>); 6] = [
        head::check,
        paths::check,
        operations::check,
        answers::check,
        dates::check,
        names::check,
    ];
    let mut found = Vec::new();
    for check in families {
        check(document, &mut found);
    }
    found.sort_by(|one, other| (&one.place, one.rule.id).cmp(&(&other.place, other.rule.id)));
    found.dedup_by(|one, other| one.place == other.place && one.rule.id == other.rule.id);
    found
}

/// All faults of the document of a service of ours, published rules first, each as a line for people.
pub(crate) fn document(service: &str, document: &Value) -> Vec<String> {
    let is_foreign = service == house::FOREIGN_DOCUMENT;
    let mut faults: Vec<_> = standard(document)
        .iter()
        // The version in the paths of another protocol is that of the protocol, and stands after the server's address.
        .filter(|finding| !is_foreign || finding.rule.id != head::MAJOR_VERSION.id)
        .map(|finding| format!("{service}: {finding}"))
        .collect();
    faults.extend(house::document(service, document));
    faults
}
