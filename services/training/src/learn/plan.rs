//! What a training run is asked to do.

mod causes;
mod check;
mod hyperparameters;
mod preparation;
mod privacy;
mod spline;
mod truth;

use std::collections::BTreeMap;

use helder_model::{Actionable, Meaning, Split};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub(crate) use causes::CausalGraph;
pub(crate) use hyperparameters::{Curbed, ElasticNetSettings, Hyperparameters};
pub(crate) use preparation::NewConversion;
pub(crate) use privacy::Privacy;
pub(crate) use spline::NewSpline;
pub(crate) use truth::Truth;

/// Smallest group, bin or cluster whose figures are shown.
pub(crate) const SMALLEST_GROUP: usize = 10;
/// Column of a frame that holds its reference date.
pub(super) const REFERENCE_DATE: &str = "reference_date";

/// A model to train.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewTrainingRun {
    /// Project whose purpose covers the training.
    pub project_id: Uuid,
    /// A frame of the same project.
    pub frame_id: Uuid,
    /// What the model is called and what it says.
    pub model: NewModel,
    /// How to learn.
    pub algorithm: AlgorithmName,
    /// Column with the outcome: true or false (or 1 and 0) for probabilities, a number for linear regression, a count for
    /// the others; for survival (Cox regression, hazard boosting, hazard regression) the days it lasted, from the beginning until its end or until it was last seen; absent for
    /// groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100)]
    pub target: Option<String>,
    /// Columns the model may look at, in this order.
    #[schema(min_items = 1, max_items = 500)]
    pub features: Vec<Feature>,
    /// Columns that only judge fairness; never features.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub sensitive_features: Vec<String>,
    /// Known part of the score: a number that counts with weight 1. It is asked at prediction like a feature. Regressions only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<Feature>,
    /// Column with what a count is a count of (months, inhabitants), above 0; the model then answers per one of it. Poisson and
    /// negative binomial regression only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100)]
    pub exposure: Option<String>,
    /// Column with the number of trials of which the outcome counts the successes. Required for binomial regression, absent for
    /// others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100)]
    pub trials: Option<String>,
    /// Column with how much each row counts while learning, at least 0. Regressions only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100)]
    pub weights: Option<String>,
    /// Survival: column that says whether it ended, true or false (or 1 and 0). Or how: a text per cause, empty where it had not
    /// ended when last seen. Required there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100)]
    pub event: Option<String>,
    /// Survival: column with the day from which it was followed, counted from the beginning, where that is later (delayed entry).
    /// What ended before is not in the data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100)]
    pub entry: Option<String>,
    /// Survival: the ways in which it ends, the one to explain first. Each gets its own regression, and chances take into account
    /// that another may come first. Absent: every end counts as the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 12)]
    pub causes: Vec<NewCause>,
    /// What is known of the truth beside the registered outcome, to judge the model by. Probabilities only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truth: Option<Truth>,
    /// Column with the area where somebody lives, such as a neighbourhood or the digits of a postcode: whether the model is as good in each
    /// is then told. Probabilities only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100)]
    pub area: Option<String>,
    /// What causes what, to follow a difference between sensitive groups along the ways it comes by. Absent: nothing is said of causes.
    /// Logistic regression, explainable boosting and scorecard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causal_graph: Option<CausalGraph>,
    /// What is promised of the rows learned from: nobody can tell from the model whether a row was among them. Absent for no promise;
    /// refused for algorithms that cannot keep one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy: Option<Privacy>,
    /// Survival: a finished report on outflow of the same frame. Predictions then carry what may be expected of its provisions where the
    /// report allows a conclusion, and the reason where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outflow_report: Option<Uuid>,
    /// Which rows are kept apart to judge the model.
    pub split: NewSplit,
    /// Settings of the algorithm.
    #[serde(default)]
    pub hyperparameters: Hyperparameters,
    /// How many subjects can be helped: the first k by probability count as picked. Absent: probability from 0.5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 10_000_000)]
    pub capacity: Option<u32>,
    /// Seed of everything random.
    #[serde(default)]
    pub seed: u32,
}

/// A way in which something ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewCause {
    /// As the event column says it.
    #[schema(min_length = 1, max_length = 100)]
    pub value: String,
    /// For people, for instance *werk gevonden*.
    pub meaning: Meaning,
}

