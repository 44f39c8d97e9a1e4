//! The committed OpenAPI documents: written from the handlers, compared with them, linted.

use std::{fs, path::Path};

use anyhow::Context as _;
use serde_json::Value;

use crate::{lint, portable::portable};

/// Name and current document of every service.
fn documents() -> anyhow::Result<Vec<(&'static str, Value)>> {
    let documents = [
        ("ingest", helder_ingest::openapi()),
        ("linkage", helder_linkage::openapi()),
        ("training", helder_training::openapi()),
        ("registry", helder_registry::openapi()),
        ("prediction", helder_prediction::openapi()),
        ("oip", helder_prediction::oip_openapi()),
    ];
    documents
        .into_iter()
        .map(|(service, document)| Ok((service, serde_json::to_value(document)?)))
        .collect()
}

/// Writes every document and lints it; returns what the lint found.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn write(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut problems = Vec::new();
    for (service, document) in documents()? {
        let path = folder.join(format!("{service}.json"));
        fs::write(&path, text(&document)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
        problems.extend(lint::document(service, &document));
    }
    Ok(problems)
}

/// Compares every document with the committed one and lints it; returns all differences and faults.
///
/// # Errors
/// When a committed file cannot be read.
pub(crate) fn check(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut problems = Vec::new();
    for (service, document) in documents()? {
        let path = folder.join(format!("{service}.json"));
        let committed =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        if committed != text(&document)? {
            problems.push(format!(
                "openapi/{service}.json is not what the handlers say; run `cargo xtask openapi`"
            ));
        }
        problems.extend(lint::document(service, &document));
    }
    Ok(problems)
}

/// Writes the committed documents in the form of [`portable`] into another folder.
///
/// # Errors
/// When a file cannot be read or written, or a document has no such form.
pub(crate) fn write_portable(folder: &Path, target: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(target)?;
    for (service, _) in documents()? {
        let path = folder.join(format!("{service}.json"));
        let committed =
            fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let document = portable(&serde_json::from_slice(&committed)?).context(service)?;
        let path = target.join(format!("{service}.json"));
        fs::write(&path, text(&document)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Keeps the committed documents as those of a release, without blanks.
///
/// # Errors
/// When a file cannot be read or written, or the version is none.
pub(crate) fn release(folder: &Path, version: &str) -> anyhow::Result<()> {
    let is_version = version.split('.').count() == 3
        && version.split('.').all(|part| part.parse::<u32>().is_ok());
    anyhow::ensure!(is_version, "a version is written as 1.2.0");
    let target = folder.join("released").join(version);
    fs::create_dir_all(&target)?;
    for (name, _) in documents()? {
        let file = format!("{name}.json");
        let document: Value = serde_json::from_slice(&fs::read(folder.join(&file))?)?;
        fs::write(target.join(file), format!("{document}\n"))?;
    }
    Ok(())
}

/// The document as committed: two spaces of indentation, keys in declared order, one line break at the end.
fn text(document: &Value) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(document)? + "\n")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_committed_documents_are_what_the_handlers_say() {
        let folder = crate::workspace_root().unwrap().join("openapi");
        let problems = super::check(&folder).unwrap();
        assert!(problems.is_empty(), "{}", problems.join("\n"));
    }
}
