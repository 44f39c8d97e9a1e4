//! Files go in.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use helder_client::Client;
use helder_types::{Digest, job::Job};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Source, json, json_table, names::merge, report::SourceResult, text_of};
use crate::screen::Screen;

/// A file to upload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Upload<'a> {
    /// Project whose purpose covers it.
    pub(crate) project: Uuid,
    /// Name of the dataset.
    pub(crate) name: &'a str,
    /// What it holds.
    pub(crate) description: &'a str,
    /// The file.
    pub(crate) file: &'a Path,
    /// The contract; the suggested one when absent.
    pub(crate) contract: Option<&'a Value>,
    /// The dataset it is the next version of; a new one when absent.
    pub(crate) dataset: Option<Uuid>,
}

#[derive(Deserialize)]
struct Made {
    id: Uuid,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    id: Uuid,
    rows_in: u64,
    rows_accepted: u64,
    rows_quarantined: u64,
    source_digest: Digest,
    #[serde(default)]
    detected: Value,
    parts: Parts,
}

#[derive(Deserialize)]
struct Parts {
    analysis: Part,
}

#[derive(Deserialize)]
struct Part {
    digest: Digest,
}

/// Uploads a source of a plan under its contract.
///
/// # Errors
/// When the platform refuses.
pub(super) async fn bring_in(
    client: &Client,
    screen: Screen,
    project: Uuid,
    source: &Source,
    file: &Path,
) -> Result<SourceResult> {
    let contract = match &source.contract {
        Some(contract) => Some(json_table(contract)),
        None if source.change.is_empty() && source.drop.is_empty() => None,
        None => Some(changed(suggested(client, file).await?, source)?),
    };
    let upload_it = Upload {
        project,
        name: &source.name,
        description: &source.description,
        file,
        contract: contract.as_ref(),
        dataset: None,
    };
    upload(client, screen, upload_it)
        .await
        .with_context(|| format!("source {:?}", source.name))
}

/// Makes the dataset, uploads the file and waits until it is a version.
///
/// # Errors
/// When the platform refuses, or rows were lost.
pub(crate) async fn upload(
    client: &Client,
    screen: Screen,
    upload: Upload<'_>,
) -> Result<SourceResult> {
    let dataset = if let Some(dataset) = upload.dataset {
        dataset
    } else {
        let body = json!({"projectId": upload.project, "name": upload.name, "description": upload.description});
        let made: Made = client.post("/ingest/v1/datasets", &body).await?.body;
        made.id
    };
    let mut path = format!("/ingest/v1/datasets/{dataset}/dataset-versions");
    if let Some(contract) = upload.contract {
        let body = json!({"name": upload.name, "contract": contract});
        let declared: Made = client.post("/ingest/v1/contracts", &body).await?.body;
        path = format!("{path}?contractId={}", declared.id);
    }
    let bar = screen.bar(upload.name);
    let sent = bar.handle();
    let size = std::fs::metadata(upload.file).map_or(0, |file| file.len());
    let accepted = client
        .upload::<Job>(&path, upload.file, move |done| {
            sent.at(done, size, "sending");
        })
        .await?;
    let job = accepted
        .location
        .unwrap_or_else(|| format!("/ingest/v1/jobs/{}", accepted.body.id));
    let result = client.wait(&job, |job| bar.job(job)).await?;
    let version: Version = client.get(&result).await?.body;
    ensure!(
        version.rows_in == version.rows_accepted + version.rows_quarantined,
        "{} rows went in and {} + {} came out",
        version.rows_in,
        version.rows_accepted,
        version.rows_quarantined
    );
    Ok(SourceResult {
        name: upload.name.to_owned(),
        dataset_version_id: version.id,
        source_digest: version.source_digest.to_string(),
        analysis_digest: version.parts.analysis.digest.to_string(),
        rows_in: version.rows_in,
        rows_accepted: version.rows_accepted,
        rows_quarantined: version.rows_quarantined,
        detected: version.detected,
    })
}

/// The contract that the platform proposes for a file.
async fn suggested(client: &Client, file: &Path) -> Result<Value> {
    let answer = client
        .upload::<Value>("/ingest/v1/contracts/_suggest", file, |_| {})
        .await?;
    answer
        .body
        .get("contract")
        .cloned()
        .context("the platform proposed no contract")
}

/// The proposed contract with the plan's changes.
fn changed(mut contract: Value, source: &Source) -> Result<Value> {
    let fields = contract
        .get_mut("fields")
        .and_then(Value::as_array_mut)
        .context("the proposed contract has no fields")?;
    fields.retain(|field| !source.drop.iter().any(|name| field["name"] == **name));
    for change in &source.change {
        let name = text_of(change, "name").context("a changed field needs its name")?;
        let field = fields
            .iter_mut()
            .find(|field| field["name"] == *name)
            .with_context(|| format!("the file of {:?} has no field {name:?}", source.name))?;
        merge(field, json_table(change));
        // An empty text takes a proposed member away: semanticType = "".
        for (key, value) in change {
            if json(value) == ""
                && let Some(field) = field.as_object_mut()
            {
                field.remove(key);
            }
        }
    }
    Ok(contract)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proposed_contract_takes_the_plans_changes() {
        let source: Source = toml::from_str(
            "name = \"a\"\nfile = \"a.csv\"\ndrop = [\"ssn\"]\nchange = [{name = \"age\", type = \"number\", semanticType = \"\"}]",
        )
        .unwrap();
        let proposed =
            json!({"fields": [{"name": "ssn"}, {"name": "age", "semanticType": "code"}]});
        let contract = changed(proposed, &source).unwrap();
        assert_eq!(
            contract,
            json!({"fields": [{"name": "age", "type": "number"}]})
        );
    }
}
