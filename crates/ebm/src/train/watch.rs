//! Who looks on while a model is learned, and may end it.

use super::{Frame, keep::Shelf};
use crate::{EbmError, Settings, Stride};

/// Where learning is. Bags learn side by side, so that news comes from several threads and in no fixed order; that of one bag
/// and stride comes in the order of its rounds, every [`Progress::EVERY`] of them from the first on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// The bag, from 0.
    pub bag: usize,
    /// Bags in all.
    pub bags: usize,
    /// How bold its steps are: the first bags try several strides.
    pub stride: Stride,
    /// Its round, from 0. A bag ends when the rows it does not learn from gain nothing for a while, so that the last round
    /// is not known before.
    pub round: usize,
    /// Rounds at most.
    pub max_rounds: usize,
    /// Whether it learns pairs.
    pub is_pairs: bool,
    /// Log loss of the rows it does not learn from; `NaN` where there are none.
    pub loss: f64,
    /// Log loss of the rows it learns from; `NaN` where it is not known.
    pub training_loss: f64,
    /// Whether it had been learned before and kept: its only news, of its last round.
    pub is_kept: bool,
}

impl Progress {
    /// Rounds between two pieces of news.
    pub const EVERY: usize = 20;
}

pub(super) struct Watcher<'a> {
    pub(super) goes_on: &'a (dyn Fn(Progress) -> bool + Sync),
    pub(super) is_pairs: bool,
    /// Where finished bags are kept.
    pub(super) shelf: Option<Shelf<'a>>,
}

/// A bag on its way, for its news.
#[derive(Clone, Copy)]
pub(super) struct Traveller {
    bag: usize,
    bags: usize,
    stride: Stride,
    max_rounds: usize,
}

impl Traveller {
    pub(super) fn new(frame: &Frame, settings: &Settings, stride: Stride, bag: usize) -> Self {
        Self {
            bag,
            bags: settings.bags(frame.outcome.len()),
            stride,
            max_rounds: settings.max_rounds,
        }
    }
}

impl Watcher<'_> {
    /// News of a round, every so many of them.
    ///
    /// * `training_loss` – asked only when there is news: it costs a pass over the rows
    pub(super) fn round(
        &self,
        who: Traveller,
        round: usize,
        loss: f64,
        training_loss: impl FnOnce() -> f64,
    ) -> Result<(), EbmError> {
        if round.is_multiple_of(Progress::EVERY) {
            self.tell(who, round, (loss, training_loss()), false)
        } else {
            Ok(())
        }
    }

    /// News of a bag that had been learned before.
    ///
    /// * `losses` – per round, at least one
    pub(super) fn kept(&self, who: Traveller, losses: &[f64]) -> Result<(), EbmError> {
        let last = losses.last().copied().unwrap_or(f64::NAN);
        self.tell(who, losses.len().saturating_sub(1), (last, f64::NAN), true)
    }

    fn tell(
        &self,
        who: Traveller,
        round: usize,
        (loss, training_loss): (f64, f64),
        is_kept: bool,
    ) -> Result<(), EbmError> {
        let goes_on = (self.goes_on)(Progress {
            bag: who.bag,
            bags: who.bags,
            stride: who.stride,
            round,
            max_rounds: who.max_rounds,
            is_pairs: self.is_pairs,
            loss,
            training_loss,
            is_kept,
        });
        if goes_on {
            Ok(())
        } else {
            Err(EbmError::Cancelled)
        }
    }
}
