//! One subject's values, resolved by the rules of the model.

use std::collections::HashMap;

use super::Incomplete;
use crate::{Conversion, Input, InputType, Meaning, MissingRule, UnknownCategory};

/// A value as a caller gives it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Known to be missing.
    Null,
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Any number.
    Number(f64),
    /// A level of a category.
    Text(&'a str),
}

/// Why a value is refused. Never carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ValueFault {
    /// The model has no such input.
    #[error("the model has no such input")]
    UnknownInput,
    /// A number is wanted.
    #[error("a finite number is wanted here")]
    WantsNumber,
    /// A whole number is wanted.
    #[error("a whole number is wanted here")]
    WantsInteger,
    /// A boolean is wanted.
    #[error("true or false is wanted here")]
    WantsBoolean,
    /// A text is wanted.
    #[error("a text is wanted here")]
    WantsText,
    /// The model gives no prediction without this value.
    #[error("the model gives no prediction without this value")]
    MissingRefused,
    /// The model gives no prediction for a level it did not see in training.
    #[error("the model does not know this category")]
    UnknownCategory,
}

impl ValueFault {
    /// A stable code for an error answer.
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownInput => "unknown-input",
            Self::WantsNumber | Self::WantsInteger | Self::WantsBoolean | Self::WantsText => {
                "wrong-type"
            }
            Self::MissingRefused => "missing-refused",
            Self::UnknownCategory => "unknown-category",
        }
    }
}

/// Something the reader should know about a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Position of the input.
    pub input: usize,
    /// What.
    pub kind: WarningKind,
}

/// What the reader should know about a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WarningKind {
    /// Smaller or larger than any value in training.
    OutsideTraining,
    /// Missing; filled in by the rule of the model.
    Missing,
    /// Missing, which counts by itself, as the model learned it.
    MissingCounts,
    /// Missing; left out by the rule of the model.
    MissingLeftOut,
    /// A level unknown in training; counted as another by the rule of the model.
    UnknownCategory,
}

impl WarningKind {
    /// A stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::OutsideTraining => "outside-training",
            Self::Missing | Self::MissingCounts | Self::MissingLeftOut => "missing",
            Self::UnknownCategory => "unknown-category",
        }
    }

    /// The same for a reader, Dutch and English.
    pub const fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::OutsideTraining => (
                "Deze waarde kwam niet voor in de gegevens waarvan het model leerde. De uitkomst is minder zeker.",
                "This value did not occur in the data the model learned from. The outcome is less certain.",
            ),
            Self::Missing => (
                "Deze waarde is niet bekend. Het model rekent met een vervangende waarde.",
                "This value is not known. The model uses a substitute value.",
            ),
            Self::MissingCounts => (
                "Deze waarde is niet bekend. Ook dat telt het model mee.",
                "This value is not known. The model counts that too.",
            ),
            Self::MissingLeftOut => (
                "Deze waarde is niet bekend. Het model kijkt daarom alleen naar de andere gegevens.",
                "This value is not known. The model therefore looks at the other data only.",
            ),
            Self::UnknownCategory => (
                "Het model kent deze categorie niet. Het rekent met een vervangende categorie.",
                "The model does not know this category. It uses a substitute category.",
            ),
        }
    }
}

/// As wide as a level: a cell without padding is copied whole, in the time of one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum State {
    Absent,
    Given,
    Missing,
    Unknown,
}

/// Of a missing value that no level and no number stands for.
const NO_LEVEL: u32 = u32::MAX;
/// Of a missing value that is left out.
const LEFT_OUT: u32 = u32::MAX - 1;

/// One resolved value: `number` for numbers and booleans, `level` for categories.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    pub(super) number: f64,
    pub(super) level: u32,
    pub(super) state: State,
}

impl Cell {
    /// Of a number, or of a boolean as one.
    #[inline]
    pub(super) const fn given(number: f64) -> Self {
        Self {
            number,
            level: 0,
            state: State::Given,
        }
    }
}

impl PartialEq for Cell {
    /// By bits: the number of a category is no number and still the same.
    fn eq(&self, other: &Self) -> bool {
        (self.number.to_bits(), self.level, self.state)
            == (other.number.to_bits(), other.level, other.state)
    }
}

pub(super) const ABSENT: Cell = Cell {
    number: 0.0,
    level: 0,
    state: State::Absent,
};

/// What a value was before it was prepared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Raw {
    /// The value itself.
    Same,
    /// A number before it was converted.
    Number(f64),
    /// Position among the raw categories.
    Category(u32),
}

/// One subject's values. Make it with [`super::Scorer::row`] and reuse it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    cells: Vec<Cell>,
    /// Empty until a value was prepared.
    raw: Vec<Raw>,
}

impl Row {
    pub(super) fn new(inputs: usize) -> Self {
        Self {
            cells: vec![ABSENT; inputs],
            raw: Vec::new(),
        }
    }

