//! Weighing one pair.

use crate::{
    comparison::Outcome,
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

    /// The most that comparison `k` can add for a pair that reaches `best` at best.
    pub(crate) fn most_at(&self, k: usize, best: Outcome) -> f64 {
        let from = usize::from(best.level & 15);
        let levels = self.levels[k][from..].iter();
        let most = levels.map(|weight| weight.matching + weight.frequency_bar(best).max(0.0));
        most.fold(0.0, f64::max)
    }

    /// Adds what comparison `k` says of some pairs.
    pub(crate) fn add(&self, k: usize, outcomes: &[Outcome], evidence: &mut [Evidence]) {
        let table = &self.levels[k];
        // Pairs of a block often agree on one value: its logarithm is taken once.
        let (mut last, mut bar) = ((0, 0), 0.0);
        for (outcome, evidence) in outcomes.iter().zip(evidence) {
            let weight = &table[usize::from(outcome.level & 15)];
            let this = (
                outcome.frequency.to_bits(),
                weight.typical_frequency.to_bits(),
            );
            if this != last {
                last = this;
                bar = weight.frequency_bar(*outcome);
            }
            let frequency = bar;
            evidence.matching += weight.matching + frequency;
            evidence.household += weight.household + frequency;
        }
    }

    pub(crate) fn evidence(&self, outcomes: &[Outcome]) -> Evidence {
        let mut evidence = Evidence::default();
        for (table, outcome) in self.levels.iter().zip(outcomes) {
            let weight = &table[usize::from(outcome.level & 15)];
            let frequency = weight.frequency_bar(*outcome);
            evidence.matching += weight.matching + frequency;
            evidence.household += weight.household + frequency;
        }
        evidence
    }

    /// The bar that says "could be a relative": never above zero.
    pub(crate) fn household_bar(&self, evidence: Evidence, household_weight: Option<f64>) -> f64 {
        match household_weight {
            Some(weight) if self.with_household => {
                -exact(log2_1p_exp2(evidence.household + weight))
            }
            _ => 0.0,
        }
    }
}

impl LevelWeight {
    fn frequency_bar(&self, outcome: Outcome) -> f64 {
        if self.typical_frequency > 0.0 && outcome.frequency > 0.0 {
            exact((self.typical_frequency / outcome.frequency).log2())
        } else {
            0.0
        }
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
