//! Spells: from when somebody is seen, until when, and how it ended.

use crate::error::{SpellFault, SurvivalError};

/// Why a spell ended: 0 for "not yet, as far as is known" (censored), 1 and up for the causes.
pub type Cause = u32;

/// Checked spells of the same clock, in the caller's order.
///
/// A spell is at risk at `t` when `entry < t ≤ time`. Without entries everybody is at risk from the beginning, also at time 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Spells {
    pub(crate) time: Vec<f64>,
    pub(crate) cause: Vec<Cause>,
    pub(crate) entry: Option<Vec<f64>>,
    pub(crate) weight: Option<Vec<f64>>,
}

impl Spells {
    /// Spells with one sort of end: `time` until the event or the last sight, shape `(n,)`, at least 0; `event_observed` tells which.
    ///
    /// # Errors
    /// Lengths that differ, no spells, times that are no finite number of at least 0.
    pub fn new(time: &[f64], event_observed: &[bool]) -> Result<Self, SurvivalError> {
        let cause: Vec<Cause> = event_observed.iter().map(|&event| event.into()).collect();
        Self::competing(time, &cause)
    }

    /// Spells that can end in several ways; see [`Cause`].
    ///
    /// # Errors
    /// As [`Spells::new`].
    pub fn competing(time: &[f64], cause: &[Cause]) -> Result<Self, SurvivalError> {
        same_length("ends", time.len(), cause.len())?;
        let mut faults = Vec::new();
        if time.is_empty() {
            faults.push(SpellFault::Empty);
        }
        note(&mut faults, SpellFault::TimeNotFinite, time, |t| {
            !t.is_finite()
        });
        note(&mut faults, SpellFault::TimeNegative, time, |t| {
            t.is_finite() && t < 0.0
        });
        refuse(faults)?;
        Ok(Self {
            time: time.to_vec(),
            cause: cause.to_vec(),
            entry: None,
            weight: None,
        })
    }

    /// Delayed entry: a spell counts from `entry` (on the clock of `time`), because it was not seen before. Also how a spell with
    /// values that change is written: as rows that follow each other.
    ///
    /// # Errors
    /// Another length than the spells', entries that are no finite number or not before the end.
    pub fn entered_at(mut self, entry: &[f64]) -> Result<Self, SurvivalError> {
        same_length("entries", self.len(), entry.len())?;
        let mut faults = Vec::new();
        note(&mut faults, SpellFault::EntryNotFinite, entry, |e| {
            !e.is_finite()
        });
        let late = entry
            .iter()
            .zip(&self.time)
            .filter(|(entry, time)| entry >= time)
            .count();
        if late > 0 {
            faults.push(SpellFault::EntryNotBeforeEnd(late));
        }
        refuse(faults)?;
        self.entry = Some(entry.to_vec());
        Ok(self)
    }

    /// How much each spell counts: 2 is two equal spells, 0 none.
    ///
    /// # Errors
    /// Another length than the spells', weights that are no finite number of at least 0.
    pub fn weighted(mut self, weight: &[f64]) -> Result<Self, SurvivalError> {
        same_length("weights", self.len(), weight.len())?;
        let mut faults = Vec::new();
        note(&mut faults, SpellFault::Weight, weight, |w| {
            !w.is_finite() || w < 0.0
        });
        refuse(faults)?;
        self.weight = Some(weight.to_vec());
        Ok(self)
    }

    /// The same spells, with only ends by `cause` as event (cause 1) and every other end as censored.
    #[must_use]
    pub fn only(&self, cause: Cause) -> Self {
        let of_cause = |&found: &Cause| (found == cause && cause > 0).into();
        Self {
            cause: self.cause.iter().map(of_cause).collect(),
            ..self.clone()
        }
    }

    /// The same spells, with every end as one event.
    #[must_use]
    pub fn any(&self) -> Self {
        Self {
            cause: self.cause.iter().map(|&found| (found > 0).into()).collect(),
            ..self.clone()
        }
    }

    /// The spells at these places, in this order; a place may occur more than once.
    #[must_use]
    pub fn at(&self, places: &[usize]) -> Self {
        let pick = |values: &Vec<f64>| places.iter().map(|&i| values[i]).collect();
        Self {
            time: pick(&self.time),
            cause: places.iter().map(|&i| self.cause[i]).collect(),
            entry: self.entry.as_ref().map(pick),
            weight: self.weight.as_ref().map(pick),
        }
    }

    /// Number of spells.
    pub fn len(&self) -> usize {
        self.time.len()
    }

    /// Whether there are none; checked spells are never empty.
    pub fn is_empty(&self) -> bool {
        self.time.is_empty()
    }

    /// When each was seen last.
    pub fn times(&self) -> &[f64] {
        &self.time
    }

    /// From when spell `i` is in sight; `None` where all are from the beginning.
    pub fn entry_of(&self, i: usize) -> Option<f64> {
        self.entry.as_ref().map(|entry| entry[i])
    }

    /// How each ended.
    pub fn causes(&self) -> &[Cause] {
        &self.cause
    }

    /// The largest cause, 0 when nothing ends.
    pub fn n_causes(&self) -> usize {
        self.cause.iter().copied().max().unwrap_or(0) as usize
    }

    pub(crate) fn is_event(&self, i: usize) -> bool {
        self.cause[i] > 0
    }

    pub(crate) fn weight_of(&self, i: usize) -> f64 {
        self.weight.as_ref().map_or(1.0, |weight| weight[i])
    }

    /// How many spells end with an event.
    pub fn n_events(&self) -> usize {
        self.cause.iter().filter(|&&cause| cause > 0).count()
    }
}

pub(crate) fn same_length(what: &str, expected: usize, found: usize) -> Result<(), SurvivalError> {
    if expected == found {
        return Ok(());
    }
    Err(SurvivalError::LengthMismatch {
        what: what.to_owned(),
        expected,
        found,
    })
}

fn note(
    faults: &mut Vec<SpellFault>,
    fault: fn(usize) -> SpellFault,
    values: &[f64],
    is_wrong: impl Fn(f64) -> bool,
) {
    let n = values.iter().filter(|&&value| is_wrong(value)).count();
    if n > 0 {
        faults.push(fault(n));
    }
}

fn refuse(faults: Vec<SpellFault>) -> Result<(), SurvivalError> {
    if faults.is_empty() {
        return Ok(());
    }
    Err(SurvivalError::Spells(faults))
}
