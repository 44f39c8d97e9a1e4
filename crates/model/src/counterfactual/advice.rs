//! The smallest change of what somebody can change, for one row of one model.

use super::{
    change::{Movable, Move, Number, Target},
    gains::Gains,
    goal::{Goal, GoalFault, Scale},
    leaves::Leaves,
    smallest::{Done, Limits, Together, Ways, smallest},
};
use crate::{Algorithm, Answer, Conversion, Input, InputType, Model, Row, Scorer, Value};

/// How many inputs an advice changes when nobody says otherwise: more is nothing to act on.
pub const USUAL_CHANGES: usize = 3;

/// Bounds looked at before the search stops with what it has; about a millisecond.
const MOST_STEPS: usize = 6_000;

/// A model made ready to say what would change its answer.
///
/// The smallest change is the one with the least effort: the sum over the changed inputs of `effort` × distance ÷ range in training
/// for a number, `effort` for true or false and for a category. Only inputs that the model declares actionable are changed, only as
/// it allows, never beyond what occurred in training, and never an input whose value is not known.
#[derive(Clone, Debug)]
pub struct Counterfactuals {
    movable: Vec<Option<Movable>>,
    conversions: Vec<Option<Conversion>>,
    search: Search,
    scale: Scale,
}

/// How the smallest change is found.
#[derive(Clone, Debug)]
enum Search {
    /// The score is a sum; per input where its steps end, as raw numbers.
    Sum { gains: Gains, cuts: Vec<Vec<f64>> },
    /// The answer is that of a leaf.
    Leaves(Leaves),
}

/// What would have to change.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Nothing: the answer is there already.
    Reached,
    /// These inputs, which is the smallest change.
    Change(Vec<Change>),
    /// No change that the model allows reaches the goal.
    None,
    /// The model declares nothing that somebody can change.
    NothingActionable,
}

/// A change of one input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// Position of the input.
    pub input: usize,
    /// Its part of the effort.
    pub effort: f64,
}

/// What would change an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Counterfactual {
    /// What would have to change.
    pub outcome: Outcome,
    /// Whether nothing smaller exists (or, where none is found, none at all). False when the search had to stop.
    pub is_exact: bool,
    /// The row after the change; the row itself where nothing changes.
    pub row: Row,
    /// What the model answers then.
    pub answer: Answer,
}

/// What can be done with an input of this row.
struct Options {
    input: usize,
    targets: Vec<Target>,
    line: Option<(Number, f64, f64)>,
    ways: Ways,
}

impl Counterfactuals {
    /// `None` for a family whose answer cannot be taken apart by inputs, such as groups.
    pub fn new(model: &Model) -> Option<Self> {
        let search = match &model.algorithm {
            Algorithm::DecisionTree(fit) | Algorithm::RuleList(fit) => {
                Search::Leaves(Leaves::new(model, fit))
            }
            _ => {
                let gains = Gains::new(model)?;
                let inputs = model.inputs.iter().enumerate();
                let cuts = inputs.map(|(n, input)| raw_cuts(input, gains.cuts(n)));
                let cuts = cuts.collect();
                Search::Sum { gains, cuts }
            }
        };
        let is_sensitive = |name: &String| model.training.sensitive_features.contains(name);
        Some(Self {
            movable: model
                .inputs
                .iter()
                .map(|input| Movable::new(input).filter(|_| !is_sensitive(&input.name)))
                .collect(),
            conversions: model
                .inputs
                .iter()
                .map(|input| input.conversion().cloned())
                .collect(),
            scale: Scale::new(model),
            search,
        })
    }

    /// Whether the model declares anything that somebody can change.
    pub fn is_empty(&self) -> bool {
        self.movable.iter().all(Option::is_none)
    }

    /// Whether a goal can be a goal for this model.
    ///
    /// # Errors
    /// [`GoalFault`] for a number that the model cannot answer.
    pub fn check(&self, goal: Goal) -> Result<(), GoalFault> {
        self.scale.score(goal).map(|_| ())
    }

