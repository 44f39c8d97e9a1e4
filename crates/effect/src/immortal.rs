//! "Did they ever get the provision?" is not a question that time to outflow can answer: the plan is refused, with both numbers.

use std::fmt::Write as _;

use serde::Serialize;

use crate::{
    EffectError, HazardRatio, Reason, Study, Text,
    prepared::Prepared,
    regression::{Regression, provision},
    text::{en, nl},
    time_dependent,
};

/// How somebody means to treat the provision in an analysis of time to outflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Plan {
    /// As a fixed property: who ever gets it during the spell counts as exposed from the beginning.
    EverReceived,
    /// From the day on which it begins.
    TimeDependent,
    /// By whether it had begun at a landmark, among those still there.
    Landmark,
}

/// A planned analysis that is not made.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// Why: always immortal time.
    pub reason: RefusalReason,
    /// The explanation, with the figures.
    pub text: Text,
    /// What the refused analysis would have said, with the same columns held equal. Shown to warn, never as a result.
    pub ever_received: Option<HazardRatio>,
    /// What the analysis from the day of the beginning says of the same spells.
    pub from_its_beginning: Option<HazardRatio>,
    /// Days before the provision that would have counted as days with it.
    pub immortal_days: f64,
    /// These days as share of all days that would have counted as days with the provision, in `[0, 1]`.
    pub immortal_share: f64,
}

/// Why a plan is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RefusalReason {
    /// People had to stay long enough to get the provision, so the days before it are without risk by construction.
    ImmortalTime,
}

/// Checks a planned analysis: `None` when it can be made, and the refusal when it cannot.
///
/// # Errors
/// [`EffectError::Study`] with all faults of the study.
///
/// # Source
/// Suissa 2008 (doi 10.1093/aje/kwm324).
pub fn check_plan(study: &Study<'_>, plan: Plan) -> Result<Option<Refusal>, EffectError> {
    let study = Prepared::new(study)?;
    Ok(match plan {
        Plan::EverReceived => Some(refusal(
            &study,
            time_dependent::hazard_ratio(&study, true).ok(),
        )),
        Plan::TimeDependent | Plan::Landmark => None,
    })
}

/// The refusal of "ever received", beside the time-dependent figure.
pub(crate) fn refusal(study: &Prepared<'_>, from_its_beginning: Option<HazardRatio>) -> Refusal {
    let (mut immortal_days, mut days) = (0.0, 0.0);
    for (i, begins) in study.begins.iter().enumerate() {
        let Some(begins) = begins else { continue };
        let (entry, end) = (study.study.entry[i], study.study.end[i]);
        days += end - entry;
        immortal_days += (begins - entry).max(0.0);
    }
    let immortal_share = if days > 0.0 {
        immortal_days / days
    } else {
        0.0
    };
    let ever_received = ever_received(study).ok();
    let text = text(
        immortal_share,
        ever_received.as_ref(),
        from_its_beginning.as_ref(),
    );
    Refusal {
        reason: RefusalReason::ImmortalTime,
        text,
        ever_received,
        from_its_beginning,
        immortal_days,
        immortal_share,
    }
}

/// The wrong regression: a fixed column for who gets the provision at any time.
fn ever_received(study: &Prepared<'_>) -> Result<HazardRatio, Reason> {
    let ever: Vec<bool> = study.begins.iter().map(Option::is_some).collect();
    let all: Vec<usize> = (0..study.len()).collect();
    let spells = helder_survival::Spells::competing(study.study.end, study.study.cause)
        .and_then(|spells| spells.entered_at(study.study.entry))
        .map_err(|_| Reason::NoEstimate)?;
    Regression {
        spells: &spells.only(study.settings.outcome),
        first: provision(&ever),
        others: study.columns_of(&all),
        cluster: study.people_recur.then(|| study.person.clone()),
        strata: None,
    }
    .hazard_ratio(study.settings.confidence)
}

fn text(share: f64, wrong: Option<&HazardRatio>, right: Option<&HazardRatio>) -> Text {
    let mut text = Text::new(
        format!(
            "Deze analyse doen wij niet. Wie een voorziening krijgt, moest eerst lang genoeg in de uitkering blijven om haar te krijgen. \
             In de dagen daarvóór kon iemand met een voorziening dus niet uitstromen. Van alle dagen die zouden meetellen als dagen mét \
             voorziening ligt {} procent vóór de start. Daardoor lijkt een voorziening slechter dan zij is. Wij tellen iemand pas mee als \
             deelnemer vanaf de dag waarop de voorziening begint.",
            nl(100.0 * share, 0)
        ),
        format!(
            "We do not make this analysis. People who get a provision first had to stay on benefit long enough to get it. In the days \
             before it, somebody with a provision could not leave. Of all days that would count as days with the provision, {} percent \
             lie before it began. This makes a provision look worse than it is. We count people as participants only from the day on \
             which the provision begins.",
            en(100.0 * share, 0)
        ),
    );
    if let (Some(wrong), Some(right)) = (wrong, right) {
        let _ = write!(
            text.nl,
            " Verschil in cijfers: de foute manier geeft {}, de goede telling van dagen geeft {} (1 betekent: geen verschil in tempo van uitstroom).",
            nl(wrong.hazard_ratio, 2),
            nl(right.hazard_ratio, 2)
        );
        let _ = write!(
            text.en,
            " In figures: the wrong way gives {}, counting days as they were gives {} (1 means: no difference in the pace of outflow).",
            en(wrong.hazard_ratio, 2),
            en(right.hazard_ratio, 2)
        );
    }
    text
}
