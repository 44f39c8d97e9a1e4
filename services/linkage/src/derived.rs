//! The linked dataset as a dataset version of the project, beside those that were uploaded.

use helder_platform::{calls::Peers, jobs::JobContext, problem::Result};
use helder_types::Permission;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::wire::LinkedDataset;

/// Columns of the linked dataset with their types.
const COLUMNS: [(&str, &str); 7] = [
    ("left_row", "integer"),
    ("right_row", "integer"),
    ("left_pseudonym", "string"),
    ("match_weight", "number"),
    ("match_probability", "number"),
    ("step", "string"),
    ("runner_up_gap", "number"),
];

/// Registers the linked dataset as the next version of the derived dataset `name`. A second try of the same job finds the first one's.
///
/// # Errors
/// Those of ingest.
pub(crate) fn register(
    peers: &Peers,
    job: &JobContext,
    (project, name): (Uuid, &str),
    linked: &LinkedDataset,
    parents: &[Uuid],
) -> Result<Uuid> {
    #[derive(Deserialize)]
    struct Registered {
        id: Uuid,
    }
    let columns: Vec<_> = COLUMNS
        .iter()
        .map(|(name, kind)| json!({"name": name, "type": kind}))
        .collect();
    let body = json!({
        "projectId": project, "name": name, "digest": linked.digest, "sizeBytes": linked.size_bytes, "rows": linked.rows,
        "columns": columns, "parents": parents
    });
    let caller = Peers::with_permission(job.caller(), Permission::IngestDerive);
    let key = format!("{}-derived", job.id());
    let made: Registered = job.block_on(peers.peer("ingest").post_json(
        &caller,
        "/ingest/v1/derived-versions",
        &body,
        Some(&key),
    ))?;
    Ok(made.id)
}
