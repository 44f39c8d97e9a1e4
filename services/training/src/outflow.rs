//! Reports on outflow: ask, show, list, and the job that analyses.

pub(crate) mod http;
pub(crate) mod job;
pub(crate) mod rows;
pub(crate) mod wire;
