//! What of a released document a newer one breaks for those who call the API.
//!
//! The rule that clients rely on: within a major version what they send stays accepted, and what they get keeps its shape. So
//! inputs may only be widened, and answers only narrowed or given new fields, which clients ignore.

mod operation;
mod schema;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::Context as _;
use serde_json::Value;

use crate::lint::walk::{METHODS, object};

/// Everything that breaks, each as a line for people: the place, and what happened there.
///
/// A higher major version may break anything; it has an address of its own.
pub(crate) fn breaks(old: &Value, new: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if major(new) > major(old) {
        return found;
    }
    if old["servers"] != new["servers"] {
        found.push("servers: the address changed".to_owned());
    }
    let fresh: BTreeMap<_, _> = object(&new["paths"])
        .map(|(path, item)| (without_names(path), item))
        .collect();
    for (path, item) in object(&old["paths"]) {
        let known = fresh.get(&without_names(path));
        for (method, operation) in object(item).filter(|(it, _)| METHODS.contains(&it.as_str())) {
            let place = format!("{} {path}", method.to_uppercase());
            match known.map(|it| &it[method.as_str()]) {
                Some(now) if now.is_object() => {
                    operation::breaks(&place, (old, operation), (new, now), &mut found);
                }
                _ => found.push(format!("{place}: the operation is gone")),
            }
        }
    }
    found
}

/// Compares the committed documents with those of the last release.
///
/// # Errors
/// When there is no release, or a file cannot be read.
pub(crate) fn with_last_release(folder: &Path) -> anyhow::Result<Vec<String>> {
    let released = last_release(folder)?;
    let mut found = Vec::new();
    for entry in fs::read_dir(&released).context("cannot read the last release")? {
        let path = entry?.path();
        let name = path
            .file_stem()
            .and_then(|name| name.to_str())
            .context("a file without a name")?
            .to_owned();
        let read = |path: &Path| -> anyhow::Result<Value> {
            let text = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            Ok(serde_json::from_slice(&text)?)
        };
        let now = folder.join(format!("{name}.json"));
        if now.exists() {
            let breaks = breaks(&read(&path)?, &read(&now)?);
            found.extend(breaks.into_iter().map(|it| format!("{name} {it}")));
        } else {
            found.push(format!("{name}: the document is gone"));
        }
    }
    accepted(folder, found)
}

/// Breaks that were decided on.
#[derive(serde::Deserialize)]
struct Accepted {
    because: String,
    breaks: Vec<String>,
}

/// Takes out what `accepted_breaks.json` names with a reason. What it names and nobody finds any more is a finding too.
fn accepted(folder: &Path, mut found: Vec<String>) -> anyhow::Result<Vec<String>> {
    let path = folder.join("accepted_breaks.json");
    let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    for group in serde_json::from_slice::<Vec<Accepted>>(&text)? {
        anyhow::ensure!(
            !group.because.is_empty(),
            "a break is accepted without a reason"
        );
        for known in group.breaks {
            let before = found.len();
            found.retain(|it| *it != known);
            if found.len() == before {
                found.push(format!(
                    "accepted_breaks.json names what is no break: {known}"
                ));
            }
        }
    }
    Ok(found)
}

/// The folder of the highest version under `released`.
fn last_release(folder: &Path) -> anyhow::Result<std::path::PathBuf> {
    let released = folder.join("released");
    let mut versions = Vec::new();
    for entry in
        fs::read_dir(&released).with_context(|| format!("cannot read {}", released.display()))?
    {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let parts = name.map(|name| name.split('.').map(str::parse::<u64>));
        if let Some(Ok(version)) = parts.map(Iterator::collect::<Result<Vec<_>, _>>) {
            versions.push((version, path));
        }
    }
    let last = versions.into_iter().max();
    Ok(last.context("openapi/released holds no version")?.1)
}

fn major(document: &Value) -> u64 {
    let version = document["info"]["version"].as_str().unwrap_or_default();
    let major = version.split('.').next().unwrap_or_default();
    major.parse().unwrap_or(0)
}

/// A path is the same whatever its parameters are called.
fn without_names(path: &str) -> String {
    let segments = path.split('/');
    let segments = segments.map(|it| if it.starts_with('{') { "{}" } else { it });
    segments.collect::<Vec<_>>().join("/")
}
