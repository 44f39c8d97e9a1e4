//! Who looks on while a model is learned, and may end it.

use crate::EbmError;

/// Where learning is. Bags learn side by side, so that news comes from several threads and in no fixed order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// The bag, from 0.
    pub bag: usize,
    /// Its round, from 0.
    pub round: usize,
    /// Whether it learns pairs.
    pub is_pairs: bool,
    /// Log loss of the rows it does not learn from.
    pub loss: f64,
}

/// Rounds between two pieces of news.
const EVERY: usize = 50;

pub(super) struct Watcher<'a> {
    pub(super) goes_on: &'a (dyn Fn(Progress) -> bool + Sync),
    pub(super) is_pairs: bool,
}

impl Watcher<'_> {
    pub(super) fn round(&self, bag: usize, round: usize, loss: f64) -> Result<(), EbmError> {
        let is_wanted = !round.is_multiple_of(EVERY)
            || (self.goes_on)(Progress {
                bag,
                round,
                is_pairs: self.is_pairs,
                loss,
            });
        if is_wanted {
            Ok(())
        } else {
            Err(EbmError::Cancelled)
        }
    }
}
