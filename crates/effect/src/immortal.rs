//! "Did they ever get the provision?" is not a question that time to outflow can answer: the plan is refused, with both numbers.

use std::fmt::Write as _;

use serde::Serialize;

use crate::{
    EffectError, HazardRatio, Reason, Study, Text,
    analysis::power_and_gate,
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
    /// What the refused analysis would have said, with the same columns held equal. Shown to warn, never as a result; `None` where no
    /// estimate may be shown.
    pub ever_received: Option<HazardRatio>,
    /// What the analysis from the day of the beginning says of the same spells.
    pub from_its_beginning: Option<HazardRatio>,
    /// Share of the days that would have counted as days with the provision but lie before it, in `[0, 1]`; `None` where too few people
    /// have one.
    pub immortal_share: Option<f64>,
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
    match plan {
        Plan::EverReceived => {
            let adjusted = time_dependent::hazard_ratio(&study, true);
            let (_, gate) = power_and_gate(&study, &adjusted);
            Ok(Some(refusal(&study, gate.and(adjusted))))
        }
        Plan::TimeDependent | Plan::Landmark => Ok(None),
    }
}

/// The refusal of "ever received", beside the time-dependent figure where that may be shown.
pub(crate) fn refusal(
    study: &Prepared<'_>,
    from_its_beginning: Result<HazardRatio, Reason>,
) -> Refusal {
    let (mut before, mut days) = (0.0, 0.0);
    for (i, begins) in study.begins.iter().enumerate() {
        let Some(begins) = begins else { continue };
        let (entry, end) = (study.study.entry[i], study.study.end[i]);
        days += end - entry;
        before += (begins - entry).max(0.0);
    }
    let is_shown = from_its_beginning != Err(Reason::TooFewPeople) && days > 0.0;
    let immortal_share = is_shown.then(|| before / days);
    let from_its_beginning = from_its_beginning.ok();
    let ever_received = from_its_beginning
        .as_ref()
        .and_then(|_| ever_received(study).ok());
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

fn text(share: Option<f64>, wrong: Option<&HazardRatio>, right: Option<&HazardRatio>) -> Text {
    let mut text = Text::new(
        "Deze analyse doen wij niet. Wie een voorziening krijgt, moest eerst lang genoeg in de uitkering blijven om haar te krijgen. In de \
         dagen daarvóór kon iemand met een voorziening dus niet uitstromen. Wie die dagen meetelt als dagen mét voorziening, laat de \
         voorziening slechter lijken dan zij is. Wij tellen iemand pas mee als deelnemer vanaf de dag waarop de voorziening begint.",
        "We do not make this analysis. People who get a provision first had to stay on benefit long enough to get it. In the days before \
         it, somebody with a provision could not leave. Counting those days as days with the provision makes it look worse than it is. We \
         count people as participants only from the day on which the provision begins.",
    );
    if let Some(share) = share {
        let (share_nl, share_en) = (nl(100.0 * share, 0), en(100.0 * share, 0));
        let _ = write!(text.nl, " Het gaat om {share_nl} procent van de dagen.");
        let _ = write!(text.en, " This is {share_en} percent of the days.");
    }
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
