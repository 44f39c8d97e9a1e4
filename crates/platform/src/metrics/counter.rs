//! Counters that threads do not fight over.

use std::{
    cell::Cell,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
};

/// Parts of a counter; threads beyond this share one.
pub(super) const SHARDS: usize = 8;

static THREADS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static SHARD: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// The part of this thread.
pub(super) fn shard() -> usize {
    let shard = SHARD.get();
    if shard < SHARDS {
        return shard;
    }
    let shard = THREADS.fetch_add(1, Ordering::Relaxed) % SHARDS;
    SHARD.set(shard);
    shard
}

/// A cache line of its own, so that two threads do not take it from each other.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Part(AtomicU64);

/// Goes up only.
#[derive(Debug, Default)]
pub struct Counter([Part; SHARDS]);

impl Counter {
    /// One from nothing.
    pub const fn new() -> Self {
        Self([const { Part(AtomicU64::new(0)) }; SHARDS])
    }

    /// Counts `n` more.
    pub fn add(&self, n: u64) {
        self.0[shard()].0.fetch_add(n, Ordering::Relaxed);
    }

    /// How much was counted.
    pub fn get(&self) -> u64 {
        self.0
            .iter()
            .map(|part| part.0.load(Ordering::Relaxed))
            .sum()
    }
}

/// What came of looking into a cache.
#[derive(Debug, Default)]
pub struct Looked {
    /// It was there.
    pub hits: Counter,
    /// It was not.
    pub misses: Counter,
}

impl Looked {
    /// Its families, for a cache called `name` that holds `entries`.
    pub fn families(&self, name: &str, entries: u64) -> Vec<super::Family> {
        let labels = |outcome: &str| {
            vec![
                ("helder.cache", name.to_owned()),
                ("helder.outcome", outcome.to_owned()),
            ]
        };
        vec![
            super::Family {
                name: "helder.cache.lookups",
                help: "Times that something was looked for in a cache.",
                unit: "{lookup}",
                points: super::Points::Counter(vec![
                    (labels("hit"), self.hits.get()),
                    (labels("miss"), self.misses.get()),
                ]),
            },
            super::Family {
                name: "helder.cache.entries",
                help: "What a cache holds.",
                unit: "{entry}",
                points: super::Points::Gauge(vec![(
                    vec![("helder.cache", name.to_owned())],
                    entries as f64,
                )]),
            },
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_between_threads() {
        let counter = Counter::new();
        std::thread::scope(|scope| {
            for _ in 0..12 {
                scope.spawn(|| (0..1000).for_each(|_| counter.add(2)));
            }
        });
        assert_eq!(counter.get(), 24_000);
    }
}
