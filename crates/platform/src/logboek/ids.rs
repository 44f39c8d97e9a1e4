//! Names of spans.

use uuid::Uuid;

/// A span that no other act has: 64 random bits, not zero.
pub(super) fn span() -> u64 {
    // A UUID holds six bits that are not random, three in each half; the other half fills them.
    let (high, low) = Uuid::new_v4().as_u64_pair();
    (high ^ low.rotate_left(29)).max(1)
}

/// The span of the record of the person at `place` (from 1) of an act.
///
/// Different for every place of one act: an odd multiple and the finaliser of `SplitMix64` both permute the 64-bit numbers.
///
/// # Source
/// Steele, Lea & Flood, OOPSLA 2014.
pub const fn child_span(act: u64, place: u64) -> u64 {
    let value = act.wrapping_add(place.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let value = value ^ (value >> 31);
    if value == 0 { act } else { value }
}
