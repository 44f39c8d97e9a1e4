//! A model made ready to answer: typed row in, score with exact contributions out, nothing allocated per row.

mod answers;
mod bagged;
mod block;
mod cuts;
mod hazard;
mod interval;
mod linear;
mod mixture;
mod nearest;
mod order;
mod outlook;
mod parameters;
mod points;
mod prototypes;
mod row;
mod spread;
mod steps;
mod terms;
mod tree;

pub use answers::Answers;
pub use block::{Block, BlockFault};
pub use outlook::{Chance, MedianTime, Outlook, OutlookCause, OutlookCurve, OverTime};
pub(crate) use row::raw_name;
pub use row::{Row, Value, ValueFault, Warning, WarningKind};
pub(crate) use steps::Placer;
pub(crate) use tree::Tree as TreeAnswers;

use std::collections::HashMap;

use crate::{Algorithm, Calibration, Input, Link, Meaning, Model, ModelError, Term, check::check};

/// A model made ready to answer.
#[derive(Clone, Debug)]
pub struct Scorer {
    inputs: Vec<Input>,
    positions: HashMap<String, usize>,
    slots: Vec<row::Slot>,
    terms: Vec<Term>,
    engine: Engine,
}

#[derive(Clone, Debug)]
enum Engine {
    Linear(linear::Linear),
    Nearest(nearest::Centres),
    Prototypes(prototypes::Prototypes),
    Mixture(mixture::Mixture),
    Terms(terms::Terms),
    Points(points::Points),
    Tree(tree::Tree),
    Hazards(hazard::Hazards),
    Intervals(interval::Intervals),
}

/// What a model says about one row. Reuse it: its buffers are kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// Probability of the event, in `[0, 1]`; absent for groups and survival (see [`Scorer::outlook`]).
    pub probability: Option<f64>,
    /// The expected amount, count or share; absent for probabilities and groups.
    pub value: Option<f64>,
    /// 95 % interval of the probability or of the value, from the covariance of the estimates, of explainable boosting from
    /// the spread of its bags ([`crate::Bags`]), of trees and rule lists from the rows that chose no question; absent where the
    /// model has none.
    ///
    /// It says how well the training data fixes the average of people like this, not how one person will fare. Of explainable
    /// boosting it leaves out what early stopping and few steps smooth away, and what an expert set has no spread.
    pub interval: Option<Interval>,
    /// The group; absent for probabilities.
    pub nearest: Option<Nearest>,
    /// `base_score` + Σ `contributions`. Log odds before calibration, for groups the margin (see [`Nearest`]), for survival the log
    /// hazard ratio of the first cause (of hazards by interval the log odds ratio, averaged over time).
    pub score: f64,
    /// Score of the average of the training rows; 0 for groups but those of a mixture (see [`Nearest`]).
    pub base_score: f64,
    /// One per term, in the order of [`Scorer::terms`], on the scale of the score.
    pub contributions: Vec<f64>,
    /// Of a scorecard: the points of each input, which add up to the total; empty for others.
    pub points: Vec<u32>,
    /// Positions of the terms, largest contribution (by size, not sign) first.
    pub order: Vec<usize>,
    /// Steps of the inputs in their curves, kept for its buffer.
    steps: Vec<usize>,
    /// Steps and cells of the terms among those of all, kept for its buffer.
    entries: Vec<usize>,
    /// Distances of a mixture, kept for its buffer.
    distances: Vec<f64>,
}

/// An interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

/// The group whose centre is nearest. The score is the margin: squared distance to the second nearest centre minus squared
/// distance to this one, so each contribution says how much an input speaks for this group rather than the next.
///
/// Of a mixture the group is the most probable one, the score the log odds of it against the next, and the base score what the sizes and the
/// widths of the two say before anything is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nearest {
    /// Position of the group in the model.
    pub group: usize,
    /// Squared distance to its centre, standardised; of a mixture as its covariance measures (Mahalanobis).
    pub squared_distance: f64,
    /// How certain the group is, in `[0, 1]`: of a mixture its probability, of k-prototypes how often people this much nearer to it than to
    /// the next got it again when the groups were made from samples without them ([`crate::CertaintyStep`]). Absent for k-means.
    pub certainty: Option<f64>,
}

