//! How long requests take, and whether that is because they wait for each other.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Requests of this long are judged together.
const WINDOW_MS: u64 = 100;
/// Fewer say nothing.
const ENOUGH: u64 = 16;

/// What operations take when nobody waits, and what they took of late.
#[derive(Debug)]
pub(crate) struct Pace {
    late_us: u64,
    /// The least time of each operation, µs.
    least_us: Vec<AtomicU64>,
    began_ms: AtomicU64,
    ended: AtomicU64,
    long: AtomicU64,
    took_us: AtomicU64,
    may_us: AtomicU64,
}

/// What was seen in a window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    ended: u64,
    /// Those of them that took longer than they may.
    long: u64,
    took_us: u64,
    may_us: u64,
}

impl Pace {
    /// `late`: what a request may wait for others, or twice what it takes without them where that is more.
    pub(crate) fn new(operations: usize, late: Duration) -> Self {
        Self {
            late_us: (late.as_micros() as u64).max(1_000),
            least_us: (0..operations).map(|_| AtomicU64::new(u64::MAX)).collect(),
            began_ms: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            long: AtomicU64::new(0),
            took_us: AtomicU64::new(0),
            may_us: AtomicU64::new(0),
        }
    }

    /// A request for this operation took so long. Tells what was seen when a window ends with it.
    pub(crate) fn ended(
        &self,
        operation: usize,
        took: Duration,
        is_judged: bool,
        now_ms: u64,
    ) -> Option<Seen> {
        let took_us = took.as_micros() as u64;
        let known = self.least_us.get(operation)?;
        let mut least_us = known.load(Ordering::Relaxed);
        if took_us < least_us {
            known.fetch_min(took_us, Ordering::Relaxed);
            least_us = took_us;
        }
        if !is_judged {
            return None;
        }
        let may_us = least_us + self.late_us.max(least_us.saturating_mul(2));
        self.took_us.fetch_add(took_us, Ordering::Relaxed);
        self.may_us.fetch_add(may_us, Ordering::Relaxed);
        if took_us > may_us {
            self.long.fetch_add(1, Ordering::Relaxed);
        }
        let ended = self.ended.fetch_add(1, Ordering::Relaxed) + 1;
        let began_ms = self.began_ms.load(Ordering::Relaxed);
        let is_over = ended >= ENOUGH && now_ms >= began_ms + WINDOW_MS;
        // One of those that end together tells it.
        let (from, to) = (began_ms, now_ms);
        let order = (Ordering::AcqRel, Ordering::Relaxed);
        let is_first = is_over && {
            let swapped = self.began_ms.compare_exchange(from, to, order.0, order.1);
            swapped.is_ok()
        };
        is_first.then(|| Seen {
            ended: self.ended.swap(0, Ordering::Relaxed),
            long: self.long.swap(0, Ordering::Relaxed),
            took_us: self.took_us.swap(0, Ordering::Relaxed),
            may_us: self.may_us.swap(0, Ordering::Relaxed),
        })
    }

    /// Everything takes half as long again as was thought; what is faster will say so.
    pub(crate) fn slacken(&self) {
        for least in &self.least_us {
            let known = least.load(Ordering::Relaxed);
            if known != u64::MAX {
                least.store(known + known / 2 + 1, Ordering::Relaxed);
            }
        }
    }
}

impl Seen {
    /// Nearly everybody took too long: not one slow request, nor a moment in which many came at once.
    pub(crate) fn is_queue(&self) -> bool {
        self.long * 4 >= self.ended * 3
    }

    pub(crate) fn is_calm(&self) -> bool {
        self.long * 4 <= self.ended
    }

    /// What they might take as a share of what they took.
    pub(crate) fn share(&self) -> f64 {
        self.may_us as f64 / self.took_us.max(1) as f64
    }

    pub(crate) fn mean_us(&self) -> u64 {
        self.took_us / self.ended.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn pace() -> Pace {
        Pace::new(2, MS * 5)
    }

    /// As many as are enough, the last at the end of a window.
    fn window(pace: &Pace, times: &[(usize, Duration)]) -> Seen {
        let began = pace.began_ms.load(Ordering::Relaxed);
        for (operation, took) in times {
            assert!(pace.ended(*operation, *took, true, began + 99).is_none());
        }
        pace.ended(0, times[0].1, true, began + 100).unwrap()
    }

    #[test]
    fn what_an_operation_takes_by_itself_is_no_waiting() {
        let pace = pace();
        pace.ended(0, MS, false, 0);
        pace.ended(1, MS * 200, false, 0);
        let mut times = vec![(1, MS * 590); 16];
        times.extend([(0, MS * 6); 8]);
        let seen = window(&pace, &times);
        assert_eq!((seen.ended, seen.long), (25, 1), "the last one only");
        assert!(seen.is_calm() && !seen.is_queue());
    }

    #[test]
    fn a_few_that_are_late_are_no_queue_and_most_are() {
        let pace = pace();
        pace.ended(0, MS, false, 0);
        let few = [vec![(0, MS); 15], vec![(0, MS * 50); 5]].concat();
        assert!(!window(&pace, &few).is_queue());
        let most = [vec![(0, MS * 12); 16], vec![(0, MS); 4]].concat();
        let seen = window(&pace, &most);
        assert!(seen.is_queue() && !seen.is_calm());
        assert!((seen.share() - 6.0 * 21.0 / (12.0 * 17.0 + 4.0)).abs() < 1e-9);
    }

    #[test]
    fn what_is_slower_than_was_thought_is_learnt_and_unlearnt() {
        let pace = pace();
        pace.ended(0, MS, false, 0);
        let slow = vec![(0, MS * 100); 16];
        assert!(window(&pace, &slow).is_queue());
        for _ in 0..9 {
            pace.slacken();
        }
        assert!(window(&pace, &slow).is_calm());
        pace.ended(0, MS, false, 0);
        assert!(window(&pace, &slow).is_queue());
    }
}
