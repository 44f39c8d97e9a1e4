//! Which records may meet: keyed tags over narrow combinations of values.
//!
//! A tag is shared by two records of which the combination is equal. Each combination is chosen so that few records of one file share it:
//! then frequencies say nothing, and the graph of records with a common tag falls apart into small pieces.

use serde::{Deserialize, Serialize};

use crate::record::Keys;

/// What must be equal for two records to share a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Rule {
    /// BSN. Only when the project chose to use it.
    Bsn,
    /// Birth date and first initial.
    DateInitial,
    /// Birth date and the first three letters of a surname part or of the first given name: exchanged names meet too.
    DatePrefix,
    /// Postcode or street, house number, first initial.
    HouseInitial,
    /// Postcode or street, house number, year of birth.
    HouseYear,
    /// Postcode or street, house number, month and day of birth in either order.
    HouseMonthDay,
    /// Sound of a surname part, first initial and year of birth: for who moved, is known by initials, and has a wrong day or month.
    SoundInitialYear,
    /// First three letters of a surname part, first initial, month and day of birth in either order.
    PrefixMonthDay,
    /// Surname part and first given name, in either order. Frequent names have no such tag.
    Names,
}

/// A tag of a record and the rule it comes from. Rules on surname parts have a slot for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Slot {
    /// The rule.
    pub rule: Rule,
    /// Which surname part, 0 or 1; 2 is the first given name; 0 for rules without parts.
    pub part: u8,
}

const fn slot(rule: Rule, part: u8) -> Slot {
    Slot { rule, part }
}

/// Slots of an encoding, in order; with the BSN first when it is used.
const SLOTS: [Slot; 13] = [
    slot(Rule::DateInitial, 0),
    slot(Rule::DatePrefix, 0),
    slot(Rule::DatePrefix, 1),
    slot(Rule::DatePrefix, 2),
    slot(Rule::HouseInitial, 0),
    slot(Rule::HouseYear, 0),
    slot(Rule::HouseMonthDay, 0),
    slot(Rule::SoundInitialYear, 0),
    slot(Rule::SoundInitialYear, 1),
    slot(Rule::PrefixMonthDay, 0),
    slot(Rule::PrefixMonthDay, 1),
    slot(Rule::Names, 0),
    slot(Rule::Names, 1),
];

/// The slots of a file.
pub fn slots(with_bsn: bool) -> Vec<Slot> {
    with_bsn
        .then(|| slot(Rule::Bsn, 0))
        .into_iter()
        .chain(SLOTS)
        .collect()
}

impl Rule {
    /// Number that goes into the tag; never changes.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Bsn => 1,
            Self::DateInitial => 2,
            Self::DatePrefix => 3,
            Self::HouseInitial => 4,
            Self::HouseYear => 5,
            Self::HouseMonthDay => 6,
            Self::PrefixMonthDay => 8,
            Self::Names => 9,
            // 7 was another rule once.
            Self::SoundInitialYear => 10,
        }
    }

    /// Comparisons whose values the rule selects on, in the order of [`crate::layout::COMPARISONS`]: pairs found by it teach nothing there.
    pub const fn touches(self) -> [bool; 5] {
        match self {
            Self::Bsn => [false; 5],
            Self::DateInitial => [true, false, true, false, false],
            Self::DatePrefix | Self::SoundInitialYear | Self::PrefixMonthDay => {
                [true, true, true, false, false]
            }
            Self::HouseInitial => [true, false, false, true, false],
            Self::HouseYear | Self::HouseMonthDay => [false, false, true, true, false],
            Self::Names => [true, true, false, false, false],
        }
    }
}

impl Rule {
    /// Most records that may share a tag of this rule, when `most` is allowed in general. A rule on names alone gets half: how often a name
    /// occurs is what an attacker knows best.
    pub(crate) fn most_per_tag(self, most: u32) -> u32 {
        if self == Self::Names {
            most.div_ceil(2)
        } else {
            most
        }
    }
}

impl Slot {
    /// The words whose equality the slot stands for; `None` when one is absent.
    pub(crate) fn words(self, record: &Keys) -> Option<[u64; 3]> {
        let part = usize::from(self.part.min(2));
        let filled = u64::MAX;
        let either_order = |a: u64, b: u64, c: u64| [a.min(b), a.max(b), c];
        let (name, sound) = if part < 2 {
            (record.parts[part], record.part_spellings[part])
        } else {
            (0, 0)
        };
        let words = match self.rule {
            Rule::Bsn => [record.bsn, filled, filled],
            Rule::DateInitial => [record.date, record.initial, filled],
            Rule::DatePrefix => [record.date, record.prefixes[part], filled],
            Rule::HouseInitial => [record.place, record.number, record.initial],
            Rule::HouseYear => [record.place, record.number, record.year],
            Rule::HouseMonthDay => [record.place, record.number, record.month_day],
            Rule::SoundInitialYear => [sound, record.initial, record.year],
            Rule::PrefixMonthDay => [record.prefixes[part], record.initial, record.month_day],
            Rule::Names => either_order(name, record.first, filled),
        };
        words.iter().all(|word| *word != 0).then_some(words)
    }
}
