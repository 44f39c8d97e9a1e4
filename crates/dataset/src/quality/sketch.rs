//! Summaries of bounded size: quantiles, distinct values, frequent values.

use crate::hash::FingerprintMap;

/// Distribution of numbers in bins whose width is 1/64 of their octave (at most 1.6 % of the value), exact counts.
///
/// Holds at most 64 counts per octave that occurs, whatever the number of values; the order of values does not matter.
/// # Source
/// Log-linear histogram after `HdrHistogram` (G. Tene); bounds as in Masson, Rim & Lee, "`DDSketch`", VLDB 2019.
#[derive(Clone, Debug, Default)]
pub(crate) struct Quantiles {
    positive: Vec<Option<Box<[u64; 64]>>>,
    negative: Vec<Option<Box<[u64; 64]>>>,
    zeros: u64,
    count: u64,
    sum: f64,
}

/// Octaves from 2^-32 to 2^64; smaller magnitudes count as zero.
const LOWEST: i64 = -32;
const OCTAVES: usize = 96;

impl Quantiles {
    #[inline]
    pub(crate) fn add(&mut self, value: f64) {
        self.count += 1;
        self.sum += value;
        let bits = value.abs().to_bits();
        let exponent = (bits >> 52) as i64 - 1023 - LOWEST;
        if exponent < 0 {
            self.zeros += 1;
            return;
        }
        let octave = (exponent as usize).min(OCTAVES - 1);
        let step = (bits >> 46) as usize & 63;
        let side = if value < 0.0 {
            &mut self.negative
        } else {
            &mut self.positive
        };
        if side.len() <= octave {
            side.resize(octave + 1, None);
        }
        side[octave].get_or_insert_with(|| Box::new([0; 64]))[step] += 1;
    }

    pub(crate) const fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn mean(&self) -> f64 {
        self.sum / self.count as f64
    }

    /// Bins that hold values, in ascending order: lower edge, upper edge, count.
    pub(crate) fn bins(&self) -> Vec<(f64, f64, u64)> {
        let side = |side: &[Option<Box<[u64; 64]>>]| -> Vec<(f64, f64, u64)> {
            let mut bins = Vec::new();
            for (octave, counts) in side.iter().enumerate() {
                let Some(counts) = counts else { continue };
                let base = 2_f64.powi(octave as i32 + LOWEST as i32);
                for (step, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                    bins.push((
                        base * (1.0 + step as f64 / 64.0),
                        base * (1.0 + (step + 1) as f64 / 64.0),
                        count,
                    ));
                }
            }
            bins
        };
        let mut bins: Vec<_> = side(&self.negative)
            .into_iter()
            .rev()
            .map(|(low, high, count)| (-high, -low, count))
            .collect();
        if self.zeros > 0 {
            bins.push((0.0, 0.0, self.zeros));
        }
        bins.extend(side(&self.positive));
        bins
    }

    /// The value below which a share `p` of the values lies, to about 1.6 %.
    pub(crate) fn quantile(&self, p: f64) -> f64 {
        let target = p * (self.count.saturating_sub(1)) as f64;
        let mut below = 0_u64;
        let mut last = 0.0;
        for (low, high, count) in self.bins() {
            if (below + count) as f64 > target {
                let within = (target - below as f64 + 0.5) / count as f64;
                // Whole numbers up to 64 have a bin of their own, whose lower edge is the number.
                return if high - low <= 1.0 && low.fract() == 0.0 {
                    low
                } else {
                    low + (high - low) * within.clamp(0.0, 1.0)
                };
            }
            below += count;
            last = high;
        }
        last
    }

    /// How many values lie in bins outside `low..=high`.
    pub(crate) fn outside(&self, low: f64, high: f64) -> (u64, u64) {
        let bins = self.bins();
        let below = bins.iter().filter(|bin| bin.1 < low).map(|bin| bin.2).sum();
        let above = bins
            .iter()
            .filter(|bin| bin.0 > high)
            .map(|bin| bin.2)
            .sum();
        (below, above)
    }
}

/// Number of distinct values: exact up to 2,048, estimated with a standard error of 1.6 % beyond.
///
/// # Source
/// Flajolet, Fusy, Gandouet & Meunier, "`HyperLogLog`", 2007, with linear counting below 2.5 m.
#[derive(Clone, Debug)]
pub(crate) struct Distinct {
    exact: Option<
        std::collections::HashSet<u64, std::hash::BuildHasherDefault<crate::hash::Unhashed>>,
    >,
    registers: Vec<u8>,
    /// Fingerprints seen lately, by their low bits: repeated values need no more work.
    lately: Box<[u64; 256]>,
}

const EXACT_LIMIT: usize = 2_048;
const REGISTER_BITS: u32 = 12;

