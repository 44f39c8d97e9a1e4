//! What a comparison of algorithms is asked to do.

use helder_model::Meaning;
use helder_platform::body::Check;
use helder_selection::{Contender, Role};
use helder_types::Fault;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::learn::plan::{
    AlgorithmName, Feature, Hyperparameters, NewModel, NewSplit, NewTrainingRun, REFERENCE_DATE,
};

/// Candidates at most.
const MOST_CANDIDATES: usize = 10;
/// Settings of one at most.
const MOST_SETTINGS: usize = 12;

/// A comparison of algorithms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewSelection {
    /// Project whose purpose covers the training.
    pub project_id: Uuid,
    /// A frame of the same project.
    pub frame_id: Uuid,
    /// Column with the outcome: true or false, or 1 and 0.
    #[schema(min_length = 1, max_length = 100)]
    pub target: String,
    /// Columns the models may look at, in this order.
    #[schema(min_items = 1, max_items = 500)]
    pub features: Vec<Feature>,
    /// Columns that only judge fairness later; named so that they are no features.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub sensitive_features: Vec<String>,
    /// Which rows the model will be judged on later: they take no part in the comparison.
    pub split: NewSplit,
    /// Algorithms, each with the settings to choose from. Only those for probabilities.
    #[schema(min_items = 1, max_items = 10)]
    pub candidates: Vec<Candidate>,
    /// Which rows learn and which judge within the comparison.
    #[serde(default)]
    pub folds: NewFolds,
    /// The simplest rule there is: a column whose values tell the outcome by themselves, for instance what happened last year. Each
    /// value gets the share of the outcome it had. Text, yes or no, or whole numbers; at most 50 values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100)]
    pub simple_rule: Option<String>,
    /// Whether a black box shows what could be reached; it is never a candidate.
    #[serde(default = "yes")]
    pub ceiling: bool,
    /// Share of the subjects that can be helped; precision and lift are told for it.
    #[serde(default = "tenth")]
    #[schema(minimum = 0.001, maximum = 0.9)]
    pub capacity_share: f64,
    /// What it may cost.
    #[serde(default)]
    pub budget: NewBudget,
    /// Seed of everything random.
    #[serde(default)]
    pub seed: u32,
}

/// An algorithm and its settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Candidate {
    /// The algorithm.
    pub algorithm: AlgorithmName,
    /// Settings to choose from, the likeliest first; absent for its defaults.
    #[serde(default = "defaults")]
    #[schema(min_items = 1, max_items = 12)]
    pub settings: Vec<Hyperparameters>,
}

/// Folds of the comparison: outer ones judge algorithms, inner ones choose settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(
    tag = "rule",
    rename_all = "lowercase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub(crate) enum NewFolds {
    /// Drawn by the seed; rows with equal values in `group` stay together.
    Random {
        /// Column whose equal values stay together, for instance a pseudonym of a person or a household.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(min_length = 1, max_length = 100)]
        group: Option<String>,
        /// Outer folds.
        #[serde(default = "five")]
        #[schema(minimum = 2, maximum = 10)]
        outer: u32,
        /// Inner folds.
        #[serde(default = "three")]
        #[schema(minimum = 2, maximum = 10)]
        inner: u32,
    },
    /// Later reference dates judge what all earlier ones taught.
    Time {
        /// Outer folds at most; one fewer than there are dates.
        #[serde(default = "five")]
        #[schema(minimum = 2, maximum = 10)]
        outer: u32,
        /// Inner folds at most.
        #[serde(default = "three")]
        #[schema(minimum = 2, maximum = 10)]
        inner: u32,
    },
}

/// What a comparison may cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewBudget {
    /// Models fitted at most.
    #[serde(default = "fits")]
    #[schema(minimum = 1, maximum = 5_000)]
    pub fits: u32,
    /// Seconds after which no further model is begun. What is tried then depends on the machine; without it the answer is the same
    /// everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 86_400)]
    pub seconds: Option<u32>,
}

const fn yes() -> bool {
    true
}

const fn tenth() -> f64 {
    0.1
}

const fn five() -> u32 {
    5
}

const fn three() -> u32 {
    3
}

const fn fits() -> u32 {
    500
}

fn defaults() -> Vec<Hyperparameters> {
    vec![Hyperparameters::default()]
}

impl Default for NewFolds {
    fn default() -> Self {
        Self::Random {
            group: None,
            outer: five(),
            inner: three(),
        }
    }
}

impl Default for NewBudget {
    fn default() -> Self {
        Self {
            fits: fits(),
            seconds: None,
        }
    }
}

impl NewFolds {
    /// Outer and inner folds.
    pub(super) const fn counts(&self) -> (usize, usize) {
        let (Self::Random { outer, inner, .. } | Self::Time { outer, inner }) = self;
        (*outer as usize, *inner as usize)
    }

    /// What stays together or comes later.
    pub(super) fn by(&self) -> &str {
        match self {
            Self::Random { group, .. } => group.as_deref().unwrap_or("rows"),
            Self::Time { .. } => REFERENCE_DATE,
        }
    }
}

/// Who takes part, with the candidate it is.
pub(super) type Named = (Contender, Option<usize>);

