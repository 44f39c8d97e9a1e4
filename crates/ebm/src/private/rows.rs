//! Columns in bins that the answers made.

use super::{
    Limits, PrivateSettings,
    account::quantile,
    grid,
    noise::{Teller, UNIT, in_units},
};
use crate::{Bins, Column, EbmError};

/// Deviations of the noise that rows of missing values or of a public level must reach to be told.
const CLEAR: f64 = 3.0;

/// What there is to pay with.
pub(super) struct Noise {
    /// Deviation of the count of a cell that bins are made of.
    pub(super) cell: f64,
    /// δ for finding the levels of a column that are not public.
    pub(super) finding: f64,
    /// Bins of a number, at most.
    pub(super) most_bins: f64,
}

/// A column in bins.
pub(super) struct Binned {
    pub(super) bins: Bins,
    /// Noisy rows per bin: missing, values, unknown.
    pub(super) counts: Vec<f64>,
    /// Variance of their noise; 0 for unknown, which nobody has.
    pub(super) noise: Vec<f64>,
    /// Bins that have a score.
    pub(super) is_told: Vec<bool>,
    /// Bin of each row.
    pub(super) of_rows: Vec<u8>,
}

impl Binned {
    /// Sums of values per bin, each at most `most` either way, in whole units.
    pub(super) fn sums(&self, values: impl Iterator<Item = f64>, most: f64) -> Vec<i64> {
        let mut sums = vec![0; self.counts.len()];
        for (bin, value) in self.of_rows.iter().zip(values) {
            sums[usize::from(*bin)] += in_units(value, most);
        }
        sums
    }

    /// Counts the rows of each bin once more: those of its cells together are noisier, and were what chose it.
    pub(super) fn count_again(
        mut self,
        teller: &mut Teller<'_>,
        deviation: f64,
    ) -> Result<Self, EbmError> {
        let sums = self.sums(self.of_rows.iter().map(|_| 1.0), 1.0);
        let again = teller.sums(&sums, deviation, 1.0)?;
        let known = self.counts.iter_mut().zip(&mut self.noise).zip(again);
        for ((count, noise), again) in known.filter(|((_, noise), _)| **noise > 0.0) {
            let share = *noise / (*noise + deviation * deviation);
            *count += share * (again - *count);
            *noise = share * deviation * deviation;
        }
        Ok(self)
    }
}

/// Whether the levels of a column must be found.
pub(super) fn is_hidden(column: &Column, settings: &PrivateSettings) -> bool {
    matches!(column, Column::Category { name, .. } if !settings.public_levels.contains(name))
}

/// Bins of a column, for one noisy histogram.
pub(super) fn bin(
    column: &Column,
    settings: &PrivateSettings,
    teller: &mut Teller<'_>,
    noise: &Noise,
) -> Result<Binned, EbmError> {
    let (deviation, variance) = (noise.cell, noise.cell * noise.cell);
    let binned = match column {
        Column::Numeric { name, values } => {
            let limits = settings.limits.iter().find(|(known, _)| known == name);
            let Limits {
                minimum, maximum, ..
            } = limits
                .map(|(_, limits)| *limits)
                .ok_or_else(|| EbmError::NoLimits(name.clone()))?;
            let is_wide =
                minimum.is_finite() && maximum.is_finite() && (maximum - minimum).is_finite();
            let Some((_, limits)) = limits.filter(|_| is_wide && minimum < maximum) else {
                return Err(EbmError::NoLimits(name.clone()));
            };
            let cuts = grid::grid(*limits);
            let cells: Vec<u8> = values
                .iter()
                .map(|value| Bins::of_number(&cuts, *value).0)
                .collect();
            let counts = teller.sums(&count(&cells, cuts.len() + 2), deviation, 1.0)?;
            let of_cells = &counts[1..=cuts.len() + 1];
            let (kept, merged) = grid::merge(&cuts, of_cells, deviation, noise.most_bins);
            let of_rows = values
                .iter()
                .map(|value| Bins::of_number(&kept, *value).0)
                .collect();
            let (mut all, mut variances) = (vec![counts[0]], vec![variance]);
            all.extend(merged.iter().map(|bin| bin.rows));
            variances.extend(merged.iter().map(|bin| bin.cells * variance));
            all.push(0.0);
            variances.push(0.0);
            let mut is_told = vec![true; all.len()];
            is_told[0] = counts[0] > CLEAR * deviation;
            if let Some(unknown) = is_told.last_mut() {
                *unknown = false;
            }
            Binned {
                bins: Bins::Numeric { cuts: kept },
                counts: all,
                noise: variances,
                is_told,
                of_rows,
            }
        }
        Column::Category {
            name,
            codes,
            levels,
        } => {
            if levels.len() > crate::bins::MOST {
                return Err(EbmError::Levels {
                    column: name.clone(),
                    found: levels.len(),
                    limit: crate::bins::MOST,
                });
            }
            let place = |code: &Option<u32>| code.map_or(0, |code| code as u8 + 1);
            let cells: Vec<u8> = codes.iter().map(place).collect();
            let counts = teller.sums(&count(&cells, levels.len() + 1), deviation, 1.0)?;
            // A level that one row alone has passes this bar with a probability below δ.
            let bar = if is_hidden(column, settings) {
                1.0 + deviation * quantile(1.0 - noise.finding)
            } else {
                f64::NEG_INFINITY
            };
            let kept: Vec<usize> = (0..levels.len())
                .filter(|level| counts[level + 1] > bar)
                .collect();
            let unknown = kept.len() as u8 + 1;
            let mut to = vec![unknown; levels.len() + 1];
            to[0] = 0;
            for (place, level) in kept.iter().enumerate() {
                to[level + 1] = place as u8 + 1;
            }
            let mut all = vec![counts[0]];
            all.extend(kept.iter().map(|level| counts[level + 1]));
            let mut is_told = vec![true; all.len()];
            is_told[0] = counts[0] > CLEAR * deviation;
            let mut variances = vec![variance; all.len()];
            all.push(0.0);
            variances.push(0.0);
            is_told.push(false);
            Binned {
                bins: Bins::Category {
                    levels: kept.iter().map(|level| levels[*level].clone()).collect(),
                },
                counts: all,
                noise: variances,
                is_told,
                of_rows: cells.iter().map(|cell| to[usize::from(*cell)]).collect(),
            }
        }
    };
    Ok(binned)
}

fn count(cells: &[u8], all: usize) -> Vec<i64> {
    let mut counts = vec![0; all];
    for cell in cells {
        counts[usize::from(*cell)] += UNIT as i64;
    }
    counts
}
