//! How durations are spread.

use std::sync::atomic::{AtomicU64, Ordering};

use super::counter::{SHARDS, shard};

/// Upper bounds, seconds: those that the semantic conventions advise for HTTP, and three below them.
pub const BOUNDS_S: [f64; 17] = [
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0,
    7.5, 10.0,
];
/// The same, microseconds.
const BOUNDS_US: [u64; 17] = [
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 75_000, 100_000, 250_000, 500_000, 750_000,
    1_000_000, 2_500_000, 5_000_000, 7_500_000, 10_000_000,
];

#[derive(Debug, Default)]
#[repr(align(128))]
struct Part {
    buckets: [AtomicU64; BOUNDS_US.len() + 1],
    sum_us: AtomicU64,
}

/// Durations by bucket.
#[derive(Debug, Default)]
pub struct Histogram([Part; SHARDS]);

/// A histogram as it was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// Per bucket of [`BOUNDS_S`] and one above: how many.
    pub buckets: Vec<u64>,
    /// All of them together, seconds.
    pub sum_s: f64,
}

impl Histogram {
    /// Counts one duration.
    pub fn record(&self, us: u64) {
        let part = &self.0[shard()];
        let bucket = BOUNDS_US.iter().position(|bound| us <= *bound);
        part.buckets[bucket.unwrap_or(BOUNDS_US.len())].fetch_add(1, Ordering::Relaxed);
        part.sum_us.fetch_add(us, Ordering::Relaxed);
    }

    /// As it is now.
    pub fn snapshot(&self) -> Snapshot {
        let mut buckets = vec![0; BOUNDS_US.len() + 1];
        let mut sum_us = 0;
        for part in &self.0 {
            for (all, one) in buckets.iter_mut().zip(&part.buckets) {
                *all += one.load(Ordering::Relaxed);
            }
            sum_us += part.sum_us.load(Ordering::Relaxed);
        }
        Snapshot {
            buckets,
            sum_s: sum_us as f64 / 1e6,
        }
    }
}

impl Snapshot {
    /// How many there are.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_falls_in_the_bucket_whose_bound_it_reaches() {
        let histogram = Histogram::default();
        for us in [0, 500, 501, 10_000_000, 10_000_001] {
            histogram.record(us);
        }
        let found = histogram.snapshot();
        assert_eq!((found.buckets[0], found.buckets[1]), (2, 1));
        assert_eq!((found.buckets[16], found.buckets[17]), (1, 1));
        assert_eq!(found.count(), 5);
        assert!((found.sum_s - 20.001_002).abs() < 1e-9);
        for (us, s) in BOUNDS_US.iter().zip(BOUNDS_S) {
            assert!((*us as f64 / 1e6 - s).abs() < 1e-12);
        }
    }
}
