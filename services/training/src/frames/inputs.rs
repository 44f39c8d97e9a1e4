//! From aliases to files: asks ingest and linkage what the tables are, and names every fault at once.

use std::path::PathBuf;

use helder_frames::{FrameLimits, FrameQuery, FrameTable, TableRole};
use helder_platform::{
    calls::Peers,
    problem::{Problem, Result},
};
use helder_types::{Caller, Digest, Fault};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    lineage::{Climber, Lineage},
    wire::{NewEpisodes, NewFrame, NewFrameTable, Parent, Role},
};

/// Files of a frame, fixed when it is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Inputs {
    /// One per table, in the order of the tables.
    pub files: Vec<Parent>,
    /// Node of each table in `lineage`.
    pub nodes: Vec<String>,
    /// Dataset versions the tables are or are made from.
    pub versions: Vec<Uuid>,
    /// Everything above.
    pub lineage: Lineage,
}

/// Files of all tables.
///
/// # Errors
/// 400 with all faults of the request, 503 when another service is away.
pub(crate) async fn find(peers: &Peers, caller: &Caller, frame: &NewFrame) -> Result<Inputs> {
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
    let mut climber = Climber::new(peers, caller);
    let (mut files, mut nodes, mut versions) = (Vec::new(), Vec::new(), Vec::new());
    for (index, table) in frame.tables.iter().enumerate() {
        match one(&mut climber, frame.project_id, table).await? {
            Ok(found) => {
                files.push(Parent {
                    name: table.alias.clone(),
                    digest: found.digest,
                    source: found.source,
                });
                nodes.push(found.node);
                versions.extend(found.versions);
            }
            Err((key, code, detail)) => {
                faults.push(Fault::new(format!("/tables/{index}{key}"), code, detail));
            }
        }
    }
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    versions.sort_unstable();
    versions.dedup();
    Ok(Inputs {
        files,
        nodes,
        versions,
        lineage: climber.finish(),
    })
}

struct Found {
    digest: Digest,
    source: String,
    node: String,
    versions: Vec<Uuid>,
}

/// Where within the table, which rule, what to do.
type Wrong = (&'static str, &'static str, &'static str);

async fn one(
    climber: &mut Climber<'_>,
    project: Uuid,
    table: &NewFrameTable,
) -> Result<std::result::Result<Found, Wrong>> {
    let other_project = |key| Ok(Err((key, "other-project", "it belongs to another project")));
    let not_ready = |key| {
        Ok(Err((
            key,
            "not-ready",
            "it is not ready yet; wait for its job",
        )))
    };
    match (table.dataset_version_id, table.linkage_run_id) {
        (Some(id), None) => {
            let key = "/datasetVersionId";
            match climber.version(id).await? {
                None => Ok(Err((key, "unknown", "there is no such dataset version"))),
                Some(version) if version.project_id != project => other_project(key),
                Some(version) => match version.parts {
                    None => not_ready(key),
                    Some(parts) => Ok(Ok(Found {
                        digest: parts.analysis.digest,
                        source: format!("/ingest/v1/dataset-versions/{id}"),
                        node: climber.climb(id).await?,
                        versions: vec![id],
                    })),
                },
            }
        }
        (None, Some(id)) => {
            let key = "/linkageRunId";
            match climber.linkage_run(id).await? {
                None => Ok(Err((key, "unknown", "there is no such linkage run"))),
                Some(run) if run.project_id != project => other_project(key),
                Some(run) => match &run.outcome {
                    None => not_ready(key),
                    Some(outcome) => Ok(Ok(Found {
                        digest: outcome.linked_dataset.digest,
                        source: format!("/linkage/v1/linkage-runs/{id}"),
                        node: climber.climb_run(id, &run).await?,
                        versions: vec![run.left, run.right],
                    })),
                },
            }
        }
        _ => Ok(Err((
            "",
            "one-source",
            "name either a datasetVersionId or a linkageRunId",
        ))),
    }
}

/// The query for the engine; `files` in the order of the tables.
pub(crate) fn query(frame: &NewFrame, files: &[PathBuf]) -> FrameQuery {
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
        episodes: frame.episodes.as_ref().map(NewEpisodes::step),
    }
}