/// The row misses inputs: positions of those never set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} inputs are not given", .0.len())]
pub struct Incomplete(pub Vec<usize>);

impl Scorer {
    /// Prepares a model.
    ///
    /// # Errors
    /// [`ModelError`] if the model is not coherent.
    pub fn new(model: &Model) -> Result<Self, ModelError> {
        let faults = check(model);
        if !faults.is_empty() {
            return Err(ModelError(faults));
        }
        let positions: HashMap<_, _> = model
            .inputs
            .iter()
            .enumerate()
            .map(|(place, input)| (input.name.clone(), place))
            .collect();
        let engine = match &model.algorithm {
            Algorithm::LogisticRegression(fit) => Engine::Linear(linear::Linear::new(
                fit,
                &model.inputs,
                &positions,
                linear::Response::Probability(model.calibration),
            )),
            Algorithm::GeneralisedLinear(fit) => Engine::Linear(linear::Linear::new(
                &fit.linear,
                &model.inputs,
                &positions,
                linear::Response::Value {
                    link: model.link,
                    critical: fit.critical,
                },
            )),
            Algorithm::KMeans(fit) => Engine::Nearest(nearest::Centres::new(fit)),
            Algorithm::KPrototypes(fit) => {
                Engine::Prototypes(prototypes::Prototypes::new(fit, model))
            }
            Algorithm::GaussianMixture(fit) => Engine::Mixture(mixture::Mixture::new(fit)?),
            Algorithm::ExplainableBoosting(fit) => Engine::Terms(terms::Terms::new(
                fit,
                &model.inputs,
                &positions,
                model.calibration,
            )),
            Algorithm::Scorecard(fit) => {
                Engine::Points(points::Points::new(fit, &model.inputs, model.calibration))
            }
            Algorithm::DecisionTree(fit) | Algorithm::RuleList(fit) => Engine::Tree(
                tree::Tree::new(fit, &model.inputs, &positions, model.calibration),
            ),
            Algorithm::CoxRegression(fit) => {
                Engine::Hazards(hazard::Hazards::new(fit, &model.inputs, &positions))
            }
            Algorithm::HazardRegression(fit) => Engine::Intervals(
                interval::Intervals::of_regression(fit, model.link, &model.inputs, &positions),
            ),
            Algorithm::HazardBoosting(fit) => Engine::Intervals(interval::Intervals::new(
                fit,
                &model.inputs,
                &positions,
                &model.terms(),
            )),
        };
        let slots = model.inputs.iter().map(row::Slot::new).collect();
        Ok(Self {
            inputs: model.inputs.clone(),
            positions,
            slots,
            terms: model.terms(),
            engine,
        })
    }

    /// The inputs, in order.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// What the contributions are of, in their order: one term per input, then one per pair of inputs.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// Position of an input by name. `expected` is tried first: callers mostly send inputs in order.
    pub fn position(&self, name: &str, expected: usize) -> Option<usize> {
        if self
            .inputs
            .get(expected)
            .is_some_and(|input| input.name == name)
        {
            return Some(expected);
        }
        self.positions.get(name).copied()
    }

    /// An empty row for this model.
    pub fn row(&self) -> Row {
        Row::new(self.inputs.len())
    }

    /// Sets one input of a row, by the rules of the model.
    ///
    /// # Errors
    /// [`ValueFault`] says what is wrong, never what the value was; the input then counts as not given.
    #[inline]
    pub fn set(&self, row: &mut Row, input: usize, value: Value<'_>) -> Result<(), ValueFault> {
        let slot = self.slots.get(input).ok_or(ValueFault::UnknownInput)?;
        // What most values are, without the detour of a cell that could be a fault.
        if let (Value::Number(number), true) = (value, slot.takes_numbers())
            && number.is_finite()
        {
            row.set(input, row::Cell::given(number));
            return Ok(());
        }
        row.set(input, slot.resolve(value)?);
        if slot.prepares() {
            row.keep(input, slot.raw(value));
        }
        Ok(())
    }

