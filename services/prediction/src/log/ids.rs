//! Identifiers for segments, spans and traces: unique, cheap, and without a call to the system for each.
//!
//! Each process draws one random start; a counter goes on from there. That makes them unique, not secret: nothing is guarded by
//! not knowing one.

use std::sync::{
    OnceLock,
    atomic::{AtomicU64, Ordering},
};

use helder_platform::trace::hex;
use uuid::Uuid;

static NEXT: AtomicU64 = AtomicU64::new(0);

/// The process's random start.
fn start() -> (u64, u64) {
    static START: OnceLock<(u64, u64)> = OnceLock::new();
    // Two draws, as a UUID holds six bits that are not random.
    *START.get_or_init(|| {
        (
            Uuid::new_v4().as_u64_pair().0 ^ Uuid::new_v4().as_u64_pair().1.rotate_left(7),
            Uuid::new_v4().as_u128() as u64,
        )
    })
}

/// Key of a segment: 12 hex digits of milliseconds, 8 of a counter, 12 of the process. In the order of time.
pub(super) fn segment_id(now_ms: u64) -> String {
    let count = NEXT.fetch_add(1, Ordering::Relaxed) & 0xffff_ffff;
    let process = start().1 & 0xffff_ffff_ffff;
    hex(
        (u128::from(now_ms) << 80) | (u128::from(count) << 48) | u128::from(process),
        32,
    )
}

/// A span id no other span of this process has.
pub(super) fn span_id() -> u64 {
    mix(start().0.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed))).max(1)
}

/// A trace id.
pub(super) fn trace_id() -> String {
    let low = start().1 ^ NEXT.load(Ordering::Relaxed);
    hex((u128::from(span_id()) << 64) | u128::from(mix(low)), 32)
}

/// The finaliser of `SplitMix64`, a permutation of the 64-bit numbers.
///
/// # Source
/// Steele, Lea & Flood, OOPSLA 2014.
pub(super) fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn identifiers_do_not_repeat_and_segments_keep_their_order() {
        assert_eq!(
            (0..10_000).map(|_| span_id()).collect::<HashSet<_>>().len(),
            10_000
        );
        assert_eq!(
            (0..10_000)
                .map(|_| trace_id())
                .collect::<HashSet<_>>()
                .len(),
            10_000
        );
        let segments: Vec<String> = (0..10_000)
            .map(|n| segment_id(1_700_000_000_000 + n / 100))
            .collect();
        assert!(segments.is_sorted_by(|a, b| a < b));
        assert!(segments.iter().all(|id| id.len() == 32));
    }
}
