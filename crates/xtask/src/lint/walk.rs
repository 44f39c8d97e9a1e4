//! Ways through a document that several rules share.

use serde_json::Value;

use super::rule::Place;

/// Methods an OpenAPI path can have operations for.
pub(crate) const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// The members of an object; none for anything else.
pub(crate) fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// The items of a list; none for anything else.
pub(crate) fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// An operation and where it stands.
pub(super) struct Operation<'a> {
    pub(super) path: &'a str,
    pub(super) method: &'a str,
    /// The path's own object, which may hold parameters for all its operations.
    pub(super) item: &'a Value,
    pub(super) value: &'a Value,
    pub(super) place: Place,
}

/// All operations under `paths`.
pub(super) fn operations(document: &Value) -> Vec<Operation<'_>> {
    let mut found = Vec::new();
    for (path, item) in object(&document["paths"]) {
        for (method, value) in object(item).filter(|(key, _)| METHODS.contains(&key.as_str())) {
            found.push(Operation {
                path,
                method,
                item,
                value,
                place: Place::of(&["paths", path, method]),
            });
        }
    }
    found
}

impl<'a> Operation<'a> {
    /// Its parameters and those of its path, references followed, with their places.
    pub(super) fn parameters(&self, document: &'a Value) -> Vec<(Place, &'a Value)> {
        let own = self.place.with("parameters");
        let shared = Place::of(&["paths", self.path, "parameters"]);
        [(own, self.value), (shared, self.item)]
            .into_iter()
            .flat_map(|(place, holder)| {
                array(&holder["parameters"])
                    .iter()
                    .enumerate()
                    .map(move |(index, value)| (place.at(index), value))
            })
            .map(|(place, value)| target(document, place, value))
            .collect()
    }

    /// Its answers of which the status begins with one of `first`, references followed, with their places.
    pub(super) fn answers(&self, document: &'a Value, first: [char; 2]) -> Vec<(Place, &'a Value)> {
        let place = self.place.with("responses");
        object(&self.value["responses"])
            .filter(|(status, _)| status.starts_with(first))
            .map(|(status, value)| target(document, place.with(status), value))
            .collect()
    }
}

/// What a reference names, with its own place; the value itself when it is no reference that leads somewhere.
pub(crate) fn target<'a>(
    document: &'a Value,
    place: Place,
    value: &'a Value,
) -> (Place, &'a Value) {
    let found = value["$ref"].as_str().and_then(|reference| {
        let place = Place::of_reference(reference)?;
        let value = document.pointer(reference.strip_prefix('#')?)?;
        Some((place, value))
    });
    found.unwrap_or((place, value))
}

/// Calls `visit` for every object and list in the document, references not followed.
pub(crate) fn every<'a>(place: &Place, value: &'a Value, visit: &mut dyn FnMut(&Place, &'a Value)) {
    visit(place, value);
    match value {
        Value::Object(members) => {
            for (name, below) in members {
                every(&place.with(name), below, visit);
            }
        }
        Value::Array(items) => {
            for (index, below) in items.iter().enumerate() {
                every(&place.at(index), below, visit);
            }
        }
        _ => {}
    }
}

/// Lower camel case as the design rules mean it: `^[a-z][a-z\d]*([A-Z][a-z\d]*)*$`.
pub(super) fn is_camel_case(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
