//! Bins that no row decides by itself: a fixed grid between public limits, and noisy counts of it.

use super::Limits;

/// Cells of a grid at most, missing values not counted.
const CELLS: usize = 192;
/// Deviations of its noise that the count of a bin has at least. Less than one: smoothing puts together what says nothing,
/// and bins put together are never taken apart.
const CLEAR: f64 = 0.7;

/// Cuts of a grid between limits: each whole number where values are whole and few; else even steps and steps that grow with
/// the distance from the lower limit (and, where values may be negative, from 0), so that skewed amounts have cells where
/// most people are.
pub(super) fn grid(limits: Limits) -> Vec<f64> {
    let (low, width) = (limits.minimum, limits.maximum - limits.minimum);
    if limits.is_whole && width < CELLS as f64 {
        let steps = width.floor() as usize;
        return (0..steps)
            .map(|step| low.floor() + step as f64 + 0.5)
            .collect();
    }
    let half = CELLS / 2;
    let mut cuts: Vec<f64> = (1..half)
        .map(|step| low + width * step as f64 / half as f64)
        .collect();
    let origins: &[f64] = if low < 0.0 && limits.maximum > 0.0 {
        &[-1.0, 1.0]
    } else {
        &[]
    };
    let grown = |reach: f64, count: usize| -> Vec<f64> {
        // From a ten-thousandth of the reach to all of it, each step as many times the one before.
        (0..count)
            .map(|step| reach * 1e-4_f64.powf(1.0 - step as f64 / count as f64))
            .collect()
    };
    if origins.is_empty() {
        cuts.extend(grown(width, half).into_iter().map(|away| low + away));
    } else {
        for sign in origins {
            let reach = if *sign > 0.0 { limits.maximum } else { -low };
            cuts.extend(grown(reach, half / 2).into_iter().map(|away| sign * away));
        }
    }
    cuts.retain(|cut| cut.is_finite() && *cut > low && *cut < limits.maximum);
    cuts.sort_by(f64::total_cmp);
    cuts.dedup();
    cuts
}

/// A bin of neighbouring cells.
pub(super) struct Merged {
    /// Sum of the noisy counts of its cells.
    pub(super) rows: f64,
    /// How many they are.
    pub(super) cells: f64,
}

/// Neighbouring cells put together until each bin has its part of all: which cuts stay, and the bins.
///
/// * `counts` – noisy, one more than there are cuts
/// * `deviation` – of their noise
/// * `most` – bins at most
pub(super) fn merge(
    cuts: &[f64],
    counts: &[f64],
    deviation: f64,
    most: f64,
) -> (Vec<f64>, Vec<Merged>) {
    let total: f64 = counts.iter().sum();
    let (mut kept, mut merged) = (Vec::new(), Vec::new());
    let (mut rows, mut cells) = (0.0, 0.0_f64);
    let least = |cells: f64| {
        let clear = CLEAR * deviation * cells.sqrt();
        (total / most).max(clear).max(1.0)
    };
    for (place, count) in counts.iter().enumerate() {
        rows += count;
        cells += 1.0;
        if place < cuts.len() && rows >= least(cells) {
            kept.push(cuts[place]);
            merged.push(Merged { rows, cells });
            (rows, cells) = (0.0, 0.0);
        }
    }
    if rows < least(cells.max(1.0)) && !kept.is_empty() {
        // Too few are left for a bin of their own.
        kept.pop();
        if let Some(last) = merged.last_mut() {
            last.rows += rows;
            last.cells += cells;
        }
    } else {
        merged.push(Merged { rows, cells });
    }
    (kept, merged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_depends_on_limits_alone_and_lies_within_them() {
        let whole = grid(Limits {
            minimum: 18.0,
            maximum: 22.0,
            is_whole: true,
        });
        assert_eq!(whole, [18.5, 19.5, 20.5, 21.5]);
        for (minimum, maximum) in [(0.0, 99_999.0), (-500.0, 1e6), (-3.0, -1.0), (0.0, 1e300)] {
            let cuts = grid(Limits {
                minimum,
                maximum,
                is_whole: false,
            });
            assert!((100..=CELLS).contains(&cuts.len()), "{}", cuts.len());
            assert!(cuts.windows(2).all(|pair| pair[0] < pair[1]));
            assert!(cuts.iter().all(|cut| minimum < *cut && *cut < maximum));
        }
        let skewed = grid(Limits {
            minimum: 0.0,
            maximum: 100_000.0,
            is_whole: false,
        });
        assert!(skewed.iter().filter(|cut| **cut < 1_000.0).count() > 30);
    }

    #[test]
    fn cells_that_noise_could_fill_are_put_together_and_none_is_lost() {
        let cuts: Vec<f64> = (1..100).map(f64::from).collect();
        let counts: Vec<f64> = (0..100)
            .map(|cell| if cell < 10 { 500.0 } else { 3.0 })
            .collect();
        let (kept, merged) = merge(&cuts, &counts, 60.0, 32.0);
        assert_eq!(merged.len(), kept.len() + 1);
        let rows: f64 = merged.iter().map(|bin| bin.rows).sum();
        assert!((rows - counts.iter().sum::<f64>()).abs() < 1e-9);
        let cells: f64 = merged.iter().map(|bin| bin.cells).sum();
        assert!((cells - 100.0).abs() < 1e-9);
        assert_eq!(kept[..9], cuts[..9]);
        assert!(kept.len() < 13, "{kept:?}");
        let (few, _) = merge(&cuts, &counts, 0.1, 4.0);
        assert!(few.len() < 4, "{few:?}");
    }
}
