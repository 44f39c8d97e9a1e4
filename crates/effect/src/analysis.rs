//! The whole analysis, in the order in which it must be made: power first, and nothing to be seen without it.

use serde::Serialize;

use crate::{
    Conclusion, EffectError, GroupedEffect, HazardRatio, Landmarks, Power, Reason, Refusal,
    Sensitivity, Settings, Shown, Study, TimeDependent, conclusion, duration, groups, immortal,
    landmark, power,
    prepared::Prepared,
    sensitivity::{self, StrongestColumn},
    time_dependent, weighted,
};

/// What a provision does to the time until outflow, as far as the data allow.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Effect {
    /// The choices made.
    pub settings: Settings,
    /// How many there are.
    pub counts: Counts,
    /// Whether there is enough data to see an effect that matters. Without it every estimate below is withheld.
    pub power: Power,
    /// Why "ever received" is no way to ask, with both numbers where estimates may be shown.
    pub ever_received: Refusal,
    /// The provision from the day it begins.
    pub time_dependent: TimeDependent,
    /// Those who had begun by a day beside those who had not.
    pub landmarks: Shown<Landmarks>,
    /// The effect by declared group.
    pub groups: Shown<Vec<GroupedEffect>>,
    /// What something unmeasured could do to the main result.
    pub sensitivity: Shown<Sensitivity>,
    /// What may and may not be concluded.
    pub conclusion: Conclusion,
}

/// How many there are; `None` for 1 up to the smallest group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Spells.
    pub spells: Option<usize>,
    /// People.
    pub people: Option<usize>,
    /// Spells first seen after their beginning.
    pub seen_late: Option<usize>,
    /// Spells in which the provision began.
    pub exposed: Option<usize>,
    /// Spells that ended by the outcome.
    pub outcomes: Option<usize>,
    /// Spells that ended in another way.
    pub other_ends: Option<usize>,
    /// Spells of which the end was not seen.
    pub running: Option<usize>,
}

/// Analyses a study.
///
/// The main result is the hazard ratio of the provision from the day it begins, among people equal in all columns, for leaving by the
/// outcome; other ways out end the time at risk. When the data could easily miss the smallest effect that matters, no estimate is
/// shown, only what would be needed.
///
/// # Errors
/// [`EffectError::Study`] with all faults of the study.
pub fn analyse(study: &Study<'_>) -> Result<Effect, EffectError> {
    let study = Prepared::new(study)?;
    let adjusted = time_dependent::hazard_ratio(&study, true);
    let (power, gate) = power_and_gate(&study, &adjusted);
    let counts = counts(&study);
    let time_dependent = TimeDependent {
        crude: gate
            .and_then(|()| time_dependent::hazard_ratio(&study, false))
            .into(),
        weighted: gate.and_then(|()| weighted::weighted(&study)).into(),
        by_duration: gate.and_then(|()| duration::by_duration(&study)).into(),
        adjusted: gate.and_then(|()| adjusted.clone()).into(),
    };
    let ever_received = immortal::refusal(&study, gate.and_then(|()| adjusted.clone()));
    let landmarks: Shown<Landmarks> = gate.map(|()| landmark::landmarks(&study)).into();
    let groups: Shown<Vec<GroupedEffect>> = gate.map(|()| groups::by_groups(&study)).into();
    let sensitivity: Shown<Sensitivity> = gate
        .and(adjusted)
        .map(|adjusted| {
            let outcomes = (0..study.len()).filter(|&i| study.has_outcome(i)).count();
            let share = outcomes as f64 / study.len() as f64;
            let strongest = strongest_column(&study, &adjusted);
            sensitivity::sensitivity(&adjusted, share, strongest)
        })
        .into();
    let conclusion = conclusion::conclude(&conclusion::Findings {
        power: &power,
        alpha: 1.0 - study.settings.confidence,
        horizon: study.settings.concluded_horizon,
        gate,
        time_dependent: &time_dependent,
        landmarks: landmarks.value(),
        groups: groups.value(),
        sensitivity: sensitivity.value(),
    });
    Ok(Effect {
        settings: study.settings.clone(),
        counts,
        power,
        ever_received,
        time_dependent,
        landmarks,
        groups,
        sensitivity,
        conclusion,
    })
}

/// What the data could show, and whether anything may be shown at all.
pub(crate) fn power_and_gate(
    study: &Prepared<'_>,
    adjusted: &Result<HazardRatio, Reason>,
) -> (Power, Result<(), Reason>) {
    let least = study.settings.smallest_group;
    let with = study.people((0..study.len()).filter(|&i| study.begins[i].is_some()));
    let without = study.people((0..study.len()).filter(|&i| study.begins[i].is_none()));
    let outcomes = study.people((0..study.len()).filter(|&i| study.has_outcome(i)));
    let people = if with.min(without).min(outcomes) < least {
        Err(Reason::TooFewPeople)
    } else {
        Ok(())
    };
    let found = people.and(adjusted.as_ref().map_err(|reason| *reason));
    let power = power::power(study, found);
    let enough = if power.is_enough {
        Ok(())
    } else {
        Err(Reason::NoPower)
    };
    (power, found.and(enough))
}

fn counts(study: &Prepared<'_>) -> Counts {
    let shown = |n: usize| (n == 0 || n >= study.settings.smallest_group).then_some(n);
    let count = |which: &dyn Fn(usize) -> bool| (0..study.len()).filter(|&i| which(i)).count();
    let outcomes = count(&|i| study.has_outcome(i));
    let running = count(&|i| study.study.cause[i] == 0);
    let mut ends = [outcomes, study.len() - outcomes - running, running].map(shown);
    // One that is hidden could be told from the others and the sum.
    if ends.iter().filter(|it| it.is_none()).count() == 1 {
        let smallest = (0..3)
            .filter(|&k| ends[k].is_some_and(|n| n > 0))
            .min_by_key(|&k| ends[k]);
        if let Some(k) = smallest {
            ends[k] = None;
        }
    }
    let [outcomes, other_ends, running] = ends;
    Counts {
        spells: shown(study.len()),
        people: shown(study.people(0..study.len())),
        seen_late: shown(count(&|i| study.study.entry[i] > 0.0)),
        exposed: shown(count(&|i| study.begins[i].is_some())),
        outcomes,
        other_ends,
        running,
    }
}

/// The column whose leaving out moves the hazard ratio most.
fn strongest_column(study: &Prepared<'_>, adjusted: &HazardRatio) -> Option<StrongestColumn> {
    let without = |name: &str| time_dependent::hazard_ratio_without(study, name).ok();
    let found = adjusted.adjusted_for.iter().filter_map(|name| {
        let found = without(name)?;
        Some((found.estimate - adjusted.estimate, name))
    });
    let (moved, name) = found.max_by(|a, b| a.0.abs().total_cmp(&b.0.abs()))?;
    Some(StrongestColumn {
        name: name.clone(),
        hazard_ratio_without: (adjusted.estimate + moved).exp(),
    })
}
