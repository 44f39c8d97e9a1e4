#![doc = include_str!("../README.md")]

mod build;
mod episodes;
mod error;
mod guard;
mod limits;
mod query;
mod session;
mod shape;
mod sql;

pub use build::{FrameSummary, build};
pub use episodes::{ADDED as EPISODE_COLUMNS, EpisodeCounts, EpisodeStep};
pub use error::{FrameError, FrameFault};
// The rules' own words.
pub use helder_survival::{Clock, Late};
pub use limits::FrameLimits;
pub use query::{FrameQuery, FrameTable, TableRole};
pub use shape::{FrameColumn, FrameType};
