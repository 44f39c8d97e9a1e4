//! Why a study cannot be analysed at all.

/// The faults of a study, or a calculation that has no answer. Names columns and counts rows; never repeats a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EffectError {
    /// All faults of the study and its settings.
    #[error("{}", in_words(.0))]
    Study(Vec<StudyFault>),
    /// A survival analysis has no answer.
    #[error("the time to outflow cannot be estimated")]
    Survival(#[from] helder_survival::SurvivalError),
    /// A chance has no estimate.
    #[error("the chance of a provision cannot be estimated")]
    Glm(#[from] helder_glm::GlmError),
}

/// One fault of a study.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StudyFault {
    /// There are no spells.
    #[error("there are no spells")]
    Empty,
    /// A sequence of another length than the ends of the spells.
    #[error("{what}: expected {expected} values, found {found}")]
    Length {
        /// Which sequence.
        what: String,
        /// Number of spells.
        expected: usize,
        /// Values given.
        found: usize,
    },
    /// Values that are no finite number.
    #[error("{what}: {rows} values are not a finite number")]
    NotFinite {
        /// Which sequence.
        what: String,
        /// How many.
        rows: usize,
    },
    /// A column with missing values that were not announced.
    #[error(
        "column {column}: {rows} values are missing; declare the column as one in which values may be missing, or leave these spells out"
    )]
    Missing {
        /// The column.
        column: String,
        /// How many.
        rows: usize,
    },
    /// Spells that are first seen before the beginning, or not before their end.
    #[error("{0} spells are first seen before day 0, or not before their end")]
    Entry(usize),
    /// Two columns or two groupings with one name.
    #[error("the name {0} occurs more than once")]
    Twice(String),
    /// A label without a name.
    #[error("grouping {grouping}: {rows} labels have no name")]
    Label {
        /// The grouping.
        grouping: String,
        /// How many.
        rows: usize,
    },
    /// A setting outside its range.
    #[error("{what} must be {demand}")]
    Setting {
        /// Which setting.
        what: &'static str,
        /// What it must be.
        demand: &'static str,
    },
}

fn in_words(faults: &[StudyFault]) -> String {
    let words: Vec<String> = faults.iter().map(ToString::to_string).collect();
    words.join("; ")
}
