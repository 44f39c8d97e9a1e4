//! How much memory a job, or a request that reads versions, may take (`limits.linkage_mib`): asked before it is taken, and refused with the number needed.

use std::{cell::Cell, fs, path::Path};

use helder_platform::problem::{Problem, Result};
use helder_record_linkage::run::{Limits, RunError};

use crate::parts::Waits;

/// Of the memory of the machine or container, what all of these together may take: the rest is for answering meanwhile, for the
/// database and for what is written.
const SHARE_OF_ALL: f64 = 0.75;
const MIB: u64 = 1 << 20;

/// Where Linux says how much there is, most telling first: container (version 2, then 1), machine.
const LIMITS: [&str; 2] = [
    "/sys/fs/cgroup/memory.max",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
];
const MACHINE: &str = "/proc/meminfo";

/// What one piece of work may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    /// Bytes; `None` where neither the setting nor the system says a number.
    allowed: Option<u64>,
}

impl Memory {
    /// As set: MiB of one piece of work; 0 is an equal share, for each of `at_once` that run at a time, of three quarters of what the process may have.
    pub(crate) fn of(mib: u64, at_once: usize) -> Self {
        let shared = || {
            let all = available(Path::new("/"))? as f64 * SHARE_OF_ALL;
            Some(all as u64 / at_once.max(1) as u64)
        };
        Self {
            allowed: match mib {
                0 => shared(),
                mib => Some(mib.saturating_mul(MIB)),
            },
        }
    }

    /// For the engine.
    pub(crate) const fn limits(self) -> Limits {
        Limits {
            memory_bytes: self.allowed,
            pairs: None,
        }
    }

    /// Refuses `needed` bytes that are more than allowed.
    ///
    /// # Errors
    /// 400 `linkage-memory-limit`.
    pub(crate) fn fits(self, stage: &str, needed: u64) -> Result<()> {
        match self.allowed {
            Some(allowed) if needed > allowed => Err(refusal(stage, needed, allowed)),
            _ => Ok(()),
        }
    }

    /// Reading beside `held` bytes that are read already.
    pub(crate) const fn beside<W: Waits>(self, held: u64, waits: &W) -> Beside<'_, W> {
        Beside {
            waits,
            memory: self,
            held: Cell::new(held),
        }
    }
}

/// In words that say what to do.
pub(crate) fn refusal(stage: &str, needed: u64, allowed: u64) -> Problem {
    let detail = format!(
        "{stage} needs at least {} MiB of memory ({needed} bytes) and one job may take {} MiB ({allowed} bytes); raise limits.linkage_mib of \
         the linkage service, or link fewer records, on fewer columns, or with blocking rules that reach fewer pairs",
        needed.div_ceil(MIB),
        allowed / MIB
    );
    Problem::bad_request("linkage-memory-limit", detail)
}

/// Why a run ended without a result; `stopped` where the observer ended it.
pub(crate) fn why(error: &RunError, stopped: impl FnOnce() -> Problem) -> Problem {
    match error {
        RunError::Cancelled(_) => stopped(),
        RunError::Memory {
            stage,
            needed,
            allowed,
        } => refusal(stage, *needed, *allowed),
        RunError::Pairs { .. } => Problem::bad_request("linkage-pair-limit", error.to_string()),
    }
}

/// Waits as another does, and refuses to read more than fits.
pub(crate) struct Beside<'a, W> {
    waits: &'a W,
    memory: Memory,
    held: Cell<u64>,
}

impl<W: Waits> Waits for Beside<'_, W> {
    fn wait<F: Future>(&self, future: F) -> F::Output {
        self.waits.wait(future)
    }

    fn go_on(&self) -> Result<()> {
        self.waits.go_on()
    }

    fn hold(&self, bytes: u64) -> Result<()> {
        self.held.set(self.held.get().saturating_add(bytes));
        self.has_room_for(0)
    }

    fn has_room_for(&self, bytes: u64) -> Result<()> {
        let needed = self.held.get().saturating_add(bytes);
        self.memory.fits("reading the versions", needed)
    }
}

/// Bytes that this process may have, of the container or else of the machine.
fn available(root: &Path) -> Option<u64> {
    let read = |path: &str| fs::read_to_string(root.join(path.trim_start_matches('/'))).ok();
    let machine = read(MACHINE).and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
        let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kib * 1024)
    });
    // Without a limit the file holds a word, or a number beyond any machine.
    let limits = LIMITS
        .iter()
        .filter_map(|path| read(path)?.trim().parse::<u64>().ok());
    limits.chain(machine).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system(files: &[(&str, &str)]) -> Option<u64> {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path.trim_start_matches('/'));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        available(root.path())
    }

    #[test]
    fn a_container_has_what_it_is_given_and_a_machine_what_is_in_it() {
        let machine = (MACHINE, "MemTotal:       16384 kB\nMemFree:  1 kB\n");
        assert_eq!(system(&[machine]), Some(16 * MIB));
        assert_eq!(system(&[machine, (LIMITS[0], "max\n")]), Some(16 * MIB));
        assert_eq!(system(&[machine, (LIMITS[0], "4194304\n")]), Some(4 * MIB));
        let none = "9223372036854771712\n";
        assert_eq!(system(&[machine, (LIMITS[1], none)]), Some(16 * MIB));
        assert_eq!(system(&[]), None);
    }

    #[test]
    fn a_refusal_names_the_need_the_limit_and_the_setting() {
        let memory = Memory::of(1, 2);
        assert!(memory.fits("the run", MIB).is_ok());
        let refused = memory.fits("the run", MIB + 1).unwrap_err().details();
        assert_eq!(refused.status, 400);
        for said in ["2 MiB", "1048577 bytes", "1 MiB", "limits.linkage_mib"] {
            assert!(refused.detail.contains(said), "{refused:?}");
        }
    }
}
