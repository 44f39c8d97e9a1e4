//! Share that has ended by each cause, when causes compete.

use serde::Serialize;

use crate::{
    Spells,
    kaplan_meier::log_log,
    normal,
    risk::{At, by_cause, risk_table},
};

/// Shares by cause and time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AalenJohansen {
    /// Causes, `1..=n`.
    pub n_causes: usize,
    /// One point per distinct end, in order of time.
    pub points: Vec<IncidencePoint>,
    /// Confidence of the intervals, in `(0, 1)`.
    pub confidence: f64,
}

/// The shares just after one time; they sum to 1 with `survival`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IncidencePoint {
    /// The time.
    pub time: f64,
    /// Weight at risk just before.
    pub n_risk: f64,
    /// Share that has not ended.
    pub survival: Incidence,
    /// Share that has ended by each cause, cause `c` at `c − 1`.
    pub causes: Vec<Incidence>,
}

/// A share with its uncertainty.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Incidence {
    /// The share, in `[0, 1]`.
    pub share: f64,
    /// Its standard error (infinitesimal jackknife).
    pub standard_error: f64,
    /// Lower limit on the scale of log(−log); `None` where the share is 0 or 1.
    pub lower: Option<f64>,
    /// Upper limit.
    pub upper: Option<f64>,
}

/// Estimates the share that has ended by each cause. Censored spells and delayed entry are taken into account; ties count as they are.
///
/// # Source
/// Aalen & Johansen 1978; variance by the infinitesimal jackknife (Jaeckel 1972). Compared with R 4.2.2, survival 3.5-3
/// (`survfit` of a multi-state `Surv`).
pub fn aalen_johansen(spells: &Spells, confidence: f64) -> AalenJohansen {
    let n_causes = spells.n_causes();
    let z = normal::two_sided(confidence);
    let table = risk_table(spells);
    let counts = by_cause(spells, &table, n_causes);
    let curves = Curves::of(&table, &counts);
    let errors: Vec<Vec<f64>> = (0..=n_causes)
        .map(|state| curves.standard_errors(spells, &table, state))
        .collect();
    let estimate = |state: usize, t: usize| {
        let (share, standard_error) = (curves.share(state, t), errors[state][t]);
        let error_of_log = standard_error / share;
        let (lower, upper) = log_log(share, error_of_log, z).unzip();
        Incidence {
            share,
            standard_error,
            lower,
            upper,
        }
    };
    let points = table.iter().enumerate().map(|(t, at)| IncidencePoint {
        time: at.time,
        n_risk: at.n_risk,
        survival: estimate(0, t),
        causes: (1..=n_causes).map(|cause| estimate(cause, t)).collect(),
    });
    AalenJohansen {
        n_causes,
        points: points.collect(),
        confidence,
    }
}

impl AalenJohansen {
    /// The shares just after `time`; `None` before the first end.
    pub fn at(&self, time: f64) -> Option<&IncidencePoint> {
        let next = self.points.partition_point(|point| point.time <= time);
        self.points.get(next.checked_sub(1)?)
    }
}

/// Shares by state and time; state 0 is "not ended".
struct Curves {
    survival: Vec<f64>,
    causes: Vec<Vec<f64>>,
    /// Per time and cause: the rise of the share, and the share of those at risk that ends, by this cause and by any.
    hazards: Vec<Vec<f64>>,
}

/// What one spell's weight does to a share, as functions of time that do not depend on the spell: see [`Curves::standard_errors`].
struct Influence {
    /// `Σ d / (n (n − d))`.
    of_log_survival: Vec<f64>,
    /// What being at risk from the beginning does to the share.
    of_share: Vec<f64>,
}

impl Curves {
    fn of(table: &[At], counts: &[Vec<f64>]) -> Self {
        let n_causes = counts.first().map_or(0, Vec::len);
        let mut curves = Self {
            survival: Vec::with_capacity(table.len()),
            causes: vec![Vec::with_capacity(table.len()); n_causes],
            hazards: Vec::with_capacity(table.len()),
        };
        let mut survival = 1.0;
        let mut shares = vec![0.0; n_causes];
        for (at, counts) in table.iter().zip(counts) {
            let hazards: Vec<f64> = counts
                .iter()
                .map(|d| if *d > 0.0 { d / at.n_risk } else { 0.0 })
                .collect();
            for (share, hazard) in shares.iter_mut().zip(&hazards) {
                *share += survival * hazard;
            }
            if at.n_event > 0.0 {
                survival *= (at.n_risk - at.n_event) / at.n_risk;
            }
            curves.survival.push(survival);
            for (curve, share) in curves.causes.iter_mut().zip(&shares) {
                curve.push(*share);
            }
            curves.hazards.push(hazards);
        }
        curves
    }

    fn share(&self, state: usize, t: usize) -> f64 {
        match state.checked_sub(1) {
            None => self.survival[t],
            Some(cause) => self.causes[cause][t],
        }
    }