/// What several ends on the same day mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Ties {
    /// Efron's approximation of all orders in which they may have come.
    #[default]
    Efron,
    /// Breslow's: every end meets everybody still there.
    Breslow,
}

/// A piece of time in which an end comes or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum IntervalLength {
    /// A twelfth of a year of 365.25 days.
    #[default]
    Month,
    /// A fourth of it.
    Quarter,
}

/// How the chance of an end in a piece of time follows from the score.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum HazardLink {
    /// Its log odds are the score: an effect multiplies the odds of an end.
    #[default]
    Logit,
    /// The logarithm of its cumulative hazard is the score (complementary log-log): an effect is that of Cox's regression.
    Cloglog,
}

impl HazardLink {
    /// As the fit knows it.
    pub(super) const fn of_hazard(self) -> helder_hazard::Link {
        match self {
            Self::Logit => helder_hazard::Link::Logit,
            Self::Cloglog => helder_hazard::Link::Cloglog,
        }
    }

    /// As the model says it.
    pub(super) const fn of_model(self) -> helder_model::Link {
        match self {
            Self::Logit => helder_model::Link::Logit,
            Self::Cloglog => helder_model::Link::Cloglog,
        }
    }
}

/// Names of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewModel {
    /// Machine name, for instance `economic-homelessness`; a model of this name is made in the registry when there is none.
    #[schema(pattern = "^[a-z][a-z0-9-]{1,62}$")]
    pub name: String,
    /// What it is called, for people.
    pub title: Meaning,
    /// What it says, for instance *kans op dakloosheid binnen een jaar*.
    pub meaning: Meaning,
    /// Within which time, an ISO 8601 duration such as `P12M`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 20)]
    pub horizon: Option<String>,
}

/// An algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum AlgorithmName {
    /// Probability of a yes/no outcome.
    #[serde(rename = "logistic-regression")]
    LogisticRegression,
    /// Probability of a yes/no outcome, as a sum of curves and of tables for pairs of features.
    #[serde(rename = "explainable-boosting")]
    ExplainableBoosting,
    /// Probability of a yes/no outcome, as whole points that are added up by hand.
    #[serde(rename = "scorecard")]
    Scorecard,
    /// Probability of a yes/no outcome, at the end of a few questions.
    #[serde(rename = "decision-tree")]
    DecisionTree,
    /// Probability of a yes/no outcome, of the first rule that applies.
    #[serde(rename = "rule-list")]
    RuleList,
    /// Groups of subjects that resemble each other.
    #[serde(rename = "k-means")]
    KMeans,
    /// The same of numbers and categories together; what is not known of somebody counts neither for nor against a group.
    #[serde(rename = "k-prototypes")]
    KPrototypes,
    /// Groups that run into each other, of numbers: with the probability that somebody belongs to each.
    #[serde(rename = "gaussian-mixture")]
    GaussianMixture,
    /// Expected amount.
    #[serde(rename = "linear-regression")]
    LinearRegression,
    /// Expected count.
    #[serde(rename = "poisson-regression")]
    PoissonRegression,
    /// Expected count, where counts vary more than Poisson's.
    #[serde(rename = "negative-binomial-regression")]
    NegativeBinomialRegression,
    /// Expected share of trials.
    #[serde(rename = "binomial-regression")]
    BinomialRegression,
    /// How long it lasts and which cause ends it.
    #[serde(rename = "cox-regression")]
    CoxRegression,
    /// How long it lasts and which cause ends it, as the chance per month or quarter: a sum of curves in which effects may change with
    /// time.
    #[serde(rename = "hazard-boosting")]
    HazardBoosting,
    /// How long it lasts and which cause ends it, as the chance per month or quarter: a regression whose effects are the same in each.
    #[serde(rename = "hazard-regression")]
    HazardRegression,
}

impl AlgorithmName {
    /// Whether the outcome is an amount, a count or a share.
    pub(super) const fn estimates(self) -> bool {
        !self.is_grouping()
            && !self.is_survival()
            && !matches!(
                self,
                Self::LogisticRegression
                    | Self::ExplainableBoosting
                    | Self::Scorecard
                    | Self::DecisionTree
                    | Self::RuleList
            )
    }

    /// Whether it makes groups, and there is no outcome.
    pub(super) const fn is_grouping(self) -> bool {
        matches!(
            self,
            Self::KMeans | Self::KPrototypes | Self::GaussianMixture
        )
    }

