//! What would change a prediction.

mod front;
mod smallest;

pub use smallest::{Done, Found, Limits, Smallest, Together, Way, Ways, smallest};