    /// The smallest change of at most `most_changes` inputs after which the answer meets the goal.
    ///
    /// * `row` – complete, of the scorer of the same model
    /// * `answer` – what the scorer says of it
    ///
    /// # Errors
    /// [`GoalFault`] for a number that the model cannot answer.
    pub fn find(
        &self,
        scorer: &Scorer,
        (row, answer): (&Row, &Answer),
        goal: Goal,
        most_changes: usize,
    ) -> Result<Counterfactual, GoalFault> {
        let target = self.scale.score(goal)?;
        let same = |outcome, is_exact| Counterfactual {
            outcome,
            is_exact,
            row: row.clone(),
            answer: answer.clone(),
        };
        let now = answer.probability.or(answer.value).unwrap_or(answer.score);
        if goal.is_met(now) {
            return Ok(same(Outcome::Reached, true));
        }
        if self.is_empty() {
            return Ok(same(Outcome::NothingActionable, true));
        }
        let (done, is_exact) = match &self.search {
            Search::Sum { gains, cuts } => {
                let need = (goal, target - answer.score);
                self.in_sum((gains, cuts), row, need, most_changes)
            }
            Search::Leaves(leaves) => {
                let found = leaves.smallest(row, &self.movable, goal, most_changes);
                (found, true)
            }
        };
        let Some(done) = done else {
            return Ok(same(Outcome::None, is_exact));
        };
        let (mut after, mut changes) = (row.clone(), Vec::new());
        for Move { input, to, effort } in done {
            put(scorer, &mut after, input, to);
            changes.push(Change { input, effort });
        }
        let mut then = Answer::default();
        if scorer.score(&after, &mut then).is_err() {
            return Ok(same(Outcome::None, false));
        }
        Ok(Counterfactual {
            outcome: Outcome::Change(changes),
            is_exact,
            row: after,
            answer: then,
        })
    }

    /// Searches where the score is a sum; what of each input, for what effort; and whether nothing smaller exists.
    fn in_sum(
        &self,
        (gains, cuts): (&Gains, &[Vec<f64>]),
        row: &Row,
        (goal, need): (Goal, f64),
        most_changes: usize,
    ) -> (Option<Vec<Move>>, bool) {
        let up = match goal {
            Goal::AtLeast(_) => 1.0,
            Goal::AtMost(_) => -1.0,
        };
        let options: Vec<Options> = (0..self.movable.len())
            .filter_map(|input| self.options((gains, &cuts[input]), row, input, up))
            .collect();
        let inputs: Vec<Ways> = options.iter().map(|option| option.ways.clone()).collect();
        let together = self.together(gains, row, &options, up);
        let limits = Limits {
            most_changes,
            most_steps: MOST_STEPS,
        };
        let found = smallest(&inputs, &together, up * need, limits);
        let done = found.smallest.map(|change| {
            let each = options.iter().zip(&change.done);
            each.filter_map(|(option, done)| {
                let (to, effort) = option.done(row, *done)?;
                Some(Move {
                    input: option.input,
                    to,
                    effort,
                })
            })
            .collect()
        });
        let is_beyond = |input| self.is_beyond(gains, row, input);
        let is_exact = found.is_exact && !(0..self.movable.len()).any(is_beyond);
        (done, is_exact)
    }

    fn options(
        &self,
        (gains, cuts): (&Gains, &[f64]),
        row: &Row,
        input: usize,
        up: f64,
    ) -> Option<Options> {
        let movable = self.movable[input].as_ref()?;
        // From a value that is not known no distance can be told.
        if row.is_substituted(input) {
            return None;
        }
        let some = |targets: Vec<(Target, f64)>| {
            let way = |(target, cost): &(Target, f64)| super::Way {
                cost: *cost,
                gain: up * gains.alone(row, input, self.worked(input, *target)),
            };
            Options {
                input,
                ways: Ways::Some(targets.iter().map(way).collect()),
                targets: targets.into_iter().map(|(target, _)| target).collect(),
                line: None,
            }
        };
        match movable {
            Movable::Number(number) => {
                let value = row.raw_number(input)?;
                if let Some(slope) = gains.slope(input) {
                    if self.is_beyond(gains, row, input) {
                        return None;
                    }
                    let conversion = self.conversions[input].as_ref();
                    let slope = slope * conversion.map_or(1.0, |how| how.scale);
                    let line = number.line(value, up * slope)?;
                    let (end, first, step) = number.shares(value, line, slope);
                    return Some(Options {
                        input,
                        targets: Vec::new(),
                        line: Some((*number, value, line.1)),
                        ways: Ways::Line { end, first, step },
                    });
                }
                let targets = number.in_steps(value, cuts).into_iter();
                let each = targets.map(|to| (Target::Number(to), number.cost(value, to)));
                Some(some(each.collect()))
            }
            Movable::Boolean { direction, cost } => {
                let to = row.number(input)? <= 0.5;
                let may = direction.allows(to);
                may.then(|| some(vec![(Target::Boolean(to), *cost)]))
            }
            Movable::Levels { to, cost } => {
                let now = row.level(input)?;
                let others = to.iter().filter(|level| **level != now);
                Some(some(others.map(|to| (Target::Level(*to), *cost)).collect()))
            }
        }
    }

