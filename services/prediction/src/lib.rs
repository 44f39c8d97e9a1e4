//! Prediction.

pub mod active;
pub mod answer;
pub mod batch;
pub mod log;
pub mod registry;
mod schema;
pub mod served;
pub mod subjects;
pub mod wire;
