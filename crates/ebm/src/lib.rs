#![doc = include_str!("../README.md")]

mod bins;
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
pub use error::EbmError;
pub use helder_types::column::{Column, ColumnFault, Direction, Value};
pub use model::{BagSpread, Contribution, Ebm};
pub use report::{Fitted, Report, Silence};
pub use settings::{Pairs, Settings, Smoothing, Stride};
pub use term::{PairTerm, ShapeTerm};
pub use train::{Attended, Course, Keeper, Progress};
