//! The leaves of a tree or rule list, each with what its questions ask of every input together.

use std::collections::{BTreeMap, HashMap};

use crate::{Input, TreeFit, TreeNode, TreeTest, Way};

/// A place where the questions end.
#[derive(Clone, Debug, PartialEq)]
pub struct TreeLeaf {
    /// Place of its node.
    pub node: usize,
    /// Positions of the inputs that are asked for on the way, rising, with the values that lead here.
    pub asked: Vec<(usize, Asked)>,
    /// What each of those adds to the score of the root, in the same order; the rest add nothing.
    pub adds: Vec<f64>,
}

/// What the questions on the way to a leaf leave of an input.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    /// Numbers and booleans above the first and up to the second; or, where it may be, no number.
    Number {
        /// Not included.
        above: f64,
        /// Included.
        at_most: f64,
        /// Whether a value that is missing and counts by itself passes.
        or_missing: bool,
    },
    /// Per level of the input; or, where it may be, none of them.
    Levels {
        /// In the order of the input's categories.
        may: Vec<bool>,
        /// Whether a value passes that is none of them.
        or_none: bool,
    },
}

impl TreeFit {
    /// All leaves, in the order of their nodes. Values that lead to one leaf lead to no other.
    ///
    /// * `inputs` – those of a model that holds together with this
    pub fn leaves(&self, inputs: &[Input]) -> Vec<TreeLeaf> {
        let places: HashMap<&str, usize> = inputs
            .iter()
            .enumerate()
            .map(|(place, input)| (input.name.as_str(), place))
            .collect();
        // A node stands before those below it, so what leads to it is known when it is reached.
        let mut ways: Vec<BTreeMap<usize, (Asked, f64)>> = vec![BTreeMap::new(); self.nodes.len()];
        let mut leaves = Vec::new();
        for (place, node) in self.nodes.iter().enumerate() {
            let way = std::mem::take(&mut ways[place]);
            let Some(split) = &node.split else {
                let (asked, adds) = way
                    .into_iter()
                    .map(|(input, (asked, adds))| ((input, asked), adds))
                    .unzip();
                leaves.push(TreeLeaf {
                    node: place,
                    asked,
                    adds,
                });
                continue;
            };
            let Some(&input) = places.get(split.input.as_str()) else {
                continue;
            };
            let follow = |mut way: BTreeMap<usize, (Asked, f64)>, taken: Way, next: &TreeNode| {
                let own = || (Asked::anything(&inputs[input]), 0.0);
                let (asked, adds) = way.entry(input).or_insert_with(own);
                asked.narrow(
                    &split.test,
                    taken,
                    split.missing == Way::First,
                    &inputs[input],
                );
                *adds += next.score - node.score;
                way
            };
            let [first, second] = [split.first, split.second].map(|next| next as usize);
            ways[first] = follow(way.clone(), Way::First, &self.nodes[first]);
            ways[second] = follow(way, Way::Second, &self.nodes[second]);
        }
        leaves
    }
}

impl Asked {
    fn anything(input: &Input) -> Self {
        if input.categories.is_empty() {
            Self::Number {
                above: f64::NEG_INFINITY,
                at_most: f64::INFINITY,
                or_missing: true,
            }
        } else {
            Self::Levels {
                may: vec![true; input.categories.len()],
                or_none: true,
            }
        }
    }

    /// Leaves what goes this way at a question.
    fn narrow(&mut self, test: &TreeTest, way: Way, is_missing_first: bool, input: &Input) {
        let is_first = way == Way::First;
        match self {
            Self::Number {
                above,
                at_most,
                or_missing,
            } => {
                *or_missing &= is_missing_first == is_first;
                match (test, is_first) {
                    (TreeTest::AtMost(cut), true) | (TreeTest::Above(cut), false) => {
                        *at_most = at_most.min(*cut);
                    }
                    (TreeTest::AtMost(cut), false) | (TreeTest::Above(cut), true) => {
                        *above = above.max(*cut);
                    }
                    (TreeTest::Known(known), _) if *known == is_first => {}
                    // No number goes this way.
                    (TreeTest::Known(_) | TreeTest::OneOf(_), _) => *at_most = f64::NEG_INFINITY,
                }
            }
            Self::Levels { may, or_none } => {
                let TreeTest::OneOf(levels) = test else {
                    // Of a category without a number only what is said of missing values counts.
                    let goes = is_missing_first == is_first;
                    for may in may.iter_mut() {
                        *may &= goes;
                    }
                    *or_none &= goes;
                    return;
                };
                *or_none &= !is_first;
                for (may, category) in may.iter_mut().zip(&input.categories) {
                    *may &= levels.contains(&category.level) == is_first;
                }
            }
        }
    }
}
