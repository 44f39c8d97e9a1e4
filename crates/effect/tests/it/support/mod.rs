//! Spells to analyse.

pub(crate) mod made;
pub(crate) mod welfare;