    /// Whether it answers with the probability of a yes or no.
    pub(super) const fn gives_probabilities(self) -> bool {
        !self.estimates() && !self.is_survival() && !self.is_grouping()
    }

    /// Whether it is a regression, with the settings of regressions.
    pub(super) const fn is_regression(self) -> bool {
        self.estimates() || matches!(self, Self::LogisticRegression)
    }

    /// Whether it tells how long something lasts.
    pub(super) const fn is_survival(self) -> bool {
        matches!(
            self,
            Self::CoxRegression | Self::HazardBoosting | Self::HazardRegression
        )
    }

    /// Whether features may be told to count one way only.
    pub(super) const fn may_be_monotone(self) -> bool {
        matches!(
            self,
            Self::ExplainableBoosting | Self::Scorecard | Self::DecisionTree
        )
    }
}

/// A column the model may look at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Feature {
    /// Column of the frame.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// What it is, as reasons call it.
    pub meaning: Meaning,
    /// Unit of its values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 40)]
    pub unit: Option<String>,
    /// Why it may be used for this purpose.
    #[schema(min_length = 1, max_length = 1000)]
    pub justification: String,
    /// Where it comes from, for instance `wmo.voorzieningen.aantal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub source_field: Option<String>,
    /// How somebody can change it by what they do, so that a prediction can say what would change it. Absent where nobody can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actionable: Option<Actionable>,
    /// Categories that count as one, by the name they count under; each category in one group. Part of the model: prediction takes the
    /// categories as they are in the source.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<String, Vec<String>>,
    /// Categories (or groups) that fewer rows learned from have count together as `other`; the model lists them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 2, maximum = 1_000_000)]
    pub least_rows: Option<u32>,
    /// Numbers: into another unit, or with their ends cut off. Part of the model: prediction takes the number as it is in the source, in the
    /// unit that `unit` says, and `actionable` is of that one too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversion: Option<NewConversion>,
    /// Numbers, in regressions: as a curve instead of a line. Part of the model: prediction takes the number as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spline: Option<NewSpline>,
}

/// Which rows are kept apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(
    tag = "rule",
    rename_all = "lowercase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub(crate) enum NewSplit {
    /// Rows with a `reference_date` before `testFrom` train, the others test.
    Time {
        /// First day of the test rows.
        #[schema(value_type = String, format = "date")]
        #[serde(rename = "testFrom")]
        test_from: Date,
    },
    /// A draw by the seed; rows with equal values in `group` stay together.
    Random {
        /// Share of the test rows, above 0 and below 1.
        #[serde(rename = "testShare")]
        test_share: f64,
        /// Column whose equal values stay together, for instance a pseudonym of the person.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group: Option<String>,
    },
    /// Rows in which this column has this value test.
    Column {
        /// Column of the frame.
        column: String,
        /// Its value for test rows.
        #[serde(default = "yes")]
        value: String,
    },
    /// All rows train, and the model is judged on the same rows; every figure says so.
    None,
}

fn yes() -> String {
    "true".to_owned()
}

impl NewSplit {
    /// As it stands in the model.
    pub(super) fn stored(&self) -> Split {
        match self.clone() {
            Self::Time { test_from } => Split::Time {
                test_from: test_from.to_string(),
            },
            Self::Random { test_share, group } => Split::Random { test_share, group },
            Self::Column { column, value } => Split::Column { column, value },
            Self::None => Split::None,
        }
    }

    /// Columns it reads.
    pub(super) fn column(&self) -> Option<&str> {
        match self {
            Self::Time { .. } => Some(REFERENCE_DATE),
            Self::Random { group, .. } => group.as_deref(),
            Self::Column { column, .. } => Some(column),
            Self::None => None,
        }
    }
}

impl NewTrainingRun {
    /// Largest difference between sensitive groups that counts as within bounds.
    pub(super) fn fairness_settings(&self) -> helder_fairness::Settings {
        let default = helder_fairness::Settings::default();
        helder_fairness::Settings {
            smallest_group: SMALLEST_GROUP,
            largest_difference: self
                .hyperparameters
                .largest_difference
                .unwrap_or(default.largest_difference),
            seed: u64::from(self.seed),
            ..default
        }
    }
}
