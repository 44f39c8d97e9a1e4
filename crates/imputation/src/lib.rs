#![doc = include_str!("../README.md")]

mod chained;
mod cholesky;
mod column;
mod design;
mod draw;
mod error;
mod mcar;
mod missingness;
mod pool;

pub use chained::{Convergence, Imputed, Settings, Shift, impute, impute_from};
pub use column::{Column, MISSING_LEVEL, Table, Values};
pub use error::{Fault, ImputationError};
pub use mcar::{McarTest, little};
pub use missingness::{Gaps, Missingness, Pattern, Sign, Verdict, missingness};
pub use pool::{Estimate, JointTest, Pooled, pool, pool_joint};
