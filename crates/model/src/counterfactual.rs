//! What would change a prediction.
//!
//! [`Counterfactuals`] is a model made ready to say it; [`smallest`] is the search by itself.

mod advice;
mod change;
mod front;
mod gains;
mod goal;
mod leaves;
mod smallest;
mod words;

pub use advice::{Change, Counterfactual, Counterfactuals, Outcome, USUAL_CHANGES};
pub use goal::{Goal, GoalFault};
pub use smallest::{Done, Found, Limits, Smallest, Together, Way, Ways, smallest};
pub(crate) use words::number_text;
