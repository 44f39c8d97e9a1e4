//! Weighing one pair.

use crate::{
    comparison::{Outcome, Reach},
    model::{TrainedModel, exact},
};

/// Weights of a trained model as tables.
pub(crate) struct Weights {
    levels: Vec<[LevelWeight; 16]>,
    /// Per comparison, the most it can add.
    most: Vec<f64>,
    with_household: bool,
}

#[derive(Clone, Copy, Default)]
struct LevelWeight {
    matching: f64,
    household: f64,
    typical_frequency: f64,
    /// log2 of the typical frequency; far below everything when there is none.
    log_typical: f64,
    household_by_chance: bool,
}

/// Evidence of a pair against "unrelated", in bits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Evidence {
    /// For "the same person".
    pub(crate) matching: f64,
    /// For "another person of the household".
    pub(crate) household: f64,
}

impl Weights {
    /// Tables of a model. No value is rarer than one record in `n_records`.
    pub(crate) fn new(model: &TrainedModel, n_records: f64) -> Self {
        let levels = model.comparisons.iter().map(|comparison| {
            let mut table = [LevelWeight::default(); 16];
            for (slot, level) in table.iter_mut().skip(1).zip(&comparison.levels) {
                *slot = LevelWeight {
                    matching: exact(level.match_weight),
                    household: exact(
                        level
                            .household_probability
                            .map_or(0.0, |h| (h / level.u_probability).log2()),
                    ),
                    typical_frequency: level.typical_frequency.unwrap_or(0.0),
                    log_typical: level.typical_frequency.map_or(NO_BAR, f64::log2),
                    household_by_chance: comparison.household_by_chance,
                };
            }
            table
        });
        let levels: Vec<[LevelWeight; 16]> = levels.collect();
        let rarest = n_records.max(1.0).recip();
        let most = levels
            .iter()
            .map(|table| {
                let best = table.iter().map(|weight| {
                    let outcome = Outcome {
                        level: 1,
                        frequency: rarest,
                    };
                    weight.matching + weight.frequency_bar(outcome).max(0.0)
                });
                best.fold(0.0, f64::max)
            })
            .collect();
        Self {
            levels,
            most,
            with_household: model.household_weight.is_some(),
        }
    }

    /// The bars of one comparison: level, and frequency of the value agreed on.
    pub(crate) fn bars(&self, k: usize, outcome: Outcome) -> (f64, f64) {
        let weight = &self.levels[k][usize::from(outcome.level & 15)];
        (weight.matching, weight.frequency_bar(outcome))
    }

    /// The most that comparison `k` can add for "the same person", whatever the records hold.
    pub(crate) fn most(&self, k: usize) -> f64 {
        self.most[k]
    }

    /// The most that comparison `k` can add for a pair with this reach; a little more at times, never less.
    #[inline]
    pub(crate) fn most_at(&self, k: usize, reach: Reach) -> f64 {
        if reach.frequency <= 0.0 {
            return self.most[k];
        }
        let log_frequency = log2_at_most(reach.frequency);
        let (mut most, mut levels) = (f64::NEG_INFINITY, reach.levels);
        while levels != 0 {
            let weight = &self.levels[k][levels.trailing_zeros() as usize];
            levels &= levels - 1;
            let bar = (weight.log_typical - log_frequency).max(0.0);
            most = most.max(weight.matching + bar + ROUNDING);
        }
        most
    }

    /// What the levels of comparison `k` weigh, for a ceiling.
    pub(crate) fn tops(&self, k: usize) -> Tops<'_> {
        Tops {
            levels: &self.levels[k],
            most: self.most[k],
        }
    }

    /// Adds what comparison `k` says of some pairs.
    pub(crate) fn add(&self, k: usize, outcomes: &[Outcome], evidence: &mut [Evidence]) {
        for (outcome, evidence) in outcomes.iter().zip(evidence) {
            let weight = &self.levels[k][usize::from(outcome.level & 15)];
            let frequency = weight.frequency_bar(*outcome);
            evidence.matching += weight.matching + frequency;
            evidence.household += weight.household_with(frequency);
        }
    }

    /// [`Self::add`] with a memory, for very many pairs.
    pub(crate) fn add_known(
        &self,
        k: usize,
        outcomes: &[Outcome],
        evidence: &mut [Evidence],
        known: &mut KnownBars,
    ) {
        let table = &self.levels[k];
        for (outcome, evidence) in outcomes.iter().zip(evidence) {
            let weight = &table[usize::from(outcome.level & 15)];
            let frequency = known.bar(weight, *outcome);
            evidence.matching += weight.matching + frequency;
            evidence.household += weight.household_with(frequency);
        }
    }

    pub(crate) fn evidence(&self, outcomes: &[Outcome]) -> Evidence {
        let mut evidence = Evidence::default();
        for (table, outcome) in self.levels.iter().zip(outcomes) {
            let weight = &table[usize::from(outcome.level & 15)];
            let frequency = weight.frequency_bar(*outcome);
            evidence.matching += weight.matching + frequency;
            evidence.household += weight.household_with(frequency);
        }
        evidence
    }

    /// The bar that says "could be a relative": never above zero.
    pub(crate) fn household_bar(&self, evidence: Evidence, household_weight: Option<f64>) -> f64 {
        match household_weight {
            // Below this the bar rounds to nothing.
            Some(weight) if self.with_household && evidence.household + weight > NO_HOUSEHOLD => {
                -exact(log2_1p_exp2(evidence.household + weight))
            }
            _ => 0.0,
        }
    }
}

