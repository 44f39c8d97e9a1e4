//! What the names of a plan became on the platform.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use toml::Table;
use uuid::Uuid;

use super::{json_table, text_of};

/// Identifiers by name.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// Dataset versions of sources.
    pub(crate) sources: BTreeMap<String, Uuid>,
    /// Linkage runs.
    pub(crate) links: BTreeMap<String, Uuid>,
    /// Frames, with their dataset versions.
    pub(crate) frames: BTreeMap<String, (Uuid, Uuid)>,
}

impl Names {
    /// The dataset version of a source.
    ///
    /// # Errors
    /// When the source was not uploaded.
    pub(crate) fn source(&self, name: &str) -> Result<Uuid> {
        self.sources
            .get(name)
            .copied()
            .with_context(|| format!("the source {name:?} was not uploaded"))
    }

    /// A table of a frame as the API takes it.
    ///
    /// # Errors
    /// When it names what is not there.
    pub(crate) fn table(&self, table: &Table) -> Result<Value> {
        let mut rest = table.clone();
        let mut body = json!({});
        if let Some(name) = text_of(table, "source") {
            body["datasetVersionId"] = json!(self.source(name)?);
        } else if let Some(name) = text_of(table, "link") {
            let run = self
                .links
                .get(name)
                .with_context(|| format!("the link {name:?} was not run"))?;
            body["linkageRunId"] = json!(run);
        } else if let Some(name) = text_of(table, "frame") {
            let (_, version) = self
                .frames
                .get(name)
                .with_context(|| format!("the frame {name:?} was not built before"))?;
            body["datasetVersionId"] = json!(version);
        }
        rest.remove("frame");
        rest.remove("source");
        rest.remove("link");
        merge(&mut body, json_table(&rest));
        Ok(body)
    }
}

/// Puts the members of `from` into `into`.
pub(crate) fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}
