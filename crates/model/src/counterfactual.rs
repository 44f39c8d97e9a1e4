//! What would change a prediction.

mod smallest;

pub use smallest::{Done, Smallest, Way, Ways, smallest};
