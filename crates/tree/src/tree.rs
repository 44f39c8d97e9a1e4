//! A learned tree, and what it says of a person.

use serde::{Deserialize, Serialize};

use crate::{TreeError, Value};

/// A tree of questions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tree {
    /// What it was learned from, in that order.
    pub inputs: Vec<Input>,
    /// The root first, then its first side with all below, then its second side.
    pub nodes: Vec<Node>,
    /// Share of events among all rows, above 0 and below 1.
    pub base_share: f64,
    /// Splits given up because their estimates did not go the asked way.
    pub merged: usize,
}

/// A column of the training rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// Of categories: the levels with enough rows to be told apart. All others are treated alike, seen or not.
    pub levels: Option<Vec<String>>,
}

/// A place in the tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// What the rows here say.
    pub counted: Counted,
    /// The question asked here; a leaf has none.
    pub split: Option<Split>,
}

/// What rows say.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Counted {
    /// Rows that estimate.
    pub rows: u64,
    /// Clusters (persons, households) that these rows are of; none where each row stands alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clusters: Option<u64>,
    /// Those with the outcome.
    pub events: u64,
    /// Probability: (events + share of events among all) / (rows + 1), so never 0 or 1.
    pub probability: f64,
    /// Exact interval of the probability: Clopper and Pearson's, with clusters Korn and Graubard's. None where the same rows chose the
    /// splits.
    pub interval: Option<[f64; 2]>,
}

impl Counted {
    /// Log odds of the probability.
    pub fn score(&self) -> f64 {
        (self.probability / (1.0 - self.probability)).ln()
    }
}

/// A question with two ways on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Split {
    /// Place of its input.
    pub input: usize,
    /// Who goes first.
    pub test: Test,
    /// Whether a missing value goes first: where its rows gain most, or where most rows go if there was none.
    pub is_missing_first: bool,
    /// Whether levels that are rare or were never seen go first. Of categories only.
    pub are_others_first: bool,
    /// Place of the node for those who go first.
    pub first: usize,
    /// Place of the node for the others.
    pub second: usize,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// Is the number at most this?
    AtMost(f64),
    /// Is the level one of these?
    OneOf(Vec<String>),
    /// Is the value known?
    Known,
}

/// One question and its answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Place of the node that asked.
    pub node: usize,
    /// Place of its input.
    pub input: usize,
    /// Whether it went first.
    pub is_first: bool,
    /// What the answer added to the log odds.
    pub contribution: f64,
}

/// What is special about a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    /// There is none.
    Missing,
    /// The level is none of those that were told apart.
    Unknown,
}

/// A value that was asked for and was special.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flagged {
    /// Place of its input.
    pub input: usize,
    /// What is special.
    pub flag: Flag,
}

/// The way of a person through the tree.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// Place of the leaf.
    pub leaf: usize,
    /// Log odds at the root.
    pub base_score: f64,
    /// `base_score` plus the contributions of the steps, in their order: those of the leaf.
    pub score: f64,
    /// The questions, in their order.
    pub steps: Vec<Step>,
    /// Values that were asked for and were special.
    pub flagged: Vec<Flagged>,
}

impl Tree {
    /// Leaves with their places.
    pub fn leaves(&self) -> impl Iterator<Item = (usize, &Node)> {
        self.nodes
            .iter()
            .enumerate()
            .filter(|(_, node)| node.split.is_none())
    }

    /// The way of a person.
    ///
    /// # Errors
    /// For another number of values than inputs, or a value of the other kind.
    pub fn path(&self, values: &[Value<'_>]) -> Result<Path, TreeError> {
        check(&self.inputs, values)?;
        let base_score = self.nodes.first().map_or(0.0, |root| root.counted.score());
        let mut path = Path {
            leaf: 0,
            base_score,
            score: base_score,
            steps: Vec::new(),
            flagged: Vec::new(),
        };
        while let Some(split) = self
            .nodes
            .get(path.leaf)
            .and_then(|node| node.split.as_ref())
        {
            let (is_first, flag) = self.inputs[split.input].answer(split, values[split.input]);
            let next = if is_first { split.first } else { split.second };
            let contribution =
                self.nodes[next].counted.score() - self.nodes[path.leaf].counted.score();
            path.steps.push(Step {
                node: path.leaf,
                input: split.input,
                is_first,
                contribution,
            });
            path.score += contribution;
            path.leaf = next;
            let flagged = flag.map(|flag| Flagged {
                input: split.input,
                flag,
            });
            path.flagged
                .extend(flagged.filter(|new| !path.flagged.contains(new)));
        }
        Ok(path)
    }
}

impl Input {
    fn answer(&self, split: &Split, value: Value<'_>) -> (bool, Option<Flag>) {
        match (value, &split.test) {
            (Value::Number(number), Test::AtMost(cut)) if !number.is_nan() => {
                (number <= *cut, None)
            }
            (Value::Level(level), test) => {
                let is_known = self.levels.iter().flatten().any(|known| known == level);
                let is_first = match test {
                    Test::OneOf(levels) if is_known => levels.iter().any(|one| one == level),
                    Test::Known => true,
                    _ => split.are_others_first,
                };
                (is_first, (!is_known).then_some(Flag::Unknown))
            }
            (Value::Number(number), _) if !number.is_nan() => (true, None),
            (Value::Number(_) | Value::Missing, _) => (split.is_missing_first, Some(Flag::Missing)),
        }
    }
}

/// Checks that values are of these inputs.
pub(crate) fn check(inputs: &[Input], values: &[Value<'_>]) -> Result<(), TreeError> {
    if values.len() != inputs.len() {
        return Err(TreeError::Values {
            found: values.len(),
            expected: inputs.len(),
        });
    }
    let is_wrong = |(input, value): &(&Input, &Value<'_>)| match value {
        Value::Missing => false,
        Value::Number(_) => input.levels.is_some(),
        Value::Level(_) => input.levels.is_none(),
    };
    match inputs.iter().zip(values).find(is_wrong) {
        Some((input, _)) => Err(TreeError::Kind(input.name.clone())),
        None => Ok(()),
    }
}
