#![doc = include_str!("../README.md")]

pub mod check;
pub mod document;
pub mod fitted;
pub mod input;
pub mod read;
pub mod reason;
pub mod scorer;
pub mod training;

pub use document::{Algorithm, Calibration, FORMAT, Kind, Link, Meaning, Model, Output};
pub use fitted::{
    CategoryTerm, Centre, Intercept, KMeansFit, LevelTerm, LinearFit, LinearTerm, MissingTerm,
    Standardisation,
};
pub use input::{Category, Input, InputType, MissingRule, TrainingRange, UnknownCategory};
pub use read::ModelError;
pub use reason::{Language, Reasons};
pub use scorer::{Answer, Interval, Nearest, Row, Scorer, Value, ValueFault, Warning, WarningKind};
pub use training::{Parent, Split, Training};
