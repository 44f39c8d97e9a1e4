//! Hazards of people at a landmark given their columns: Cox's, in steps.

use helder_survival::{Spells, kaplan_meier};

use crate::{
    landmark::Snapshot,
    prepared::Prepared,
    regression::{PROVISION, Regression, provision},
};

/// Events per column that a regression needs.
const PER_COLUMN: usize = 10;

/// A hazard in steps, and by how much each row's is higher.
pub(crate) struct Hazard {
    pub(crate) time: Vec<f64>,
    pub(crate) rise: Vec<f64>,
    /// Per row of the snapshot.
    pub(crate) ratio: Vec<f64>,
}

impl Hazard {
    /// The hazard of ending by `cause` (0 for being lost from sight) of those with or without the provision.
    ///
    /// Where an arm has few events its columns are estimated on both arms together, and where both have few there are none. Being lost
    /// is never estimated together: those without the provision are also lost to its later beginning.
    pub(crate) fn new(
        study: &Prepared<'_>,
        snapshot: &Snapshot,
        exposed: bool,
        cause: u32,
    ) -> Self {
        let n = snapshot.places.len();
        let arm: Vec<usize> = (0..n)
            .filter(|&row| snapshot.exposed[row] == exposed)
            .collect();
        let all: Vec<usize> = (0..n).collect();
        let needed = PER_COLUMN * study.columns.len();
        let events = |rows: &[usize]| {
            rows.iter()
                .filter(|&&row| snapshot.cause[row] == cause)
                .count()
        };
        let apart = (events(&arm) >= needed)
            .then(|| Self::given_columns(study, snapshot, &arm, cause, None));
        let found = apart.flatten().or_else(|| {
            (cause > 0 && events(&all) >= needed)
                .then(|| Self::given_columns(study, snapshot, &all, cause, Some(exposed)))
                .flatten()
        });
        found.unwrap_or_else(|| Self::of_all(snapshot, &arm, cause))
    }

    /// Without columns.
    fn of_all(snapshot: &Snapshot, rows: &[usize], cause: u32) -> Self {
        let ratio = vec![1.0; snapshot.places.len()];
        let Some(spells) = spells(snapshot, rows, cause) else {
            let (time, rise) = (Vec::new(), Vec::new());
            return Self { time, rise, ratio };
        };
        let curve = kaplan_meier(&spells, 0.95);
        let steps = curve.points.iter().filter(|at| at.n_event > 0.0);
        let (time, rise) = steps.map(|at| (at.time, at.n_event / at.n_risk)).unzip();
        Self { time, rise, ratio }
    }

    /// Given the columns; `arm` says of whom when the rows are of both.
    fn given_columns(
        study: &Prepared<'_>,
        snapshot: &Snapshot,
        rows: &[usize],
        cause: u32,
        arm: Option<bool>,
    ) -> Option<Self> {
        if study.columns.is_empty() {
            return None;
        }
        let spells = spells(snapshot, rows, cause)?;
        let origin: Vec<usize> = rows.iter().map(|&row| snapshot.places[row]).collect();
        let exposed: Vec<bool> = rows.iter().map(|&row| snapshot.exposed[row]).collect();
        let fit = Regression {
            spells: &spells,
            first: arm.map_or_else(Vec::new, |_| provision(&exposed)),
            others: study.columns_of(&origin),
            cluster: None,
            strata: None,
        }
        .fit()
        .ok()?;
        let baseline = fit.baselines.first()?;
        let mut score = vec![0.0; snapshot.places.len()];
        for coefficient in &fit.coefficients {
            if coefficient.name == PROVISION {
                let of = if arm == Some(true) {
                    coefficient.estimate
                } else {
                    0.0
                };
                for score in &mut score {
                    *score += of;
                }
                continue;
            }
            let column = study
                .columns
                .iter()
                .find(|(name, _)| *name == coefficient.name)?;
            for (score, &place) in score.iter_mut().zip(&snapshot.places) {
                *score += coefficient.estimate * column.1[place];
            }
        }
        let mut before = 0.0;
        let rise = baseline
            .cumulative_hazard
            .iter()
            .map(|hazard| hazard - std::mem::replace(&mut before, *hazard));
        Some(Self {
            rise: rise.collect(),
            time: baseline.time.clone(),
            ratio: score.into_iter().map(f64::exp).collect(),
        })
    }
}

fn spells(snapshot: &Snapshot, rows: &[usize], cause: u32) -> Option<Spells> {
    let time: Vec<f64> = rows.iter().map(|&row| snapshot.time[row]).collect();
    let event: Vec<bool> = rows
        .iter()
        .map(|&row| snapshot.cause[row] == cause)
        .collect();
    event.contains(&true).then_some(())?;
    Spells::new(&time, &event).ok()
}

/// The three hazards of an arm on one grid of times.
pub(crate) struct Arm {
    hazards: [Hazard; 3],
    /// Times, and the rises of outcome, other ways out and being lost.
    pub(crate) grid: Vec<(f64, [f64; 3])>,
}

impl Arm {
    pub(crate) fn new(
        study: &Prepared<'_>,
        snapshot: &Snapshot,
        exposed: bool,
        until: f64,
    ) -> Self {
        let hazards = [1, 2, 0].map(|cause| Hazard::new(study, snapshot, exposed, cause));
        let mut steps: Vec<(f64, usize, f64)> = Vec::new();
        for (which, hazard) in hazards.iter().enumerate() {
            let rises = hazard.time.iter().zip(&hazard.rise);
            let early = rises.filter(|(time, rise)| **time <= until && **rise > 0.0);
            steps.extend(early.map(|(time, rise)| (*time, which, *rise)));
        }
        steps.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut grid: Vec<(f64, [f64; 3])> = Vec::new();
        for (time, which, rise) in steps {
            if grid.last().is_none_or(|last| last.0 < time) {
                grid.push((time, [0.0; 3]));
            }
            if let Some(last) = grid.last_mut() {
                last.1[which] += rise;
            }
        }
        Self { hazards, grid }
    }

    /// How much higher the three hazards of a row are.
    pub(crate) fn ratios(&self, row: usize) -> [f64; 3] {
        [0, 1, 2].map(|which| self.hazards[which].ratio[row])
    }
}