    /// A target as the model works with it.
    fn worked(&self, input: usize, target: Target) -> Target {
        match (target, &self.conversions[input]) {
            (Target::Number(raw), Some(how)) => Target::Number(how.converted(raw)),
            (other, _) => other,
        }
    }

    /// Whether a number lies where its ends are cut off, so that its effect is no line from there: no advice is made of it.
    fn is_beyond(&self, gains: &Gains, row: &Row, input: usize) -> bool {
        let (Some(Movable::Number(_)), Some(how)) =
            (&self.movable[input], &self.conversions[input])
        else {
            return false;
        };
        let [lowest, highest] = how.ends();
        let is_outside = |raw: f64| raw < lowest || raw > highest;
        gains.slope(input).is_some()
            && !row.is_substituted(input)
            && row.raw_number(input).is_some_and(is_outside)
    }

    /// What two changes do together.
    fn together(&self, gains: &Gains, row: &Row, options: &[Options], up: f64) -> Vec<Together> {
        let of = |input: usize| options.iter().position(|option| option.input == input);
        let pairs = gains.pairs().iter().filter_map(|pair| {
            let inputs = [of(pair.inputs[0])?, of(pair.inputs[1])?];
            let targets = [0, 1].map(|side| {
                let each = options[inputs[side]].targets.iter();
                each.map(|target| self.worked(pair.inputs[side], *target))
                    .collect::<Vec<Target>>()
            });
            let mut gains = pair.beyond(row, [&targets[0], &targets[1]]);
            for gain in gains.iter_mut().flatten() {
                *gain *= up;
            }
            Some(Together { inputs, gains })
        });
        pairs.collect()
    }
}

impl Options {
    /// The value to advise and what it costs.
    fn done(&self, row: &Row, done: Done) -> Option<(Target, f64)> {
        match (done, &self.ways, self.line) {
            (Done::Chosen(place), Ways::Some(ways), _) => {
                Some((*self.targets.get(place)?, ways.get(place)?.cost))
            }
            (Done::Along(share), _, Some((number, from, last))) => {
                let to = number.at_share(from, last, share);
                let from = row.raw_number(self.input)?;
                Some((Target::Number(to), number.cost(from, to)))
            }
            _ => None,
        }
    }
}

/// Cuts as raw numbers; those that no raw number reaches, or all do, tell nothing.
fn raw_cuts(input: &Input, cuts: Vec<f64>) -> Vec<f64> {
    let Some(how) = input.conversion() else {
        return cuts;
    };
    let mut raw: Vec<f64> = cuts.iter().map(|cut| how.raw_cut(*cut)).collect();
    raw.retain(|cut| cut.is_finite());
    raw.dedup();
    raw
}

fn put(scorer: &Scorer, row: &mut Row, input: usize, to: Target) {
    let known = &scorer.inputs()[input];
    let value = match to {
        Target::Number(number) => Value::Number(number),
        Target::Boolean(value) => Value::Boolean(value),
        Target::Level(level) => match known.categories.get(level) {
            Some(category) => Value::Text(&category.level),
            None => return,
        },
    };
    debug_assert!(
        known.kind != InputType::Integer || !matches!(to, Target::Number(n) if n.fract() != 0.0)
    );
    // It is of the type of the input, so it is not refused.
    let _ = scorer.set(row, input, value);
}
