//! Explainable boosting: learned, and laid down as a model.

use helder_ebm::{Attended, Bins, Ebm, EbmError, Pairs, Report, Settings, Smoothing, Stride};
use helder_model::{
    Algorithm, Bags, Curve, Deviations, Input, MissingRule, PairTable, Side, TermsFit,
};
use serde::{Deserialize, Serialize};

use super::{
    LearnError, ModelParts, Onlooker,
    columns::{columns, directions, own_effects, train_outcomes},
    plan::{NewTrainingRun, SMALLEST_GROUP},
    prepare::Prepared,
    split::Rows,
    table::Table,
};

/// Log odds that one step of a deviation of the bags stands for: a hundredth of the smallest standard error that matters.
const UNIT: f64 = 1e-5;
/// Points kept of the curve of losses.
const MOST_LOSSES: usize = 100;

/// Boosted curves with what others need of them.
pub(super) struct Boosted {
    /// For the model document.
    pub parts: ModelParts,
    /// Positive outcomes among the train rows.
    pub events: usize,
    /// For the evaluation.
    pub summary: BoostingSummary,
}

/// How the boosting went, for the evaluation.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BoostingSummary {
    /// Models that were averaged.
    pub bags: usize,
    /// Rounds of each.
    pub rounds: Vec<usize>,
    /// How bold the steps were; the model is the mean of these.
    pub strides: Vec<Stride>,
    /// Mean log loss of the bags on rows they did not learn from, over the rounds.
    pub losses: Vec<f64>,
    /// Every term, the most important first.
    pub terms: Vec<TermSummary>,
    /// Width, in bins, by which curves were smoothed; absent where that was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smoothing: Option<f64>,
    /// Features that were left out, because they gained nothing or less than others; empty where that was not asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// Inputs that say nothing: all rows have one value, or none.
    pub silent: Vec<String>,
}

/// A term.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TermSummary {
    /// Its input, or the two of a pair.
    pub inputs: Vec<String>,
    /// Mean size of what it adds, over the train rows, log odds.
    pub importance: f64,
}

/// Fits the target on the train rows.
///
/// # Errors
/// [`LearnError::Invalid`] when the outcome is no outcome or has one class, or a setting does not fit the columns;
/// [`LearnError::Stopped`] when the onlooker says so.
pub(super) fn fit(
    table: &Table,
    plan: &NewTrainingRun,
    prepared: &Prepared,
    rows: &Rows,
    onlooker: &Onlooker<'_>,
) -> Result<Boosted, LearnError> {
    let y = train_outcomes(table, plan, rows)?;
    let inputs = own_effects(prepared);
    let columns = columns(table, &inputs, &rows.train)?;
    let settings = Settings {
        monotone: directions(plan, &inputs)?,
        ..settings(plan)
    };
    let goes_on = |news| {
        (onlooker.news)(news);
        !(onlooker.stop)()
    };
    let attended: Attended<'_> = (&goes_on, onlooker.keeper);
    let fitted = Ebm::fit_kept(&columns, &y, None, &settings, attended).map_err(told)?;
    let left_out = &fitted.report.left_out;
    let inputs: Vec<Input> = inputs
        .into_iter()
        .filter(|input| !left_out.contains(&input.name))
        .collect();
    let summary = summary(&inputs, &fitted.model, &fitted.report);
    Ok(Boosted {
        events: y.iter().filter(|y| **y).count(),
        parts: ModelParts {
            algorithm: Algorithm::ExplainableBoosting(terms_fit(&inputs, &fitted.model)),
            inputs,
        },
        summary,
    })
}

pub(super) fn settings(plan: &NewTrainingRun) -> Settings {
    let default = Settings::default();
    Settings {
        pairs: plan
            .hyperparameters
            .interactions
            .map_or(default.pairs, |most| Pairs::AtMost(most as usize)),
        smoothing: if plan.hyperparameters.smooth {
            Smoothing::Chosen
        } else {
            Smoothing::Off
        },
        sparse: plan.hyperparameters.sparse,
        max_terms: plan.hyperparameters.maximum_terms.map(|most| most as usize),
        min_bin_rows: SMALLEST_GROUP,
        seed: u64::from(plan.seed),
        ..default
    }
}

pub(super) fn told(error: EbmError) -> LearnError {
    match error {
        EbmError::OneClass => LearnError::one_class(),
        EbmError::Empty => LearnError::fault("/frameId", "too-few-rows", error.to_string()),
        EbmError::Cancelled => LearnError::Stopped,
        other => LearnError::internal(other),
    }
}