    /// Forgets all values.
    pub fn clear(&mut self) {
        self.cells.fill(ABSENT);
        self.raw.fill(Raw::Same);
    }

    /// Whether an input was set before.
    pub fn is_set(&self, input: usize) -> bool {
        self.cells
            .get(input)
            .is_some_and(|cell| cell.state != State::Absent)
    }

    /// The number the model works with: given or filled in; 1 and 0 for booleans. `None` for categories and absent inputs.
    pub fn number(&self, input: usize) -> Option<f64> {
        let cell = self
            .cells
            .get(input)
            .filter(|cell| cell.state != State::Absent)?;
        cell.number.is_finite().then_some(cell.number)
    }

    /// Position of the level the model works with; `None` for other types, absent inputs and what is missing without a level of its own.
    pub fn level(&self, input: usize) -> Option<usize> {
        let cell = self
            .cells
            .get(input)
            .filter(|cell| cell.state != State::Absent)?;
        let is_level = cell.number.is_nan() && cell.level < LEFT_OUT;
        is_level.then_some(cell.level as usize)
    }

    /// The number as it was given, before it was converted; else as [`Row::number`].
    pub fn raw_number(&self, input: usize) -> Option<f64> {
        match self.raw.get(input) {
            Some(Raw::Number(raw)) => Some(*raw),
            _ => self.number(input),
        }
    }

    /// Position among [`Input::raw_categories`] of what was given, before it was grouped; else as [`Row::level`].
    pub fn raw_category(&self, input: usize) -> Option<usize> {
        match self.raw.get(input) {
            Some(Raw::Category(raw)) => Some(*raw as usize),
            _ => self.level(input),
        }
    }

    /// Whether the value was missing or an unknown level.
    pub fn is_substituted(&self, input: usize) -> bool {
        self.cells
            .get(input)
            .is_some_and(|cell| matches!(cell.state, State::Missing | State::Unknown))
    }

    #[inline]
    pub(super) fn set(&mut self, input: usize, cell: Cell) {
        self.cells[input] = cell;
    }

    /// Keeps what a value was before it was prepared.
    pub(super) fn keep(&mut self, input: usize, raw: Raw) {
        if self.raw.is_empty() {
            self.raw = vec![Raw::Same; self.cells.len()];
        }
        self.raw[input] = raw;
    }

    /// What is kept of a value before it was prepared.
    pub(super) fn kept(&self, input: usize) -> Raw {
        self.raw.get(input).copied().unwrap_or(Raw::Same)
    }

    pub(super) fn cells(&self) -> &[Cell] {
        &self.cells
    }

    pub(super) fn complete(&self, inputs: usize) -> Result<(), Incomplete> {
        if self.cells.len() == inputs && self.cells.iter().all(|cell| cell.state != State::Absent) {
            return Ok(());
        }
        Err(Incomplete(
            (0..inputs).filter(|input| !self.is_set(*input)).collect(),
        ))
    }

    #[inline]
    fn raw_of(&self, input: usize, cell: &Cell) -> f64 {
        match self.raw.get(input) {
            Some(Raw::Number(raw)) => *raw,
            _ => cell.number,
        }
    }

    pub(super) fn warnings<'a>(&'a self, slots: &'a [Slot]) -> impl Iterator<Item = Warning> + 'a {
        self.cells
            .iter()
            .zip(slots)
            .enumerate()
            .filter_map(|(input, (cell, slot))| {
                let kind = match cell.state {
                    State::Missing if cell.level == NO_LEVEL => WarningKind::MissingCounts,
                    State::Missing if cell.level == LEFT_OUT => WarningKind::MissingLeftOut,
                    State::Missing => WarningKind::Missing,
                    State::Unknown => WarningKind::UnknownCategory,
                    State::Given if slot.is_outside(self.raw_of(input, cell)) => {
                        WarningKind::OutsideTraining
                    }
                    State::Given | State::Absent => return None,
                };
                Some(Warning { input, kind })
            })
    }
}

/// The rules of one input, ready to apply.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    kind: InputType,
    minimum: f64,
    maximum: f64,
    /// Position of each raw category.
    levels: HashMap<String, u32>,
    /// The level each counts as; empty where all are levels.
    counts_as: Vec<u32>,
    conversion: Option<Conversion>,
    missing: Option<Cell>,
    unknown: Option<Cell>,
}

