//! Why nothing was learned, as the platform tells it.

use helder_platform::{jobs::JobContext, memory::MIB, problem::Problem};

use crate::learn::LearnError;

/// The problem with which a job ends.
pub(crate) fn why(error: LearnError, job: &JobContext) -> Problem {
    match error {
        LearnError::Invalid(faults) => Problem::invalid(faults),
        LearnError::Stopped => stopped(job),
        LearnError::Memory {
            stage,
            needed,
            allowed,
        } => memory(stage, needed, allowed),
        LearnError::Internal(cause) => Problem::internal(cause),
    }
}

/// The reason a job stopped.
pub(crate) fn stopped(job: &JobContext) -> Problem {
    job.checkpoint()
        .err()
        .unwrap_or_else(|| Problem::internal("the work stopped without a reason"))
}

/// In words that say what to do.
fn memory(stage: &str, needed: u64, allowed: u64) -> Problem {
    let detail = format!(
        "{stage} needs up to {} MiB of memory ({needed} bytes) and one job may take {} MiB ({allowed} bytes); raise limits.training_mib of \
         the training service, or learn from fewer rows or features",
        needed.div_ceil(MIB),
        allowed / MIB
    );
    Problem::bad_request("training-memory-limit", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_need_the_limit_and_the_setting() {
        let refused = memory("learning", MIB + 1, MIB).details();
        assert_eq!(refused.status, 400);
        for said in ["2 MiB", "1048577 bytes", "1 MiB", "limits.training_mib"] {
            assert!(refused.detail.contains(said), "{refused:?}");
        }
    }
}
