//! What a training run is asked to do.

use std::collections::BTreeSet;

use helder_model::{Meaning, Split};
use helder_platform::body::Check;
use helder_types::Fault;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

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
    /// Column with the outcome: true or false, or 1 and 0. Required for logistic regression, absent for k-means.
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
    /// Groups of subjects that resemble each other.
    #[serde(rename = "k-means")]
    KMeans,
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
        test_from: Date,
    },
    /// A draw by the seed; rows with equal values in `group` stay together.
    Random {
        /// Share of the test rows, above 0 and below 1.
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

/// Settings of the algorithm.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Hyperparameters {
    /// Logistic regression: strength of the shrinkage on standardised columns; absent or 0 for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub l2: Option<f64>,
    /// k-means: number of groups; absent to choose it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 2, maximum = 50)]
    pub groups: Option<u32>,
    /// Largest difference between sensitive groups that counts as within bounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1)]
    pub largest_difference: Option<f64>,
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

/// Faults that show without the frame.
impl Check for NewTrainingRun {
    fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault = |pointer: String, code: &str, detail: &str| {
            faults.push(Fault::new(pointer, code, detail))
        };
        let is_name = |name: &str| {
            (2..=63).contains(&name.len())
                && name.starts_with(|c: char| c.is_ascii_lowercase())
                && name
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        if !is_name(&self.model.name) {
            fault(
                "/model/name".into(),
                "model-name",
                "2 to 63 lower-case letters, digits and hyphens, a letter first",
            );
        }
        let mut texts = vec![
            ("/model/title".to_owned(), &self.model.title),
            ("/model/meaning".to_owned(), &self.model.meaning),
        ];
        texts.extend(
            self.features
                .iter()
                .enumerate()
                .map(|(n, f)| (format!("/features/{n}/meaning"), &f.meaning)),
        );
        for (pointer, meaning) in texts {
            for (language, text) in [("nl", &meaning.nl), ("en", &meaning.en)] {
                if text.trim().is_empty() || text.chars().count() > 300 {
                    fault(
                        format!("{pointer}/{language}"),
                        "length",
                        "give 1 to 300 characters",
                    );
                }
            }
        }
        if self.features.is_empty() || self.features.len() > 500 {
            fault("/features".into(), "items", "give 1 to 500 features");
        }
        let mut seen = BTreeSet::new();
        for (n, feature) in self.features.iter().enumerate() {
            let pointer = format!("/features/{n}/name");
            if !seen.insert(feature.name.as_str()) {
                fault(pointer.clone(), "repeated", "each column once");
            }
            if Some(&feature.name) == self.target.as_ref() {
                fault(
                    pointer.clone(),
                    "target-as-feature",
                    "the outcome cannot explain itself",
                );
            }
            if self.sensitive_features.contains(&feature.name) {
                let detail = "a sensitive column judges fairness and is never a feature";
                fault(pointer.clone(), "sensitive-as-feature", detail);
            }
            if feature.name.ends_with("_pseudonym") || feature.name == "_row" {
                fault(
                    pointer,
                    "identifier-as-feature",
                    "this column points at one person and explains nothing",
                );
            }
            if feature.justification.trim().is_empty()
                || feature.justification.chars().count() > 1000
            {
                fault(
                    format!("/features/{n}/justification"),
                    "length",
                    "say in 1 to 1,000 characters why it may be used",
                );
            }
        }
        let mut sensitive = BTreeSet::new();
        for (n, name) in self.sensitive_features.iter().enumerate() {
            let pointer = format!("/sensitiveFeatures/{n}");
            if !sensitive.insert(name) {
                fault(pointer.clone(), "repeated", "each column once");
            }
            if Some(name) == self.target.as_ref() {
                fault(
                    pointer,
                    "target-as-feature",
                    "the outcome is no sensitive feature",
                );
            }
        }
        if self.sensitive_features.len() > 20 {
            fault(
                "/sensitiveFeatures".into(),
                "items",
                "give at most 20 columns",
            );
        }
        self.settings(&mut fault);
        faults
    }
}

impl NewTrainingRun {
    fn settings(&self, fault: &mut impl FnMut(String, &str, &str)) {
        match (self.algorithm, &self.target) {
            (AlgorithmName::LogisticRegression, None) => {
                fault(
                    "/target".into(),
                    "missing",
                    "name the column with the outcome",
                );
            }
            (AlgorithmName::KMeans, Some(_)) => {
                fault("/target".into(), "wrong-kind", "groups have no outcome")
            }
            _ => {}
        }
        if let NewSplit::Random { test_share, .. } = self.split
            && !(test_share > 0.0 && test_share < 1.0)
        {
            fault(
                "/split/testShare".into(),
                "out-of-range",
                "above 0 and below 1",
            );
        }
        let settings = &self.hyperparameters;
        if settings.l2.is_some_and(|l2| !(0.0..=1e6).contains(&l2)) {
            fault(
                "/hyperparameters/l2".into(),
                "out-of-range",
                "from 0 to 1,000,000",
            );
        }
        if settings.groups.is_some_and(|k| !(2..=50).contains(&k)) {
            fault(
                "/hyperparameters/groups".into(),
                "out-of-range",
                "from 2 to 50 groups",
            );
        }
        if settings
            .largest_difference
            .is_some_and(|d| !(d > 0.0 && d < 1.0))
        {
            fault(
                "/hyperparameters/largestDifference".into(),
                "out-of-range",
                "above 0 and below 1",
            );
        }
        let foreign = match self.algorithm {
            AlgorithmName::LogisticRegression => settings.groups.map(|_| "groups"),
            AlgorithmName::KMeans => settings.l2.map(|_| "l2"),
        };
        if let Some(name) = foreign {
            fault(
                format!("/hyperparameters/{name}"),
                "wrong-kind",
                "this algorithm has no such setting",
            );
        }
        if self.capacity == Some(0) {
            fault("/capacity".into(), "out-of-range", "at least 1");
        }
        if self.capacity.is_some() && self.algorithm == AlgorithmName::KMeans {
            fault(
                "/capacity".into(),
                "wrong-kind",
                "groups have no order to pick from",
            );
        }
    }

    /// Largest difference between sensitive groups that counts as within bounds.
    pub(super) fn fairness_settings(&self) -> helder_fairness::Settings {
        let default = helder_fairness::Settings::default();
        helder_fairness::Settings {
            smallest_group: SMALLEST_GROUP,
            largest_difference: self
                .hyperparameters
                .largest_difference
                .unwrap_or(default.largest_difference),
        }
    }
}
