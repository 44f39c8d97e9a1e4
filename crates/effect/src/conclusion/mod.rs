//! What may and may not be concluded: fixed sentences, chosen by the checks, with the figures filled in.

mod sentences;

use serde::Serialize;

use crate::{
    Differences, GroupedEffect, HazardRatio, Landmark, Landmarks, Power, Reason, Sensitivity, Text,
    TimeDependent,
};
use sentences as say;

/// The conclusion, no stronger than the data allow.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Conclusion {
    /// In one word.
    pub verdict: Verdict,
    /// What may be said.
    pub may: Vec<Statement>,
    /// What may not be said.
    pub may_not: Vec<Statement>,
    /// What would be needed to say more.
    pub needed: Vec<Statement>,
}

/// A conclusion in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Nothing can be said of the effect.
    NoStatement,
    /// No difference was shown; an effect that matters may or may not lie within the limits.
    NoDifferenceShown,
    /// After the start, people leave faster than people like them.
    Faster,
    /// After the start, people leave more slowly than people like them.
    Slower,
}

/// A sentence of the conclusion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// Which sentence.
    pub code: Code,
    /// It.
    pub text: Text,
}

/// The sentences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Code {
    /// Nothing is said, and why.
    NothingToSay,
    /// The data cannot show an effect smaller than this.
    SmallestVisible,
    /// Events needed.
    EventsNeeded,
    /// The pace differs.
    PaceDiffers,
    /// The pace does not clearly differ.
    PaceNotDifferent,
    /// No difference shown is not no effect.
    NotNoEffect,
    /// The limits leave out effects of relevant size.
    NoRelevantEffect,
    /// An association is no cause.
    NotCause,
    /// How strong something unmeasured must be.
    Unmeasured,
    /// The result is easily explained away.
    Fragile,
    /// At first the provision does something else than later.
    OtherAtFirst,
    /// Methods disagree.
    MethodsDisagree,
    /// How many more of a hundred leave within a horizon.
    ChanceDiffers,
    /// The number who leave within a horizon does not clearly differ.
    ChanceNotDifferent,
    /// People with and without could not be made alike.
    NotAlike,
    /// Some people have nobody to be compared with.
    NoOverlap,
    /// The effect differs between groups.
    GroupsDiffer,
    /// No difference between groups was shown.
    GroupsNotDifferent,
    /// A new trial, or measuring what is missing.
    Trial,
    /// Nothing follows for one person.
    NotOnePerson,
}

/// What the conclusion is drawn from.
pub(crate) struct Findings<'a> {
    pub(crate) power: &'a Power,
    /// One less the confidence of the intervals.
    pub(crate) alpha: f64,
    /// The horizon to tell of, days; without it any.
    pub(crate) horizon: Option<f64>,
    pub(crate) gate: Result<(), Reason>,
    pub(crate) time_dependent: &'a TimeDependent,
    pub(crate) landmarks: Option<&'a Landmarks>,
    pub(crate) groups: Option<&'a Vec<GroupedEffect>>,
    pub(crate) sensitivity: Option<&'a Sensitivity>,
}

pub(crate) fn conclude(findings: &Findings<'_>) -> Conclusion {
    match (findings.gate, findings.time_dependent.adjusted.value()) {
        (Ok(()), Some(adjusted)) => of_estimate(findings, adjusted),
        (Err(reason), _) => nothing(findings.power, reason),
        (Ok(()), None) => nothing(findings.power, Reason::NoEstimate),
    }
}

fn nothing(power: &Power, reason: Reason) -> Conclusion {
    let mut needed = Vec::new();
    if reason == Reason::NoPower {
        needed.extend(say::smallest_visible(power));
        needed.extend(say::events_needed(power));
    }
    Conclusion {
        verdict: Verdict::NoStatement,
        may: Vec::new(),
        may_not: vec![say::nothing(reason), say::not_no_effect()],
        needed,
    }
}

