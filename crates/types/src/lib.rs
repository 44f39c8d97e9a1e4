#![doc = include_str!("../README.md")]

pub mod caller;
pub mod column;
mod column_names;
pub mod digest;
pub mod fault;
pub mod identifier;
pub mod job;
pub mod permission;
pub mod person;
pub mod semantic;
pub mod steps;

pub use caller::Caller;
pub use digest::Digest;
pub use fault::{Fault, ProblemDetails};
pub use identifier::{Gemeentecode, OrganisationId};
pub use permission::{Permission, Role};
pub use person::Bsn;
pub use semantic::SemanticType;
pub use steps::ProjectStep;
