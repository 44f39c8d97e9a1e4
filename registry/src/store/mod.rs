//! Questions to the database. Every one that belongs to an organisation filters on it first. Lists answer one row more
//! than asked, so that a page knows whether another follows.

pub(crate) mod artifacts;
pub(crate) mod catalogue;
pub(crate) mod decisions;
pub(crate) mod events;
pub(crate) mod models;
pub(crate) mod organisations;
pub(crate) mod projects;
pub(crate) mod verify;
pub(crate) mod versions;
