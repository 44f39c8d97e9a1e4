//! Finding delimiters, line ends and quotes, 64 bytes at a time.

/// The three bytes that divide a CSV file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Marks {
    pub(crate) delimiter: u8,
    pub(crate) newline: u8,
    /// The newline byte again where the dialect has no quote.
    pub(crate) quote: u8,
}

/// Bit `i` is set when byte `i` of `block` is one of the marks.
///
/// Eight bytes per step in one machine word.
/// # Source
/// Zero-byte test without carries: H. S. Warren, Hacker's Delight, 2nd edition, §6–1.
#[inline]
pub(crate) fn hits(block: &[u8; 64], marks: Marks) -> u64 {
    const LOW_BITS: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    // Moves the high bit of byte i to bit 56 + i.
    const GATHER: u64 = 0x0002_0408_1020_4081;
    let spread = |byte: u8| u64::from(byte) * 0x0101_0101_0101_0101;
    let (delimiter, newline, quote) = (
        spread(marks.delimiter),
        spread(marks.newline),
        spread(marks.quote),
    );
    let unequal = |word: u64, mark: u64| {
        let difference = word ^ mark;
        ((difference & LOW_BITS) + LOW_BITS) | difference
    };
    let mut mask = 0;
    for (at, word) in block.as_chunks::<8>().0.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let none = unequal(word, delimiter) & unequal(word, newline) & unequal(word, quote);
        let found = !none & HIGH_BITS;
        mask |= (found.wrapping_mul(GATHER) >> 56) << (8 * at);
    }
    mask
}

#[cfg(test)]
fn hits_plain(block: &[u8; 64], marks: Marks) -> u64 {
    block.iter().enumerate().fold(0, |mask, (at, byte)| {
        let hit = *byte == marks.delimiter || *byte == marks.newline || *byte == marks.quote;
        mask | u64::from(hit) << at
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn fast_and_plain_scans_agree(bytes in proptest::collection::vec(0_u8..=255, 64)) {
            let block: [u8; 64] = bytes.try_into().unwrap();
            let marks = Marks { delimiter: b';', newline: b'\n', quote: b'"' };
            proptest::prop_assert_eq!(hits(&block, marks), hits_plain(&block, marks));
        }
    }
}
