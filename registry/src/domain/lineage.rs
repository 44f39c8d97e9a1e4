//! The graph from source file to model, as training gives it.

use std::collections::{BTreeMap, BTreeSet};

use helder_types::Digest;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::text::{Faults, SHORT};

/// What a node of the graph is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum NodeKind {
    /// A file as it came in.
    Source,
    /// A stored dataset version.
    DatasetVersion,
    /// What linkage made of two versions.
    LinkedDataset,
    /// An analysis table.
    Frame,
    /// A training run.
    TrainingRun,
    /// The model.
    Model,
}

/// One thing the model was made from or through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LineageNode {
    /// Name of the node within the graph.
    #[schema(min_length = 1, max_length = 200)]
    pub id: String,
    /// What it is.
    pub kind: NodeKind,
    /// What it is called, for people.
    #[schema(min_length = 1, max_length = 200)]
    pub label: String,
    /// Its bytes; sources, versions, linked datasets, frames and the model have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Where it can be seen, a path of this platform such as `/ingest/v1/dataset-versions/…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub reference: Option<String>,
}

/// `to` was made from `from`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LineageEdge {
    /// A node's id.
    #[schema(min_length = 1, max_length = 200)]
    pub from: String,
    /// A node's id.
    #[schema(min_length = 1, max_length = 200)]
    pub to: String,
}

/// From source files to the model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Lineage {
    /// All things on the way.
    #[schema(min_items = 2, max_items = 2000)]
    pub nodes: Vec<LineageNode>,
    /// How they follow from each other.
    #[schema(min_items = 1, max_items = 5000)]
    pub edges: Vec<LineageEdge>,
}

impl Lineage {
    /// Demands a graph without cycles, in which each node is on a way from a source with a digest to the one model,
    /// whose digest is `model`.
    pub(crate) fn check(&self, faults: &mut Faults, model: &Digest) {
        let mut ids = BTreeMap::new();
        for (n, node) in self.nodes.iter().enumerate() {
            faults.text(&format!("/lineage/nodes/{n}/id"), &node.id, SHORT);
            faults.text(&format!("/lineage/nodes/{n}/label"), &node.label, SHORT);
            if ids.insert(node.id.as_str(), n).is_some() {
                faults.add(
                    &format!("/lineage/nodes/{n}/id"),
                    "repeated",
                    "each node has an id of its own",
                );
            }
            if node.digest.is_none() && node.kind != NodeKind::TrainingRun {
                faults.add(
                    &format!("/lineage/nodes/{n}/digest"),
                    "missing",
                    "everything but a run has a digest",
                );
            }
            if let Some(reference) = &node.reference
                && !is_platform_path(reference)
            {
                let detail = "a path of this platform, for instance /ingest/v1/dataset-versions/…";
                faults.add(
                    &format!("/lineage/nodes/{n}/reference"),
                    "not-a-path",
                    detail,
                );
            }
        }
        self.check_model(faults, model);
        let mut forward = vec![Vec::new(); self.nodes.len()];
        let mut backward = vec![Vec::new(); self.nodes.len()];
        for (n, edge) in self.edges.iter().enumerate() {
            match (ids.get(edge.from.as_str()), ids.get(edge.to.as_str())) {
                (Some(&from), Some(&to)) => {
                    forward[from].push(to);
                    backward[to].push(from);
                }
                _ => faults.add(
                    &format!("/lineage/edges/{n}"),
                    "unknown-node",
                    "an end of this edge is no node",
                ),
            }
        }
        self.check_ways(faults, &forward, &backward);
    }

    fn check_model(&self, faults: &mut Faults, model: &Digest) {
        let mut models = self
            .nodes
            .iter()
            .filter(|node| node.kind == NodeKind::Model);
        match (models.next(), models.next()) {
            (Some(node), None) if node.digest.as_ref() == Some(model) => {}
            (Some(_), None) => {
                faults.add(
                    "/lineage/nodes",
                    "other-model",
                    "the model's digest is not that of model.json",
                );
            }
            _ => faults.add(
                "/lineage/nodes",
                "one-model",
                "the graph ends in exactly one model",
            ),
        }
        if !self.nodes.iter().any(|node| node.kind == NodeKind::Source) {
            faults.add(
                "/lineage/nodes",
                "no-source",
                "the graph starts at the source files",
            );
        }
    }

