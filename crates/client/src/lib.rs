#![doc = include_str!("../README.md")]

mod call;
mod error;
mod job;
mod upload;

pub use call::{Answer, Client};
pub use error::ClientError;
pub use job::JobUpdate;
pub use upload::media_type;