pub(super) fn summary(inputs: &[Input], model: &Ebm, report: &Report) -> BoostingSummary {
    let name = |place: usize| inputs[place].name.clone();
    let importance = |scores: &[f64], rows: &[f64]| {
        let all: f64 = rows.iter().sum();
        let sizes = scores
            .iter()
            .zip(rows)
            .map(|(score, rows)| score.abs() * rows);
        sizes.sum::<f64>() / all
    };
    let curves = model.shapes.iter().map(|term| TermSummary {
        inputs: vec![name(term.input)],
        importance: importance(&term.scores, &term.counts),
    });
    let pairs = model.pairs.iter().map(|term| TermSummary {
        inputs: term.inputs.map(name).to_vec(),
        importance: importance(&term.scores, &term.counts),
    });
    let mut terms: Vec<TermSummary> = curves.chain(pairs).collect();
    terms.sort_by(|a, b| b.importance.total_cmp(&a.importance));
    let longest = report
        .bags
        .iter()
        .map(|bag| bag.shapes.len())
        .max()
        .unwrap_or(0);
    let mean = |round: usize| {
        // A bag that has stopped stays where it was.
        let now = report
            .bags
            .iter()
            .filter_map(|bag| bag.shapes.get(round).or(bag.shapes.last()));
        now.sum::<f64>() / report.bags.len() as f64
    };
    let every = longest.div_ceil(MOST_LOSSES).max(1);
    BoostingSummary {
        bags: report.bags.len(),
        rounds: report
            .bags
            .iter()
            .map(|bag| bag.shapes.len() + bag.pairs.len())
            .collect(),
        strides: report.strides.clone(),
        losses: (0..longest)
            .step_by(every)
            .map(mean)
            .filter(|loss| loss.is_finite())
            .collect(),
        terms,
        smoothing: report.smoothing,
        left_out: report.left_out.clone(),
        silent: report
            .silent
            .iter()
            .map(|(place, _)| name(*place))
            .collect(),
    }
}

/// The learned model in the words of the format: without the bin of unknown levels, and without that of missing values where
/// the input has none.
pub(super) fn terms_fit(inputs: &[Input], model: &Ebm) -> TermsFit {
    let first = |input: usize| usize::from(inputs[input].missing != MissingRule::OwnEffect);
    let deviations = |of: &[f64]| Deviations::of(of.iter().copied(), UNIT);
    let bags = model.bags.as_ref();
    let curves = model.shapes.iter().enumerate().map(|(place, term)| {
        let bins = &model.inputs[term.input].1;
        let kept = first(term.input)..=bins.len();
        let own: Vec<u8> = (0..=bins.len()).map(|bin| bin as u8).collect();
        Curve {
            side: side(&inputs[term.input], bins, &own),
            scores: term.scores[kept.clone()].to_vec(),
            standard_errors: term.standard_errors[kept.clone()].to_vec(),
            deviations: bags.map_or_else(Vec::new, |bags| {
                let kept = bags.shapes[place][kept].iter();
                kept.map(|bin| deviations(bin)).collect()
            }),
        }
    });
    let pairs = model.pairs.iter().enumerate().map(|(place, term)| {
        let [a, b] = term.inputs;
        let down = first(a)..term.scores.len() / term.across - 1;
        let across = first(b)..term.across - 1;
        let table = |values: &[f64]| {
            let row = |row: usize| values[row * term.across..][across.clone()].to_vec();
            down.clone().map(row).collect()
        };
        PairTable {
            first: side(&inputs[a], &model.inputs[a].1, &term.coarse[0]),
            second: side(&inputs[b], &model.inputs[b].1, &term.coarse[1]),
            scores: table(&term.scores),
            standard_errors: table(&term.standard_errors),
            deviations: bags.map_or_else(Vec::new, |bags| {
                let row = |row: usize| &bags.pairs[place][row * term.across..][across.clone()];
                let cells =
                    |cells: &[Vec<f64>]| cells.iter().map(|cell| deviations(cell)).collect();
                down.clone().map(|line| cells(row(line))).collect()
            }),
        }
    });
    TermsFit {
        intercept: model.intercept,
        bags: bags.map(|bags| Bags {
            factor: bags.factor,
            unit: UNIT,
            intercept: deviations(&bags.intercept),
        }),
        edits: Vec::new(),
        curves: curves.collect(),
        pairs: pairs.collect(),
    }
}

/// The steps of an input; `steps` says for each bin in which of them it lies, missing first and values from 1.
fn side(input: &Input, bins: &Bins, steps: &[u8]) -> Side {
    let (cuts, levels) = match bins {
        Bins::Numeric { cuts } => {
            let ends = cuts.iter().enumerate();
            let kept = ends.filter(|(place, _)| steps[place + 1] != steps[place + 2]);
            (Some(kept.map(|(_, cut)| *cut).collect()), None)
        }
        Bins::Category { levels } => {
            let count = (1..=levels.len()).map(|bin| steps[bin]).max().unwrap_or(0);
            let of_step = |step: u8| {
                let here = levels.iter().enumerate();
                let here = here.filter(|(place, _)| steps[place + 1] == step);
                here.map(|(_, level)| level.clone()).collect()
            };
            (None, Some((1..=count).map(of_step).collect()))
        }
    };
    Side {
        input: input.name.clone(),
        cuts,
        levels,
    }
}
