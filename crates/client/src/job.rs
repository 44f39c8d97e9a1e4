//! Waiting for long work.

use std::time::Duration;

use helder_types::job::{Job, JobState};

use crate::{Client, ClientError};

/// What a waiting caller hears.
pub type JobUpdate = Job;

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

impl Client {
    /// Waits until the job at `path` ends, telling `heard` about every look, and gives the path of its result.
    ///
    /// Looks soon at first and then ever less often, up to twice a second.
    ///
    /// # Errors
    /// The job's own problem when it failed, [`ClientError::Cancelled`], or a failed call.
    pub async fn wait(
        &self,
        path: &str,
        mut heard: impl FnMut(&JobUpdate),
    ) -> Result<String, ClientError> {
        let mut pause = FIRST_PAUSE;
        loop {
            let job: Job = self.get(path).await?.body;
            heard(&job);
            match (job.state, job.result, job.problem) {
                (JobState::Succeeded, Some(result), _) => return Ok(result),
                (JobState::Succeeded, None, _) => {
                    return Err(ClientError::Unreadable {
                        path: path.to_owned(),
                        reason: "no result".to_owned(),
                    });
                }
                (JobState::Failed, _, Some(problem)) => {
                    return Err(ClientError::Problem(Box::new(problem)));
                }
                (JobState::Failed, _, None) => {
                    return Err(ClientError::Unexplained {
                        status: 500,
                        path: path.to_owned(),
                    });
                }
                (JobState::Cancelled, ..) => return Err(ClientError::Cancelled),
                (JobState::Queued | JobState::Running, ..) => {}
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}
