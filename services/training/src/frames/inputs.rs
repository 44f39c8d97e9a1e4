//! From aliases to files: asks ingest and linkage what the tables are, and names every fault at once.

use helder_frames::{FrameLimits, FrameQuery, FrameTable, TableRole};
use helder_platform::{
    calls::Peers,
    problem::{Problem, Result},
};
use helder_types::{Caller, Digest, Fault};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::wire::{NewFrame, NewFrameTable, Parent, Role};

/// A table with its file, fixed when the frame is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Input {
    /// The file.
    #[serde(flatten)]
    pub parent: Parent,
    /// Sources above it, by public path and digest, as far as the other service tells.
    #[serde(default)]
    pub above: Vec<Ancestor>,
}

/// Something further up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ancestor {
    /// Public path.
    pub source: String,
    /// Digest, where it has bytes.
    #[serde(default)]
    pub digest: Option<Digest>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    project_id: Uuid,
    #[serde(default)]
    source_digest: Option<Digest>,
    #[serde(default)]
    parts: Option<Parts>,
}

#[derive(Deserialize)]
struct Parts {
    analysis: Part,
}

#[derive(Deserialize)]
struct Part {
    digest: Digest,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LinkageRun {
    project_id: Uuid,
    left: Uuid,
    right: Uuid,
    #[serde(default)]
    outcome: Option<LinkageOutcome>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LinkageOutcome {
    linked_dataset: Part,
}

/// Files of all tables.
///
/// # Errors
/// 400 with all faults of the request, 503 when another service is away.
pub(crate) async fn find(peers: &Peers, caller: &Caller, frame: &NewFrame) -> Result<Vec<Input>> {
    let mut faults: Vec<Fault> = query(frame, &[])
        .check(&FrameLimits::default())
        .into_iter()
        .map(|fault| Fault::new(fault.pointer, fault.code, fault.detail))
        .collect();
    for (pointer, text) in [("/name", &frame.name), ("/unit", &frame.unit)] {
        if text.trim().is_empty() || text.chars().count() > 100 {
            faults.push(Fault::new(pointer, "length", "give 1 to 100 characters"));
        }
    }
    if frame.tables.len() > 50 {
        faults.push(Fault::new("/tables", "max_items", "at most 50 tables"));
        return Err(Problem::invalid(faults));
    }
    let mut inputs = Vec::new();
    for (index, table) in frame.tables.iter().enumerate() {
        match one(peers, caller, frame.project_id, table).await? {
            Ok(input) => inputs.push(input),
            Err((key, code, detail)) => {
                faults.push(Fault::new(format!("/tables/{index}{key}"), code, detail))
            }
        }
    }
    if faults.is_empty() {
        Ok(inputs)
    } else {
        Err(Problem::invalid(faults))
    }
}

type Wrong = (&'static str, &'static str, &'static str);

async fn one(
    peers: &Peers,
    caller: &Caller,
    project: Uuid,
    table: &NewFrameTable,
) -> Result<std::result::Result<Input, Wrong>> {
    let other_project = |key| Err((key, "other-project", "it belongs to another project"));
    let not_ready = |key| Err((key, "not-ready", "it is not ready yet; wait for its job"));
    Ok(match (table.dataset_version_id, table.linkage_run_id) {
        (Some(id), None) => {
            let key = "/datasetVersionId";
            let source = format!("/ingest/v1/dataset-versions/{id}");
            match ask::<Version>(peers, caller, "ingest", &source).await? {
                None => Err((key, "unknown", "there is no such dataset version")),
                Some(version) if version.project_id != project => other_project(key),
                Some(Version { parts: None, .. }) => not_ready(key),
                Some(Version {
                    parts: Some(parts),
                    source_digest,
                    ..
                }) => Ok(Input {
                    above: source_digest
                        .map(|digest| Ancestor {
                            source: format!("{source}#source"),
                            digest: Some(digest),
                        })
                        .into_iter()
                        .collect(),
                    parent: Parent {
                        name: table.alias.clone(),
                        digest: parts.analysis.digest,
                        source,
                    },
                }),
            }
        }
        (None, Some(id)) => {
            let key = "/linkageRunId";
            let source = format!("/linkage/v1/linkage-runs/{id}");
            match ask::<LinkageRun>(peers, caller, "linkage", &source).await? {
                None => Err((key, "unknown", "there is no such linkage run")),
                Some(run) if run.project_id != project => other_project(key),
                Some(LinkageRun { outcome: None, .. }) => not_ready(key),
                Some(LinkageRun {
                    outcome: Some(outcome),
                    left,
                    right,
                    ..
                }) => Ok(Input {
                    above: [left, right]
                        .map(|version| Ancestor {
                            source: format!("/ingest/v1/dataset-versions/{version}"),
                            digest: None,
                        })
                        .to_vec(),
                    parent: Parent {
                        name: table.alias.clone(),
                        digest: outcome.linked_dataset.digest,
                        source,
                    },
                }),
            }
        }
        _ => Err((
            "",
            "one-source",
            "name either a datasetVersionId or a linkageRunId",
        )),
    })
}

async fn ask<T: serde::de::DeserializeOwned>(
    peers: &Peers,
    caller: &Caller,
    service: &str,
    path: &str,
) -> Result<Option<T>> {
    match peers.peer(service).get_json(caller, path).await {
        Ok(found) => Ok(Some(found)),
        Err(problem) if problem.status() == 404 => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// The query for the engine; `files` in the order of the tables.
pub(crate) fn query(frame: &NewFrame, files: &[std::path::PathBuf]) -> FrameQuery {
    let tables = frame
        .tables
        .iter()
        .enumerate()
        .map(|(index, table)| FrameTable {
            alias: table.alias.clone(),
            path: files.get(index).cloned().unwrap_or_default(),
            role: match table.role {
                Role::Feature => TableRole::Feature,
                Role::Outcome => TableRole::Outcome,
            },
            known_since: table.known_since.clone(),
            event_time: table.event_time.clone(),
        });
    FrameQuery {
        tables: tables.collect(),
        sql: frame.sql.clone(),
        reference_dates: frame.reference_dates.clone(),
    }
}
