//! Frames: analysis tables made by SQL over the caller's own versions.

pub(crate) mod http;
pub(crate) mod inputs;
pub(crate) mod job;
pub(crate) mod lineage;
pub(crate) mod records;
pub(crate) mod rows;
pub(crate) mod wire;
