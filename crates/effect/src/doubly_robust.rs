//! The difference in the chance of the outcome within a horizon, right when either the chance to have begun or the hazards of leaving
//! are well described.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    Difference, Reason, balance::Chances, hazards::Arm, landmark::Snapshot,
    power::smallest_visible, prepared::Prepared,
};

/// The chance of the outcome within a horizon from a landmark, if all people in sight there had begun by then, and if none had begun
/// nor would begin within the horizon. Leaving in another way counts as no outcome.
///
/// # Source
/// Robins, Rotnitzky & Zhao 1994 (doi 10.1080/01621459.1994.10476818); with censoring and competing ends Ozenne, Scheike, Stærk &
/// Gerds 2020 (doi 10.1002/bimj.201800298).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Differences {
    /// Chance if all had begun, doubly robust, in `[0, 1]`.
    pub with_provision: f64,
    /// Chance if none had, doubly robust.
    pub without_provision: f64,
    /// Their difference, doubly robust; the result. Standard error by influence function, by person, with
    /// residuals made as large as they are for people on whom nothing was fitted.
    pub doubly_robust: Difference,
    /// The difference by weights alone.
    pub weighted: f64,
    /// The difference by the hazards alone (outcome model).
    pub regression: f64,
    /// The difference between those who had begun and those who had not, as they are. No effect of the provision.
    pub crude: f64,
}

/// What a pass along the grid finds of one row, per horizon.
#[derive(Clone, Copy, Default)]
struct Found {
    /// Chance of the outcome given the columns.
    chance: f64,
    /// What the row was seen to do, weighted by the chance to be in sight.
    seen: f64,
    /// What being lost, or not, adds.
    lost: f64,
}

/// One result per horizon.
pub(crate) fn differences(
    study: &Prepared<'_>,
    snapshot: &Snapshot,
    chances: &Chances,
) -> Vec<Result<Differences, Reason>> {
    let horizons = &study.settings.horizons;
    let gates: Vec<Result<(), Reason>> = horizons
        .iter()
        .map(|horizon| gate(study, snapshot, chances, *horizon))
        .collect();
    let Some(last) = (0..horizons.len()).rev().find(|&k| gates[k].is_ok()) else {
        return gates
            .into_iter()
            .map(|gate| gate.and(Err(Reason::NoEstimate)))
            .collect();
    };
    let arms = [false, true].map(|exposed| Arm::new(study, snapshot, exposed, horizons[last]));
    // Per horizon and row: both chances, and both influences before they are centred.
    let leverage = leverage(study, snapshot);
    let mut sums = vec![Sums::default(); horizons.len()];
    for row in 0..snapshot.places.len() {
        let own = usize::from(snapshot.exposed[row]);
        let p = chances.exposed[row];
        let chance_of_arm = if snapshot.exposed[row] { p } else { 1.0 - p };
        let found = [0, 1].map(|arm| pass(&arms[arm], snapshot, row, arm == own, horizons));
        let person = study.person[snapshot.places[row]];
        for (k, sums) in sums.iter_mut().enumerate() {
            sums.add(
                person,
                own,
                (chance_of_arm, leverage[own]),
                [found[0][k], found[1][k]],
            );
        }
    }
    sums.into_iter()
        .zip(gates)
        .enumerate()
        .map(|(k, (sums, gate))| {
            gate?;
            let crude = crude(snapshot, horizons[k]);
            let found = sums.settle(study.settings.confidence, crude)?;
            let visible = smallest_visible(study, found.doubly_robust.standard_error);
            if visible > study.settings.smallest_relevant_difference {
                return Err(Reason::NoPower);
            }
            Ok(found)
        })
        .collect()
}

/// Share of its own residual that a row of an arm hides, on average, because two models were fitted to it, the hazards and the chance
/// to have begun: columns and a level of both, over rows. In the standard error residuals are divided by the rest, as in the third robust
/// variance of MacKinnon & White 1985 (doi 10.1016/0304-4076(85)90158-7).
fn leverage(study: &Prepared<'_>, snapshot: &Snapshot) -> [f64; 2] {
    [false, true].map(|arm| {
        let rows = snapshot.exposed.iter().filter(|it| **it == arm).count() as f64;
        (2.0 * (study.columns.len() + 1) as f64 / rows).min(MOST_LEVERAGE)
    })
}

/// An arm with so many columns per row says little; its error is then at least doubled.
const MOST_LEVERAGE: f64 = 0.5;

fn gate(
    study: &Prepared<'_>,
    snapshot: &Snapshot,
    chances: &Chances,
    horizon: f64,
) -> Result<(), Reason> {
    let least = study.settings.smallest_group;
    if !chances.balance.has_overlap {
        return Err(Reason::NoOverlap);
    }
    for exposed in [true, false] {
        let ends = |row: usize| snapshot.cause[row] == 1 && snapshot.time[row] <= horizon;
        if snapshot.people(study, exposed, ends) < least {
            return Err(Reason::TooFewPeople);
        }
        if snapshot.people(study, exposed, |row| snapshot.time[row] >= horizon) < least {
            return Err(Reason::FollowUpTooShort);
        }
    }
    Ok(())
}

