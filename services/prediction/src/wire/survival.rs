//! What survival models say: how long it may take, and which cause may end it.

use helder_model::Meaning;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Chances by time, of people like this one: they are not about how this person will fare.
#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SurvivalAnswer {
    /// When half of those like this one have ended, by any cause.
    pub median: MedianAnswer,
    /// Chance that it has not ended, at 3, 6, 12 and 24 months.
    pub lasting: Vec<ChanceAnswer>,
    /// One per cause of an end; what explains the first are the contributions of the prediction itself.
    pub causes: Vec<CauseAnswer>,
    /// What came of training rows with about the same score; absent where the model keeps none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparable: Option<ComparableAnswer>,
    /// The whole curve; only when asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curve: Option<CurveAnswer>,
    /// What may be expected of provisions, where a report on outflow of the same data allows it; else the reason. Absent where training
    /// named no report. The same for everybody: it is about people who were still there, not about this person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub provisions: Vec<ProvisionAnswer>,
    /// The median in plain language.
    pub text: Meaning,
}

/// A provision: what may be expected of it, or why nothing may.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProvisionAnswer {
    /// What it is.
    pub provision: Meaning,
    /// The end it is for.
    pub outcome: Meaning,
    /// Why nothing is expected; absent where the report allows a conclusion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Meaning>,
    /// Differences in the chance of that end; absent with a reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<DifferenceAnswer>,
    /// What may be concluded; absent with a reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub may_conclude: Vec<Meaning>,
    /// What may not be concluded; absent with a reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub may_not_conclude: Vec<Meaning>,
}

/// How many more (or fewer) of those still there leave by the end when the provision has begun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DifferenceAnswer {
    /// Months from the beginning: of those still there then.
    pub from_months: u32,
    /// Months after that.
    pub within_months: u32,
    /// Difference in chance, from -1 to 1.
    #[schema(minimum = -1, maximum = 1)]
    pub difference: f64,
    /// Its 95 % interval.
    pub interval: super::Interval,
}

/// A time in days with its 95 % interval; each absent where fewer than half end within what was seen in training.
#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MedianAnswer {
    /// First day at which at most half is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<f64>,
    /// Lower end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower: Option<f64>,
    /// Upper end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upper: Option<f64>,
}

/// A chance at one time.
#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChanceAnswer {
    /// Months of 30.4375 days.
    pub months: f64,
    /// From 0 to 1.
    #[schema(minimum = 0, maximum = 1)]
    pub chance: f64,
    /// 95 % interval of the chance of people like this, with the uncertainty of the weights; absent where the chance is 0 or 1 or the
    /// model does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<super::Interval>,
    /// True where nobody was followed that long in training: the chance is that of the last day seen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_beyond_training: bool,
}

/// One cause of an end.
#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CauseAnswer {
    /// As the training data name it.
    pub cause: String,
    /// For people.
    pub meaning: Meaning,
    /// How many times faster than for the average person it comes; of hazards by interval the ratio of the odds, averaged over time.
    pub hazard_ratio: f64,
    /// Chance of an end by it until then, at 3, 6, 12 and 24 months. Another cause may come first; that is taken into account.
    pub chances: Vec<ChanceAnswer>,
    /// What each input adds to the logarithm of the ratio, largest first; absent for the first cause, whose contributions are those of the
    /// prediction.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contributions: Vec<CauseContribution>,
    /// Inputs whose influence changes with time; only with the curve, and only of hazards by interval.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub over_time: Vec<OverTimeAnswer>,
}

/// What an input adds as time goes on.
#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OverTimeAnswer {
    /// The input.
    pub input: String,
    /// Log odds of an end by the cause in the interval up to each day of the curve.
    pub contributions: Vec<f64>,
}

/// What one input does to how fast a cause comes.
#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CauseContribution {
    /// The input.
    pub input: String,
    /// The second input where two count together: in hazards by interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_input: Option<String>,
    /// Counted from the average person in training.
    pub contribution: f64,
    /// The same in plain language.
    pub reason: Meaning,
}

/// A class of training rows with about the same score of the first cause. Every point stands for at least ten more of them.
#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ComparableAnswer {
    /// From 1, the slowest.
    pub class: u64,
    /// How many classes there are.
    pub classes: u64,
    /// Training rows in it, at least fifty.
    pub rows: u64,
    /// One curve per cause, in their order.
    pub ended: Vec<ComparableCurve>,
}

/// Share of a class that had ended by one cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ComparableCurve {
    /// Days.
    pub days: Vec<f64>,
    /// Share ended just after each.
    pub share: Vec<f64>,
    /// Lower ends of the 95 % intervals.
    pub lower: Vec<f64>,
    /// Upper ends.
    pub upper: Vec<f64>,
}

/// Chances by day.
#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CurveAnswer {
    /// Days on which something ended in training; of hazards by interval the ends of the intervals.
    pub days: Vec<f64>,
    /// Chance that it has not ended just after each.
    pub lasting: Vec<f64>,
    /// Per cause: chance of an end by it until just after each.
    pub ended: Vec<Vec<f64>>,
}

/// Chances of a row of a batch at 3, 6, 12 and 24 months.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BatchSurvival {
    /// When half of those like this one have ended; absent where fewer do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub median_days: Option<f64>,
    /// Chance that it has not ended.
    pub lasting: Vec<f64>,
    /// Per cause, in the order of the model: chance of an end by it until then.
    pub ended: Vec<Vec<f64>>,
}
