//! How much memory a job, or a request that reads versions, may take (`limits.linkage_mib`): asked before it is taken, and refused with the number needed.

use std::cell::Cell;

use helder_platform::{
    memory::MIB,
    problem::{Problem, Result},
};
use helder_record_linkage::run::{Limits, RunError};

use crate::parts::Waits;

/// What one piece of work may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    /// Bytes; `None` where neither the setting nor the system says a number.
    allowed: Option<u64>,
}

impl Memory {
    /// As set: MiB of one piece of work; 0 is an equal share, for each of `at_once` that run at a time, of three quarters of what the process may have.
    pub(crate) fn of(mib: u64, at_once: usize) -> Self {
        Self {
            allowed: helder_platform::memory::allowed(mib, at_once),
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

#[cfg(test)]
mod tests {
    use super::*;

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
