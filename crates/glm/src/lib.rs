#![doc = include_str!("../README.md")]

mod cholesky;
mod chunks;
mod dependence;
mod design;
mod error;
mod fit;
mod irls;
mod logistic;
mod separation;

pub use dependence::DroppedColumn;
pub use design::{Design, INTERCEPT};
pub use error::GlmError;
pub use fit::{Coefficient, LogisticFit};
pub use logistic::{LogisticRegression, Penalty};
