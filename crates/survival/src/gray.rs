//! Do groups differ in the share that ends by one cause, when causes compete?

use serde::Serialize;

use crate::{
    Spells, SurvivalError,
    log_rank::risk_by,
    matrix::Symmetric,
    normal::chi_squared_p,
    risk::{by_label, risk_table},
    spells::{Cause, same_length},
};

/// Result of Gray's test.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Gray {
    /// The cause whose shares are compared.
    pub cause: Cause,
    /// The statistic.
    pub chi_squared: f64,
    /// Groups less one.
    pub degrees_of_freedom: usize,
    /// Probability of a statistic at least as large when the shares do not differ.
    pub p_value: f64,
}

/// Compares the cumulative incidence of `cause` between groups. `rho` weighs by the share not yet ended by the cause to that power: 0 weighs
/// all times alike.
///
/// # Errors
/// Labels of another length, no end by this cause, fewer than two groups, delayed entry (the test is not defined for it).
///
/// # Source
/// Gray 1988 (doi 10.1214/aos/1176350951). Compared with R 4.2.2, cmprsk 2.2-11 (`cuminc`).
pub fn gray_test(
    spells: &Spells,
    group: &[u32],
    cause: Cause,
    rho: f64,
) -> Result<Gray, SurvivalError> {
    same_length("groups", spells.len(), group.len())?;
    if spells.entry.is_some() {
        return Err(SurvivalError::Setting {
            what: "entries",
            demand: "absent: Gray's test knows no delayed entry",
        });
    }
    let groups = by_label(group);
    if groups.len() < 2 {
        return Err(SurvivalError::TooFewGroups {
            found: groups.len(),
        });
    }
    if !spells.cause.contains(&cause) || cause == 0 {
        return Err(SurvivalError::NoEvents {
            spells: spells.len(),
        });
    }
    let table = risk_table(spells);
    let per_group: Vec<PerGroup> = groups
        .iter()
        .map(|(_, places)| {
            let own = spells.at(places);
            let of = |spells: &Spells| risk_by(spells, &table);
            PerGroup {
                any: of(&own.any()),
                cause: of(&own.only(cause)),
            }
        })
        .collect();
    let mut test = Test::new(groups.len());
    for (t, at) in table.iter().enumerate().filter(|(_, at)| at.n_event > 0.0) {
        debug_assert!(at.n_risk >= at.n_event);
        let now: Vec<Now> = per_group.iter().map(|group| group.at(t)).collect();
        test.step(&now, rho);
    }
    let kept: Vec<usize> = (0..groups.len() - 1).collect();
    let statistic = test
        .variance()
        .part(&kept)
        .quadratic(&test.score[..groups.len() - 1]);
    Ok(Gray {
        cause,
        chi_squared: statistic,
        degrees_of_freedom: groups.len() - 1,
        p_value: chi_squared_p(statistic, groups.len() - 1),
    })
}

/// At risk and ending, by time.
struct PerGroup {
    any: Vec<(f64, f64)>,
    cause: Vec<(f64, f64)>,
}

/// One group at one time.
struct Now {
    n_risk: f64,
    of_cause: f64,
    of_others: f64,
}

impl PerGroup {
    fn at(&self, t: usize) -> Now {
        Now {
            n_risk: self.any[t].0,
            of_cause: self.cause[t].1,
            of_others: self.any[t].1 - self.cause[t].1,
        }
    }
}

/// Running sums over the times. "Adjusted" risk sets follow Gray: those at risk, divided by the share without any end just before,
/// times the share without this cause.
struct Test {
    /// Kaplan–Meier of any end, and share ended by the cause, just before, per group.
    survival: Vec<f64>,
    incidence: Vec<f64>,
    /// Share ended by the cause when groups do not differ, just before.
    pooled: f64,
    score: Vec<f64>,
    /// Weight that past times give to a later end: shape `(groups, groups)`.
    past: Vec<Vec<f64>>,
    /// Variance of the group's own incidence, covariances with the score, and variance of the score.
    own: Vec<f64>,
    mixed: Vec<Vec<f64>>,
    scores: Symmetric,
}

