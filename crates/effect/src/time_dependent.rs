//! The provision as something that changes during the spell: nobody counts as exposed before it begins.

use helder_survival::Spells;
use serde::Serialize;

use crate::{
    ByDuration, HazardRatio, Reason, Shown, Weighted,
    prepared::Prepared,
    regression::{Regression, provision},
};

/// Hazard ratios of the provision from the day it begins, for leaving by the outcome; other ways out end the time at risk.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TimeDependent {
    /// Without holding anything equal: people with a provision beside people without. No effect of the provision.
    pub crude: Shown<HazardRatio>,
    /// Among people who are equal in all columns (outcome model). The main result.
    pub adjusted: Shown<HazardRatio>,
    /// As if everybody had the same chance to begin, whatever their columns (marginal structural model). Averages over people who
    /// differ, so it lies closer to 1 than `adjusted` even when both are right.
    pub weighted: Shown<Weighted>,
    /// The adjusted hazard ratio at first and later: one figure for both would hide a provision that keeps people in before it helps.
    pub by_duration: Shown<ByDuration>,
}

/// Spells cut at the provision, with only the outcome as event.
pub(crate) fn parts(study: &Prepared<'_>) -> Spells {
    study.exposed.spells.only(study.settings.outcome)
}

/// The hazard ratio, with the columns held equal or none.
pub(crate) fn hazard_ratio(study: &Prepared<'_>, adjust: bool) -> Result<HazardRatio, Reason> {
    fit(study, |_| adjust)
}

/// The hazard ratio with all columns held equal but one.
pub(crate) fn hazard_ratio_without(
    study: &Prepared<'_>,
    column: &str,
) -> Result<HazardRatio, Reason> {
    fit(study, |name| name != column)
}

fn fit(study: &Prepared<'_>, holds: impl Fn(&str) -> bool) -> Result<HazardRatio, Reason> {
    let origin = &study.exposed.origin;
    let mut others = study.columns_of(origin);
    others.retain(|(name, _)| holds(name));
    Regression {
        spells: &parts(study),
        first: provision(&study.exposed.exposed),
        others,
        cluster: study.people_recur.then(|| study.person_of(origin)),
        strata: None,
    }
    .hazard_ratio(study.settings.confidence)
}