fn of_estimate(findings: &Findings<'_>, adjusted: &HazardRatio) -> Conclusion {
    let relevant = findings.power.smallest_relevant_hazard_ratio;
    let verdict = if adjusted.may_be_one() {
        Verdict::NoDifferenceShown
    } else if adjusted.estimate > 0.0 {
        Verdict::Faster
    } else {
        Verdict::Slower
    };
    let mut may = vec![say::pace(verdict, adjusted)];
    let mut may_not = Vec::new();
    let by_duration = findings.time_dependent.by_duration.value();
    let apart = by_duration.filter(|it| it.p_value < findings.alpha);
    may.extend(apart.map(say::other_at_first));
    let difference = clearest_difference(findings);
    may.extend(difference.map(|(landmark, horizon, it)| say::chance(landmark.day, horizon, it)));
    if verdict != Verdict::NoDifferenceShown {
        may_not.push(say::not_cause());
        if let Some(sensitivity) = findings.sensitivity {
            may.push(say::unmeasured(sensitivity));
            may_not.extend(is_fragile(sensitivity, adjusted).then(say::fragile));
        }
    } else if adjusted.upper < relevant && adjusted.lower > 1.0 / relevant {
        may.push(say::no_relevant_effect(relevant));
    } else {
        may_not.push(say::not_no_effect());
    }
    may_not.extend(disagree(findings, adjusted).then(say::methods_disagree));
    for landmark in findings.landmarks.iter().flat_map(|it| &it.each) {
        if let Some(balance) = landmark.balance.value() {
            may_not.extend((!balance.has_overlap).then(|| say::no_overlap(landmark.day, balance)));
            may_not.extend((!balance.is_balanced).then(|| say::not_alike(landmark.day, balance)));
        }
    }
    for grouped in findings.groups.into_iter().flatten() {
        if let Some(interaction) = grouped.interaction.value() {
            if interaction.adjusted_p_value < findings.alpha {
                may.push(say::groups_differ(&grouped.grouping, interaction));
            } else {
                may_not.push(say::groups_not_different(&grouped.grouping, interaction));
            }
        }
    }
    may_not.push(say::not_one_person());
    Conclusion {
        verdict,
        may,
        may_not,
        needed: vec![say::trial()],
    }
}

/// The shown difference in chance with the smallest standard error: chosen by how much is known, not by what is found.
fn clearest_difference<'a>(
    findings: &Findings<'a>,
) -> Option<(&'a Landmark, f64, &'a Differences)> {
    let each = findings.landmarks?.each.iter();
    let shown = each.flat_map(|landmark| {
        let is_told = |days: f64| {
            findings
                .horizon
                .is_none_or(|told| (told - days).abs() < 1e-9)
        };
        let at = landmark
            .differences
            .iter()
            .filter(move |at| is_told(at.horizon));
        at.filter_map(move |at| Some((landmark, at.horizon, at.difference.value()?)))
    });
    let error = |it: &Differences| it.doubly_robust.standard_error;
    shown.min_by(|a, b| error(a.2).total_cmp(&error(b.2)))
}

/// An E-value that most unmeasured things reach.
const WEAK: f64 = 1.5;

/// Whether a weak confounder, or one that moves the result as much as the strongest that was measured, reaches the limit.
fn is_fragile(sensitivity: &Sensitivity, adjusted: &HazardRatio) -> bool {
    let strongest = sensitivity.strongest_column.as_ref();
    let pull = strongest.map_or(0.0, |column| {
        (column.hazard_ratio_without.ln() - adjusted.estimate).abs()
    });
    let room = adjusted.lower.ln().abs().min(adjusted.upper.ln().abs());
    sensitivity.e_value_of_limit < WEAK || pull > room
}

/// Whether weights, or the difference in chance, clearly say something else than the main result.
fn disagree(findings: &Findings<'_>, adjusted: &HazardRatio) -> bool {
    let weighted = findings.time_dependent.weighted.value();
    let apart = weighted.is_some_and(|it| {
        let it = &it.hazard_ratio;
        let noise = it.standard_error.hypot(adjusted.standard_error);
        (it.estimate - adjusted.estimate).abs() > 2.0 * noise
    });
    let opposite = clearest_difference(findings).is_some_and(|(_, _, it)| {
        let found = it.doubly_robust;
        let both_clear = !found.may_be_zero() && !adjusted.may_be_one();
        both_clear && found.estimate.signum() * adjusted.estimate.signum() < 0.0
    });
    apart || opposite
}
