//! No data work without a project that allows it.

use helder_types::{Caller, Fault, ProjectStep};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    calls::Peers,
    problem::{Problem, Result},
};

#[derive(Deserialize)]
struct Permit {
    allowed: bool,
    reason: Option<String>,
    #[serde(default)]
    verwerkingsactiviteit: Option<String>,
}

/// For which a project works with data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purpose {
    /// The project.
    pub project: Uuid,
    /// URI of its activity in the register of processing activities (art. 30 AVG); the project's own name where it has none.
    pub activity: String,
}

/// Asks the registry whether the caller's project allows `step` now, and for which activity.
///
/// # Errors
/// 403 `project-refuses` with the registry's reason; 400 at `/projectId` when there is no such project; 503 when the
/// registry is away, because not knowing is not permission.
pub async fn require(
    peers: &Peers,
    caller: &Caller,
    project: Uuid,
    step: ProjectStep,
) -> Result<Purpose> {
    let path = format!("/registry/v1/projects/{project}/permits/{}", step.as_str());
    let permit: Permit = peers
        .peer("registry")
        .get_json(caller, &path)
        .await
        .map_err(|problem| {
            if problem.status() == 404 {
                Problem::invalid(vec![Fault::new(
                    "/projectId",
                    "unknown",
                    "your organisation has no such project",
                )])
            } else {
                problem
            }
        })?;
    if permit.allowed {
        let activity = permit
            .verwerkingsactiviteit
            .unwrap_or_else(|| format!("urn:uuid:{project}"));
        return Ok(Purpose { project, activity });
    }
    let reason = permit
        .reason
        .unwrap_or_else(|| "the project does not allow this now".to_owned());
    Err(Problem::forbidden("project-refuses", reason))
}
