//! Why a pair got its weight: bars that sum exactly to it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    bound::Bound,
    comparison::{MISSING, Outcome, Scratch},
    model::{Source, TrainedModel},
    score::{Evidence, Weights, probability},
    spec::LinkageSpec,
};

/// What a bar stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum BarKind {
    /// Odds before anything is compared.
    Prior,
    /// A comparison: log2(m / u) of the level reached.
    Comparison,
    /// How rare the value is on which the pair agrees.
    Frequency,
    /// The pair could be two members of one household.
    Household,
    /// Other candidates of either record.
    Rivals,
}

/// One bar. Holds no value of a record: only levels, probabilities and weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Bar {
    /// What it stands for.
    pub kind: BarKind,
    /// The comparison, for bars of comparisons and frequencies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparison: Option<String>,
    /// The level reached, or what the bar means.
    pub label: String,
    /// The same in Dutch.
    pub label_nl: String,
    /// m of the level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub m_probability: Option<f64>,
    /// u of the level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub u_probability: Option<f64>,
    /// Where m comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub m_source: Option<Source>,
    /// Where u comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub u_source: Option<Source>,
    /// Bits for (above zero) or against (below zero).
    pub weight: f64,
}

/// All bars of a pair.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Waterfall {
    /// The bars; their weights are multiples of 2⁻²⁰, so their sum is exact in any order.
    pub bars: Vec<Bar>,
    /// Sum of the bars.
    pub match_weight: f64,
    /// The same as probability.
    pub match_probability: f64,
    /// The blocking rule that found the pair; absent when no rule reaches it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found_by: Option<String>,
}

/// Explains a pair under a trained model. `rival_bar` is that of the run's [`crate::run::ScoredPair`], 0 for a pair that was not kept.
pub fn waterfall(
    spec: &LinkageSpec,
    bound: &Bound,
    model: &TrainedModel,
    (left, right): (usize, usize),
    rival_bar: f64,
) -> Waterfall {
    let weights = Weights::new(model, bound.n_records());
    let mut outcomes = Vec::new();
    bound.compare(left, right, &mut Scratch::none(), &mut outcomes);
    explain(spec, model, &weights, &outcomes, rival_bar)
}

/// Explains what was found of a pair.
pub(crate) fn explain(
    spec: &LinkageSpec,
    model: &TrainedModel,
    weights: &Weights,
    outcomes: &[Outcome],
    rival_bar: f64,
) -> Waterfall {
    let evidence: Evidence = weights.evidence(outcomes);
    let mut bars = vec![plain(
        BarKind::Prior,
        "before comparing",
        "vóór het vergelijken",
        model.prior_weight,
    )];
    for (k, outcome) in outcomes.iter().enumerate() {
        let name = spec
            .comparisons
            .get(k)
            .map(|comparison| comparison.name().to_owned());
        let (weight, frequency) = weights.bars(k, *outcome);
        let level = model
            .comparisons
            .get(k)
            .zip(usize::from(outcome.level).checked_sub(1))
            .and_then(|(c, i)| c.levels.get(i));
        bars.push(Bar {
            kind: BarKind::Comparison,
            comparison: name.clone(),
            label: level.map_or(MISSING.label, |level| &level.label).to_owned(),
            label_nl: level
                .map_or(MISSING.label_nl, |level| &level.label_nl)
                .to_owned(),
            m_probability: level.map(|level| level.m_probability),
            u_probability: level.map(|level| level.u_probability),
            m_source: level
                .and(model.comparisons.get(k))
                .map(|comparison| comparison.m_source),
            u_source: level.map(|level| level.u_source),
            weight,
        });
        if frequency != 0.0 {
            let (label, label_nl) = if frequency > 0.0 {
                ("rarer than usual", "zeldzamer dan gewoonlijk")
            } else {
                ("more common than usual", "gewoner dan gewoonlijk")
            };
            bars.push(Bar {
                comparison: name,
                ..plain(BarKind::Frequency, label, label_nl, frequency)
            });
        }
    }
    if model.household_weight.is_some() {
        let weight = weights.household_bar(evidence, model.household_weight);
        bars.push(plain(
            BarKind::Household,
            "could be another member of the household",
            "kan een huisgenoot zijn",
            weight,
        ));
    }
    if rival_bar != 0.0 {
        // Between two files other records compete, and tell what a score is worth; within one, those of the same person speak for a pair.
        let (label, label_nl) = if model.calibration.is_some() {
            (
                "other candidates, and how near others come",
                "andere kandidaten, en hoe dichtbij anderen komen",
            )
        } else if rival_bar < 0.0 {
            ("what other records say", "wat andere records zeggen")
        } else {
            (
                "the other records of this person",
                "de andere records van deze persoon",
            )
        };
        bars.push(plain(BarKind::Rivals, label, label_nl, rival_bar));
    }
    let match_weight = bars.iter().map(|bar| bar.weight).sum();
    Waterfall {
        bars,
        match_weight,
        match_probability: probability(match_weight),
        found_by: None,
    }
}

fn plain(kind: BarKind, label: &str, label_nl: &str, weight: f64) -> Bar {
    Bar {
        kind,
        comparison: None,
        label: label.to_owned(),
        label_nl: label_nl.to_owned(),
        m_probability: None,
        u_probability: None,
        m_source: None,
        u_source: None,
        weight,
    }
}
