//! What the registry knows about its things, without database or web: rules, states, checks.

pub(crate) mod artifact;
pub(crate) mod chain;
pub(crate) mod fairness;
pub(crate) mod lineage;
pub(crate) mod manifest;
pub(crate) mod model;
pub(crate) mod permit;
pub(crate) mod project;
pub(crate) mod state;
pub(crate) mod text;