impl Test {
    fn new(n: usize) -> Self {
        Self {
            survival: vec![1.0; n],
            incidence: vec![0.0; n],
            pooled: 0.0,
            score: vec![0.0; n],
            past: vec![vec![0.0; n]; n],
            own: vec![0.0; n],
            mixed: vec![vec![0.0; n]; n],
            scores: Symmetric::zeros(n),
        }
    }

    fn step(&mut self, now: &[Now], rho: f64) {
        let n = now.len();
        let at_risk: Vec<usize> = (0..n).filter(|&k| now[k].n_risk > 0.0).collect();
        let ends: f64 = now.iter().map(|group| group.of_cause).sum();
        // Those at risk per share without an end: how many there would be if nobody had ended.
        let scaled: Vec<f64> = (0..n)
            .map(|k| {
                if now[k].n_risk > 0.0 {
                    now[k].n_risk / self.survival[k]
                } else {
                    0.0
                }
            })
            .collect();
        let all: f64 = scaled.iter().sum();
        let adjusted: f64 = at_risk
            .iter()
            .map(|&k| scaled[k] * (1.0 - self.incidence[k]))
            .sum();
        let (mut survival, mut incidence) = (self.survival.clone(), self.incidence.clone());
        for &k in &at_risk {
            let Now {
                n_risk,
                of_cause,
                of_others,
            } = now[k];
            survival[k] *= (n_risk - of_cause - of_others) / n_risk;
            incidence[k] += self.survival[k] * of_cause / n_risk;
        }
        let pooled = self.pooled + ends / all;
        let weight = (1.0 - self.pooled).powf(rho);
        let mut gain = vec![vec![0.0; n]; n];
        for &i in &at_risk {
            for &j in &at_risk {
                let own = if i == j { 1.0 } else { 0.0 };
                gain[i][j] = weight * scaled[i] * (own - scaled[j] / all);
                self.past[i][j] += gain[i][j] * ends / (all * (1.0 - self.pooled));
            }
        }
        if ends > 0.0 {
            for &k in &at_risk {
                let left = if survival[k] > 0.0 {
                    1.0 - (1.0 - pooled) / survival[k]
                } else {
                    1.0
                };
                let ties = if ends > 1.0 {
                    1.0 - (ends - 1.0) / (all * self.survival[k] - 1.0)
                } else {
                    1.0
                };
                let variance = ties * self.survival[k] * ends / (all * now[k].n_risk);
                let of: Vec<f64> = (0..n)
                    .map(|i| gain[i][k] - left * self.past[i][k])
                    .collect();
                self.add(k, &of, left, variance);
            }
        }
        for &k in &at_risk {
            let others = now[k].of_others;
            if others > 0.0 && survival[k] > 0.0 {
                let left = (1.0 - pooled) / survival[k];
                let ties = if others > 1.0 {
                    1.0 - (others - 1.0) / (now[k].n_risk - 1.0)
                } else {
                    1.0
                };
                let variance = ties * self.survival[k].powi(2) * others / now[k].n_risk.powi(2);
                let of: Vec<f64> = (0..n).map(|i| left * self.past[i][k]).collect();
                self.add(k, &of, -left, variance);
            }
        }
        if adjusted > 0.0 {
            for &k in &at_risk {
                let expected = ends * scaled[k] * (1.0 - self.incidence[k]) / adjusted;
                self.score[k] += weight * (now[k].of_cause - expected);
            }
        }
        (self.survival, self.incidence, self.pooled) = (survival, incidence, pooled);
    }

    /// An end in group `k` moves the scores by `of` and the group's later weight by `left`.
    fn add(&mut self, k: usize, of: &[f64], left: f64, variance: f64) {
        self.own[k] += left * left * variance;
        for (i, value) in of.iter().enumerate() {
            self.mixed[i][k] += value * left * variance;
        }
        self.scores.add_outer(variance, of);
    }

    /// Variance of the scores: what ends did directly, and what they did to all later times.
    fn variance(&self) -> Symmetric {
        let n = self.score.len();
        let mut variance = self.scores.clone();
        for i in 0..n {
            for j in 0..=i {
                let added: f64 = (0..n)
                    .map(|k| {
                        self.past[i][k] * self.past[j][k] * self.own[k]
                            + self.past[i][k] * self.mixed[j][k]
                            + self.past[j][k] * self.mixed[i][k]
                    })
                    .sum();
                variance.add(i, j, added);
            }
        }
        variance
    }
}