impl NewSelection {
    /// Everybody in the order of the table: base rate, simple rule, candidates, ceiling.
    pub(super) fn contenders(&self) -> Vec<Named> {
        let alone = |role| (Contender { role, settings: 1 }, None);
        let candidates = self.candidates.iter().enumerate().map(|(place, known)| {
            let shape = Contender {
                role: Role::Candidate,
                settings: known.settings.len(),
            };
            (shape, Some(place))
        });
        let mut all = vec![alone(Role::BaseRate)];
        all.extend(self.simple_rule.iter().map(|_| alone(Role::SimpleRule)));
        all.extend(candidates);
        all.extend(self.ceiling.then(|| alone(Role::Ceiling)));
        all
    }

    /// The run that would train a candidate.
    pub(super) fn run(&self, candidate: usize, setting: usize) -> NewTrainingRun {
        let candidate = &self.candidates[candidate];
        self.with(candidate.algorithm, candidate.settings[setting].clone())
    }

    /// A run with what all candidates share.
    pub(super) fn base(&self) -> NewTrainingRun {
        self.with(
            AlgorithmName::LogisticRegression,
            Hyperparameters::default(),
        )
    }

    fn with(&self, algorithm: AlgorithmName, hyperparameters: Hyperparameters) -> NewTrainingRun {
        let meaning = || Meaning {
            nl: "vergelijking".to_owned(),
            en: "comparison".to_owned(),
        };
        NewTrainingRun {
            project_id: self.project_id,
            frame_id: self.frame_id,
            model: NewModel {
                name: "comparison".to_owned(),
                title: meaning(),
                meaning: meaning(),
                horizon: None,
            },
            algorithm,
            target: Some(self.target.clone()),
            features: self.features_of(algorithm),
            sensitive_features: self.sensitive_features.clone(),
            offset: None,
            exposure: None,
            trials: None,
            weights: None,
            event: None,
            entry: None,
            causes: Vec::new(),
            truth: None,
            area: None,
            causal_graph: None,
            privacy: None,
            outflow_report: None,
            split: self.split.clone(),
            hyperparameters,
            capacity: None,
            seed: self.seed,
        }
    }

    /// The features as an algorithm takes them: what finds its own curves is not told of those of regressions.
    fn features_of(&self, algorithm: AlgorithmName) -> Vec<Feature> {
        let mut features = self.features.clone();
        if !algorithm.takes_splines() {
            for feature in &mut features {
                feature.spline = None;
            }
        }
        features
    }

    /// Columns that the comparison reads beside those of the run, with the pointers to blame.
    pub(super) fn more_columns(&self) -> Vec<(String, &str)> {
        let group = match &self.folds {
            NewFolds::Random { group, .. } => group.as_deref().map(|name| ("/folds/group", name)),
            NewFolds::Time { .. } => Some(("/folds", REFERENCE_DATE)),
        };
        let rule = self
            .simple_rule
            .as_deref()
            .map(|name| ("/simpleRule", name));
        let named = group.into_iter().chain(rule);
        named
            .map(|(pointer, name)| (pointer.to_owned(), name))
            .collect()
    }
}

impl Check for NewSelection {
    fn faults(&self) -> Vec<Fault> {
        let mut faults = self.base().faults();
        let mut fault = |pointer: String, code: &str, detail: &str| {
            faults.push(Fault::new(pointer, code, detail));
        };
        if self.candidates.is_empty() || self.candidates.len() > MOST_CANDIDATES {
            fault("/candidates".into(), "items", "give 1 to 10 candidates");
        }
        let (outer, inner) = self.folds.counts();
        for (name, count) in [("outer", outer), ("inner", inner)] {
            if !(2..=10).contains(&count) {
                fault(format!("/folds/{name}"), "out-of-range", "from 2 to 10");
            }
        }
        if !(0.001..=0.9).contains(&self.capacity_share) {
            fault("/capacityShare".into(), "out-of-range", "from 0.001 to 0.9");
        }
        if self.budget.fits == 0 || self.budget.fits > 5_000 {
            fault("/budget/fits".into(), "out-of-range", "from 1 to 5,000");
        }
        if self
            .budget
            .seconds
            .is_some_and(|most| !(1..=86_400).contains(&most))
        {
            fault("/budget/seconds".into(), "out-of-range", "from 1 to 86,400");
        }
        if self.simple_rule.as_ref() == Some(&self.target) {
            fault(
                "/simpleRule".into(),
                "target-as-feature",
                "the outcome cannot explain itself",
            );
        }
        if self
            .simple_rule
            .as_ref()
            .is_some_and(|name| self.sensitive_features.contains(name))
        {
            let detail = "a sensitive column judges fairness and is no rule";
            fault("/simpleRule".into(), "sensitive-as-feature", detail);
        }
        let mut own = Vec::new();
        for (n, candidate) in self.candidates.iter().enumerate() {
            let at = format!("/candidates/{n}");
            if !candidate.algorithm.gives_probabilities() {
                let detail = "only algorithms that give a probability are compared";
                own.push(Fault::new(format!("{at}/algorithm"), "wrong-kind", detail));
                continue;
            }
            if candidate.settings.is_empty() || candidate.settings.len() > MOST_SETTINGS {
                let detail = "give 1 to 12 settings";
                own.push(Fault::new(format!("{at}/settings"), "items", detail));
            }
            for m in 0..candidate.settings.len() {
                let of_run = self.run(n, m).faults().into_iter();
                let of_settings = of_run.filter_map(|fault| {
                    let pointer = fault.pointer.strip_prefix("/hyperparameters")?.to_owned();
                    Some((pointer, fault))
                });
                own.extend(of_settings.map(|(pointer, fault)| Fault {
                    pointer: format!("{at}/settings/{m}{pointer}"),
                    ..fault
                }));
            }
        }
        faults.extend(own);
        faults
    }
}
