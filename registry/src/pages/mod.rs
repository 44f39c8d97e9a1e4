//! What people read: the model card with the registry's facts, and the catalogue for everybody.

pub(crate) mod card;
pub(crate) mod entry;

use helder_report::Text;

use crate::domain::{model::Meaning, state::VersionState};

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

/// The day of a stored moment.
fn day(at: &str) -> String {
    at.get(..10).unwrap_or(at).to_owned()
}
