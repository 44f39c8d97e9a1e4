//! What a frame comes from, up to the files as they were uploaded.

use std::collections::BTreeMap;

use helder_platform::{
    calls::{Peer, Peers},
    problem::Result,
};
use helder_types::{Caller, Digest};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

/// Something a model is made from, in the registry's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Node {
    pub id: String,
    pub kind: String,
    pub label: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// `to` was made from `from`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Edge {
    pub from: String,
    pub to: String,
}

/// Name of a node. The hex digits stand in groups of four, so that no run of digits can look like a BSN: the registry
/// refuses texts with one, also where spaces, points or hyphens stand between the digits.
pub(crate) fn node_id(kind: &str, hex: &str) -> String {
    let mut name = kind.to_owned();
    for (place, digit) in hex.chars().enumerate() {
        if place % 4 == 0 {
            name.push(if place == 0 { ':' } else { '_' });
        }
        name.push(digit);
    }
    name
}

/// Nodes and edges, sorted, so that equal graphs are equal texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lineage {
    pub nodes: Vec<Node>,
    pub edges: Vec<Edge>,
}

/// A dataset version as far as frames and lineage need it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Version {
    pub(super) project_id: Uuid,
    number: i64,
    #[serde(default)]
    source_digest: Option<Digest>,
    #[serde(default)]
    parents: Vec<Uuid>,
    #[serde(default)]
    pub(super) parts: Option<Parts>,
}

/// Stored parts by digest.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Parts {
    pub(super) analysis: Part,
}

/// A stored part.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Part {
    pub(super) digest: Digest,
}

/// A linkage run as far as frames and lineage need it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LinkageRun {
    pub(super) project_id: Uuid,
    pub(super) left: Uuid,
    pub(super) right: Uuid,
    #[serde(default)]
    pub(super) outcome: Option<LinkageOutcome>,
}

/// What a linkage run made.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LinkageOutcome {
    pub(super) linked_dataset: Part,
}

/// Asks upwards, each thing once.
pub(super) struct Climber<'a> {
    peers: &'a Peers,
    caller: &'a Caller,
    versions: BTreeMap<Uuid, Option<Version>>,
    nodes: BTreeMap<String, Node>,
    edges: Vec<Edge>,
}

impl<'a> Climber<'a> {
    pub(super) fn new(peers: &'a Peers, caller: &'a Caller) -> Self {
        Self {
            peers,
            caller,
            versions: BTreeMap::new(),
            nodes: BTreeMap::new(),
            edges: Vec::new(),
        }
    }

    /// A dataset version; none when the caller has no such version.
    pub(super) async fn version(&mut self, id: Uuid) -> Result<Option<Version>> {
        if let Some(known) = self.versions.get(&id) {
            return Ok(known.clone());
        }
        let path = format!("/ingest/v1/dataset-versions/{id}");
        let found: Option<Version> = self.ask(&self.peers.peer("ingest"), &path).await?;
        self.versions.insert(id, found.clone());
        Ok(found)
    }

    /// A linkage run; none when the caller has no such run.
    pub(super) async fn linkage_run(&mut self, id: Uuid) -> Result<Option<LinkageRun>> {
        let path = format!("/linkage/v1/linkage-runs/{id}");
        self.ask(&self.peers.peer("linkage"), &path).await
    }

    async fn ask<T: DeserializeOwned>(&self, peer: &Peer, path: &str) -> Result<Option<T>> {
        match peer.get_json(self.caller, path).await {
            Ok(found) => Ok(Some(found)),
            Err(problem) if problem.status() == 404 => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    /// Adds a dataset version and all above it to the graph; answers its node.
    pub(super) async fn climb(&mut self, id: Uuid) -> Result<String> {
        let name = |id: Uuid| node_id("dataset-version", &id.simple().to_string());
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            if self.nodes.contains_key(&name(id)) {
                continue;
            }
            // A parent that is gone, after its retention for instance, ends the way there.
            let Some(version) = self.version(id).await? else {
                continue;
            };
            self.add(Node {
                id: name(id),
                kind: "dataset-version".to_owned(),
                label: format!("dataset version {}", version.number),
                digest: version.parts.as_ref().map(|parts| parts.analysis.digest),
                reference: Some(format!("/ingest/v1/dataset-versions/{id}")),
            });
            for parent in &version.parents {
                self.edges.push(Edge {
                    from: name(*parent),
                    to: name(id),
                });
                open.push(*parent);
            }
            if let (true, Some(digest)) = (version.parents.is_empty(), version.source_digest) {
                let source = Node {
                    id: node_id("source", &digest.hex()),
                    kind: "source".to_owned(),
                    label: "uploaded file".to_owned(),
                    digest: Some(digest),
                    reference: None,
                };
                self.edges.push(Edge {
                    from: source.id.clone(),
                    to: name(id),
                });
                self.add(source);
            }
        }
        Ok(name(id))
    }

    /// Adds a linkage run with both sides; answers its node.
    pub(super) async fn climb_run(&mut self, id: Uuid, run: &LinkageRun) -> Result<String> {
        let node = Node {
            id: node_id("linkage-run", &id.simple().to_string()),
            kind: "linked-dataset".to_owned(),
            label: "linked dataset".to_owned(),
            digest: run
                .outcome
                .as_ref()
                .map(|outcome| outcome.linked_dataset.digest),
            reference: Some(format!("/linkage/v1/linkage-runs/{id}")),
        };
        let name = node.id.clone();
        self.add(node);
        for side in [run.left, run.right] {
            let from = self.climb(side).await?;
            self.edges.push(Edge {
                from,
                to: name.clone(),
            });
        }
        Ok(name)
    }

    fn add(&mut self, node: Node) {
        self.nodes.insert(node.id.clone(), node);
    }

    /// The graph below which everything asked hangs. Edges from things that are gone are left out.
    pub(super) fn finish(mut self) -> Lineage {
        self.edges
            .retain(|edge| self.nodes.contains_key(&edge.from));
        self.edges.sort_unstable();
        self.edges.dedup();
        Lineage {
            nodes: self.nodes.into_values().collect(),
            edges: self.edges,
        }
    }
}

impl Lineage {
    /// Adds a node made from `from`.
    pub(crate) fn grow(&mut self, node: Node, from: impl IntoIterator<Item = String>) {
        self.edges.extend(from.into_iter().map(|from| Edge {
            from,
            to: node.id.clone(),
        }));
        self.nodes.push(node);
    }
}

#[cfg(test)]
mod tests {
    use super::node_id;

    #[test]
    fn no_identifier_holds_a_run_of_digits_as_long_as_a_bsn() {
        // 282687142 inside the first passes the eleven-test.
        for hex in [
            "01a2022a80467740a282687142df570f",
            "00000000000000000000000000000000",
        ] {
            let name = node_id("training-run", hex);
            let joined: String = name.chars().filter(|c| !" .-".contains(*c)).collect();
            let longest = joined
                .split(|c: char| !c.is_ascii_digit())
                .map(str::len)
                .max();
            assert!(longest < Some(9), "{name}");
        }
        assert_eq!(node_id("frame", "01a2022a8046"), "frame:01a2_022a_8046");
    }
}
