#![doc = include_str!("../README.md")]

mod bins;
mod column;
mod error;
mod model;
mod monotone;
pub mod private;
mod purify;
mod report;
mod settings;
mod term;
mod train;

pub use bins::{Bin, Bins};
pub use column::Column;
pub use error::EbmError;
pub use model::{BagSpread, Contribution, Ebm, Value};
pub use report::{Fitted, Report, Silence};
pub use settings::{Direction, Pairs, Settings, Stride};
pub use term::{PairTerm, ShapeTerm};
pub use train::{Course, Progress};
