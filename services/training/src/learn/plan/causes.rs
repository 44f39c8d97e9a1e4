//! What causes what, as whoever asks for the model holds it to be.

use std::collections::BTreeSet;

use helder_fairness::GraphError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AlgorithmName, NewTrainingRun};

/// A causal graph over columns of the frame, to judge along which ways a sensitive feature reaches the score. It is an assumption; nothing in
/// the data proves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CausalGraph {
    /// What causes what; no circles.
    #[schema(min_items = 1, max_items = 500)]
    pub edges: Vec<CausalEdge>,
    /// Columns through which an influence of a sensitive feature is held to be justified. A way that passes one of them is fair; all
    /// others are not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 100)]
    pub justified: Vec<JustifiedColumn>,
}

/// One cause and one effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CausalEdge {
    /// Column of the frame.
    #[schema(min_length = 1, max_length = 100)]
    pub cause: String,
    /// Column of the frame.
    #[schema(min_length = 1, max_length = 100)]
    pub effect: String,
}

/// A column through which an influence is held to be justified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct JustifiedColumn {
    /// A column of the graph, no sensitive feature.
    #[schema(min_length = 1, max_length = 100)]
    pub column: String,
    /// Why.
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
}

impl CausalGraph {
    /// The graph as fairness reads it.
    ///
    /// # Errors
    /// Every fault of its edges and of its justified columns.
    pub(in crate::learn) fn read(&self) -> Result<helder_fairness::CausalGraph, Vec<GraphError>> {
        let edges = self.edges.iter();
        let edges: Vec<(String, String)> = edges
            .map(|edge| (edge.cause.clone(), edge.effect.clone()))
            .collect();
        let justified = self.justified.iter();
        let justified: Vec<String> = justified.map(|named| named.column.clone()).collect();
        helder_fairness::CausalGraph::new(&edges, &justified)
    }

    /// Its columns, each with the pointer to blame: the first place where it stands.
    pub(in crate::learn) fn columns(&self) -> impl Iterator<Item = (String, &str)> {
        let mut seen = BTreeSet::new();
        let ends = self.edges.iter().enumerate().flat_map(|(place, edge)| {
            [("cause", &edge.cause), ("effect", &edge.effect)]
                .map(|(end, name)| (format!("/causalGraph/edges/{place}/{end}"), name.as_str()))
        });
        ends.filter(move |(_, name)| seen.insert(*name))
    }
}

impl NewTrainingRun {
    pub(super) fn graph_faults(&self, fault: &mut impl FnMut(String, &str, &str)) {
        let Some(graph) = &self.causal_graph else {
            return;
        };
        // A sum is followed part by part, and what is constant on boxes is taken apart first.
        let is_followed = matches!(
            self.algorithm,
            AlgorithmName::LogisticRegression
                | AlgorithmName::ExplainableBoosting
                | AlgorithmName::Scorecard
                | AlgorithmName::DecisionTree
                | AlgorithmName::RuleList
        );
        if !is_followed {
            fault(
                "/causalGraph".into(),
                "wrong-kind",
                "only a probability is followed along a graph: the fairness report judges whom a score picks, and amounts, times and groups pick nobody",
            );
        }
        if graph.edges.is_empty() || graph.edges.len() > 500 {
            fault("/causalGraph/edges".into(), "items", "give 1 to 500 edges");
        }
        if graph.justified.len() > 100 {
            fault(
                "/causalGraph/justified".into(),
                "items",
                "give at most 100 columns",
            );
        }
        let mut seen = BTreeSet::new();
        for (place, edge) in graph.edges.iter().enumerate() {
            if !seen.insert((&edge.cause, &edge.effect)) {
                let pointer = format!("/causalGraph/edges/{place}");
                fault(pointer, "repeated", "each edge once");
            }
            if self.target.as_ref() == Some(&edge.cause) {
                fault(
                    format!("/causalGraph/edges/{place}/cause"),
                    "target-as-cause",
                    "the outcome comes last: it causes no column",
                );
            }
        }
        let is_sensitive = |name: &String| self.sensitive_features.contains(name);
        let ends = graph.edges.iter();
        let mut ends = ends.flat_map(|edge| [&edge.cause, &edge.effect]);
        if !ends.any(is_sensitive) {
            fault(
                "/causalGraph/edges".into(),
                "no-sensitive-feature",
                "the graph holds no sensitive feature: there is no way to follow",
            );
        }
        let mut seen = BTreeSet::new();
        for (place, named) in graph.justified.iter().enumerate() {
            let pointer = format!("/causalGraph/justified/{place}/column");
            if !seen.insert(&named.column) {
                fault(pointer.clone(), "repeated", "each column once");
            }
            if is_sensitive(&named.column) {
                fault(
                    pointer,
                    "sensitive-as-justified",
                    "a sensitive feature does not justify its own influence",
                );
            }
            if named.reason.trim().is_empty() || named.reason.chars().count() > 1000 {
                fault(
                    format!("/causalGraph/justified/{place}/reason"),
                    "length",
                    "say in 1 to 1,000 characters why",
                );
            }
        }
        for wrong in graph.read().err().into_iter().flatten() {
            let (pointer, code) = match wrong {
                GraphError::Circle(place) => (format!("/causalGraph/edges/{place}"), "circle"),
                GraphError::Unknown(place) => (
                    format!("/causalGraph/justified/{place}/column"),
                    "not-in-graph",
                ),
            };
            fault(pointer, code, &wrong.to_string());
        }
    }
}
