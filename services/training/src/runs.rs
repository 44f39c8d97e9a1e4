//! Training runs: ask, show, list, and the job that learns and registers.

mod bags;
mod course;
pub(crate) mod edits;
pub(crate) mod exports;
pub(crate) mod http;
pub(crate) mod job;
pub(crate) mod register;
pub(crate) mod rows;
pub(crate) mod wire;