    /// Scores a row. `answer` is overwritten.
    ///
    /// # Errors
    /// [`Incomplete`] names all inputs that were never set.
    pub fn score(&self, row: &Row, answer: &mut Answer) -> Result<(), Incomplete> {
        row.complete(self.inputs.len())?;
        match &self.engine {
            Engine::Linear(linear) => linear.score(row, answer),
            Engine::Nearest(centres) => centres.score(row, answer),
            Engine::Prototypes(prototypes) => prototypes.score(row, answer),
            Engine::Mixture(mixture) => mixture.score(row, answer),
            Engine::Terms(terms) => terms.score(row, answer),
            Engine::Points(points) => points.score(row, answer),
            Engine::Tree(tree) => tree.score(row, answer),
            Engine::Hazards(hazards) => hazards.score(row, answer),
            Engine::Intervals(hazards) => hazards.score(row, answer),
        }
        order::by_size(&answer.contributions, &mut answer.order);
        Ok(())
    }

    /// How long it may take and which cause may end it; `None` for models that say no such thing. The whole curve only when asked.
    ///
    /// # Errors
    /// [`Incomplete`] names all inputs that were never set.
    pub fn outlook(&self, row: &Row, with_curve: bool) -> Result<Option<Outlook>, Incomplete> {
        row.complete(self.inputs.len())?;
        Ok(match &self.engine {
            Engine::Hazards(hazards) => Some(hazards.outlook(row, with_curve)),
            Engine::Intervals(hazards) => Some(hazards.outlook(row, with_curve)),
            _ => None,
        })
    }

    /// Whether the answer is an outlook: chances by time.
    pub fn answers_outlook(&self) -> bool {
        matches!(self.engine, Engine::Hazards(_) | Engine::Intervals(_))
    }

    /// What the reader should know about this row: values outside training, filled in, or unknown.
    pub fn warnings<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = Warning> + 'a {
        row.warnings(&self.slots)
    }

    /// Whether the answer is an amount, a count or a share.
    pub fn answers_value(&self) -> bool {
        matches!(&self.engine, Engine::Linear(linear) if linear.answers_value())
    }

    /// Whether a group is named with how certain it is.
    pub const fn answers_certainty(&self) -> bool {
        matches!(&self.engine, Engine::Prototypes(_) | Engine::Mixture(_))
    }

    /// Name of a group of a clustering.
    pub fn group_name(&self, group: usize) -> Option<&Meaning> {
        match &self.engine {
            Engine::Linear(_)
            | Engine::Terms(_)
            | Engine::Points(_)
            | Engine::Tree(_)
            | Engine::Hazards(_)
            | Engine::Intervals(_) => None,
            Engine::Nearest(centres) => centres.name(group),
            Engine::Prototypes(prototypes) => prototypes.name(group),
            Engine::Mixture(mixture) => mixture.name(group),
        }
    }
}

/// Numbers beyond this count as this where they are multiplied or squared, so that every answer stays a number. Such a value is flagged as
/// outside training.
pub const FARTHEST: f64 = 1e100;

/// A number as it counts in sums.
fn bounded(number: f64) -> f64 {
    number.clamp(-FARTHEST, FARTHEST)
}

/// The logistic function, accurate in both tails.
fn logistic(log_odds: f64) -> f64 {
    if log_odds >= 0.0 {
        1.0 / (1.0 + (-log_odds).exp())
    } else {
        let odds = log_odds.exp();
        odds / (1.0 + odds)
    }
}

/// The value that belongs to a score.
fn value(score: f64, link: Link) -> f64 {
    match link {
        Link::Identity | Link::None => score,
        // Beyond this the value would not be a number that can be written.
        Link::Log => score.clamp(-700.0, 700.0).exp(),
        Link::Logit => logistic(score),
        Link::Cloglog => -(-score.clamp(-700.0, 700.0).exp()).exp_m1(),
    }
}

/// The probability that belongs to a score.
fn probability(score: f64, calibration: Calibration) -> f64 {
    match calibration {
        Calibration::None => logistic(score),
        Calibration::Logistic { intercept, slope } => logistic(intercept + slope * score),
    }
}
