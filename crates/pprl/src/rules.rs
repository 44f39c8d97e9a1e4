//! Which records may meet: keyed tags over narrow combinations of values.
//!
//! A tag is shared by two records of which the combination is equal. Each combination is chosen so that few records of one file share it:
//! then frequencies say nothing, and the graph of records with a common tag falls apart into small pieces.

use serde::{Deserialize, Serialize};

use crate::record::Record;

/// What must be equal for two records to share a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Rule {
    /// BSN. Only when the project chose to use it.
    Bsn,
    /// Birth date and first initial.
    DateInitial,
    /// Birth date and four digits of the postcode.
    DateArea,
    /// Birth date and the first letters of a surname part.
    DatePrefix,
    /// Postcode or street, house number, first initial.
    HouseInitial,
    /// Postcode or street, house number, year of birth.
    HouseYear,
    /// Postcode or street, house number, month and day of birth in either order.
    HouseMonthDay,
    /// Sound of a surname part, sound of the first given name, year of birth.
    SoundsYear,
    /// Surname part, first initial, month and day of birth in either order.
    NameMonthDay,
    /// Surname part, first initial, year and month of birth.
    NameYearMonth,
    /// Surname part, first given name, four digits of the postcode.
    NamesArea,
}

/// A tag of a record and the rule it comes from. Rules on surname parts have two slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Slot {
    /// The rule.
    pub rule: Rule,
    /// Which surname part, 0 or 1; 0 for rules without one.
    pub part: u8,
}

const fn slot(rule: Rule, part: u8) -> Slot {
    Slot { rule, part }
}

/// Slots of an encoding, in order; with the BSN first when it is used.
const SLOTS: [Slot; 15] = [
    slot(Rule::DateInitial, 0),
    slot(Rule::DateArea, 0),
    slot(Rule::DatePrefix, 0),
    slot(Rule::DatePrefix, 1),
    slot(Rule::HouseInitial, 0),
    slot(Rule::HouseYear, 0),
    slot(Rule::HouseMonthDay, 0),
    slot(Rule::SoundsYear, 0),
    slot(Rule::SoundsYear, 1),
    slot(Rule::NameMonthDay, 0),
    slot(Rule::NameMonthDay, 1),
    slot(Rule::NameYearMonth, 0),
    slot(Rule::NameYearMonth, 1),
    slot(Rule::NamesArea, 0),
    slot(Rule::NamesArea, 1),
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
            Self::DateArea => 3,
            Self::DatePrefix => 4,
            Self::HouseInitial => 5,
            Self::HouseYear => 6,
            Self::HouseMonthDay => 7,
            Self::SoundsYear => 8,
            Self::NameMonthDay => 9,
            Self::NameYearMonth => 10,
            Self::NamesArea => 11,
        }
    }

    /// Comparisons whose values the rule selects on, in the order of [`crate::layout::COMPARISONS`]: pairs found by it teach nothing there.
    pub const fn touches(self) -> [bool; 5] {
        match self {
            Self::Bsn => [false; 5],
            Self::DateInitial => [true, false, true, false, false],
            Self::DateArea => [false, false, true, true, false],
            Self::DatePrefix => [false, true, true, false, false],
            Self::HouseInitial => [true, false, false, true, false],
            Self::HouseYear | Self::HouseMonthDay => [false, false, true, true, false],
            Self::SoundsYear | Self::NameMonthDay | Self::NameYearMonth => {
                [true, true, true, false, false]
            }
            Self::NamesArea => [true, true, false, true, false],
        }
    }
}

impl Slot {
    /// The words whose equality the slot stands for; `None` when one is absent.
    pub(crate) fn words(self, record: &Record) -> Option<[u64; 3]> {
        let part = usize::from(self.part.min(1));
        let (name, sound, prefix) = (
            record.parts[part],
            record.part_spellings[part],
            record.prefixes[part],
        );
        let filled = u64::MAX;
        let words = match self.rule {
            Rule::Bsn => [record.bsn, filled, filled],
            Rule::DateInitial => [record.date, record.initial, filled],
            Rule::DateArea => [record.date, record.area, filled],
            Rule::DatePrefix => [record.date, prefix, filled],
            Rule::HouseInitial => [record.place, record.number, record.initial],
            Rule::HouseYear => [record.place, record.number, record.year],
            Rule::HouseMonthDay => [record.place, record.number, record.month_day],
            Rule::SoundsYear => [sound, record.first_spelling, record.year],
            Rule::NameMonthDay => [name, record.initial, record.month_day],
            Rule::NameYearMonth => [name, record.initial, record.year_month],
            Rule::NamesArea => [name, record.first, record.area],
        };
        words.iter().all(|word| *word != 0).then_some(words)
    }
}
