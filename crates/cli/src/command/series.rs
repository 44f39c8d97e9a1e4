//! `helder link` in a series: going on from a run, on a platform or in a folder that an earlier command kept.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use helder_client::Client;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::screen::{Screen, count};

/// The part of `helder link` that makes a run one of a series.
#[derive(Args, Clone, Debug)]
pub(crate) struct SeriesArguments {
    /// Make it one of a series: persons get numbers that last, and the next run can go on from it
    #[arg(long)]
    pub(crate) incremental: bool,
    /// The run to go on from, linking only what changed: its identifier, or the folder that --keep named. Files become the next versions
    /// of those that run read, under the same contracts
    #[arg(long, value_name = "FOLDER|RUN")]
    pub(crate) previous: Option<String>,
    /// Link everything again with the model of the previous run: the same result, slower
    #[arg(long, requires = "previous")]
    pub(crate) everything: bool,
    /// Column by which a record is known again in the next version; LEFT=RIGHT where the names differ [default: by what is compared]
    #[arg(long, value_name = "COLUMN")]
    pub(crate) record_key: Option<String>,
    /// Folder in which the platform of a run of its own stays, sealed names among it, so that a later run can go on from it
    #[arg(long, value_name = "FOLDER", requires = "files", conflicts_with_all = ["project", "previous"])]
    pub(crate) keep: Option<PathBuf>,
}

/// The run to go on from.
pub(super) struct Previous {
    id: Uuid,
    pub(super) project: Uuid,
    sources: Vec<Source>,
}

/// A version that it read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Source {
    pub(super) dataset_id: Uuid,
    pub(super) contract: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    id: Uuid,
    project_id: Uuid,
    left: Uuid,
    right: Uuid,
    #[serde(default)]
    outcome: Value,
}

#[derive(Deserialize)]
struct Runs {
    items: Vec<Run>,
}

/// The run that is named by its identifier.
pub(super) fn run_of(wanted: &SeriesArguments) -> Option<Uuid> {
    wanted.previous.as_ref()?.parse().ok()
}

/// The folder that is named instead.
///
/// # Errors
/// When nothing was kept in it.
pub(super) fn folder(wanted: &SeriesArguments) -> Result<Option<&Path>> {
    let Some(named) = &wanted.previous else {
        return Ok(None);
    };
    if run_of(wanted).is_some() {
        return Ok(None);
    }
    let folder = Path::new(named);
    ensure!(
        folder.is_dir(),
        "--previous {named}: neither the identifier of a run nor a folder that --keep named"
    );
    Ok(Some(folder))
}

/// The run to go on from: the one named, or the newest of a series in the folder.
///
/// # Errors
/// When there is none, or the platform refuses.
pub(super) async fn previous(
    client: &Client,
    wanted: &SeriesArguments,
) -> Result<Option<Previous>> {
    let run: Run = match (run_of(wanted), &wanted.previous) {
        (_, None) => return Ok(None),
        (Some(id), _) => {
            let path = format!("/linkage/v1/linkage-runs/{id}");
            client.get(&path).await?.body
        }
        (None, Some(folder)) => {
            let path = "/linkage/v1/linkage-runs?limit=50";
            let runs: Runs = client.get(path).await?.body;
            let mut runs = runs.items.into_iter();
            runs.find(|run| run.outcome.get("continuation").is_some())
                .with_context(|| format!("{folder} holds no run to go on from"))?
        }
    };
    let mut versions = vec![run.left, run.right];
    versions.dedup();
    let mut sources = Vec::new();
    for version in versions {
        let path = format!("/ingest/v1/dataset-versions/{version}");
        sources.push(client.get(&path).await?.body);
    }
    Ok(Some(Previous {
        id: run.id,
        project: run.project_id,
        sources,
    }))
}

/// Per file, what it is the next version of.
///
/// # Errors
/// When the previous run was over another number of files.
pub(super) fn sources(previous: Option<&Previous>, files: usize) -> Result<Vec<Option<&Source>>> {
    let Some(previous) = previous else {
        return Ok(vec![None; files]);
    };
    let before = previous.sources.len();
    ensure!(
        before == files,
        "the previous run was over {before} files; name as many, in the same order"
    );
    Ok(previous.sources.iter().map(Some).collect())
}

/// The part of the request that makes it one of a series.
pub(super) fn asked(wanted: &SeriesArguments, previous: Option<&Previous>) -> Option<Value> {
    let is_series = wanted.incremental
        || previous.is_some()
        || wanted.keep.is_some()
        || wanted.record_key.is_some();
    if !is_series {
        return None;
    }
    let mut asked = json!({"everything": wanted.everything});
    if let Some(previous) = previous {
        asked["previous"] = json!(previous.id);
    }
    if let Some(names) = &wanted.record_key {
        let (left, right) = names.split_once('=').unwrap_or((names, names));
        asked["recordKeys"] = json!({"left": left, "right": right});
    }
    Some(asked)
}

/// What happened to persons, in a few lines.
pub(super) fn show(screen: Screen, outcome: &Value) {
    let Some(of) = outcome.get("continuation") else {
        return;
    };
    let number = |value: &Value| count(value.as_u64().unwrap_or_default());
    let row = |of: &Value, names: &[&str]| -> Vec<String> {
        names.iter().map(|name| number(&of[*name])).collect()
    };
    screen.heading("Persons: numbers that last from run to run");
    let names = ["entities", "created", "merged", "split", "ended"];
    let headings = ["persons", "new", "merged", "split", "ended"];
    screen.table(&headings, &[row(of, &names)]);
    let names = ["added", "changed", "removed", "weighed"];
    let headings = ["records new", "changed", "gone", "pairs weighed again"];
    screen.table(&headings, &[row(&of["work"], &names)]);
}
