#![doc = include_str!("../README.md")]

mod assign;
pub mod blocking;
pub mod bound;
pub mod comparison;
mod distinct;
pub mod em;
pub mod model;
pub mod run;
mod score;
pub mod spec;
pub mod table;
pub mod train;
pub mod value;
pub mod waterfall;

pub use bound::Bound;
pub use model::TrainedModel;
pub use run::{Cancelled, Link, Observer, RunResult, run};
pub use score::probability;
pub use spec::LinkageSpec;
pub use table::{Column, ColumnBuilder, Table};
pub use waterfall::{Waterfall, waterfall};
