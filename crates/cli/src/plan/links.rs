//! Records of the same person are found.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use helder_client::Client;
use helder_types::{Digest, job::Job};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    report::LinkResult,
    truth::{self, Pair},
};
use crate::screen::Screen;

#[derive(Deserialize)]
struct Run {
    id: Uuid,
    #[serde(default)]
    outcome: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    links: u64,
    linked_dataset: Linked,
}

#[derive(Deserialize)]
struct Linked {
    digest: Digest,
}

/// Starts a linkage run with this body of the API and waits for it.
///
/// # Errors
/// When the platform refuses.
pub(crate) async fn link(
    client: &Client,
    screen: Screen,
    name: &str,
    body: &Value,
) -> Result<LinkResult> {
    let bar = screen.bar(name);
    let accepted = client
        .post::<_, Job>("/linkage/v1/linkage-runs", body)
        .await?;
    let job = accepted
        .location
        .unwrap_or_else(|| format!("/linkage/v1/jobs/{}", accepted.body.id));
    let path = client.wait(&job, |job| bar.job(job)).await?;
    let run: Run = client.get(&path).await?.body;
    let outcome: Outcome =
        serde_json::from_value(run.outcome.clone()).context("the linkage run has no outcome")?;
    Ok(LinkResult {
        name: name.to_owned(),
        linkage_run_id: run.id,
        links: outcome.links,
        linked_digest: outcome.linked_dataset.digest.to_string(),
        outcome: run.outcome,
        against_truth: None,
    })
}

/// The body of `POST /linkage-runs`.
pub(super) fn body(project: Uuid, link: &super::Link, left: Uuid, right: Uuid) -> Value {
    let mut body = json!({"projectId": project, "left": left, "right": right});
    if let Some(threshold) = link.threshold {
        body["threshold"] = json!(threshold);
    }
    if let Some(one_to_one) = link.one_to_one {
        body["oneToOne"] = json!(one_to_one);
    }
    if let Some(spec) = &link.spec {
        body["spec"] = super::json_table(spec);
    }
    body
}

/// All links of a run.
///
/// # Errors
/// When the platform refuses or the table is not what it should be.
pub(crate) async fn links_of(client: &Client, run: Uuid) -> Result<BTreeSet<Pair>> {
    let path = format!("/linkage/v1/linkage-runs/{run}/links");
    let text = client.get_text(&path, "text/csv").await?;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headers = reader.headers()?.clone();
    let place = |names: [&str; 2]| {
        headers
            .iter()
            .position(|h| names.contains(&h))
            .with_context(|| format!("the links have no {}", names[0]))
    };
    let (left, right) = (
        place(["leftRow", "left_row"])?,
        place(["rightRow", "right_row"])?,
    );
    reader
        .records()
        .map(|row| {
            let row = row?;
            let ordinal = |at: usize| {
                row.get(at)
                    .and_then(|t| t.parse().ok())
                    .context("a link without row")
            };
            Ok((ordinal(left)?, ordinal(right)?))
        })
        .collect()
}

/// Judges a run against the truth of the plan.
///
/// # Errors
/// When the links or the truth cannot be read.
pub(super) async fn judge(
    client: &Client,
    result: &mut LinkResult,
    truth: &super::Truth,
    files: truth::Files<'_>,
) -> Result<()> {
    let links = links_of(client, result.linkage_run_id).await?;
    result.against_truth = Some(truth::score(&links, &truth::true_pairs(truth, files)?));
    Ok(())
}