/// What the levels of one comparison weigh at most, for "the same person".
pub(crate) struct Tops<'a> {
    levels: &'a [LevelWeight; 16],
    most: f64,
}

impl Tops<'_> {
    /// Any level.
    pub(crate) fn most(&self) -> f32 {
        self.most as f32
    }

    /// A level that has no frequency bar.
    #[inline]
    pub(crate) fn at(&self, level: u8) -> f32 {
        self.levels[usize::from(level & 15)].matching as f32
    }

    /// The highest of some levels that have no frequency bar.
    pub(crate) fn at_any(&self, levels: &[u8]) -> f32 {
        let tops = levels.iter().map(|level| self.at(*level));
        tops.fold(f32::NEG_INFINITY, f32::max)
    }

    /// A level reached on a value that is no rarer than `frequency`, above 0.
    pub(crate) fn at_with(&self, level: u8, frequency: f64) -> f32 {
        let weight = &self.levels[usize::from(level & 15)];
        if weight.typical_frequency > 0.0 {
            (weight.matching + weight.log_typical - log2_at_most(frequency)) as f32
        } else {
            weight.matching as f32
        }
    }
}

impl LevelWeight {
    /// Evidence for "another person of the household" on a value with this frequency bar. Where they agree by chance a common value says as
    /// little as a rare one; only what they share more often than strangers depends on the value.
    fn household_with(&self, bar: f64) -> f64 {
        if !self.household_by_chance || bar == 0.0 {
            return self.household + bar;
        }
        let more = self.household.exp2() - 1.0;
        if more > 0.0 {
            exact((more * bar.exp2()).ln_1p() / std::f64::consts::LN_2)
        } else {
            self.household
        }
    }

    fn frequency_bar(&self, outcome: Outcome) -> f64 {
        if self.typical_frequency > 0.0 && outcome.frequency > 0.0 {
            exact((self.typical_frequency / outcome.frequency).log2())
        } else {
            0.0
        }
    }
}

/// log2(1 + 2^x) of anything smaller is less than half of the unit of [`exact`].
const NO_HOUSEHOLD: f64 = -22.0;
/// log2 of no frequency at all.
const NO_BAR: f64 = -1e9;
/// More than what rounding to [`exact`] units can add.
const ROUNDING: f64 = 1e-5;

/// At most log2 of a positive number, by less than 0.09: the exponent, and the fraction for its logarithm.
#[inline]
fn log2_at_most(x: f64) -> f64 {
    const FRACTION: f64 = (1_u64 << 52) as f64;
    x.to_bits() as f64 / FRACTION - 1023.0
}

/// A worker's memory of bars already computed: many pairs agree on the same values, and a logarithm is dear.
pub(crate) struct KnownBars(Vec<(u64, u64, f64)>);

impl KnownBars {
    const SLOTS: usize = 1 << 10;

    pub(crate) fn new() -> Self {
        Self(vec![(0, 0, 0.0); Self::SLOTS])
    }

    #[inline]
    fn bar(&mut self, weight: &LevelWeight, outcome: Outcome) -> f64 {
        if weight.typical_frequency <= 0.0 || outcome.frequency <= 0.0 {
            return 0.0;
        }
        let key = (
            weight.typical_frequency.to_bits(),
            outcome.frequency.to_bits(),
        );
        let hash = (key.0 ^ key.1.rotate_left(21)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let slot = &mut self.0[(hash >> 54) as usize];
        if (slot.0, slot.1) != key {
            *slot = (key.0, key.1, weight.frequency_bar(outcome));
        }
        slot.2
    }
}

/// log2(1 + 2^x) without overflow.
pub(crate) fn log2_1p_exp2(x: f64) -> f64 {
    if x > 60.0 {
        x
    } else {
        x.exp2().ln_1p() / std::f64::consts::LN_2
    }
}

/// Probability of odds given as log2.
pub fn probability(weight: f64) -> f64 {
    if weight >= 0.0 {
        1.0 / (1.0 + (-weight).exp2())
    } else {
        weight.exp2() / (1.0 + weight.exp2())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_household_that_is_left_out_had_no_bar() {
        assert!(exact(log2_1p_exp2(NO_HOUSEHOLD)).abs() < f64::MIN_POSITIVE);
        assert!(exact(log2_1p_exp2(NO_HOUSEHOLD + 2.0)) > 0.0);
    }

    #[test]
    fn the_quick_logarithm_is_never_above_the_true_one() {
        let mut x = 1e-9_f64;
        while x < 8.0 {
            let below = x.log2() - log2_at_most(x);
            assert!((-1e-12..0.09).contains(&below), "{x} {below}");
            x *= 1.001;
        }
    }
}
