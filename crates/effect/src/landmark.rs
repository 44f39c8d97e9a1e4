//! Comparing from a day on: those who had begun by then beside those who had not, among the people still there.

use helder_survival::Spells;
use serde::Serialize;

use crate::{
    Balance, Differences, HazardRatio, Reason, Shown, balance, doubly_robust,
    power::smallest_visible,
    prepared::Prepared,
    regression::{Regression, provision},
};

/// All landmarks.
///
/// # Source
/// Anderson, Cain & Gelber 1983 (doi 10.1200/JCO.1983.1.11.710); several landmarks at once van Houwelingen 2007
/// (doi 10.1111/j.1467-9469.2006.00529.x).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Landmarks {
    /// One hazard ratio for all landmarks together: each with its own baseline, columns held equal, standard errors by person.
    pub pooled: Shown<HazardRatio>,
    /// Each landmark.
    pub each: Vec<Landmark>,
}

/// A landmark: the people in sight on a day and not out yet. Whose provision had begun is exposed; who begins later counts as without
/// until then. Who left before is not there, and who came in sight later is not looked at.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Landmark {
    /// The day, from the beginning of the spell.
    pub day: f64,
    /// Spells still there; `None` for 1 up to the smallest group.
    pub n: Option<usize>,
    /// Those in which the provision had begun.
    pub n_exposed: Option<usize>,
    /// Hazard ratio from then on, columns held equal.
    pub adjusted: Shown<HazardRatio>,
    /// Whether those with and without are alike, before and after weighting by the chance to have begun.
    pub balance: Shown<Balance>,
    /// Per horizon, the difference in the chance of the outcome.
    pub differences: Vec<AtHorizon>,
}

/// The difference in chance at a horizon.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AtHorizon {
    /// Days from the landmark.
    pub horizon: f64,
    /// What is found.
    pub difference: Shown<Differences>,
}

/// The people in sight at a landmark, on a clock that begins there.
pub(crate) struct Snapshot {
    pub(crate) day: f64,
    /// Their spells.
    pub(crate) places: Vec<usize>,
    pub(crate) exposed: Vec<bool>,
    /// Until the end, the last sight or a later beginning of the provision.
    pub(crate) time: Vec<f64>,
    /// 0 for neither, 1 for the outcome, 2 for another way out.
    pub(crate) cause: Vec<u32>,
}

impl Snapshot {
    fn new(study: &Prepared<'_>, day: f64) -> Self {
        let mut snapshot = Self {
            day,
            places: Vec::new(),
            exposed: Vec::new(),
            time: Vec::new(),
            cause: Vec::new(),
        };
        for i in 0..study.len() {
            let (entry, end) = (study.study.entry[i], study.study.end[i]);
            if entry > day || end <= day {
                continue;
            }
            let begins = study.begins[i];
            let exposed = begins.is_some_and(|begins| begins <= day);
            let later = begins.filter(|_| !exposed);
            snapshot.places.push(i);
            snapshot.exposed.push(exposed);
            snapshot.time.push(later.unwrap_or(end) - day);
            snapshot.cause.push(match (later, study.study.cause[i]) {
                (Some(_), _) | (None, 0) => 0,
                (None, _) if study.has_outcome(i) => 1,
                (None, _) => 2,
            });
        }
        snapshot
    }

    fn len(&self) -> usize {
        self.places.len()
    }

    /// People with or without the provision that meet a condition.
    pub(crate) fn people(
        &self,
        study: &Prepared<'_>,
        exposed: bool,
        meets: impl Fn(usize) -> bool,
    ) -> usize {
        let rows = (0..self.len()).filter(|&row| self.exposed[row] == exposed && meets(row));
        study.people(rows.map(|row| self.places[row]))
    }
}

pub(crate) fn landmarks(study: &Prepared<'_>) -> Landmarks {
    let days = study.settings.landmarks.iter();
    let snapshots: Vec<Snapshot> = days.map(|day| Snapshot::new(study, *day)).collect();
    Landmarks {
        pooled: pooled(study, &snapshots).into(),
        each: snapshots.iter().map(|it| landmark(study, it)).collect(),
    }
}

fn landmark(study: &Prepared<'_>, snapshot: &Snapshot) -> Landmark {
    let least = study.settings.smallest_group;
    let shown = |n: usize| (n == 0 || n >= least).then_some(n);
    let n = snapshot.len();
    let exposed = snapshot.exposed.iter().filter(|it| **it).count();
    // Of two parts and their sum, a part that is hidden hides the other.
    let n_exposed = shown(exposed).filter(|_| shown(n - exposed).is_some());
    let enough = [true, false].map(|arm| snapshot.people(study, arm, |_| true) >= least);
    let gate = if enough == [true, true] {
        Ok(())
    } else {
        Err(Reason::TooFewPeople)
    };
    let chances = gate.and_then(|()| balance::Chances::new(study, snapshot));
    let differences = match &chances {
        Ok(chances) => doubly_robust::differences(study, snapshot, chances),
        Err(reason) => study
            .settings
            .horizons
            .iter()
            .map(|_| Err(*reason))
            .collect(),
    };
    let at = |(horizon, difference): (&f64, Result<Differences, Reason>)| AtHorizon {
        horizon: *horizon,
        difference: difference.into(),
    };
    Landmark {
        day: snapshot.day,
        n: shown(n),
        n_exposed,
        adjusted: gate
            .and_then(|()| hazard_ratio(study, std::slice::from_ref(snapshot)))
            .into(),
        balance: chances.map(|chances| chances.balance).into(),
        differences: study
            .settings
            .horizons
            .iter()
            .zip(differences)
            .map(at)
            .collect(),
    }
}

fn pooled(study: &Prepared<'_>, snapshots: &[Snapshot]) -> Result<HazardRatio, Reason> {
    let least = study.settings.smallest_group;
    for exposed in [true, false] {
        let most = snapshots
            .iter()
            .map(|it| it.people(study, exposed, |_| true))
            .max();
        if most.is_none_or(|most| most < least) {
            return Err(Reason::TooFewPeople);
        }
    }
    hazard_ratio(study, snapshots)
}

/// The hazard ratio from these landmarks on, when it could show an effect that matters.
fn hazard_ratio(study: &Prepared<'_>, snapshots: &[Snapshot]) -> Result<HazardRatio, Reason> {
    let rows = || snapshots.iter().flat_map(|it| it.places.iter().copied());
    let origin: Vec<usize> = rows().collect();
    let time: Vec<f64> = snapshots.iter().flat_map(|it| &it.time).copied().collect();
    let event: Vec<bool> = snapshots
        .iter()
        .flat_map(|it| &it.cause)
        .map(|cause| *cause == 1)
        .collect();
    let exposed: Vec<bool> = snapshots
        .iter()
        .flat_map(|it| &it.exposed)
        .copied()
        .collect();
    let strata = snapshots
        .iter()
        .enumerate()
        .flat_map(|(k, it)| std::iter::repeat_n(k as u32, it.len()));
    let many = snapshots.len() > 1;
    let found = Regression {
        spells: &Spells::new(&time, &event).map_err(|_| Reason::NoEstimate)?,
        first: provision(&exposed),
        others: study.columns_of(&origin),
        cluster: (many || study.people_recur).then(|| study.person_of(&origin)),
        strata: many.then(|| strata.collect()),
    }
    .hazard_ratio(study.settings.confidence)?;
    let visible = smallest_visible(study, found.standard_error).exp();
    if visible > study.settings.smallest_relevant_hazard_ratio {
        return Err(Reason::NoPower);
    }
    Ok(found)
}