impl Default for Distinct {
    fn default() -> Self {
        Self {
            exact: Some(std::collections::HashSet::default()),
            registers: vec![0; 1 << REGISTER_BITS],
            lately: Box::new([0; 256]),
        }
    }
}

impl Distinct {
    #[inline]
    pub(crate) fn add(&mut self, fingerprint: u64) {
        if let Some(exact) = &mut self.exact {
            let lately = &mut self.lately[(fingerprint & 255) as usize];
            if *lately == fingerprint {
                return;
            }
            *lately = fingerprint;
            exact.insert(fingerprint);
            if exact.len() > EXACT_LIMIT {
                self.exact = None;
            }
        }
        let register = &mut self.registers[(fingerprint >> (64 - REGISTER_BITS)) as usize];
        let rank =
            ((fingerprint << REGISTER_BITS) | (1 << (REGISTER_BITS - 1))).leading_zeros() as u8 + 1;
        if *register < rank {
            *register = rank;
        }
    }

    /// The number, and whether it is an estimate.
    pub(crate) fn count(&self) -> (u64, bool) {
        if let Some(exact) = &self.exact {
            return (exact.len() as u64, false);
        }
        let registers = self.registers.len() as f64;
        let harmonic: f64 = self
            .registers
            .iter()
            .map(|rank| 2_f64.powi(-i32::from(*rank)))
            .sum();
        let raw = 0.7213 / (1.0 + 1.079 / registers) * registers * registers / harmonic;
        let empty = memchr::memchr_iter(0, &self.registers).count();
        let estimate = if raw <= 2.5 * registers && empty > 0 {
            registers * (registers / empty as f64).ln()
        } else {
            raw
        };
        (estimate.round() as u64, true)
    }
}

/// Counts of values, as long as there are few different ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frequencies {
    counts: FingerprintMap<(u64, Box<[u8]>)>,
    overflowed: bool,
}

const MOST_DIFFERENT: usize = 500;
const LONGEST_SHOWN: usize = 60;

impl Frequencies {
    /// Counts a value; `false` when it was counted before, so that nothing about it is new.
    #[inline]
    pub(crate) fn add(&mut self, fingerprint: u64, value: &[u8]) -> bool {
        if self.overflowed {
            return true;
        }
        if let Some((count, _)) = self.counts.get_mut(&fingerprint) {
            *count += 1;
            return false;
        }
        if self.counts.len() < MOST_DIFFERENT && value.len() <= LONGEST_SHOWN {
            self.counts.insert(fingerprint, (1, value.into()));
        } else {
            self.overflowed = true;
            self.counts = FingerprintMap::default();
        }
        true
    }

    /// Whether there are too many different values to count.
    pub(crate) const fn is_overflowed(&self) -> bool {
        self.overflowed
    }

    /// All values with their counts, most frequent first; `None` when there were too many different ones.
    pub(crate) fn all(&self) -> Option<Vec<(String, u64)>> {
        if self.overflowed {
            return None;
        }
        let mut all: Vec<_> = self
            .counts
            .values()
            .map(|(count, value)| (String::from_utf8_lossy(value).into_owned(), *count))
            .collect();
        all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        Some(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_right_to_two_percent() {
        let mut sketch = Quantiles::default();
        for n in -500_000..500_000_i64 {
            sketch.add(n as f64);
        }
        for p in [0.01, 0.25, 0.5, 0.75, 0.99] {
            let exact = p * 999_999.0 - 500_000.0;
            assert!(
                (sketch.quantile(p) - exact).abs() <= exact.abs() * 0.02 + 1.0,
                "{p}: {} {exact}",
                sketch.quantile(p)
            );
        }
        assert_eq!(sketch.outside(-100.0, 1e9), (499_900, 0));
        assert!((sketch.mean() + 0.5).abs() < 1e-9);
    }

    #[test]
    fn small_whole_numbers_are_exact() {
        let mut sketch = Quantiles::default();
        (0..=40).for_each(|n| sketch.add(f64::from(n)));
        assert!((sketch.quantile(0.5) - 20.0).abs() < f64::EPSILON);
        assert!(sketch.quantile(0.0).abs() < f64::EPSILON);
    }

    #[test]
    fn distinct_counts_are_exact_then_close() {
        for n in [0_u64, 1, 2_000, 10_000, 1_000_000] {
            let mut distinct = Distinct::default();
            (0..n).for_each(|value| distinct.add(crate::hash::of_u64(value)));
            let (count, estimated) = distinct.count();
            assert_eq!(estimated, n > 2_048);
            assert!(
                (count as f64 - n as f64).abs() <= n as f64 * if estimated { 0.06 } else { 0.0 },
                "{n}: {count}"
            );
        }
    }
}
