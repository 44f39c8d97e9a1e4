//! Arithmetic on blocks of rows: the same bits with and without vector instructions.
//!
//! Every sum keeps eight running sums, one per residue of the row number modulo 8, and adds them in a fixed order at the end.
//! Products are added with one rounding (`mul_add`) everywhere, so an old processor computes the same bits as a new one.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is compiled without vector instructions"
)]

/// Running sums per total.
pub(crate) const LANES: usize = 8;
/// Rows in a block; a block of 20 columns stays in the first-level cache.
pub(crate) const BLOCK: usize = 128;

/// One column of a block.
pub(crate) type Column = [f64; BLOCK];
/// Running sums of one total.
pub(crate) type Sums = [f64; LANES];

/// Adds the running sums, always in the same order.
pub(crate) fn total(sums: &Sums) -> f64 {
    ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]))
}

/// `sums += a · b`, row by row.
#[inline(always)]
pub(crate) fn add_product(sums: &mut Sums, a: &Column, b: &Column) {
    for (a, b) in a.chunks_exact(LANES).zip(b.chunks_exact(LANES)) {
        for lane in 0..LANES {
            sums[lane] = a[lane].mul_add(b[lane], sums[lane]);
        }
    }
}

/// `exp(x)` within one unit in the last place; 0 below −708, at most `exp(709)`.
#[inline(always)]
pub(crate) fn exp(x: f64) -> f64 {
    /// 1.5 · 2⁵²: adding it rounds to an integer, which then stands in the low bits.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    let bounded = x.clamp(-708.0, 709.0);
    let shifted = bounded.mul_add(std::f64::consts::LOG2_E, ROUND);
    let k = shifted - ROUND;
    let r = k.mul_add(-LN2_LOW, k.mul_add(-LN2_HIGH, bounded));
    let mut sum = 1.0 / 6_227_020_800.0;
    for inverse_factorial in [
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5_040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ] {
        sum = r.mul_add(sum, inverse_factorial);
    }
    let power = f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52);
    if x < -708.0 { 0.0 } else { sum * power }
}

/// `ln(1 + x)` for `x` in `[0, 1]`, with full relative accuracy.
#[inline(always)]
pub(crate) fn ln_1p_unit(x: f64) -> f64 {
    // ln((1 + t) / (1 − t)) = 2 (t + t³/3 + t⁵/5 + …) with t = x / (2 + x), at most 1/3.
    let t = x / (2.0 + x);
    let t2 = t * t;
    let mut sum = 1.0 / 35.0;
    for odd in [
        33.0, 31.0, 29.0, 27.0, 25.0, 23.0, 21.0, 19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0,
    ] {
        sum = t2.mul_add(sum, 1.0 / odd);
    }
    2.0 * t * t2.mul_add(sum, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_equals_the_library_within_an_ulp() {
        for step in -70_800..=70_900 {
            let x = f64::from(step) / 100.0 + 0.003;
            if x > 709.0 {
                continue;
            }
            let (ours, theirs) = (exp(x), x.exp());
            assert!(
                (ours - theirs).abs() <= 2.3e-16 * theirs,
                "{x}: {ours:e} {theirs:e}"
            );
        }
        assert_eq!(exp(0.0).to_bits(), 1.0_f64.to_bits());
        assert_eq!(exp(-1e4).to_bits(), 0.0_f64.to_bits());
        assert!(exp(1e300).is_finite());
    }

    #[test]
    fn ln_1p_equals_the_library() {
        for step in 0..=20_000 {
            let x = (f64::from(step) / 20_000.0).powi(3);
            let theirs = x.ln_1p();
            assert!((ln_1p_unit(x) - theirs).abs() <= 5e-16 * theirs, "{x}");
        }
        assert!((ln_1p_unit(1e-300) - 1e-300).abs() <= 1e-316);
    }
}
