//! Seeded counts at random: the same seed gives the same counts.

/// Generator xoshiro256++, seeded by splitmix64.
///
/// # Source
/// Blackman & Vigna, ACM Transactions on Mathematical Software 47(4), 2021, 10.1145/3460772.
#[derive(Clone, Debug)]
pub(crate) struct Random {
    state: [u64; 4],
}

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        let mut at = seed;
        let state = std::array::from_fn(|_| {
            at = at.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = at;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        });
        Self { state }
    }

    fn bits(&mut self) -> u64 {
        let s = &mut self.state;
        let out = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        out
    }

    /// In `(0, 1)`, never an end.
    pub(crate) fn uniform(&mut self) -> f64 {
        ((self.bits() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }

    /// Below `n`, for `n` ≥ 1.
    #[cfg(test)]
    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((self.uniform() * n as f64) as usize).min(n - 1)
    }

    /// Successes in `n` trials of chance `p`.
    ///
    /// # Source
    /// Counting down the distribution below a mean of 10, and above it transformed rejection with squeeze, algorithm BTRS of
    /// Hörmann, Journal of Statistical Computation and Simulation 46(1–2), 1993, 10.1080/00949659308811496.
    pub(crate) fn binomial(&mut self, n: usize, p: f64) -> usize {
        if n == 0 || p.is_nan() || p <= 0.0 {
            return 0;
        }
        if p >= 1.0 {
            return n;
        }
        if p > 0.5 {
            return n - self.binomial(n, 1.0 - p);
        }
        if n as f64 * p < 10.0 {
            self.few(n, p)
        } else {
            self.many(n as f64, p)
        }
    }

    fn few(&mut self, n: usize, p: f64) -> usize {
        let odds = p / (1.0 - p);
        let mut term = (n as f64 * (-p).ln_1p()).exp();
        let mut left = self.uniform();
        for count in 0..n {
            if left < term {
                return count;
            }
            left -= term;
            term *= (n - count) as f64 / (count + 1) as f64 * odds;
            if term < 1e-300 {
                return count;
            }
        }
        n
    }

    fn many(&mut self, n: f64, p: f64) -> usize {
        let spread = (n * p * (1.0 - p)).sqrt();
        let b = 1.15 + 2.53 * spread;
        let a = -0.0873 + 0.0248 * b + 0.01 * p;
        let c = n * p + 0.5;
        let v_r = 0.92 - 4.2 / b;
        let alpha = (2.83 + 5.1 / b) * spread;
        let mode = ((n + 1.0) * p).floor();
        let log_odds = (p / (1.0 - p)).ln();
        let at_mode = tail(mode) + tail(n - mode);
        loop {
            let u = self.uniform() - 0.5;
            let v = self.uniform();
            let us = 0.5 - u.abs();
            let k = ((2.0 * a / us + b) * u + c).floor();
            if k < 0.0 || k > n {
                continue;
            }
            if us >= 0.07 && v <= v_r {
                return k as usize;
            }
            let v = (v * alpha / (a / (us * us) + b)).ln();
            let bound = (mode + 0.5) * ((mode + 1.0) / (n - mode + 1.0)).ln()
                + (n + 1.0) * ((n - mode + 1.0) / (n - k + 1.0)).ln()
                + (k + 0.5) * ((n - k + 1.0) / (k + 1.0)).ln()
                + (k - mode) * log_odds
                + at_mode
                - tail(k)
                - tail(n - k);
            if v <= bound {
                return k as usize;
            }
        }
    }
}

/// What Stirling's formula leaves of `ln k!`.
fn tail(k: f64) -> f64 {
    const SMALL: [f64; 10] = [
        0.081_061_466_795_327_26,
        0.041_340_695_955_409_29,
        0.027_677_925_684_998_34,
        0.020_790_672_103_765_093,
        0.016_644_691_189_821_193,
        0.013_876_128_823_070_748,
        0.011_896_709_945_891_77,
        0.010_411_265_261_972_096,
        0.009_255_462_182_712_733,
        0.008_330_563_433_362_87,
    ];
    if k < 10.0 {
        return SMALL[k as usize];
    }
    let r = 1.0 / ((k + 1.0) * (k + 1.0));
    (1.0 / 12.0 - (1.0 / 360.0 - r / 1260.0) * r) / (k + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_the_mean_and_spread_of_their_distribution() {
        let mut random = Random::new(5);
        for (n, p) in [
            (20, 0.1),
            (40, 0.5),
            (1_000, 0.003),
            (1_000, 0.4),
            (100_000, 0.7),
            (100_000, 0.9999),
        ] {
            let draws = 40_000;
            let counts: Vec<f64> = (0..draws).map(|_| random.binomial(n, p) as f64).collect();
            let mean = counts.iter().sum::<f64>() / f64::from(draws);
            let variance =
                counts.iter().map(|c| (c - mean).powi(2)).sum::<f64>() / f64::from(draws);
            let (expected, spread) = (n as f64 * p, n as f64 * p * (1.0 - p));
            assert!(
                (mean - expected).abs() < 4.0 * (spread / f64::from(draws)).sqrt(),
                "{n} {p}: {mean}"
            );
            assert!(
                (variance / spread - 1.0).abs() < 0.04,
                "{n} {p}: {variance}"
            );
        }
    }

    #[test]
    fn ends_are_certain_and_a_seed_repeats() {
        let mut random = Random::new(1);
        assert_eq!(
            (
                random.binomial(7, 0.0),
                random.binomial(7, 1.0),
                random.binomial(0, 0.5),
                random.binomial(7, f64::NAN)
            ),
            (0, 7, 0, 0)
        );
        let draw = |seed| {
            let mut random = Random::new(seed);
            (0..50)
                .map(|_| random.binomial(900, 0.3))
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(3), draw(3));
        assert_ne!(draw(3), draw(4));
        assert!((0..100).all(|_| random.below(3) < 3));
    }
}
