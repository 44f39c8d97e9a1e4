//! Why there is no answer.

/// A fault of the spells, the columns or the settings. Names columns and counts rows; never repeats a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SurvivalError {
    /// The lengths do not fit together.
    #[error("{what}: expected {expected} values, found {found}")]
    LengthMismatch {
        /// Which sequence.
        what: String,
        /// Length asked.
        expected: usize,
        /// Length given.
        found: usize,
    },
    /// Spells that cannot be: all faults, each with how many rows have it.
    #[error("{}", in_words(.0))]
    Spells(Vec<SpellFault>),
    /// Column names that occur twice.
    #[error("columns that occur more than once: {}", .0.join(", "))]
    DuplicateColumns(Vec<String>),
    /// Columns that hold a value that is not a finite number.
    #[error("columns with a value that is not a finite number: {}", .0.join(", "))]
    NotFinite(Vec<String>),
    /// A setting outside its range.
    #[error("{what} must be {demand}")]
    Setting {
        /// Which setting.
        what: &'static str,
        /// What it must be.
        demand: &'static str,
    },
    /// Nothing ends in the spells.
    #[error(
        "none of the {spells} spells ends with the event: nothing can be learned about when it comes"
    )]
    NoEvents {
        /// Spells given.
        spells: usize,
    },
    /// Fewer than two groups to compare.
    #[error("{found} groups of which a spell is at risk at an event: at least 2 are needed")]
    TooFewGroups {
        /// Groups with somebody at risk.
        found: usize,
    },
    /// All columns are constant or follow from others.
    #[error("no column is left that varies among those at risk")]
    NothingVaries,
    /// The likelihood rises without end along these columns: some value of theirs has no event, or all of them.
    #[error(
        "no finite estimate: among those at risk, events lie at one end of {}; merge levels, leave the column out or set a penalty",
        .0.join(", ")
    )]
    MonotoneLikelihood(Vec<String>),
    /// The search for the best estimate did not end.
    #[error("no estimate after {iterations} steps")]
    NotConverged {
        /// Steps made.
        iterations: usize,
    },
    /// The exact treatment of ties is too much work.
    #[error(
        "exact ties would take about {operations} operations; at most {allowed} are made: use Efron's"
    )]
    TooManyTies {
        /// Multiplications asked per step.
        operations: u64,
        /// The bound.
        allowed: u64,
    },
    /// Spells by interval are more rows than may be held.
    #[error(
        "spells by interval are {needed} rows and at most {allowed} are made: take wider or fewer intervals, or allow more"
    )]
    TooManyPersonPeriods {
        /// Rows there would be.
        needed: usize,
        /// The bound.
        allowed: usize,
    },
    /// No spell is known to be free of its end as late as a measure looks.
    #[error("nobody is followed long enough: at {what} nobody is left at risk")]
    BeyondFollowUp {
        /// Which time.
        what: &'static str,
    },
}

/// Something that no spell can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpellFault {
    /// There are no spells.
    Empty,
    /// A time that is not a finite number.
    TimeNotFinite(usize),
    /// A time before 0.
    TimeNegative(usize),
    /// An entry that is not a finite number.
    EntryNotFinite(usize),
    /// An entry that is not before the end.
    EntryNotBeforeEnd(usize),
    /// A weight that is not a finite number of at least 0.
    Weight(usize),
}

fn in_words(faults: &[SpellFault]) -> String {
    let words = faults.iter().map(|fault| match fault {
        SpellFault::Empty => "there are no spells".to_owned(),
        SpellFault::TimeNotFinite(n) => {
            format!("{n} spells have a time that is not a finite number")
        }
        SpellFault::TimeNegative(n) => format!("{n} spells have a time before 0"),
        SpellFault::EntryNotFinite(n) => {
            format!("{n} spells have an entry that is not a finite number")
        }
        SpellFault::EntryNotBeforeEnd(n) => {
            format!("{n} spells are entered at their end or after it")
        }
        SpellFault::Weight(n) => {
            format!("{n} spells have a weight that is not a finite number of at least 0")
        }
    });
    words.collect::<Vec<_>>().join("; ")
}
