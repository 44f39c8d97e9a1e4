//! How an algorithm learns.

use helder_glm::Robust;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{HazardLink, IntervalLength, Ties};

/// Settings of the algorithm.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Hyperparameters {
    /// Regressions: strength of the shrinkage on standardised columns; absent or 0 for none. Cox regression: the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub l2: Option<f64>,
    /// Explainable boosting: most pairs of features that count together, 0 for none; absent to let the data say. Hazard boosting: the
    /// same, the time being one of the features.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 100)]
    pub interactions: Option<u32>,
    /// Explainable boosting: whether curves of numbers are smoothed, as wide as rows kept apart inside training allow.
    #[serde(default, skip_serializing_if = "is_false")]
    pub smooth: bool,
    /// Explainable boosting: whether features are left out that gain nothing on rows that had no part in learning them.
    #[serde(default, skip_serializing_if = "is_false")]
    pub sparse: bool,
    /// Explainable boosting: most terms, curves and tables together: the features that gain most, and what is left is for pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 600)]
    pub maximum_terms: Option<u32>,
    /// Explainable boosting: features whose curve only rises or only falls; they count together with no other. Scorecard: features whose
    /// points do so; others go the way that tells most. Decision tree: features whose probability does so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 500)]
    pub monotone: Vec<Monotone>,
    /// Scorecard: points of the value that weighs most; 20 when absent. More points are finer and harder to add up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1000)]
    pub most_points: Option<u32>,
    /// Scorecard: most bins of a feature, without that of missing values; 8 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 2, maximum = 32)]
    pub most_bins: Option<u32>,
    /// Decision tree: most questions on the way to an answer; 5 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 8)]
    pub max_depth: Option<u32>,
    /// Rule list: most rules before the last, which holds for everybody left; 8 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 20)]
    pub most_rules: Option<u32>,
    /// Decision tree and rule list: column whose equal values belong together, a person or a household; the `group` of the split when
    /// absent. Their rows choose together or estimate together, and intervals reckon with rows that are alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100)]
    pub row_group: Option<String>,
    /// Regressions but the negative binomial, and Cox regression: lasso, ridge or in between; leaves columns out and gives no standard
    /// errors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elastic_net: Option<ElasticNetSettings>,
    /// Logistic regression: Firth's penalised likelihood, which has an answer where columns tell the outcome without error.
    #[serde(default, skip_serializing_if = "is_false")]
    pub firth: bool,
    /// Regressions: intervals and p-values from robust standard errors; true says the same as `standardErrors` HC0.
    #[serde(default, skip_serializing_if = "is_false")]
    pub robust: bool,
    /// Regressions: which standard errors intervals and p-values come from; those of the model when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard_errors: Option<StandardErrors>,
    /// Cox regression: what several ends on the same day mean; Efron's way when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ties: Option<Ties>,
    /// Hazard boosting and hazard regression: how long each piece of time is; a month when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<IntervalLength>,
    /// Hazard regression: how chances follow from the score; logit when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<HazardLink>,
    /// Hazard regression: most knots of the curve of the time; 4 when absent, fewer where ends fall in few pieces of time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 3, maximum = 7)]
    pub time_knots: Option<u32>,
    /// Groups: how many; absent to choose it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 2, maximum = 50)]
    pub groups: Option<u32>,
    /// Groups: the largest number that is tried when `groups` is absent; 8 when this is absent too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 2, maximum = 50)]
    pub most_groups: Option<u32>,
    /// k-prototypes: what one category that differs weighs, beside one squared standard deviation of a number; 0.5 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0.001, maximum = 1000)]
    pub gamma: Option<f64>,
    /// Largest difference between sensitive groups that counts as within bounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1)]
    pub largest_difference: Option<f64>,
}

/// A feature whose curve goes one way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Monotone {
    /// One of the features, a number.
    #[schema(min_length = 1, max_length = 100)]
    pub feature: String,
    /// Which way.
    pub direction: Curbed,
}

/// Which way a curve goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Curbed {
    /// A larger value never lowers the probability.
    Rising,
    /// A larger value never raises it.
    Falling,
}

/// Where standard errors come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum StandardErrors {
    /// The information that the model itself has of its coefficients.
    #[serde(rename = "model")]
    Model,
    /// White's, which do not lean on the variance that the model assumes.
    #[serde(rename = "HC0")]
    Hc0,
    /// The same with the factor n ÷ (n − p) for few rows.
    #[serde(rename = "HC1")]
    Hc1,
}

impl Hyperparameters {
    /// Which robust standard errors are asked; `None` for those of the model.
    pub(in crate::learn) const fn robust_errors(&self) -> Option<Robust> {
        match (self.standard_errors, self.robust) {
            (Some(StandardErrors::Hc1), _) => Some(Robust::Hc1),
            (Some(StandardErrors::Hc0), _) | (None, true) => Some(Robust::Hc0),
            (Some(StandardErrors::Model), _) | (None, false) => None,
        }
    }
}

/// An elastic net, with the objective of glmnet on standardised columns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ElasticNetSettings {
    /// 1 is the lasso, 0 the ridge.
    #[schema(minimum = 0, maximum = 1)]
    pub alpha: f64,
    /// Strength of the penalty. Absent: chosen by cross-validation in ten folds drawn by the seed, the largest within one
    /// standard error of the best.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub lambda: Option<f64>,
    /// Column whose equal values stand in one fold: person, household, or `reference_date`. Absent: the `group` of the split, where it has
    /// one, so that nobody stands in two folds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100)]
    pub fold_group: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}
