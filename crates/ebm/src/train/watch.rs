//! Who looks on while a model is learned, and may end it.

use super::Frame;
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
    /// Log loss of the rows it learns from.
    pub training_loss: f64,
}

impl Progress {
    /// Rounds between two pieces of news.
    pub const EVERY: usize = 20;
}

pub(super) struct Watcher<'a> {
    pub(super) goes_on: &'a (dyn Fn(Progress) -> bool + Sync),
    pub(super) is_pairs: bool,
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
        let goes_on = !round.is_multiple_of(Progress::EVERY)
            || (self.goes_on)(Progress {
                bag: who.bag,
                bags: who.bags,
                stride: who.stride,
                round,
                max_rounds: who.max_rounds,
                is_pairs: self.is_pairs,
                loss,
                training_loss: training_loss(),
            });
        if goes_on {
            Ok(())
        } else {
            Err(EbmError::Cancelled)
        }
    }
}
