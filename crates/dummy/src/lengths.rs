//! How long welfare spells last.

use crate::dice::Dice;

/// Share of ended spells by length (CBS 85617NED, 2023): upper limit in months, share in percent.
const ENDED: [(f64, f64); 6] = [
    (6.0, 22.0),
    (12.0, 15.0),
    (24.0, 17.0),
    (36.0, 11.0),
    (48.0, 7.0),
    (60.0, 5.0),
];
/// Share of ended spells that lasted longer.
const LONGER: f64 = 22.0;
/// Mean further length in months of a spell of five years; set so that a quarter of the stock leaves each year.
const TAIL_MONTHS: f64 = 105.0;
/// Share of spells that last longer than `months`.
pub(crate) fn survival(months: f64) -> f64 {
    let total: f64 = ENDED.iter().map(|(_, share)| share).sum::<f64>() + LONGER;
    let (mut from, mut left) = (0.0, total);
    for (until, share) in ENDED {
        if months < until {
            // Log-linear within a band: a constant rate of leaving.
            let ratio = (left - share) / left;
            return left / total * ratio.powf((months - from) / (until - from));
        }
        from = until;
        left -= share;
    }
    left / total * (-(months - from) / TAIL_MONTHS).exp()
}

/// Months after which a share of `1 − u` still runs.
pub(crate) fn length_at(u: f64) -> f64 {
    let (mut low, mut high) = (0.0, 600.0);
    for _ in 0..40 {
        let middle = f64::midpoint(low, high);
        if survival(middle) > 1.0 - u {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// Months already spent on welfare by somebody in the stock: density ∝ survival.
pub(crate) fn elapsed(dice: &mut Dice) -> f64 {
    loop {
        // Rejection from an exponential-tailed envelope that lies above the survival function.
        let months = -150.0 * (1.0 - dice.unit()).ln();
        if dice.unit() < survival(months) / (-months / 150.0).exp() / 1.05 {
            return months;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_fall_in_the_bands_of_the_source() {
        assert!((survival(0.0) - 1.0).abs() < 1e-12);
        assert!((survival(6.0) - 77.0 / 99.0).abs() < 1e-9);
        assert!((survival(60.0) - 22.0 / 99.0).abs() < 1e-9);
        assert!((survival(length_at(0.4)) - 0.6).abs() < 1e-6);
    }

    #[test]
    fn the_envelope_lies_above_the_survival_function() {
        for month in 0..600 {
            let month = f64::from(month);
            assert!(survival(month) <= 1.05 * (-month / 150.0).exp(), "{month}");
        }
    }
}
