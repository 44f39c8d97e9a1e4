#![doc = include_str!("../README.md")]

mod bsn;
mod care;
mod day;
mod dice;
mod dirt;
mod extracts;
mod generate;
mod housing;
mod lengths;
mod life;
mod money;
mod names;
mod outcome;
mod person;
mod places;
mod population;
mod rates;
mod register;
mod shapes;
mod sheet;
mod signals;
mod truth;
mod welfare;
mod world;

pub use extracts::{ARREARS_FILE, Defect};
pub use generate::{Progress, Settings, Summary, generate};
pub use outcome::{EFFECTS, Effects};
pub use places::{GEMEENTE, GEMEENTECODE};
pub use rates::BaseRate;
pub use truth::Parameters;

/// Why no municipality came about.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The settings ask for what cannot be.
    #[error("{0}")]
    Settings(String),
    /// A file could not be written.
    #[error("the files could not be written: {0}")]
    Io(#[from] std::io::Error),
    /// The workbook could not be written.
    #[error("the workbook could not be written: {0}")]
    Workbook(String),
    /// A name list is damaged.
    #[error("a name list of this program is damaged: {0}")]
    Names(String),
}
