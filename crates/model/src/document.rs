//! The document as a whole: what a `model.json` says.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    GeneralisedFit, HazardFit, Input, IntervalFit, IntervalRegression, KMeansFit, LinearFit,
    MixtureFit, PairTable, PointsFit, Privacy, PrototypesFit, Provisions, SimilarCases, Term,
    TermsFit, Training, TreeFit,
};

/// The format this crate writes.
pub const FORMAT: &str = "helder-model/1";

/// A trained model as numbers and words. Nothing in it is ever executed.
///
/// Build it with every part filled in, then [`Model::to_json`] checks coherence and writes the canonical bytes;
/// [`Model::from_json`] is the only way back.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// Always [`FORMAT`].
    pub format: String,
    /// Machine name of the model, for instance `economic-homelessness`.
    pub name: String,
    /// What the model is called, for people.
    pub title: Meaning,
    /// What sort of answer it gives.
    pub kind: Kind,
    /// What the answer means.
    pub output: Output,
    /// What it wants to know, in the order of the frame.
    pub inputs: Vec<Input>,
    /// How score and answer relate.
    pub link: Link,
    /// The algorithm and what it estimated: `algorithm` and `fitted` in the file.
    #[serde(flatten)]
    pub algorithm: Algorithm,
    /// Correction of the probability after fitting.
    pub calibration: Calibration,
    /// How many training rows resemble one, as counts; absent where training kept none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub similar_cases: Option<SimilarCases>,
    /// What is promised of the rows it was learned from; absent where nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privacy: Option<Privacy>,
    /// What may be expected of provisions, of survival models; absent where training named no report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisions: Option<Provisions>,
    /// From what it was made.
    pub training: Training,
}

/// A text in plain Dutch (B1) and in English.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Meaning {
    /// Dutch, language level B1, without a final full stop.
    pub nl: String,
    /// English.
    pub en: String,
}

impl Meaning {
    /// A text in both languages.
    pub fn new(nl: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            nl: nl.into(),
            en: en.into(),
        }
    }
}

/// What sort of answer a model gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The probability of one event.
    BinaryClassification,
    /// The group somebody resembles most.
    Clustering,
    /// An amount, a count or a share.
    Regression,
    /// How long it takes until something ends.
    Survival,
}

/// What the answer means.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    /// Name of the target column, or of the grouping.
    pub name: String,
    /// What is predicted.
    pub meaning: Meaning,
    /// Within which time after the reference date, an ISO 8601 duration such as `P12M`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub horizon: Option<String>,
}

/// How score and answer relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// The score is the natural logarithm of the odds.
    Logit,
    /// There is no score (groups).
    None,
    /// The score is the answer.
    Identity,
    /// The score is the natural logarithm of the answer.
    Log,
    /// The score is the natural logarithm of a cumulative hazard: the answer is `1 − exp(−exp(score))`.
    Cloglog,
}

/// The algorithm and what it estimated.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "algorithm", content = "fitted", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Algorithm {
    /// Logistic regression: score = intercept + Σ coefficient × value.
    LogisticRegression(LinearFit),
    /// k-means: nearest centre after standardisation.
    KMeans(KMeansFit),
    /// k-prototypes: nearest prototype of numbers and categories.
    KPrototypes(PrototypesFit),
    /// Mixture of normal distributions: most probable of them.
    GaussianMixture(MixtureFit),
    /// Linear, Poisson, negative binomial or binomial regression: score = intercept + Σ coefficient × value.
    GeneralisedLinear(GeneralisedFit),
    /// Explainable boosting: score = intercept + Σ curves + Σ tables of pairs.
    ExplainableBoosting(TermsFit),
    /// Scorecard: score = intercept + points added up × log odds per point.
    Scorecard(PointsFit),
    /// Decision tree: score = that of the leaf which the questions lead to.
    DecisionTree(TreeFit),
    /// Rule list: score = that of the first rule that applies. Stored as a tree whose first ways end.
    RuleList(TreeFit),
    /// Cox regression, one per cause of an end: score = Σ coefficient × (value − mean), the logarithm of the hazard ratio.
    CoxRegression(HazardFit),
    /// Hazards by interval, one sum of curves per cause of an end: log odds of an end in an interval, the time being one input.
    HazardBoosting(IntervalFit),
    /// Regression of hazards by interval, one per cause of an end; effects are the same in every interval.
    HazardRegression(IntervalRegression),
}

impl Model {
    /// What the contributions are of, in their order: one term per input, then one per pair of inputs. Of hazards by interval the pairs
    /// of any cause; a pair with the time is part of the term of its input.
    pub fn terms(&self) -> Vec<Term> {
        let alone = |input| Term { input, other: None };
        let mut terms: Vec<Term> = (0..self.inputs.len()).map(alone).collect();
        let place = |name: &str| self.inputs.iter().position(|input| input.name == name);
        let of = |pair: &PairTable| {
            Some(Term {
                input: place(&pair.first.input)?,
                other: Some(place(&pair.second.input)?),
            })
        };
        match &self.algorithm {
            Algorithm::ExplainableBoosting(fit) => terms.extend(fit.pairs.iter().filter_map(of)),
            Algorithm::HazardBoosting(fit) => {
                let pairs = fit.causes.iter().flat_map(|cause| &cause.terms.pairs);
                for term in pairs.filter_map(of) {
                    if !terms.iter().any(|known| known.is_of(term)) {
                        terms.push(term);
                    }
                }
            }
            _ => {}
        }
        terms
    }
}

impl Algorithm {
    /// The written form.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::LogisticRegression(_) => "logistic_regression",
            Self::KMeans(_) => "k_means",
            Self::KPrototypes(_) => "k_prototypes",
            Self::GaussianMixture(_) => "gaussian_mixture",
            Self::ExplainableBoosting(_) => "explainable_boosting",
            Self::GeneralisedLinear(_) => "generalised_linear",
            Self::Scorecard(_) => "scorecard",
            Self::DecisionTree(_) => "decision_tree",
            Self::RuleList(_) => "rule_list",
            Self::CoxRegression(_) => "cox_regression",
            Self::HazardBoosting(_) => "hazard_boosting",
            Self::HazardRegression(_) => "hazard_regression",
        }
    }
}

/// Correction of the probability after fitting. Contributions are on the score before it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum Calibration {
    /// The probability follows from the score by the link alone.
    None,
    /// Logistic recalibration: log odds = `intercept` + `slope` × score, `slope` > 0.
    ///
    /// # Source
    /// Platt, Advances in Large Margin Classifiers, 1999; Cox, Biometrika 45, 1958.
    Logistic {
        /// Added to the log odds.
        intercept: f64,
        /// Multiplies the score, > 0.
        slope: f64,
    },
}
