//! When a job is done.

use std::time::Duration;

use uuid::Uuid;

use crate::Refused;

/// Where a job of any service stands.
pub trait Job {
    /// What it made, or why it did not; nothing while it goes on.
    fn ended(self) -> Option<Result<Uuid, Refused>>;
}

/// Reads a job until it ends; gives the identifier of what it made.
///
/// # Errors
/// What went wrong, in the job or in reading it.
pub async fn finished<J: Job, F: Future<Output = Result<J, Refused>>>(
    mut read: impl FnMut() -> F,
) -> Result<Uuid, Refused> {
    loop {
        if let Some(ended) = read().await?.ended() {
            return ended;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// The last part of the path of a result.
pub(crate) fn identifier(result: Option<String>) -> Result<Uuid, Refused> {
    let last = result.as_deref().and_then(|path| path.rsplit('/').next());
    last.and_then(|text| text.parse().ok())
        .ok_or_else(|| Refused::Other("the job made nothing with an identifier".to_owned()))
}

/// Says how the jobs of a module end.
macro_rules! jobs {
    ($service:ident) => {
        impl $crate::Job for $service::types::Job {
            fn ended(self) -> Option<Result<uuid::Uuid, $crate::Refused>> {
                use $crate::RefusedBy as _;
                use $service::types::JobState;
                match self.state {
                    JobState::Queued | JobState::Running => None,
                    JobState::Succeeded => Some($crate::job::identifier(self.result)),
                    JobState::Failed | JobState::Cancelled => {
                        Some(Err(self.problem.map_or($crate::Refused::Cancelled, |it| {
                            $crate::Refused::Problem(it.problem())
                        })))
                    }
                }
            }
        }
    };
}
pub(crate) use jobs;