impl Slot {
    pub(super) fn new(input: &Input) -> Self {
        // The levels come first, so that their positions are those of the raw categories that bear their names.
        let levels: HashMap<String, u32> = input
            .raw_categories()
            .zip(0..)
            .map(|((raw, _), place)| (raw.to_owned(), place))
            .collect();
        let counts_as = if input.groups().is_empty() {
            Vec::new()
        } else {
            input
                .raw_categories()
                .map(|(_, level)| level as u32)
                .collect()
        };
        let as_level = |level: &String, state| {
            levels.get(level).map(|place| Cell {
                number: f64::NAN,
                level: *place,
                state,
            })
        };
        let missing = match &input.missing {
            MissingRule::MedianAndIndicator { value } | MissingRule::Median { value } => {
                Some(Cell {
                    number: *value,
                    level: 0,
                    state: State::Missing,
                })
            }
            MissingRule::Level { level } => as_level(level, State::Missing),
            MissingRule::OwnEffect => Some(Cell {
                number: f64::NAN,
                level: NO_LEVEL,
                state: State::Missing,
            }),
            MissingRule::LeftOut => Some(Cell {
                number: f64::NAN,
                level: LEFT_OUT,
                state: State::Missing,
            }),
            MissingRule::Reject => None,
        };
        let unknown = match &input.unknown_category {
            Some(UnknownCategory::Level { level }) => as_level(level, State::Unknown),
            Some(UnknownCategory::Reject) | None => None,
        };
        let (minimum, maximum) = input
            .training_range
            .map_or((f64::NEG_INFINITY, f64::INFINITY), |range| {
                (range.minimum, range.maximum)
            });
        Self {
            kind: input.kind,
            minimum,
            maximum,
            levels,
            counts_as,
            conversion: input.conversion().cloned(),
            missing,
            unknown,
        }
    }

    /// Whether every finite number is a value.
    #[inline]
    pub(super) fn takes_numbers(&self) -> bool {
        self.kind == InputType::Number && self.conversion.is_none()
    }

    /// Whether a raw number is smaller or larger than any in training.
    #[inline]
    fn is_outside(&self, raw: f64) -> bool {
        raw < self.minimum || raw > self.maximum
    }

    /// Whether values become others before they count.
    #[inline]
    pub(super) fn prepares(&self) -> bool {
        self.conversion.is_some() || !self.counts_as.is_empty()
    }

    /// What is kept of a value beside what it becomes.
    pub(super) fn raw(&self, value: Value<'_>) -> Raw {
        match value {
            Value::Number(number) => Raw::Number(number),
            Value::Integer(number) => Raw::Number(number as f64),
            Value::Text(text) => self
                .levels
                .get(text)
                .map_or(Raw::Same, |at| Raw::Category(*at)),
            Value::Null | Value::Boolean(_) => Raw::Same,
        }
    }

    /// The cell that a value becomes.
    pub(super) fn resolve(&self, value: Value<'_>) -> Result<Cell, ValueFault> {
        let number = |raw| {
            let conversion = self.conversion.as_ref();
            Ok(Cell::given(
                conversion.map_or(raw, |how| how.converted(raw)),
            ))
        };
        match (self.kind, value) {
            (_, Value::Null) => self.missing.ok_or(ValueFault::MissingRefused),
            (InputType::Number | InputType::Integer, Value::Integer(value)) => number(value as f64),
            (InputType::Number, Value::Number(value)) if value.is_finite() => number(value),
            // 3.0 is a whole number in JSON and in JavaScript.
            (InputType::Integer, Value::Number(value))
                if value.is_finite() && value.fract() == 0.0 =>
            {
                number(value)
            }
            (InputType::Boolean, Value::Boolean(value)) => {
                Ok(Cell::given(f64::from(u8::from(value))))
            }
            (InputType::Category, Value::Text(text)) => match self.levels.get(text) {
                Some(level) => Ok(Cell {
                    number: f64::NAN,
                    level: self
                        .counts_as
                        .get(*level as usize)
                        .copied()
                        .unwrap_or(*level),
                    state: State::Given,
                }),
                // As in training: an empty text says nothing.
                None if text.is_empty() => self.missing.ok_or(ValueFault::MissingRefused),
                None => self.unknown.ok_or(ValueFault::UnknownCategory),
            },
            (InputType::Number, _) => Err(ValueFault::WantsNumber),
            (InputType::Integer, _) => Err(ValueFault::WantsInteger),
            (InputType::Boolean, _) => Err(ValueFault::WantsBoolean),
            (InputType::Category, _) => Err(ValueFault::WantsText),
        }
    }
}

/// Name of the level for a reader.
pub(crate) fn level_name(input: &Input, level: usize) -> Option<Meaning> {
    let category = input.categories.get(level)?;
    let plain = || Meaning::new(category.level.clone(), category.level.clone());
    Some(category.meaning.clone().unwrap_or_else(plain))
}

/// Name of a raw category for a reader: of one in a group, with the name of the group behind it.
pub(crate) fn raw_name(input: &Input, (raw, level): (&str, usize)) -> Option<Meaning> {
    let name = level_name(input, level)?;
    if input.categories.get(level)?.level == raw {
        return Some(name);
    }
    let in_group = |name: String| format!("{raw} ({name})");
    Some(Meaning::new(in_group(name.nl), in_group(name.en)))
}
