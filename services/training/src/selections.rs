//! Comparisons of algorithms: ask, show, list, and the job that compares.

pub(crate) mod http;
pub(crate) mod job;
pub(crate) mod rows;
pub(crate) mod wire;
