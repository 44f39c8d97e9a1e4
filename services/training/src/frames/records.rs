//! The records behind a frame of spells, through the frames that it was made of.

use std::collections::{BTreeMap, BTreeSet};

use helder_outflow::RecordCounts;
use helder_platform::{problem::Result, store::Conn};
use helder_types::OrganisationId;

use super::{
    rows::{self, FrameRow},
    wire::FrameOutcome,
};

/// What became of the records that the rows of a frame were made of; none where they were not, or of more than one set.
pub(crate) fn behind(
    conn: &mut Conn,
    organisation: &OrganisationId,
    frame: &FrameRow,
) -> Result<Option<RecordCounts>> {
    let by_version: BTreeMap<String, FrameOutcome> =
        rows::built_in(conn, organisation, frame.project_id()?)?
            .into_iter()
            .map(|outcome| (version_path(&outcome), outcome))
            .collect();
    let mut waiting = vec![frame.outcome()?];
    let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
    while let Some(outcome) = waiting.pop() {
        if !seen.insert(outcome.dataset_version_id) {
            continue;
        }
        if let Some(episodes) = &outcome.episodes {
            found.push(episodes.clone());
            continue;
        }
        let parents = outcome.parents.iter();
        waiting.extend(parents.filter_map(|parent| by_version.get(&parent.source).cloned()));
    }
    Ok(found.pop().filter(|_| found.is_empty()))
}

/// The path by which another frame names this one.
fn version_path(outcome: &FrameOutcome) -> String {
    format!("/ingest/v1/dataset-versions/{}", outcome.dataset_version_id)
}
