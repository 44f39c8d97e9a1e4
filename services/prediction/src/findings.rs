//! What people found of those on a work list: written down sealed, and counted once the list is open.

mod groups;
mod page;
mod result;
mod rows;

pub(crate) use groups::{Scored, scored_groups};
pub(crate) use page::page;
pub(crate) use result::result;
pub(crate) use rows::{Delivery, Writing, hold, list, open, write};
