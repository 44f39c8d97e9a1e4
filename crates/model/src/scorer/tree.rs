//! One question after the other.

use std::collections::HashMap;

use super::{Answer, Answers, Block, Interval, Row, logistic, probability, row::Cell};
use crate::{Calibration, Input, TreeFit, TreeLeaf, TreeSplit, TreeTest, Way};

#[derive(Clone, Debug)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    inputs: usize,
    base: f64,
}

#[derive(Clone, Debug)]
enum Node {
    Split(Split),
    Leaf(Leaf),
}

/// What is said of every row that ends here: worked out once.
#[derive(Clone, Debug)]
struct Leaf {
    /// Inputs that were asked for on the way, and what each adds.
    contributions: Vec<(usize, f64)>,
    score: f64,
    probability: f64,
    interval: Interval,
}

#[derive(Clone, Debug)]
struct Split {
    input: usize,
    test: Test,
    is_missing_first: bool,
    /// Places of the nodes of the first and the second way.
    ways: [usize; 2],
}

#[derive(Clone, Debug)]
enum Test {
    AtMost(f64),
    Above(f64),
    /// Per level of the input.
    OneOf(Vec<bool>),
    /// The value is known, whatever it is.
    Known(bool),
}

impl Tree {
    /// `fit` is coherent with `inputs` (see `check`).
    pub(crate) fn new(
        fit: &TreeFit,
        inputs: &[Input],
        positions: &HashMap<String, usize>,
        calibration: Calibration,
    ) -> Self {
        let split = |split: &TreeSplit| {
            let input = *positions.get(&split.input)?;
            let is_in = |levels: &Vec<String>| {
                let of = inputs[input].categories.iter();
                of.map(|category| levels.contains(&category.level))
                    .collect()
            };
            Some(Split {
                input,
                test: match &split.test {
                    TreeTest::AtMost(cut) => Test::AtMost(*cut),
                    TreeTest::Above(cut) => Test::Above(*cut),
                    TreeTest::OneOf(levels) => Test::OneOf(is_in(levels)),
                    TreeTest::Known(known) => Test::Known(*known),
                },
                is_missing_first: split.missing == Way::First,
                ways: [split.first, split.second].map(|way| way as usize),
            })
        };
        let base = fit.nodes[0].score;
        let mut dense = vec![0.0; inputs.len()];
        let mut leaf = |leaf: &TreeLeaf| {
            let each = leaf.asked.iter().map(|(input, _)| *input).zip(&leaf.adds);
            dense.fill(0.0);
            each.for_each(|(input, adds)| dense[input] = *adds);
            // Summed as a reader does it, so that it holds to the last bit.
            let score = dense.iter().fold(base, |sum, one| sum + one);
            let given = dense.iter().copied().enumerate();
            let node = &fit.nodes[leaf.node];
            let [lower, upper] = [node.lower, node.upper].map(|end| calibrated(end, calibration));
            Leaf {
                contributions: given.filter(|(_, one)| *one != 0.0).collect(),
                score,
                probability: probability(score, calibration),
                interval: Interval { lower, upper },
            }
        };
        let mut leaves: Vec<Option<Leaf>> = vec![None; fit.nodes.len()];
        for one in fit.leaves(inputs) {
            leaves[one.node] = Some(leaf(&one));
        }
        let splits = fit
            .nodes
            .iter()
            .map(|node| node.split.as_ref().and_then(split));
        let nodes = splits.zip(leaves);
        Self {
            nodes: nodes
                .filter_map(|(split, leaf)| split.map(Node::Split).or(leaf.map(Node::Leaf)))
                .collect(),
            inputs: inputs.len(),
            base,
        }
    }

    /// What is answered where the questions end at this node of the fit; `None` where it asks.
    pub(crate) fn probability(&self, node: usize) -> Option<f64> {
        match self.nodes.get(node)? {
            Node::Leaf(leaf) => Some(leaf.probability),
            Node::Split(_) => None,
        }
    }

    pub(super) fn score(&self, row: &Row, answer: &mut Answer) {
        let cells = row.cells();
        let leaf = self.leaf(|input| &cells[input]);
        answer.points.clear();
        answer.contributions.clear();
        answer.contributions.resize(self.inputs, 0.0);
        for (input, contribution) in &leaf.contributions {
            answer.contributions[*input] = *contribution;
        }
        answer.base_score = self.base;
        answer.score = leaf.score;
        answer.probability = Some(leaf.probability);
        answer.value = None;
        answer.nearest = None;
        answer.interval = Some(leaf.interval);
    }

    pub(super) fn score_block(&self, block: &Block, answers: &mut Answers) {
        let columns: Vec<&[Cell]> = (0..self.inputs).map(|input| block.column(input)).collect();
        answers.start_from(self.base);
        for input in 0..self.inputs {
            answers.term(input).0.fill(0.0);
        }
        let rows = 0..block.rows();
        let leaves = rows.map(|row| self.leaf(|input| &columns[input][row]));
        for (row, leaf) in leaves.enumerate() {
            for (input, contribution) in &leaf.contributions {
                answers.term(*input).0[row] = *contribution;
            }
            answers.scores[row] = leaf.score;
            answers.probabilities.push(leaf.probability);
            answers.intervals.push(leaf.interval);
        }
    }

    /// Where the questions end for a row.
    fn leaf<'c>(&self, cell: impl Fn(usize) -> &'c Cell) -> &Leaf {
        let mut at = 0;
        loop {
            match &self.nodes[at] {
                Node::Split(split) => {
                    at = split.ways[usize::from(!split.is_first(cell(split.input)))];
                }
                Node::Leaf(leaf) => return leaf,
            }
        }
    }
}

/// An end of an interval on the scale of the answer.
fn calibrated(end: f64, calibration: Calibration) -> f64 {
    match calibration {
        Calibration::None => end,
        Calibration::Logistic { intercept, slope } => {
            logistic(intercept + slope * (end / (1.0 - end)).ln())
        }
    }
}

impl Split {
    fn is_first(&self, cell: &Cell) -> bool {
        match &self.test {
            Test::OneOf(levels) => levels.get(cell.level as usize).copied().unwrap_or_default(),
            _ if cell.number.is_nan() => self.is_missing_first,
            Test::AtMost(cut) => cell.number <= *cut,
            Test::Above(cut) => cell.number > *cut,
            Test::Known(known) => *known,
        }
    }
}
