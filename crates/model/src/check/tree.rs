//! Trees and rule lists: every node is reached once, every question fits its input.

use std::collections::{HashMap, HashSet};

use super::Check;
use crate::{Input, InputType, MissingRule, TreeFit, TreeNode, TreeSplit, TreeTest, Way};

/// Most nodes of a tree.
const MAX_NODES: usize = 10_000;
/// What rounding may take off an end of an interval.
const SLACK: f64 = 1e-9;

impl Check {
    /// * `is_list` – the first way of every question ends there
    pub(super) fn tree(&mut self, fit: &TreeFit, inputs: &HashMap<&str, &Input>, is_list: bool) {
        let n_nodes = fit.nodes.len();
        self.that(
            (1..=MAX_NODES).contains(&n_nodes),
            "/fitted/nodes",
            "too-many",
            "there are 1 to 10,000 nodes",
        );
        let mut reached = HashSet::from([0]);
        for (place, node) in fit.nodes.iter().enumerate() {
            let at = format!("/fitted/nodes/{place}");
            self.tree_node(&at, node);
            let Some(split) = &node.split else { continue };
            for (name, below) in [("first", split.first), ("second", split.second)] {
                let next = usize::try_from(below).unwrap_or(usize::MAX);
                self.that(
                    next > place && next < n_nodes && reached.insert(next),
                    format!("{at}/split/{name}"),
                    "unknown-node",
                    "this is a node further on that no other question leads to",
                );
            }
            let ends = fit
                .nodes
                .get(usize::try_from(split.first).unwrap_or(usize::MAX));
            self.that(
                !is_list || ends.is_none_or(|node| node.split.is_none()),
                format!("{at}/split/first"),
                "wrong-kind",
                "a rule that applies ends the list: use decision_tree",
            );
            match inputs.get(split.input.as_str()) {
                Some(input) => self.question(&format!("{at}/split"), split, input),
                None => self.that(
                    false,
                    format!("{at}/split/input"),
                    "unknown-input",
                    "this names an input",
                ),
            }
        }
        self.that(
            reached.len() == n_nodes.max(1),
            "/fitted/nodes",
            "unreached-node",
            "a question leads to every node but the first",
        );
        let asked: HashSet<&str> = fit
            .nodes
            .iter()
            .flat_map(|node| &node.split)
            .map(|split| split.input.as_str())
            .collect();
        self.that(
            inputs.keys().all(|name| asked.contains(name)),
            "/fitted",
            "input-without-term",
            "every input is asked for somewhere",
        );
    }

    fn tree_node(&mut self, at: &str, node: &TreeNode) {
        self.finite(format!("{at}/score"), node.score);
        self.share(format!("{at}/lower"), node.lower);
        self.share(format!("{at}/upper"), node.upper);
        let probability = 1.0 / (1.0 + (-node.score).exp());
        self.that(
            (node.lower - SLACK..=node.upper + SLACK).contains(&probability),
            format!("{at}/lower"),
            "out-of-range",
            "the probability of the score lies within the interval",
        );
    }

    fn question(&mut self, at: &str, split: &TreeSplit, input: &Input) {
        let is_category = input.kind == InputType::Category;
        let own = input.missing == MissingRule::OwnEffect;
        let (pointer, fits, detail) = match &split.test {
            TreeTest::AtMost(cut) | TreeTest::Above(cut) => (
                "",
                !is_category && cut.is_finite(),
                "a cut is a finite number, of a number or a boolean",
            ),
            TreeTest::OneOf(levels) => {
                let mut left: HashSet<&str> = input
                    .categories
                    .iter()
                    .map(|category| category.level.as_str())
                    .collect();
                let known = levels.iter().all(|level| left.remove(level.as_str()));
                (
                    "/oneOf",
                    is_category && known && !levels.is_empty() && !left.is_empty(),
                    "some of the input's categories, each once, and not all of them",
                )
            }
            TreeTest::Known(known) => (
                "/known",
                own && (split.missing == Way::First) != *known,
                "asked where missing has the rule own_effect, with missing on the side that says so",
            ),
        };
        self.that(fits, format!("{at}{pointer}"), "wrong-kind", detail);
    }
}
