#![doc = include_str!("../README.md")]

pub mod assign;
pub mod blocking;
pub mod bound;
pub mod calibration;
pub mod cluster;
pub mod comparison;
mod distinct;
pub mod em;
pub mod groups;
pub mod incremental;
mod keys;
pub mod model;
mod number;
pub mod online;
mod population;
pub mod run;
mod score;
pub mod spec;
pub mod table;
pub mod train;
pub mod value;
pub mod waterfall;

pub use bound::Bound;
pub use cluster::Clusters;
pub use model::TrainedModel;
pub use run::{
    Cancelled, Deduplicated, Limits, Link, Observer, RunError, RunResult, dedupe, run, run_within,
};
pub use run::{Label, run_labelled};
pub use score::probability;
pub use spec::LinkageSpec;
pub use table::{Column, ColumnBuilder, Table};
pub use waterfall::{Waterfall, waterfall};
