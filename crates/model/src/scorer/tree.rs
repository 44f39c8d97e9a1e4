//! One question after the other.

use std::collections::HashMap;

use super::{Answer, Interval, Row, logistic, probability, row::Cell};
use crate::{Calibration, Input, TreeFit, TreeSplit, TreeTest, Way};

#[derive(Clone, Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    inputs: usize,
    calibration: Calibration,
}

#[derive(Clone, Debug)]
struct Node {
    score: f64,
    interval: [f64; 2],
    split: Option<Split>,
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
    pub(super) fn new(
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
        let nodes = fit.nodes.iter().map(|node| Node {
            score: node.score,
            interval: [node.lower, node.upper],
            split: node.split.as_ref().and_then(split),
        });
        Self {
            nodes: nodes.collect(),
            inputs: inputs.len(),
            calibration,
        }
    }

    pub(super) fn score(&self, row: &Row, answer: &mut Answer) {
        answer.contributions.clear();
        answer.points.clear();
        answer.contributions.resize(self.inputs, 0.0);
        let cells = row.cells();
        let mut node = &self.nodes[0];
        answer.base_score = node.score;
        while let Some(split) = &node.split {
            let way = usize::from(!split.is_first(&cells[split.input]));
            let next = &self.nodes[split.ways[way]];
            answer.contributions[split.input] += next.score - node.score;
            node = next;
        }
        // Summed as a reader does it, so that it holds to the last bit.
        answer.score = answer
            .contributions
            .iter()
            .fold(answer.base_score, |sum, contribution| sum + contribution);
        answer.probability = Some(probability(answer.score, self.calibration));
        answer.value = None;
        answer.nearest = None;
        let [lower, upper] = node.interval.map(|end| self.calibrated(end));
        answer.interval = Some(Interval { lower, upper });
    }

    fn calibrated(&self, end: f64) -> f64 {
        match self.calibration {
            Calibration::None => end,
            Calibration::Logistic { intercept, slope } => {
                logistic(intercept + slope * (end / (1.0 - end)).ln())
            }
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
