//! How far the log is behind, counted once per commit.

use std::{
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
    time::Duration,
};

use helder_platform::metrics::{Family, Points, Source};

/// Numbers about the log of predictions.
#[derive(Debug, Default)]
pub struct LogNumbers {
    written: AtomicU64,
    lost: AtomicU64,
    lag_us: AtomicU64,
    waiting: AtomicUsize,
}

impl LogNumbers {
    /// A commit ended.
    ///
    /// * `took` – since its first record was taken   * `waiting` – requests that came meanwhile
    pub(super) fn wrote(&self, records: usize, is_durable: bool, took: Duration, waiting: usize) {
        let counter = if is_durable {
            &self.written
        } else {
            &self.lost
        };
        counter.fetch_add(records as u64, Ordering::Relaxed);
        self.lag_us
            .store(took.as_micros() as u64, Ordering::Relaxed);
        self.waiting.store(waiting, Ordering::Relaxed);
    }
}

impl Source for LogNumbers {
    fn collect(&self) -> Vec<Family> {
        let outcome = |outcome: &str, count: &AtomicU64| {
            let labels = vec![("helder.outcome", outcome.to_owned())];
            (labels, count.load(Ordering::Relaxed))
        };
        vec![
            Family {
                name: "helder.logboek.records",
                help: "Records of single predictions, and whether they could be written.",
                unit: "{record}",
                points: Points::Counter(vec![
                    outcome("written", &self.written),
                    outcome("unwritten", &self.lost),
                ]),
            },
            Family {
                name: "helder.logboek.lag",
                help: "How long the last commit of the log took, from its first record on.",
                unit: "s",
                points: Points::Gauge(vec![(
                    Vec::new(),
                    self.lag_us.load(Ordering::Relaxed) as f64 / 1e6,
                )]),
            },
            Family {
                name: "helder.logboek.waiting",
                help: "Requests that waited for the log when the last commit ended.",
                unit: "{request}",
                points: Points::Gauge(vec![(
                    Vec::new(),
                    self.waiting.load(Ordering::Relaxed) as f64,
                )]),
            },
        ]
    }
}
