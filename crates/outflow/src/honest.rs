//! How well the chance of outflow can be told for clients that the regression has not seen.

use helder_survival::{Cox, Design, Spells, SurvivalError, concordance, kaplan_meier};
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use crate::{
    CONFIDENCE,
    design::{DesignColumn, columns, name},
    hazards,
    prepare::Prepared,
    small::rounded,
    stay::{Limits, limits},
    traits::Trait,
};

/// Parts that take turns in judging.
const FOLDS: usize = 5;
/// Bins of predicted chances.
const BINS: usize = 10;

/// What clients that took no part in learning say of the regression of any end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Honesty {
    /// Parts that took turns in judging; all spells of a person are in one.
    pub folds: u32,
    /// Share of pairs of which the right one is said to leave first; mean over the parts. 0.5 is chance.
    pub concordance: f64,
    /// The lowest and highest of a part.
    pub concordance_range: [f64; 2],
    /// What a difference in the predicted score is worth: 1 is right, below 1 it says too much, above 1 too little.
    pub slope: Limits,
    /// Predicted and observed chances, per horizon.
    pub calibration: Vec<Calibration>,
}

/// Predicted against observed chances within one horizon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Calibration {
    /// The horizon.
    pub months: u32,
    /// Mean of the predicted chances.
    pub predicted: f64,
    /// What came (Kaplan–Meier).
    pub observed: Limits,
    /// Clients by predicted chance, the lowest first.
    pub bins: Vec<Bin>,
}

/// Clients with about the same predicted chance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bin {
    /// Spells.
    pub spells: u64,
    /// Mean of the predicted chances.
    pub predicted: f64,
    /// What came; absent where too few have left or are left.
    pub observed: Option<Limits>,
}

/// Learns on four parts and judges on the fifth, in turn. `None` where a part allows no regression.
pub(crate) fn honesty(prepared: &Prepared<'_>) -> Option<Honesty> {
    let hard = columns(prepared, &|one: &Trait| !one.is_soft);
    if hard.is_empty() {
        return None;
    }
    let spells = prepared.spells.any();
    let times: Vec<f64> = prepared
        .spec
        .horizons
        .iter()
        .map(|h| prepared.time_of(*h))
        .collect();
    let fold = folds(prepared);
    let mut score = vec![0.0; spells.len()];
    let mut chance = vec![vec![0.0; spells.len()]; times.len()];
    let mut indices = Vec::new();
    for held in 0..FOLDS {
        let (judges, learns): (Vec<usize>, Vec<usize>) =
            (0..spells.len()).partition(|&i| fold[i] == held);
        let fitted = Fitted::new(prepared, &spells.at(&learns), &hard, &learns).ok()?;
        for &i in &judges {
            let x = fitted.values(i);
            let client = fitted.fit.client(&x, 0.0, 0)?;
            score[i] = client.hazard_ratio().ln();
            for (chances, time) in chance.iter_mut().zip(&times) {
                chances[i] = 1.0 - client.at(*time).survival;
            }
        }
        let own: Vec<f64> = judges.iter().map(|&i| score[i]).collect();
        let index = concordance(&spells.at(&judges), &own).index;
        if index.is_finite() {
            indices.push(index);
        }
    }
    let slope = slope(&spells, &score, prepared).ok()?;
    let edge = |pick: fn(f64, f64) -> f64| indices.iter().copied().reduce(pick);
    let horizons = prepared.spec.horizons.iter().zip(&chance);
    Some(Honesty {
        folds: FOLDS as u32,
        concordance: rounded(indices.iter().sum::<f64>() / indices.len() as f64),
        concordance_range: [rounded(edge(f64::min)?), rounded(edge(f64::max)?)],
        slope,
        calibration: horizons
            .filter_map(|(months, chances)| calibration(prepared, &spells, *months, chances))
            .collect(),
    })
}

