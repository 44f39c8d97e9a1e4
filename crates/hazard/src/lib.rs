#![doc = include_str!("../README.md")]

mod causes;
mod curve;
mod ebm;
mod error;
mod glm;

pub use curve::{HazardCurve, HazardPoint};
pub use ebm::{EbmHazard, TIME};
pub use error::HazardError;
pub use glm::{CauseModel, GlmHazard, Link, TimeEffect};

use helder_ebm::{Attended, Column, Progress, Report, Settings};
use helder_survival::{Intervals, Spells};

/// What every model of hazards by interval needs: the intervals, and how much may be held.
#[derive(Clone, Debug, PartialEq)]
pub struct DiscreteHazard {
    intervals: Intervals,
    most_rows: usize,
}

/// Rows that are made unless more are asked: with twenty columns less than a gigabyte.
const MOST_ROWS: usize = 5_000_000;

impl DiscreteHazard {
    /// Hazards of these intervals; at most 5,000,000 rows of spells by interval.
    pub const fn new(intervals: Intervals) -> Self {
        Self {
            intervals,
            most_rows: MOST_ROWS,
        }
    }

    /// With another bound on the rows.
    #[must_use]
    pub const fn most_rows(mut self, most_rows: usize) -> Self {
        self.most_rows = most_rows;
        self
    }

    /// A regression per cause. Spells with equal columns become one row per interval.
    ///
    /// * `columns` – name and value per spell
    ///
    /// # Errors
    /// [`HazardError`]: no ends by a cause, too many rows, columns that do not fit, no finite estimate.
    pub fn glm(
        &self,
        spells: &Spells,
        columns: &[(String, Vec<f64>)],
        link: Link,
        time: TimeEffect,
    ) -> Result<GlmHazard, HazardError> {
        glm::fit(self, spells, columns, link, time)
    }

    /// A sum of curves per cause, with the time as one input ([`TIME`], the end of the interval) that may form pairs with others: hazards
    /// need not be proportional.
    ///
    /// * `columns` – a value per spell
    ///
    /// # Errors
    /// [`HazardError`]: no ends by a cause, too many rows, columns that do not fit, a column named as the time.
    pub fn ebm(
        &self,
        spells: &Spells,
        columns: &[Column],
        settings: &Settings,
    ) -> Result<EbmHazard, HazardError> {
        self.ebm_watched(spells, columns, settings, &|_| true)
            .map(|(model, _)| model)
    }

    /// [`DiscreteHazard::ebm`] with news while it learns, and how it went per cause. Learning ends when `goes_on` says no.
    ///
    /// # Errors
    /// As [`DiscreteHazard::ebm`], and when it was ended.
    pub fn ebm_watched(
        &self,
        spells: &Spells,
        columns: &[Column],
        settings: &Settings,
        goes_on: &(dyn Fn(Progress) -> bool + Sync),
    ) -> Result<(EbmHazard, Vec<Report>), HazardError> {
        self.ebm_kept(spells, columns, settings, (goes_on, None))
    }

    /// [`DiscreteHazard::ebm_watched`] that goes on from the bags that a former, interrupted fit of the same has finished.
    ///
    /// # Errors
    /// As [`DiscreteHazard::ebm_watched`].
    pub fn ebm_kept(
        &self,
        spells: &Spells,
        columns: &[Column],
        settings: &Settings,
        attended: Attended<'_>,
    ) -> Result<(EbmHazard, Vec<Report>), HazardError> {
        ebm::fit(self, spells, columns, settings, attended)
    }
}