/// Follows one row along the hazards of an arm. Only in its `own` arm was it seen.
fn pass(arm: &Arm, snapshot: &Snapshot, row: usize, own: bool, horizons: &[f64]) -> Vec<Found> {
    let (end, cause) = (snapshot.time[row], snapshot.cause[row]);
    let ratios = arm.ratios(row);
    let (mut stays, mut in_sight, mut chance) = (1.0, 1.0, 0.0);
    // ∫ dM/(S G) and ∫ F dM/(S G), with M the martingale of being lost.
    let (mut lost, mut lost_chance, mut seen) = (0.0, 0.0, 0.0);
    let mut found = Vec::with_capacity(horizons.len());
    let mut steps = arm.grid.iter().peekable();
    for horizon in horizons {
        while let Some((time, rises)) = steps.next_if(|step| step.0 <= *horizon) {
            let (outcome, other) = (rises[0] * ratios[0], rises[1] * ratios[1]);
            let all = outcome + other;
            if all > 0.0 {
                let leaves = -(-all).exp_m1();
                chance += stays * leaves * outcome / all;
                stays *= 1.0 - leaves;
            }
            if !own || *time > end {
                continue;
            }
            let ends_here = *time >= end;
            if ends_here && cause == 1 {
                seen = 1.0 / in_sight;
            }
            // At one time ways out come before being lost.
            if !ends_here || cause == 0 {
                let hazard = -(-rises[2] * ratios[2]).exp_m1();
                in_sight *= 1.0 - hazard;
                let martingale = f64::from(u8::from(ends_here)) - hazard;
                let step = martingale / (stays * in_sight);
                lost += step;
                lost_chance += chance * step;
            }
        }
        found.push(Found {
            chance,
            seen,
            lost: chance * lost - lost_chance,
        });
    }
    found
}

/// Sums over rows for one horizon; of the arm without the provision first.
#[derive(Clone, Default)]
struct Sums {
    n: f64,
    chance: [f64; 2],
    weighted: [f64; 2],
    weight: [f64; 2],
    robust: [f64; 2],
    /// What all rows add to the difference, residuals at their full size.
    influence: f64,
    /// Per person: rows, and what they add.
    people: BTreeMap<u32, (f64, f64)>,
}

impl Sums {
    fn add(&mut self, person: u32, own: usize, (p, leverage): (f64, f64), found: [Found; 2]) {
        self.n += 1.0;
        let it = found[own];
        let residual = (it.seen + it.lost - it.chance) / p;
        self.robust[own] += residual;
        self.weighted[own] += it.seen / p;
        self.weight[own] += 1.0 / p;
        for (arm, found) in found.iter().enumerate() {
            self.chance[arm] += found.chance;
            self.robust[arm] += found.chance;
        }
        let sign = if own == 1 { 1.0 } else { -1.0 };
        let influence = found[1].chance - found[0].chance + sign * residual / (1.0 - leverage);
        self.influence += influence;
        let sums = self.people.entry(person).or_default();
        sums.0 += 1.0;
        sums.1 += influence;
    }

    fn settle(&self, confidence: f64, crude: f64) -> Result<Differences, Reason> {
        let mean = |sums: [f64; 2]| (sums[1] - sums[0]) / self.n;
        let estimate = mean(self.robust);
        let centre = self.influence / self.n;
        let squares: f64 = self
            .people
            .values()
            .map(|(rows, sum)| (sum - rows * centre).powi(2))
            .sum();
        let error = squares.sqrt() / self.n;
        if !(estimate.is_finite() && error.is_finite() && error > 0.0) {
            return Err(Reason::NoEstimate);
        }
        Ok(Differences {
            with_provision: (self.robust[1] / self.n).clamp(0.0, 1.0),
            without_provision: (self.robust[0] / self.n).clamp(0.0, 1.0),
            doubly_robust: Difference::new(estimate, error, confidence),
            weighted: self.weighted[1] / self.weight[1] - self.weighted[0] / self.weight[0],
            regression: mean(self.chance),
            crude,
        })
    }
}

/// Aalen–Johansen's shares of those with and without, as they are.
fn crude(snapshot: &Snapshot, horizon: f64) -> f64 {
    let share = |exposed: bool| {
        let rows = (0..snapshot.places.len()).filter(|&row| snapshot.exposed[row] == exposed);
        let (time, cause): (Vec<f64>, Vec<u32>) = rows
            .map(|row| (snapshot.time[row], snapshot.cause[row]))
            .unzip();
        let spells = helder_survival::Spells::competing(&time, &cause).ok()?;
        let curve = helder_survival::aalen_johansen(&spells, 0.95);
        Some(curve.at(horizon)?.causes.first()?.share)
    };
    share(true).unwrap_or(0.0) - share(false).unwrap_or(0.0)
}
