//! Along which paths of a causal graph does a difference between groups come?
//!
//! The score of an additive model is a sum of contributions, so the difference in mean score between a group and the others is the sum of
//! the differences in its parts: that much is arithmetic. Which parts may stand is a judgement, laid down in the graph: a *resolving*
//! variable is one through which an influence of the sensitive feature is held to be justified. A part is *unresolved* when the graph has a
//! directed path from the sensitive feature to it without a resolving variable. The graph is an assumption of whoever drew it; these
//! figures do not test it.

use std::collections::{BTreeMap, BTreeSet};

use helder_evaluation::Interval;
use serde::{Deserialize, Serialize};

/// What causes what, as somebody holds it to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CausalGraph {
    /// Per variable: what it causes.
    causes: BTreeMap<String, BTreeSet<String>>,
    resolving: BTreeSet<String>,
}

/// Why a graph is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// Something causes itself, by whatever way round.
    #[error("a variable causes itself: a causal graph has no circles")]
    Circle,
    /// A resolving variable that stands in no edge, at this place of the list.
    #[error("this variable stands in no edge")]
    Unknown(usize),
}

/// How a sensitive feature reaches a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Route {
    /// The graph does not hold the variable.
    NotInGraph,
    /// Not at all: a difference has another origin than the sensitive feature.
    None,
    /// Through resolving variables only.
    Resolved,
    /// By a path without a resolving variable, and by no other.
    Unresolved,
    /// By paths of both kinds; how much comes by which, a graph alone does not say.
    Mixed,
}

/// The difference that one part of the score makes between a group and the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PathPart {
    /// The input, or the two of a pair written `first|second`.
    pub input: String,
    /// How the sensitive feature reaches it; of a pair the least favourable.
    pub route: Route,
    /// Mean contribution in the group minus that in the others, on the scale of the score.
    pub difference: f64,
    /// Its 95 % interval (Welch, large samples); `None` of constants.
    pub interval_95: Option<Interval>,
}

/// A group against the others, part by part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PathReport {
    /// Value of the sensitive feature.
    pub group: String,
    /// Rows of it.
    pub rows: usize,
    /// Difference in mean score: the sum of the parts.
    pub difference: f64,
    /// What of it comes by each kind of route.
    pub by_route: Vec<(Route, f64)>,
    /// The parts, largest first.
    pub parts: Vec<PathPart>,
}

impl CausalGraph {
    /// * `edges` – cause and effect   * `resolving` – variables through which an influence is held to be justified
    ///
    /// # Errors
    /// [`GraphError`] for a circle, and for a resolving variable outside the graph.
    pub fn new(edges: &[(String, String)], resolving: &[String]) -> Result<Self, GraphError> {
        let mut causes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (cause, effect) in edges {
            causes.entry(effect.clone()).or_default();
            causes
                .entry(cause.clone())
                .or_default()
                .insert(effect.clone());
        }
        if let Some(place) = resolving.iter().position(|name| !causes.contains_key(name)) {
            return Err(GraphError::Unknown(place));
        }
        let graph = Self {
            causes,
            resolving: resolving.iter().cloned().collect(),
        };
        let is_circular = |name: &String| {
            let next = graph.causes[name].iter();
            next.into_iter().any(|effect| {
                effect == name || graph.reached(effect, |_| true).contains(name.as_str())
            })
        };
        if graph.causes.keys().any(is_circular) {
            return Err(GraphError::Circle);
        }
        Ok(graph)
    }

    /// Everything that `from` influences along variables that `may` be passed.
    fn reached<'a>(&'a self, from: &str, may: impl Fn(&str) -> bool) -> BTreeSet<&'a str> {
        let mut found = BTreeSet::new();
        let mut open: Vec<&str> = vec![from];
        while let Some(at) = open.pop() {
            for next in self.causes.get(at).into_iter().flatten() {
                if may(next) && found.insert(next.as_str()) {
                    open.push(next);
                }
            }
        }
        found
    }

    /// How `from` reaches `to`.
    pub fn route(&self, from: &str, to: &str) -> Route {
        if !self.causes.contains_key(from) || !self.causes.contains_key(to) {
            return Route::NotInGraph;
        }
        let all = self.reached(from, |_| true);
        if !all.contains(to) {
            return Route::None;
        }
        let unresolved = self.reached(from, |name| !self.resolving.contains(name));
        // By a resolving variable that is reached, and on to it; or it is one itself.
        let by_resolving = self.resolving.iter().any(|name| {
            all.contains(name.as_str()) && (name == to || self.reached(name, |_| true).contains(to))
        });
        match (unresolved.contains(to), by_resolving) {
            (true, true) => Route::Mixed,
            (true, false) => Route::Unresolved,
            (false, _) => Route::Resolved,
        }
    }
}

