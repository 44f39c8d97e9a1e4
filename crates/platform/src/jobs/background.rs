//! Where jobs run: on threads of their own, which the system lets go last.
//!
//! A job computes for minutes and nobody waits for it; an answer takes milliseconds and somebody does. Where both are in one process
//! or on one machine, and there is more to do than processors, the system gives a thread of a job a tenth of the time of any other.

use std::{io, sync::OnceLock};

use thread_priority::{ThreadPriority, ThreadPriorityValue, set_current_thread_priority};
use tokio::runtime::{Builder, Handle, Runtime};

/// On a scale from 0 to 99 on which threads usually have 50; `nice 10` on Linux.
const PRIORITY: u8 = 22;

static BACKGROUND: OnceLock<Option<Runtime>> = OnceLock::new();

/// The runtime of the jobs of this process, made when first asked for and there until the process ends. Where the system gives no
/// threads for one, that of the caller.
pub(super) fn background() -> Handle {
    let runtime = BACKGROUND.get_or_init(|| match make() {
        Ok(runtime) => Some(runtime),
        Err(error) => {
            tracing::warn!(%error, "jobs run among requests: there are no threads for them");
            None
        }
    });
    match runtime {
        Some(runtime) => runtime.handle().clone(),
        None => Handle::current(),
    }
}

fn make() -> io::Result<Runtime> {
    // What jobs compute in parallel is theirs too. Refused where a pool is there already, as in a test.
    let pool = rayon::ThreadPoolBuilder::new()
        .thread_name(|number| format!("parallel-{number}"))
        .start_handler(|_| step_back());
    if let Err(error) = pool.build_global() {
        tracing::debug!(%error, "the threads for parallel work are there already");
    }
    Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("jobs")
        .on_thread_start(step_back)
        .enable_all()
        .build()
}

/// Lets all other threads go first. A thread cannot take that back.
fn step_back() {
    let lower = ThreadPriorityValue::try_from(PRIORITY).and_then(|value| {
        set_current_thread_priority(ThreadPriority::Crossplatform(value))
            .map_err(|error| error.to_string())
    });
    if let Err(error) = lower {
        // A policy of the system may forbid it; the work is the same.
        tracing::debug!(error, "a thread of jobs has the priority of all others");
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn threads_of_jobs_step_back_and_others_do_not() {
        // How far the calling thread steps back; its name, which may hold anything, stands before fields 3 and on.
        let niceness = || -> i32 {
            let text = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
            let (_, fields) = text.rsplit_once(") ").unwrap();
            fields.split(' ').nth(16).unwrap().parse().unwrap()
        };
        let before = niceness();
        let jobs = background();
        let (task, blocking) = jobs.block_on(async {
            let task = tokio::spawn(async move { niceness() });
            let blocking = tokio::task::spawn_blocking(niceness);
            (task.await.unwrap(), blocking.await.unwrap())
        });
        let parallel = rayon::broadcast(|_| niceness());
        // Who starts the tests further back leaves them there.
        let back = before.max(10);
        assert_eq!((task, blocking), (back, back));
        assert!(parallel.iter().all(|it| *it == back), "{parallel:?}");
        assert_eq!(niceness(), before);
    }
}
