//! What one operation breaks.

use std::collections::BTreeMap;

use serde_json::Value;

use super::schema::{self, Way};
use crate::lint::walk::{array, object};

/// An operation and the document it stands in.
type Within<'a> = (&'a Value, &'a Value);

pub(super) fn breaks(place: &str, old: Within<'_>, new: Within<'_>, found: &mut Vec<String>) {
    let (was, is) = (old.1, new.1);
    if was["operationId"] != is["operationId"] {
        found.push(format!(
            "{place}: operationId changed, and with it the names in generated clients"
        ));
    }
    if !array(&is["security"]).is_empty() && was["security"] != is["security"] {
        found.push(format!("{place}: it asks another permission"));
    }
    parameters(place, old, new, found);
    body(place, old, new, found);
    answers(place, old, new, found);
}

/// Parameters by where they are and what they are called; those in the path by their order.
fn by_name(operation: &Value) -> BTreeMap<(String, String), &Value> {
    let mut in_path = 0;
    array(&operation["parameters"])
        .iter()
        .map(|parameter| {
            let place = parameter["in"].as_str().unwrap_or_default().to_owned();
            let name = match place.as_str() {
                "path" => {
                    in_path += 1;
                    in_path.to_string()
                }
                "header" => parameter["name"]
                    .as_str()
                    .unwrap_or_default()
                    .to_lowercase(),
                _ => parameter["name"].as_str().unwrap_or_default().to_owned(),
            };
            ((place, name), parameter)
        })
        .collect()
}

fn parameters(place: &str, old: Within<'_>, new: Within<'_>, found: &mut Vec<String>) {
    let (was, is) = (by_name(old.1), by_name(new.1));
    for ((kind, name), parameter) in &is {
        let place = format!("{place} {kind} {name}");
        let required = parameter["required"] == true;
        match was.get(&(kind.clone(), name.clone())) {
            None if required => found.push(format!("{place}: a new parameter is required")),
            None => {}
            Some(before) => {
                if required && before["required"] != true {
                    found.push(format!("{place}: the parameter is required now"));
                }
                let (before, now) = (&before["schema"], &parameter["schema"]);
                schema::breaks(&place, Way::In, (old.0, before), (new.0, now), found);
            }
        }
    }
    for (kind, name) in was.keys().filter(|it| !is.contains_key(*it)) {
        found.push(format!("{place} {kind} {name}: the parameter is gone"));
    }
}

fn body(place: &str, old: Within<'_>, new: Within<'_>, found: &mut Vec<String>) {
    let (was, is) = (&old.1["requestBody"], &new.1["requestBody"]);
    if is["required"] == true && was["required"] != true {
        found.push(format!("{place} body: it is required now"));
    }
    for (media, content) in object(&was["content"]) {
        let place = format!("{place} body {media}");
        match is["content"].get(media) {
            None => found.push(format!("{place}: no longer read")),
            Some(now) => {
                let (before, now) = (&content["schema"], &now["schema"]);
                schema::breaks(&place, Way::In, (old.0, before), (new.0, now), found);
            }
        }
    }
}

fn answers(place: &str, old: Within<'_>, new: Within<'_>, found: &mut Vec<String>) {
    let (was, is) = (&old.1["responses"], &new.1["responses"]);
    // Refusals have one shape; which of them there are may change.
    let is_success = |status: &str| status.starts_with(['2', '3']);
    for (status, _) in object(is).filter(|(status, _)| is_success(status)) {
        if was.get(status).is_none() {
            found.push(format!("{place} {status}: a new way to succeed"));
        }
    }
    for (status, answer) in object(was) {
        let place = format!("{place} {status}");
        let Some(now) = is.get(status) else {
            if is_success(status) {
                found.push(format!("{place}: the answer is gone"));
            }
            continue;
        };
        for (header, before) in object(&answer["headers"]) {
            match now["headers"].get(header) {
                None => found.push(format!("{place} {header}: the header is gone")),
                Some(now) => {
                    if before["required"] == true && now["required"] != true {
                        found.push(format!("{place} {header}: the header may be missing now"));
                    }
                }
            }
        }
        for (media, content) in object(&answer["content"]) {
            let place = format!("{place} {media}");
            match now["content"].get(media) {
                None => found.push(format!("{place}: no longer given")),
                Some(now) => {
                    let (before, now) = (&content["schema"], &now["schema"]);
                    schema::breaks(&place, Way::Out, (old.0, before), (new.0, now), found);
                }
            }
        }
    }
}
