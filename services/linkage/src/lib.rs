//! The linkage service.

mod check;
mod explain;
mod job;
mod output;
mod page;
mod parts;
mod runs;
mod schema;
mod versions;
mod wire;
