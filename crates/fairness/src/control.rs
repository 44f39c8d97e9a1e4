//! What people found on a list in which a random sample was mixed with those picked by score: how often the model was right, and what
//! it missed.

mod groups;

use helder_evaluation::{Interval, Proportion, RatioInterval};
use serde::{Deserialize, Serialize};

use crate::smallest_detectable_difference;
pub use groups::{ControlFeature, ControlGroup, GroupContrast, control_by_group};

/// Confidence of all intervals.
const CONFIDENCE: f64 = 0.95;

/// What was found of somebody on the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// The outcome that the model foretells.
    Found,
    /// That it is not there.
    NotFound,
    /// That it could not be told: nobody home, moved, no consent.
    Undetermined,
}

/// Somebody on the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Whether the score is among the highest.
    pub is_picked: bool,
    /// Whether the row was drawn at random from all rows, those with the highest scores among them.
    pub is_sampled: bool,
    /// What was found; `None` where nothing was written down.
    pub finding: Option<Finding>,
}

/// Rows on the list, and what was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// Rows on the list.
    pub listed: usize,
    /// Those with the outcome.
    pub found: usize,
    /// Those without.
    pub not_found: usize,
    /// Those of whom it could not be told.
    pub undetermined: usize,
}

impl Looked {
    /// Of some rows on the list.
    pub fn at<'a>(rows: impl IntoIterator<Item = &'a Listed>) -> Self {
        let mut looked = Self::default();
        for row in rows {
            looked.listed += 1;
            match row.finding {
                Some(Finding::Found) => looked.found += 1,
                Some(Finding::NotFound) => looked.not_found += 1,
                Some(Finding::Undetermined) => looked.undetermined += 1,
                None => {}
            }
        }
        looked
    }

    /// Rows of which nothing was written down.
    pub const fn missing(self) -> usize {
        self.listed - self.found - self.not_found - self.undetermined
    }

    /// Those with the outcome, of all that are told apart.
    pub const fn share(self) -> Proportion {
        Proportion::new(self.found, self.found + self.not_found)
    }
}

/// A figure with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The figure.
    pub value: f64,
    /// Its interval.
    pub interval: Interval,
}

/// What the model missed: cases among all who were not picked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Missed {
    /// Rows scored that were not picked.
    pub rows: usize,
    /// Cases among them.
    pub cases: Estimate,
    /// These, of all cases. `None` where no case was found anywhere.
    pub share: Option<Estimate>,
}

/// What was found of those picked and of those drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ControlSample {
    /// Rows scored, of which the sample was drawn.
    pub scored: usize,
    /// Those with the highest scores.
    pub picked: Looked,
    /// The whole sample, those picked among it.
    pub sampled: Looked,
    /// Those drawn who were not picked: a random sample of everybody the model passed over.
    pub rest: Looked,
    /// Share with the outcome among those picked, less that among the rest.
    pub difference: Option<Estimate>,
    /// The first over the second, with its interval; no value where the second is 0.
    pub ratio: Option<(Option<f64>, RatioInterval)>,
    /// The smallest difference that these numbers would have shown in four of five cases; `None` when none would.
    pub detectable: Option<f64>,
    /// What was missed; `None` while nobody of the rest was looked at, or while nobody picked was.
    pub missed: Option<Missed>,
}

/// What was found on a list, of all `scored` rows.
///
/// Those picked and the rest have no row in common, so that their difference (Newcombe) and ratio (Koopman) have the intervals of two
/// independent shares. Cases missed are the share among the rest times all who were not picked, with Wilson's limits. Their part of all
/// cases follows from it where everybody picked was told apart, for then the cases there are counted; else it follows from the limits of
/// the ratio. That rows are drawn without putting back makes all of these a little wider than they need be, never narrower.
///
/// Rows without a finding, and those of whom it could not be told, are left out on both sides: that holds where they are like the others.
///
/// # Source
/// Intervals: [`Proportion`]. The estimate is that of verification of a random part of the negatives: Begg and Greenes, Biometrics 39(1),
/// 1983, doi:10.2307/2530820.
pub fn control_sample(scored: usize, rows: &[Listed]) -> ControlSample {
    let picked = Looked::at(rows.iter().filter(|row| row.is_picked));
    let rest = Looked::at(rows.iter().filter(|row| row.is_sampled && !row.is_picked));
    let (one, other) = (picked.share(), rest.share());
    ControlSample {
        scored,
        picked,
        sampled: Looked::at(rows.iter().filter(|row| row.is_sampled)),
        rest,
        difference: difference(one, other, CONFIDENCE),
        ratio: one
            .ratio_interval_at(other, CONFIDENCE)
            .map(|interval| (ratio(one, other), interval)),
        detectable: smallest_detectable_difference(one, other, CONFIDENCE),
        missed: missed(scored, picked, rest),
    }
}

fn difference(one: Proportion, other: Proportion, confidence: f64) -> Option<Estimate> {
    Some(Estimate {
        value: one.value()? - other.value()?,
        interval: one.difference_interval_at(other, confidence)?,
    })
}

fn ratio(one: Proportion, other: Proportion) -> Option<f64> {
    let (one, other) = (one.value()?, other.value()?);
    (other > 0.0).then_some(one / other)
}

/// * `scored` – rows that the model answered for, those picked among them
fn missed(scored: usize, picked: Looked, rest: Looked) -> Option<Missed> {
    let rows = scored.saturating_sub(picked.listed);
    let (n_picked, n_rest) = (picked.listed as f64, rows as f64);
    let (one, other) = (picked.share(), rest.share());
    let found = one.value().or((picked.listed == 0).then_some(0.0))?;
    let (value, limits) = if rows == 0 {
        (
            0.0,
            Interval {
                low: 0.0,
                high: 0.0,
            },
        )
    } else {
        (other.value()?, other.wilson()?)
    };
    let part = |caught: f64, missed: f64| missed / (caught + missed);
    let is_counted = picked.found + picked.not_found == picked.listed;
    let limits_of_share = if is_counted {
        let caught = picked.found as f64;
        let at = |share: f64| {
            let missed = n_rest * share;
            if missed > 0.0 {
                part(caught, missed)
            } else {
                0.0
            }
        };
        Some(Interval {
            low: at(limits.low),
            high: at(limits.high),
        })
    } else {
        // A share of all cases falls as the ratio of both shares rises.
        one.ratio_interval_at(other, CONFIDENCE)
            .map(|ratio| Interval {
                low: ratio.high.map_or(0.0, |high| part(n_picked * high, n_rest)),
                high: part(n_picked * ratio.low, n_rest),
            })
    };
    let caught = n_picked * found;
    let cases = n_rest * value;
    Some(Missed {
        rows,
        cases: Estimate {
            value: cases,
            interval: Interval {
                low: n_rest * limits.low,
                high: n_rest * limits.high,
            },
        },
        share: limits_of_share
            .filter(|_| caught + cases > 0.0)
            .map(|interval| Estimate {
                value: part(caught, cases),
                interval,
            }),
    })
}