    fn check_ways(&self, faults: &mut Faults, forward: &[Vec<usize>], backward: &[Vec<usize>]) {
        let of_kind = |kind| {
            self.nodes
                .iter()
                .enumerate()
                .filter(move |(_, node)| node.kind == kind)
                .map(|(n, _)| n)
        };
        let from_source = reach(of_kind(NodeKind::Source).collect(), forward);
        let to_model = reach(of_kind(NodeKind::Model).collect(), backward);
        for n in 0..self.nodes.len() {
            if !(from_source.contains(&n) && to_model.contains(&n)) {
                faults.add(
                    &format!("/lineage/nodes/{n}"),
                    "loose",
                    "not on a way from a source file to the model",
                );
            }
        }
        // Kahn: what cannot be taken away in order of making lies on a cycle.
        let mut open: Vec<usize> = backward.iter().map(Vec::len).collect();
        let mut ready: Vec<usize> = (0..open.len()).filter(|n| open[*n] == 0).collect();
        let mut done = 0;
        while let Some(n) = ready.pop() {
            done += 1;
            for &next in &forward[n] {
                open[next] -= 1;
                if open[next] == 0 {
                    ready.push(next);
                }
            }
        }
        if done < open.len() {
            faults.add(
                "/lineage/edges",
                "cycle",
                "something would be made from itself",
            );
        }
    }
}

fn reach(mut todo: Vec<usize>, next: &[Vec<usize>]) -> BTreeSet<usize> {
    let mut seen: BTreeSet<usize> = todo.iter().copied().collect();
    while let Some(n) = todo.pop() {
        for &other in &next[n] {
            if seen.insert(other) {
                todo.push(other);
            }
        }
    }
    seen
}

/// `/service/v1/…` in plain characters: no scheme, no host, no dots, nothing to decode. Nobody opens it for you.
fn is_platform_path(text: &str) -> bool {
    text.len() <= SHORT
        && text.starts_with('/')
        && !text.contains("//")
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-'))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn node(id: &str, kind: NodeKind, digest: Option<Digest>) -> LineageNode {
        LineageNode {
            id: id.into(),
            kind,
            label: id.into(),
            digest,
            reference: None,
        }
    }

    fn edge(from: &str, to: &str) -> LineageEdge {
        LineageEdge {
            from: from.into(),
            to: to.into(),
        }
    }

    fn example() -> Lineage {
        let digest = |text: &str| Some(Digest::of(text.as_bytes()));
        Lineage {
            nodes: vec![
                node("wmo.csv", NodeKind::Source, digest("a")),
                node("wmo", NodeKind::DatasetVersion, digest("b")),
                node("frame", NodeKind::Frame, digest("c")),
                node("run", NodeKind::TrainingRun, None),
                node("model", NodeKind::Model, digest("model")),
            ],
            edges: vec![
                edge("wmo.csv", "wmo"),
                edge("wmo", "frame"),
                edge("frame", "run"),
                edge("run", "model"),
            ],
        }
    }

    fn codes(lineage: &Lineage) -> Vec<String> {
        let mut faults = Faults::default();
        lineage.check(&mut faults, &Digest::of(b"model"));
        faults
            .into_result()
            .err()
            .unwrap_or_default()
            .into_iter()
            .map(|fault| fault.code)
            .collect()
    }

    #[test]
    fn a_way_from_source_to_model_is_accepted() {
        assert_eq!(codes(&example()), [""; 0]);
    }

    #[test]
    fn broken_graphs_are_refused_with_the_reason() {
        let mut loose = example();
        loose
            .nodes
            .push(node("other", NodeKind::Source, Some(Digest::of(b"x"))));
        assert_eq!(codes(&loose), ["loose"]);
        let mut cycle = example();
        cycle.edges.push(edge("frame", "wmo"));
        assert_eq!(codes(&cycle), ["cycle"]);
        let mut other = example();
        other.nodes[4].digest = Some(Digest::of(b"another"));
        assert_eq!(codes(&other), ["other-model"]);
        let mut nameless = example();
        nameless.nodes[1].digest = None;
        assert_eq!(codes(&nameless), ["missing"]);
        let mut twice = example();
        twice.nodes[1].id = "frame".into();
        assert!(codes(&twice).contains(&"repeated".to_owned()));
        let mut unknown = example();
        unknown.edges.push(edge("frame", "nowhere"));
        assert_eq!(codes(&unknown), ["unknown-node"]);
    }

    #[test]
    fn a_reference_is_a_path_here_and_nothing_else() {
        for bad in [
            "file:///etc/passwd",
            "//evil.example",
            "http://169.254.169.254/latest",
            "/ingest/v1/../../etc",
            "/a#b",
            "/a\\b",
            "/a%252e%252e/b",
            "/a?b=c",
            "ingest/v1",
        ] {
            let mut lineage = example();
            lineage.nodes[0].reference = Some(bad.into());
            assert_eq!(codes(&lineage), ["not-a-path"], "{bad}");
        }
    }
}
