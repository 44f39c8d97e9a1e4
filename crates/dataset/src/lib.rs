#![doc = include_str!("../README.md")]

mod column;
pub mod contract;
pub mod detect;
pub mod error;
mod hash;
pub mod limits;
pub mod quality;
pub mod read;
pub mod recipe;
pub mod rule;
pub mod value;
pub mod write;

pub use contract::{Contract, Field, FieldType};
pub use detect::Detected;
pub use error::{DatasetError, Result};
pub use limits::Limits;
pub use quality::QualityReport;
pub use recipe::Recipe;
pub use rule::Rule;
