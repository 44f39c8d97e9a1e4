#![doc = include_str!("../README.md")]

mod cholesky;
mod chunks;
mod cross;
mod dependence;
mod design;
mod error;
mod family;
mod firth;
mod fit;
mod glm;
mod judge;
mod lanes;
mod layout;
mod logistic;
mod negative_binomial;
mod newton;
mod overdispersion;
mod path;
mod raw;
mod response;
mod separation;
mod special;
mod validate;
mod work;

pub use dependence::DroppedColumn;
pub use design::{Design, INTERCEPT};
pub use error::GlmError;
pub use family::Family;
pub use firth::{FirthCoefficient, FirthFit, FirthRegression};
pub use fit::{Coefficient, GlmFit, Robust, Theta};
pub use glm::{Glm, Penalty};
pub use logistic::{LogisticFit, LogisticRegression};
pub use overdispersion::{Against, Overdispersion};
pub use path::{ElasticNet, Lambdas, Path, PathPoint};
pub use response::Response;
pub use validate::CrossValidated;
