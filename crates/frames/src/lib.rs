#![doc = include_str!("../README.md")]

mod build;
mod error;
mod guard;
mod limits;
mod query;
mod session;
mod shape;
mod sql;

pub use build::{FrameSummary, build};
pub use error::{FrameError, FrameFault};
pub use limits::FrameLimits;
pub use query::{FrameQuery, FrameTable, TableRole};
pub use shape::{FrameColumn, FrameType};
