//! A tree or a list in figures, for the evaluation and the page.

use helder_model::{Input, Meaning, TreeFit};
use helder_tree::Counted;
use serde::Serialize;

use super::words::answer;
use crate::learn::plan::SMALLEST_GROUP;

/// The tree or the list, as the evaluation tells it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct TreeSummary {
    /// Train rows that chose the questions.
    pub choosing_rows: u64,
    /// Train rows that chose nothing: they say the probabilities, so that these are not too good to be true.
    pub estimating_rows: u64,
    /// Which rows belong together; left out where each stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<RowGroups>,
    /// Where questions end, in the order of the model.
    pub leaves: Vec<LeafSummary>,
    /// Questions or rules given up because the rows that estimate contradicted the asked direction.
    pub given_up: usize,
}

/// Rows that belong together: those of a person, of a household.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct RowGroups {
    /// Column whose equal values say so.
    pub column: String,
    /// Different values among the rows that estimate.
    pub estimating: Option<u64>,
}

/// Where questions end.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct LeafSummary {
    /// The answers that lead here, from the root on.
    pub conditions: Vec<Meaning>,
    /// Rows that estimate.
    pub rows: u64,
    /// Groups (persons, households) that these rows are of; left out where each row stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<u64>,
    /// Their share of all that estimate.
    pub share: f64,
    /// Those with the outcome; left out where they, or the others, are few.
    pub events: Option<u64>,
    /// Probability.
    pub probability: f64,
    /// Lower end of its 95 % interval: exact, and with groups for as many rows as those are worth.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

impl TreeSummary {
    /// * `leaves` – what was counted, in the order of the nodes
    /// * `train` – rows that were learned from
    pub(super) fn new(
        fit: &TreeFit,
        inputs: &[Input],
        leaves: &[Counted],
        train: usize,
        given_up: usize,
    ) -> Self {
        let estimating = fit.nodes.first().map_or(0, |root| root.rows);
        let mut ways: Vec<Vec<Meaning>> = vec![Vec::new(); fit.nodes.len()];
        for (place, node) in fit.nodes.iter().enumerate() {
            let Some(split) = &node.split else { continue };
            for (below, is_first) in [(split.first, true), (split.second, false)] {
                let mut way = ways[place].clone();
                way.extend(answer(split, inputs, is_first));
                ways[below as usize] = way;
            }
        }
        let ends = fit.nodes.iter().zip(ways);
        let ends = ends.filter(|(node, _)| node.split.is_none());
        let leaves = ends.zip(leaves).map(|((node, conditions), counted)| {
            let is_told = [counted.events, node.rows - counted.events]
                .iter()
                .all(|count| *count >= SMALLEST_GROUP as u64);
            LeafSummary {
                conditions,
                rows: node.rows,
                groups: counted.clusters,
                share: node.rows as f64 / estimating as f64,
                events: is_told.then_some(counted.events),
                probability: 1.0 / (1.0 + (-node.score).exp()),
                lower: node.lower,
                upper: node.upper,
            }
        });
        Self {
            choosing_rows: train as u64 - estimating,
            estimating_rows: estimating,
            groups: None,
            leaves: leaves.collect(),
            given_up,
        }
    }
}
