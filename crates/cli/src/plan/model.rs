//! Frames, training, decisions, predictions.

use std::path::Path;

use anyhow::{Context as _, Result};
use helder_client::Client;
use helder_types::{Digest, job::Job};
use serde::Deserialize;
use serde_json::{Value, json};
use toml::Table;
use uuid::Uuid;

use super::{
    Frame, json_table,
    names::Names,
    report::{BatchResult, FrameResult, TrainingResult},
};
use crate::screen::Screen;

#[derive(Deserialize)]
struct BuiltFrame {
    id: Uuid,
    outcome: FrameOutcome,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FrameOutcome {
    dataset_version_id: Uuid,
    digest: Digest,
    rows: u64,
    rows_by_reference_date: Vec<u64>,
    columns: Value,
    #[serde(default)]
    episodes: Option<Value>,
}

/// Builds a frame.
///
/// # Errors
/// When the platform refuses; faults in the query name the table or column.
pub(crate) async fn build_frame(
    client: &Client,
    screen: Screen,
    project: Uuid,
    frame: &Frame,
    (names, folder): (&Names, &Path),
) -> Result<FrameResult> {
    let tables = frame
        .tables
        .iter()
        .map(|table| names.table(table))
        .collect::<Result<Vec<_>>>()?;
    let mut body = json!({
        "projectId": project,
        "name": frame.name,
        "unit": frame.unit,
        "tables": tables,
        "sql": frame.query(folder)?,
        "referenceDates": frame.reference_dates,
    });
    if let Some(episodes) = &frame.episodes {
        body["episodes"] = json_table(episodes);
    }
    let path = run_job(
        client,
        screen,
        &frame.name,
        "training",
        "/training/v1/frames",
        &body,
    )
    .await?;
    let built: BuiltFrame = client.get(&path).await?.body;
    Ok(FrameResult {
        name: frame.name.clone(),
        frame_id: built.id,
        dataset_version_id: built.outcome.dataset_version_id,
        digest: built.outcome.digest.to_string(),
        rows: built.outcome.rows,
        rows_by_reference_date: built.outcome.rows_by_reference_date,
        columns: built.outcome.columns,
        episodes: built.outcome.episodes,
    })
}

/// Trains on a frame; `training` is the body of the API without identifiers.
///
/// # Errors
/// When the platform refuses.
pub(crate) async fn train(
    client: &Client,
    screen: Screen,
    project: Uuid,
    frame: Uuid,
    training: &Table,
) -> Result<TrainingResult> {
    let mut training = training.clone();
    training.remove("frame");
    let mut body = json_table(&training);
    body["projectId"] = json!(project);
    body["frameId"] = json!(frame);
    let path = run_job(
        client,
        screen,
        "training",
        "training",
        "/training/v1/training-runs",
        &body,
    )
    .await?;
    let run: Value = client.get(&path).await?.body;
    let text = |key: &str| {
        find(&run, key)
            .and_then(Value::as_str)
            .with_context(|| format!("the training run has no {key}"))
    };
    Ok(TrainingResult {
        training_run_id: text("id")?.parse()?,
        model_version_id: text("modelVersionId")?.parse()?,
        model_digest: text("modelDigest")?.to_owned(),
        run,
    })
}

/// A member of the run itself or of its outcome.
fn find<'a>(run: &'a Value, key: &str) -> Option<&'a Value> {
    run.get(key).or_else(|| run.get("outcome")?.get(key))
}

/// Scores a frame whole.
///
/// # Errors
/// When the platform refuses.
pub(super) async fn score(
    client: &Client,
    screen: Screen,
    model: &str,
    (frame, version, top): (&str, Uuid, usize),
) -> Result<BatchResult> {
    #[derive(Deserialize)]
    struct Batch {
        id: Uuid,
        #[serde(default)]
        outcome: Value,
    }
    #[derive(Deserialize)]
    struct Rows {
        items: Vec<Value>,
    }
    let body = json!({"model": model, "datasetVersionId": version});
    let path = run_job(
        client,
        screen,
        "scoring",
        "prediction",
        "/prediction/v1/batches",
        &body,
    )
    .await?;
    let batch: Batch = client.get(&path).await?.body;
    let mut rows = Rows { items: Vec::new() };
    if top > 0 {
        let first = format!(
            "/prediction/v1/batches/{}/results?limit={}",
            batch.id,
            top.min(200)
        );
        rows = client.get(&first).await?.body;
    }
    Ok(BatchResult {
        frame: frame.to_owned(),
        batch_id: batch.id,
        outcome: batch.outcome,
        top: rows.items,
    })
}

/// Asks for work, waits, and gives the path of what was made.
pub(super) async fn run_job(
    client: &Client,
    screen: Screen,
    what: &str,
    service: &str,
    path: &str,
    body: &Value,
) -> Result<String> {
    let bar = screen.bar(what);
    let accepted = client.post::<_, Job>(path, body).await?;
    let job = accepted
        .location
        .unwrap_or_else(|| format!("/{service}/v1/jobs/{}", accepted.body.id));
    Ok(client.wait(&job, |job| bar.job(job)).await?)
}
