//! What spells were made of: the records of an administration.

use std::collections::BTreeMap;

use helder_model::Meaning;
use helder_survival::Action;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What became of the records that the spells were made of: `records` is `inEpisodes` and all of `setApart`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecordCounts {
    /// Records.
    pub records: u64,
    /// Spells made of them.
    pub episodes: u64,
    /// Records that are in a spell.
    pub in_episodes: u64,
    /// Records in no spell, by the name of the reason.
    pub set_apart: BTreeMap<String, u64>,
    /// What was done to records in a spell, by its name; one record can count more than once.
    pub done: BTreeMap<String, u64>,
}

/// A name of [`RecordCounts`] in words; an unknown one as it stands.
pub(crate) fn words(name: &str) -> Meaning {
    let [nl, en] = match name {
        "no_person" => ["persoon ontbreekt", "person is missing"],
        "no_start" => ["eerste dag ontbreekt", "first day is missing"],
        _ => match Action::ALL.into_iter().find(|action| action.name() == name) {
            Some(action) => of_action(action),
            None => return Meaning::new(name, name),
        },
    };
    Meaning::new(nl, en)
}

fn of_action(action: Action) -> [&'static str; 2] {
    match action {
        Action::EndsBeforeStart => ["laatste dag ligt voor de eerste", "ends before it starts"],
        Action::BeforeObservation => [
            "beëindigd voordat de registratie volledig was",
            "ended before registration was complete",
        ],
        Action::AfterObservation => [
            "begonnen na de laatste volledige dag",
            "started after the last complete day",
        ],
        Action::TooShort => ["korter dan afgesproken", "shorter than agreed"],
        Action::RecordedAfterEnd => ["pas ingevoerd na het einde", "entered only after its end"],
        Action::Repeated => [
            "staat er dubbel, telt één keer",
            "stands there twice, counts once",
        ],
        Action::Overlapped => [
            "overlapt met een eerdere regel: samengevoegd",
            "overlaps an earlier record: taken together",
        ],
        Action::Joined => [
            "volgt snel op een eerdere regel: samengevoegd",
            "soon follows an earlier record: taken together",
        ],
        Action::Runs => ["loopt nog", "still runs"],
        Action::EnteredLate => [
            "begonnen voordat de registratie volledig was: telt vanaf toen",
            "started before registration was complete: counts from then",
        ],
        Action::RecordedLate => [
            "later ingevoerd: telt vanaf de dag van invoer",
            "entered late: counts from the day of entry",
        ],
        Action::NoReason => ["reden van einde ontbreekt", "reason of the end is missing"],
        // The enumeration may grow.
        _ => ["anders", "other"],
    }
}