    fn before(&self, state: usize, t: usize) -> f64 {
        match t.checked_sub(1) {
            Some(before) => self.share(state, before),
            None => f64::from(u8::from(state == 0)),
        }
    }

    /// How much the share falls or rises at `t` per weight that leaves by `cause`, before division by those at risk.
    fn jump(state: usize, cause: usize) -> f64 {
        match state {
            0 => -1.0,
            state if state == cause => 1.0,
            _ => 0.0,
        }
    }

    fn influence(&self, table: &[At], state: usize) -> Influence {
        let (mut log_survival, mut share) = (0.0, 0.0);
        let mut influence = Influence {
            of_log_survival: Vec::with_capacity(table.len()),
            of_share: Vec::with_capacity(table.len()),
        };
        for (t, at) in table.iter().enumerate() {
            let any: f64 = self.hazards[t].iter().sum();
            let rise: f64 = self.hazards[t]
                .iter()
                .enumerate()
                .map(|(c, hazard)| Self::jump(state, c + 1) * hazard)
                .sum();
            let before = self.before(0, t);
            share += before * rise * (log_survival - 1.0 / at.n_risk.max(f64::MIN_POSITIVE));
            if at.n_event > 0.0 && at.n_risk > at.n_event {
                log_survival += any / (at.n_risk - at.n_event);
            }
            influence.of_log_survival.push(log_survival);
            influence.of_share.push(share);
        }
        influence
    }

    /// Root of the sum over spells of what a spell's weight does to the share, squared.
    ///
    /// With `A` and `P` the two functions of [`Influence`], a spell at risk since `e` has influence
    /// `P(t) − P(e) − A(e) (F(t) − F(e))`; one that ended at `s` keeps `a` and `b` with influence `b + a F(t)` from then on.
    /// Sums of squares follow from moments, so the whole costs one pass.
    fn standard_errors(&self, spells: &Spells, table: &[At], state: usize) -> Vec<f64> {
        let influence = self.influence(table, state);
        let mut starting = vec![Moments::default(); table.len() + 1];
        let mut leaving = vec![Moments::default(); table.len()];
        let mut left = vec![Moments::default(); table.len()];
        let f = |t: usize| self.share(state, t);
        let at_start = f64::from(u8::from(state == 0));
        for i in 0..spells.len() {
            let s = table.partition_point(|at| at.time < spells.time[i]);
            let first = spells
                .entry
                .as_ref()
                .map_or(0, |entry| table.partition_point(|at| at.time <= entry[i]));
            let (a_e, p_e, f_e) = match first.checked_sub(1) {
                Some(e) => (influence.of_log_survival[e], influence.of_share[e], f(e)),
                None => (0.0, 0.0, at_start),
            };
            let w = spells.weight_of(i);
            let waiting = (-a_e, a_e * f_e - p_e);
            starting[first].add(w, waiting);
            leaving[s].add(w, waiting);
            let (n, d) = (table[s].n_risk, table[s].n_event);
            let mut a = influence.of_log_survival[s] - a_e;
            let mut value = influence.of_share[s] - p_e - a_e * (f(s) - f_e);
            if spells.is_event(i) {
                value += Self::jump(state, spells.cause[i] as usize) * self.before(0, s) / n;
                if n > d {
                    a -= 1.0 / (n - d);
                }
            }
            left[s].add(w, (a, value - a * f(s)));
        }
        let (mut waiting, mut gone) = (Moments::default(), Moments::default());
        let errors = (0..table.len()).map(|t| {
            waiting.join(&starting[t], 1.0);
            waiting.join(&leaving[t], -1.0);
            gone.join(&left[t], 1.0);
            let square = waiting.squared(f(t), influence.of_share[t]) + gone.squared(f(t), 0.0);
            square.max(0.0).sqrt()
        });
        errors.collect()
    }
}

/// Sums over spells with influence `c + b + a F`: `c` is common to all.
#[derive(Clone, Copy, Default)]
struct Moments {
    n: f64,
    a: f64,
    b: f64,
    aa: f64,
    ab: f64,
    bb: f64,
}

impl Moments {
    fn add(&mut self, weight: f64, (a, b): (f64, f64)) {
        let w = weight * weight;
        self.n += w;
        self.a += w * a;
        self.b += w * b;
        self.aa += w * a * a;
        self.ab += w * a * b;
        self.bb += w * b * b;
    }

    fn join(&mut self, other: &Self, sign: f64) {
        self.n += sign * other.n;
        self.a += sign * other.a;
        self.b += sign * other.b;
        self.aa += sign * other.aa;
        self.ab += sign * other.ab;
        self.bb += sign * other.bb;
    }

    fn squared(&self, f: f64, common: f64) -> f64 {
        let crossed = 2.0 * (common * self.b + common * f * self.a + f * self.ab);
        self.n * common * common + self.bb + f * f * self.aa + crossed
    }
}
