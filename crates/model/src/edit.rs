//! Changes that an expert makes to the curves of a model after learning: what, who, when, why, and how to take them back.
//!
//! A change says what people agreed on ("from 67 on age counts the same"), not numbers per bin, so that it can be read in a
//! meeting and done again on the next model. [`Model::edited`] applies changes, [`Model::undone`] takes the last edit back and
//! proves with the digest that the file is as it was.

mod apply;
mod count;
mod curve;
mod merge;
mod told;
mod undo;

use helder_types::{Digest, Fault};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Bags, Curve, Input, Model, PairTable, SimilarCases, Value};

/// One edit: changes made together, for one reason.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Edit {
    /// Who made it, as the token names them.
    pub by: String,
    /// When, UTC (RFC 3339).
    pub at: String,
    /// Why.
    pub reason: String,
    /// The model file it was made from.
    pub of: Digest,
    /// What was changed, in this order.
    pub changes: Vec<Change>,
    /// What it did to the figures; absent until it was judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// What stood there before.
    pub former: Former,
}

/// A change of the terms of a model.
///
/// Scores are log odds. Whatever changes, people in steps that are not named keep their score: where a curve gets another mean,
/// the intercept takes the difference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(
    tag = "change",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Change {
    /// A stretch counts with this value, log odds against the average person before the change.
    Set {
        /// The input.
        #[schema(min_length = 1, max_length = 100)]
        input: String,
        /// Which values.
        stretch: Stretch,
        /// Log odds, from -20 to 20.
        #[schema(minimum = -20, maximum = 20)]
        value: f64,
    },
    /// A stretch counts the same throughout: with its mean over the people learned from.
    Flatten {
        /// The input.
        #[schema(min_length = 1, max_length = 100)]
        input: String,
        /// Which values.
        stretch: Stretch,
    },
    /// A curve only rises or only falls, everywhere or from one value to another. What is missing stays as it is.
    Monotone {
        /// The input, a number.
        #[schema(min_length = 1, max_length = 100)]
        input: String,
        /// Which way.
        direction: Curved,
        /// From this value on; absent from the lowest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<f64>,
        /// Below this value; absent to the highest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<f64>,
    },
    /// Categories count the same, in the curve and in every table of pairs.
    Merge {
        /// The input, a category.
        #[schema(min_length = 1, max_length = 100)]
        input: String,
        /// Two levels or more.
        #[schema(min_items = 2, max_items = 1000)]
        levels: Vec<String>,
    },
    /// The input no longer counts and is no longer asked: its curve and its tables of pairs go.
    Remove {
        /// The input.
        #[schema(min_length = 1, max_length = 100)]
        input: String,
    },
    /// Two inputs no longer count together.
    RemovePair {
        /// One input.
        #[schema(min_length = 1, max_length = 100)]
        first: String,
        /// The other.
        #[schema(min_length = 1, max_length = 100)]
        second: String,
    },
}

/// Values of one input: of a number those from `from` on and below `to`, of a category some `levels`, of a boolean `true` or
/// `false` as level, and what is missing where the model lets that count by itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Stretch {
    /// Numbers from here on; absent from the lowest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<f64>,
    /// Numbers below this; absent to the highest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<f64>,
    /// Levels of a category.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 1000)]
    pub levels: Vec<String>,
    /// The missing value, instead of numbers.
    #[serde(default, skip_serializing_if = "is_false")]
    pub missing: bool,
}

/// Which way a curve goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Curved {
    /// A larger value never lowers the score.
    Rising,
    /// A larger value never raises the score.
    Falling,
}

/// What an edit did to the figures on rows that were not learned from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Effect {
    /// Rows judged on.
    pub rows: u64,
    /// The figures.
    pub figures: Vec<EffectFigure>,
}

/// A figure before and after an edit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EffectFigure {
    /// For instance `auc` or `logLoss`.
    pub name: String,
    /// Of the model that was edited.
    pub before: f64,
    /// Of the edited model.
    pub after: f64,
}

/// What stood where an edit changed something, with its place, so that the edit can be taken back.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Former {
    /// The intercept.
    pub intercept: f64,
    /// What the bags shared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bags: Option<Bags>,
    /// Inputs that were removed.
    pub inputs: Vec<Placed<Input>>,
    /// Curves that were changed or removed.
    pub curves: Vec<Placed<Curve>>,
    /// Tables that were changed or removed.
    pub pairs: Vec<Placed<PairTable>>,
    /// Counts of similar cases that told of a removed input; absent where the model kept its counts. Nothing is counted anew: two
    /// divisions of the same people can give somebody away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub similar_cases: Option<SimilarCases>,
}

/// Something with the place in its list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Placed<T> {
    /// From 0.
    pub place: u64,
    /// What stood there.
    pub was: T,
}

/// Who edits, when and why.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// Who, as the token names them.
    pub by: &'a str,
    /// When, UTC (RFC 3339).
    pub at: &'a str,
    /// Why.
    pub reason: &'a str,
}

/// The rows a model was learned from: how many lie in a step decides what the mean of a curve is.
pub trait LearnedFrom {
    /// Calls `each` with the raw value of an input of every row, in one order for all inputs.
    ///
    /// # Errors
    /// When the rows have no such column.
    fn each(&self, input: &str, each: &mut dyn FnMut(Value<'_>)) -> Result<(), EditError>;
}

/// An edit that cannot be made, with every fault; pointers are into the list of changes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the edit cannot be made: {} faults", .0.len())]
pub struct EditError(pub Vec<Fault>);

impl EditError {
    fn one(pointer: impl Into<String>, code: &str, detail: &str) -> Self {
        Self(vec![Fault::new(pointer, code, detail)])
    }
}

impl Model {
    /// The edits of this model, the oldest first; none for families without curves.
    pub fn edits(&self) -> &[Edit] {
        match &self.algorithm {
            crate::Algorithm::ExplainableBoosting(fit) => &fit.edits,
            _ => &[],
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}
