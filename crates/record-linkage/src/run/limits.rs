//! What a run may use: it refuses with the number needed, before it starts where that can be told, and never dies of it.

use super::{Cancelled, memory::without_pairs, weigh::MOST_AT_ONCE};
use crate::{spec::LinkageSpec, table::Table};

/// What a run may use; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory of both tables and of everything the run adds. An upper bound is taken, so a run needs less than it asks.
    pub memory_bytes: Option<u64>,
    /// Pairs that all blocking rules reach together. The cap of a single block does not bound their sum.
    pub pairs: Option<u64>,
}

/// Why a run ended without a result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The observer stopped it.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// It would need more memory than it may use.
    #[error("{stage} needs at least {needed} bytes of memory, and the run may use {allowed}")]
    Memory {
        /// What would need it.
        stage: &'static str,
        /// Bytes needed.
        needed: u64,
        /// Bytes allowed.
        allowed: u64,
    },
    /// The rules reach more pairs than it may look at.
    #[error("the blocking rules reach {needed} pairs, and the run may look at {allowed}")]
    Pairs {
        /// Pairs reached.
        needed: u64,
        /// Pairs allowed.
        allowed: u64,
    },
}

/// Bytes per pair that may matter, from weighing to choosing.
const PER_PAIR: u64 = 136;
/// Bytes per pair that is handed over: once as it was found, once as it is told.
const PER_STREAMED: u64 = 40;
/// What is left for pairs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Budget {
    limits: Limits,
    without_pairs: u64,
}

impl Budget {
    /// Refuses when even one pair a record does not fit.
    pub(super) fn new(
        limits: Limits,
        spec: &LinkageSpec,
        left: &Table,
        right: &Table,
    ) -> Result<Self, RunError> {
        let without_pairs = match limits.memory_bytes {
            Some(_) if !spec.comparisons.is_empty() => without_pairs(spec, left, right, false),
            Some(_) => left.bytes() + right.bytes(),
            None => 0,
        };
        let budget = Self {
            limits,
            without_pairs,
        };
        let least = left.n_rows().min(right.n_rows()) as u64;
        budget.memory("the run", least)?;
        Ok(budget)
    }

    /// [`Self::new`] for a run that hands its pairs over: refuses when the most that it ever holds at once do not fit.
    pub(super) fn of_stream(
        limits: Limits,
        spec: &LinkageSpec,
        left: &Table,
        right: &Table,
    ) -> Result<Self, RunError> {
        let budget = Self {
            limits,
            without_pairs: match limits.memory_bytes {
                Some(_) => without_pairs(spec, left, right, true),
                None => 0,
            },
        };
        budget.memory("the run", MOST_AT_ONCE * PER_STREAMED / PER_PAIR)?;
        Ok(budget)
    }

    /// [`Self::new`] for two tables beside `held` bytes that are there already.
    pub(crate) fn beside(
        held: u64,
        limits: Limits,
        spec: &LinkageSpec,
        (left, right): (&Table, &Table),
    ) -> Result<Self, RunError> {
        let mut budget = Self::new(limits, spec, left, right)?;
        budget.without_pairs += held;
        budget.kept(0, (1, 1))?;
        Ok(budget)
    }

    fn memory(&self, stage: &'static str, pairs: u64) -> Result<(), RunError> {
        let needed = self.without_pairs + pairs * PER_PAIR;
        match self.limits.memory_bytes {
            Some(allowed) if needed > allowed => Err(RunError::Memory {
                stage,
                needed,
                allowed,
            }),
            _ => Ok(()),
        }
    }

    /// Refuses when the pairs kept so far, out of `done` of `total` looked at, do not fit.
    pub(crate) fn kept(&self, pairs: u64, (done, total): (u64, u64)) -> Result<(), RunError> {
        let refused = self.memory("weighing pairs", pairs);
        if refused.is_ok() {
            return refused;
        }
        let all = pairs as f64 * total.max(1) as f64 / done.clamp(1, total.max(1)) as f64;
        self.memory("weighing pairs", all as u64)
    }

    /// Whether pairs are counted beforehand.
    pub(super) const fn counts_pairs(&self) -> bool {
        self.limits.pairs.is_some()
    }

    /// Refuses when the rules reach too many pairs.
    pub(super) fn reached(&self, pairs: u64) -> Result<(), RunError> {
        match self.limits.pairs {
            Some(allowed) if pairs > allowed => Err(RunError::Pairs {
                needed: pairs,
                allowed,
            }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_beyond_the_budget_are_refused_with_what_all_would_need() {
        let budget = Budget {
            limits: Limits {
                memory_bytes: Some(1_000 + 10 * PER_PAIR),
                pairs: None,
            },
            without_pairs: 1_000,
        };
        assert_eq!(budget.kept(10, (50, 100)), Ok(()));
        let refused = RunError::Memory {
            stage: "weighing pairs",
            needed: 1_000 + 22 * PER_PAIR,
            allowed: 1_000 + 10 * PER_PAIR,
        };
        assert_eq!(budget.kept(11, (50, 100)), Err(refused));
        assert_eq!(Budget::default().kept(u64::from(u32::MAX), (1, 2)), Ok(()));
    }
}