/// Each group of at least `smallest` rows against all others of which there are as many.
///
/// * `parts` – inputs of a part, and its contribution to the score of each row   * `groups` – group of each row
///
/// # Source
/// Unresolved discrimination: N. Kilbertus and others, *Avoiding discrimination through causal reasoning*, `NeurIPS` 30 (2017),
/// arXiv 1706.02744. Contributions of additive models add up to the score, so no approximation is made.
pub fn path_reports(
    graph: &CausalGraph,
    sensitive: &str,
    groups: &[String],
    parts: &[(Vec<String>, Vec<f64>)],
    smallest: usize,
) -> Vec<PathReport> {
    let distinct: BTreeSet<&String> = groups.iter().collect();
    let report = |group: &&String| {
        let mine = |row: usize| groups.get(row) == Some(*group);
        let rows = groups.iter().filter(|other| other == group).count();
        if rows < smallest || groups.len() - rows < smallest {
            return None;
        }
        let mut told: Vec<PathPart> = parts
            .iter()
            .map(|(inputs, values)| {
                let (difference, interval_95) = apart(values, mine);
                let routes = inputs.iter().map(|input| graph.route(sensitive, input));
                PathPart {
                    input: inputs.join("|"),
                    route: routes.max().unwrap_or(Route::NotInGraph),
                    difference,
                    interval_95,
                }
            })
            .collect();
        let mut by_route: BTreeMap<Route, f64> = BTreeMap::new();
        for part in &told {
            *by_route.entry(part.route).or_default() += part.difference;
        }
        told.sort_by(|a, b| b.difference.abs().total_cmp(&a.difference.abs()));
        Some(PathReport {
            group: (*group).clone(),
            rows,
            difference: by_route.values().sum(),
            by_route: by_route.into_iter().collect(),
            parts: told,
        })
    };
    distinct.iter().filter_map(report).collect()
}

/// Difference of two means with its interval.
fn apart(values: &[f64], mine: impl Fn(usize) -> bool) -> (f64, Option<Interval>) {
    let side = |is_mine: bool| {
        let those = values.iter().enumerate();
        let those = those.filter(|(row, _)| mine(*row) == is_mine);
        let all: Vec<f64> = those.map(|(_, value)| *value).collect();
        let n = all.len() as f64;
        let mean = all.iter().sum::<f64>() / n;
        let squares: f64 = all.iter().map(|value| (value - mean).powi(2)).sum();
        (mean, squares / (n - 1.0) / n)
    };
    let ((first, a), (second, b)) = (side(true), side(false));
    let (difference, error) = (first - second, (a + b).sqrt());
    let interval = (error > 0.0).then_some(Interval {
        low: difference - 1.96 * error,
        high: difference + 1.96 * error,
    });
    (difference, interval)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(&str, &str)], resolving: &[&str]) -> Result<CausalGraph, GraphError> {
        let edges = edges
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
        let resolving: Vec<String> = resolving.iter().map(|name| (*name).to_owned()).collect();
        CausalGraph::new(&edges.collect::<Vec<_>>(), &resolving)
    }

    #[test]
    fn routes_are_those_of_the_graph() {
        let edges = [
            ("origin", "school"),
            ("school", "income"),
            ("origin", "district"),
            ("district", "rent"),
            ("income", "rent"),
            ("age", "income"),
            ("income", "debt"),
        ];
        let graph = graph(&edges, &["income"]).unwrap();
        let cases = [
            ("school", Route::Unresolved),
            ("district", Route::Unresolved),
            ("income", Route::Resolved),
            ("debt", Route::Resolved),
            ("rent", Route::Mixed),
            ("age", Route::None),
            ("shoe_size", Route::NotInGraph),
        ];
        for (to, route) in cases {
            assert_eq!(graph.route("origin", to), route, "{to}");
        }
        assert_eq!(graph.route("sex", "rent"), Route::NotInGraph);
    }

    #[test]
    fn circles_and_strangers_are_refused() {
        let circle = graph(&[("a", "b"), ("b", "c"), ("c", "a")], &[]);
        assert_eq!(circle, Err(GraphError::Circle));
        assert_eq!(graph(&[("a", "a")], &[]), Err(GraphError::Circle));
        assert_eq!(
            graph(&[("a", "b")], &["b", "z"]),
            Err(GraphError::Unknown(1))
        );
    }

    #[test]
    fn parts_add_up_to_the_difference_in_score_and_an_injected_path_is_found() {
        let graph = graph(&[("origin", "district"), ("age", "debt")], &[]).unwrap();
        let n = 4_000;
        let mut random = crate::random::Random::new(9);
        let groups: Vec<String> = (0..n)
            .map(|_| if random.uniform() < 0.3 { "a" } else { "b" }.to_owned())
            .collect();
        let mut noise =
            |size: f64| -> Vec<f64> { (0..n).map(|_| size * (random.uniform() - 0.5)).collect() };
        let debt = noise(2.0);
        let mut district = noise(1.0);
        for (value, group) in district.iter_mut().zip(&groups) {
            *value += if group == "a" { 0.4 } else { 0.0 };
        }
        let score: Vec<f64> = debt.iter().zip(&district).map(|(a, b)| a + b).collect();
        let parts = [
            (vec!["debt".to_owned()], debt),
            (vec!["district".to_owned()], district),
        ];
        let reports = path_reports(&graph, "origin", &groups, &parts, 10);
        assert_eq!(reports.len(), 2);
        let found = &reports[0];
        let mean = |group: &str| {
            let those = score.iter().zip(&groups).filter(|(_, g)| *g == group);
            let all: Vec<f64> = those.map(|(score, _)| *score).collect();
            all.iter().sum::<f64>() / all.len() as f64
        };
        assert!((found.difference - (mean("a") - mean("b"))).abs() < 1e-12);
        assert_eq!(found.parts[0].input, "district");
        assert_eq!(found.parts[0].route, Route::Unresolved);
        let limits = found.parts[0].interval_95.unwrap();
        assert!(limits.low < 0.4 && limits.high > 0.4 && limits.low > 0.3);
        let sum: f64 = found.by_route.iter().map(|(_, part)| part).sum();
        assert!((sum - found.difference).abs() < 1e-12);
        // Few rows of a group say nothing and are not shown.
        assert!(path_reports(&graph, "origin", &groups, &parts, 3_000).is_empty());
    }
}
