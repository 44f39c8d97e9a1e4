//! What people read: the model card with the registry's facts, and the catalogue for everybody.

pub(crate) mod card;
pub(crate) mod entry;

use helder_report::{Cell, Text};

use crate::domain::{
    fairness::{FairnessConclusion, FairnessStanding, FairnessVerdict},
    model::Meaning,
    state::VersionState,
};

/// A meaning as text of a page.
fn both(meaning: &Meaning) -> Text {
    Text::new(meaning.nl.clone(), meaning.en.clone())
}

/// What a state is called.
fn state(state: VersionState) -> Text {
    let (nl, en) = match state {
        VersionState::Candidate => ("wacht op beoordeling", "waiting for a review"),
        VersionState::Approved => ("goedgekeurd, wordt niet gebruikt", "approved, not in use"),
        VersionState::Rejected => ("afgekeurd", "rejected"),
        VersionState::Active => ("in gebruik", "in use"),
        VersionState::Suspended => ("stilgezet", "suspended"),
        VersionState::Retired => ("niet meer in gebruik", "no longer in use"),
    };
    Text::new(nl, en)
}

/// What a fairness verdict is called.
fn verdict(verdict: FairnessVerdict) -> Text {
    let (nl, en) = match verdict {
        FairnessVerdict::WithinBound => ("binnen de grens", "within bound"),
        FairnessVerdict::OutsideBound => ("buiten de grens", "outside bound"),
        FairnessVerdict::NotEnoughData => (
            "te weinig gegevens voor een oordeel",
            "not enough data for a verdict",
        ),
    };
    Text::new(nl, en)
}

/// What the fairness report says, and what was concluded from it.
fn fairness(
    standing: Option<&FairnessStanding>,
    conclusion: Option<&FairnessConclusion>,
) -> Vec<(Text, Cell)> {
    let mut facts = Vec::new();
    if let Some(standing) = standing {
        let label = Text::new("Verschillen tussen groepen", "Differences between groups");
        facts.push((label, Cell::both(verdict(standing.verdict))));
        for open in &standing.open {
            let feature = &open.sensitive_feature;
            let label = Text::new(
                format!("Verschillen naar {feature}"),
                format!("Differences by {feature}"),
            );
            facts.push((label, Cell::both(verdict(open.verdict))));
        }
    }
    if let Some(conclusion) = conclusion {
        facts.push((
            Text::new(
                "Conclusie over deze verschillen",
                "Conclusion on these differences",
            ),
            Cell::text(&conclusion.text),
        ));
        for risk in &conclusion.accepted_risks {
            let label = Text::new("Risico dat is aanvaard", "Risk that was accepted");
            facts.push((label, Cell::text(risk)));
        }
    }
    facts
}

/// The day of a stored moment.
fn day(at: &str) -> String {
    at.get(..10).unwrap_or(at).to_owned()
}
