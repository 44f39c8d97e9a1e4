#![doc = include_str!("../README.md")]

pub mod actionable;
mod bags;
pub mod cases;
pub mod check;
pub mod counterfactual;
pub mod document;
pub mod edit;
pub mod fitted;
mod generalised;
pub mod groups;
pub mod hazard;
pub mod input;
pub mod interval;
mod points;
pub mod preparation;
mod print;
mod privacy;
pub mod provision;
pub mod read;
pub mod reason;
pub mod scorer;
pub mod spline;
pub mod terms;
pub mod training;
mod tree;

pub use actionable::{Actionable, Direction};
pub use bags::{Bags, Deviations};
pub use cases::{CaseCell, CaseNode, CaseSplit, Cases, Similar, SimilarCases, Withheld};
pub use counterfactual::{Counterfactual, Counterfactuals, Goal, GoalFault};
pub use document::{Algorithm, Calibration, FORMAT, Kind, Link, Meaning, Model, Output};
pub use edit::{
    Change, Curved, Edit, EditError, Effect, EffectFigure, Former, LearnedFrom, Signed, Stretch,
};
pub use fitted::{
    CategoryTerm, Centre, Intercept, KMeansFit, LevelTerm, LinearFit, LinearTerm, MissingTerm,
    Standardisation,
};
pub use generalised::{Family, GeneralisedFit};
pub use groups::{
    CertaintyStep, Component, GroupCard, GroupTrait, MixtureFit, Mode, Prototype, PrototypesFit,
    TraitValue,
};
pub use hazard::{Hazard, HazardFit, HazardTerms, RiskClass, RiskCurve, Spoken};
pub use input::{Category, Input, InputType, MissingRule, TrainingRange, UnknownCategory};
pub use interval::{IntervalEffects, IntervalFit, IntervalHazard, IntervalRegression};
pub use points::{InputPoints, PointsFit};
pub use preparation::{CategoryGroup, Conversion, Preparation};
pub use privacy::{Accountant, Mechanism, Privacy};
pub use provision::{ExpectedDifference, Provision, Provisions};
pub use read::ModelError;
pub use reason::{Language, Reasons};
pub use scorer::{
    Answer, Answers, Block, BlockFault, Chance, FARTHEST, Incomplete, Interval, MedianTime,
    Nearest, Outlook, OutlookCause, OutlookCurve, OverTime, Row, Scorer, Value, ValueFault,
    Warning, WarningKind,
};
pub use spline::{CurvePoint, SplineBasis, SplineColumn, SplineTerm};
pub use terms::{Curve, PairTable, Side, Term, TermsFit};
pub use training::{Parent, Split, Training};
pub use tree::{Asked, TreeFit, TreeLeaf, TreeNode, TreeSplit, TreeTest, Way};

/// The published JSON Schema of `helder-model/1` (draft 2020-12).
pub const SCHEMA: &str = include_str!("../schema/helder-model-1.schema.json");