/// A part per spell; persons stay together.
fn folds(prepared: &Prepared<'_>) -> Vec<usize> {
    let n = prepared.spells.len();
    let unit: Vec<u32> = prepared
        .persons
        .clone()
        .unwrap_or_else(|| (0..n as u32).collect());
    let units = unit.iter().max().map_or(0, |most| *most as usize + 1);
    let mut random = Xoshiro256PlusPlus::seed_from_u64(u64::from(prepared.spec.seed) ^ 0x0ff1);
    let mut order: Vec<usize> = (0..units).collect();
    for i in (1..units).rev() {
        order.swap(i, random.gen_range(0..=i));
    }
    unit.iter()
        .map(|&unit| order[unit as usize] % FOLDS)
        .collect()
}

struct Fitted<'a> {
    columns: Vec<&'a DesignColumn>,
    fit: helder_survival::CoxFit,
}

impl<'a> Fitted<'a> {
    fn new(
        prepared: &Prepared<'_>,
        spells: &Spells,
        columns: &'a [DesignColumn],
        places: &[usize],
    ) -> Result<Self, SurvivalError> {
        let (kept, fit) = hazards::fit(prepared, spells, columns, places)?;
        let estimated = kept
            .iter()
            .enumerate()
            .filter(|(n, _)| fit.coefficients.iter().any(|c| c.name == name(*n)));
        Ok(Self {
            columns: estimated.map(|(_, column)| *column).collect(),
            fit,
        })
    }

    fn values(&self, i: usize) -> Vec<f64> {
        self.columns.iter().map(|column| column.values[i]).collect()
    }
}

fn slope(spells: &Spells, score: &[f64], prepared: &Prepared<'_>) -> Result<Limits, SurvivalError> {
    let design = Design::new(vec![("score".to_owned(), score.to_vec())])?;
    let design = match &prepared.persons {
        Some(persons) => design.clustered_by(persons),
        None => design,
    };
    let fit = Cox::new().confidence(CONFIDENCE).fit(spells, &design)?;
    let of = fit
        .coefficients
        .first()
        .ok_or(SurvivalError::NothingVaries)?;
    Ok(limits(
        of.estimate,
        Some(of.lower.ln()),
        Some(of.upper.ln()),
    ))
}

fn calibration(
    prepared: &Prepared<'_>,
    spells: &Spells,
    months: u32,
    chances: &[f64],
) -> Option<Calibration> {
    let mut order: Vec<usize> = (0..spells.len()).collect();
    order.sort_by(|&a, &b| chances[a].total_cmp(&chances[b]).then(a.cmp(&b)));
    let least = 5 * prepared.smallest();
    let bins = (order.len() / least).clamp(1, BINS);
    let bin = |b: usize| {
        let places = &order[order.len() * b / bins..order.len() * (b + 1) / bins];
        Bin {
            spells: places.len() as u64,
            predicted: mean(chances, places),
            observed: observed(prepared, &spells.at(places), months),
        }
    };
    Some(Calibration {
        months,
        predicted: mean(chances, &order),
        observed: observed(prepared, spells, months)?,
        bins: (0..bins).map(bin).collect(),
    })
}

fn mean(values: &[f64], places: &[usize]) -> f64 {
    rounded(places.iter().map(|&i| values[i]).sum::<f64>() / places.len().max(1) as f64)
}

fn observed(prepared: &Prepared<'_>, spells: &Spells, months: u32) -> Option<Limits> {
    let km = kaplan_meier(spells, CONFIDENCE);
    let time = prepared.time_of(months);
    let i = km
        .points
        .partition_point(|point| point.time <= time)
        .checked_sub(1)?;
    let point = &km.points[i];
    let ended: f64 = km.points[..=i].iter().map(|point| point.n_event).sum();
    let smallest = prepared.smallest() as f64;
    let left = point.n_risk - point.n_event - point.n_censor;
    (ended >= smallest && left >= smallest).then(|| {
        limits(
            1.0 - point.survival,
            point.upper.map(|u| 1.0 - u),
            point.lower.map(|l| 1.0 - l),
        )
    })
}
