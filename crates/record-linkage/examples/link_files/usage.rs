//! What a run costs, as the kernel counts it.

use std::{sync::Mutex, time::Instant};

use helder_record_linkage::Observer;
use serde::Serialize;

/// Starts the program once more with a setting of glibc's allocator: buffers of a megabyte go back to the system when they are dropped.
/// Without it the limit rises with the first large buffer that is dropped, and later ones stay in the heap. Returns when it is set already,
/// or cannot be.
#[cfg(unix)]
pub(crate) fn with_returned_buffers() {
    use std::os::unix::process::CommandExt as _;
    const SETTING: &str = "MALLOC_MMAP_THRESHOLD_";
    if std::env::var_os(SETTING).is_none()
        && let Ok(program) = std::env::current_exe()
    {
        let args = std::env::args_os().skip(1);
        // Comes back only when the program could not be started; then all goes on without.
        let _ = std::process::Command::new(program)
            .args(args)
            .env(SETTING, "1048576")
            .exec();
    }
}

/// See the other.
#[cfg(not(unix))]
pub(crate) fn with_returned_buffers() {}

/// CPU seconds of this process so far, all threads.
pub(crate) fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Fields are counted behind the name, which may hold blanks; user and system time are the 12th and 13th, in 1/100 s.
    let behind = stat.rsplit(')').next().unwrap_or_default();
    behind
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum::<f64>()
        / 100.0
}

/// Peak resident memory in megabytes.
pub(crate) fn peak_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok())
        .unwrap_or(0.0)
        / 1024.0
}

/// Time of one stage.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Stage {
    #[serde(rename = "stage")]
    pub(crate) name: String,
    pub(crate) wall_s: f64,
    pub(crate) cpu_s: f64,
    pub(crate) peak_mb: f64,
}

/// Clock that the engine tells its stages to.
pub(crate) struct Clock(Mutex<(Vec<Stage>, Option<Running>)>);

/// Name, and clocks at its start.
type Running = (String, Instant, f64);

impl Clock {
    pub(crate) fn new() -> Self {
        Self(Mutex::new((Vec::new(), None)))
    }

    fn turn(&self, next: Option<&str>) {
        let Ok(mut state) = self.0.lock() else { return };
        if let Some((stage, wall, cpu)) = state.1.take() {
            let cpu_s = cpu_seconds() - cpu;
            state.0.push(Stage {
                name: stage,
                wall_s: wall.elapsed().as_secs_f64(),
                cpu_s,
                peak_mb: peak_mb(),
            });
        }
        state.1 = next.map(|stage| (stage.to_owned(), Instant::now(), cpu_seconds()));
    }

    /// Ends the last stage; all stages in order.
    pub(crate) fn stop(&self) -> Vec<Stage> {
        self.turn(None);
        self.0
            .lock()
            .map(|state| state.0.clone())
            .unwrap_or_default()
    }
}

impl Observer for Clock {
    fn stage(&self, stage: &str) {
        self.turn(Some(stage));
    }
}
