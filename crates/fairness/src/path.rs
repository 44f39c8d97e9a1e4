//! Along which paths of a causal graph does a difference between groups come?
//!
//! The score of an additive model is a sum of contributions, and that of a tree is taken apart into what inputs say alone and together
//! ([`boxed_parts`]). The difference in mean score between a group and the others is the sum of the differences in its parts: that much is
//! arithmetic. Which parts may stand is a judgement, laid down in the graph: a *resolving*
//! variable is one through which an influence of the sensitive feature is held to be justified. A part is *unresolved* when the graph has a
//! directed path from the sensitive feature to it without a resolving variable. The graph is an assumption of whoever drew it; these
//! figures do not test it.

mod boxes;
#[cfg(test)]
mod boxes_tests;

use std::collections::{BTreeMap, BTreeSet};

use helder_evaluation::{Interval, Z_95, two_sided_p};
use serde::{Deserialize, Serialize};

pub use boxes::{BoxedScore, boxed_parts};

/// What causes what, as somebody holds it to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CausalGraph {
    /// Per variable: what it causes.
    causes: BTreeMap<String, BTreeSet<String>>,
    resolving: BTreeSet<String>,
}

/// Why a graph is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// The edge at this place lies on a circle.
    #[error("by this edge a variable causes itself: a causal graph has no circles")]
    Circle(usize),
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
    /// The input, or those that say something together, written `first|second`.
    pub input: String,
    /// How the sensitive feature reaches it; of several the least favourable.
    pub route: Route,
    /// Mean contribution in the group minus that in the others, on the scale of the score.
    pub difference: f64,
    /// Its 95 % interval (Welch, large samples); `None` of constants.
    pub interval_95: Option<Interval>,
    /// By the graph something causes both the sensitive feature and this input: the difference is then not the effect of the feature
    /// alone.
    pub common_cause: bool,
    /// The graph lets the sensitive feature not reach this input, nor a common cause reach both, and yet groups differ by more than
    /// chance (Bonferroni over all such parts at 5 %): the graph and the data do not agree.
    pub contradicts_graph: bool,
}

/// What comes by one kind of route.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteShare {
    /// The kind.
    pub route: Route,
    /// Difference in the sum of its parts, on the scale of the score.
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
    /// Its 95 % interval (Welch, large samples); `None` of constants.
    pub interval_95: Option<Interval>,
    /// What of it comes by each kind of route.
    pub by_route: Vec<RouteShare>,
    /// The parts, largest first.
    pub parts: Vec<PathPart>,
}

impl CausalGraph {
    /// * `edges` – cause and effect   * `resolving` – variables through which an influence is held to be justified
    ///
    /// # Errors
    /// A [`GraphError`] for each edge on a circle, and for each resolving variable outside the graph.
    pub fn new(edges: &[(String, String)], resolving: &[String]) -> Result<Self, Vec<GraphError>> {
        let mut causes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (cause, effect) in edges {
            causes.entry(effect.clone()).or_default();
            causes
                .entry(cause.clone())
                .or_default()
                .insert(effect.clone());
        }
        let graph = Self {
            causes,
            resolving: resolving.iter().cloned().collect(),
        };
        let is_circular = |(cause, effect): &(String, String)| {
            cause == effect || graph.reached(effect, |_| true).contains(cause.as_str())
        };
        let circles = (0..edges.len()).filter(|&place| is_circular(&edges[place]));
        let strangers =
            (0..resolving.len()).filter(|&place| !graph.causes.contains_key(&resolving[place]));
        let faults: Vec<GraphError> = circles
            .map(GraphError::Circle)
            .chain(strangers.map(GraphError::Unknown))
            .collect();
        if faults.is_empty() {
            Ok(graph)
        } else {
            Err(faults)
        }
    }

    /// Whether a variable stands in the graph.
    pub fn holds(&self, name: &str) -> bool {
        self.causes.contains_key(name)
    }

    /// Whether something causes both, other than by way of `from`.
    pub fn common_cause(&self, from: &str, to: &str) -> bool {
        self.causes.keys().any(|cause| {
            self.reached(cause, |_| true).contains(from)
                && (cause == to || self.reached(cause, |name| name != from).contains(to))
        })
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
        if !self.holds(from) || !self.holds(to) {
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
    let routes: Vec<Route> = parts
        .iter()
        .map(|(inputs, _)| {
            let routes = inputs.iter().map(|input| graph.route(sensitive, input));
            routes.max().unwrap_or(Route::NotInGraph)
        })
        .collect();
    let common: Vec<bool> = parts
        .iter()
        .map(|(inputs, _)| {
            let mut inputs = inputs.iter();
            inputs.any(|input| graph.common_cause(sensitive, input))
        })
        .collect();
    // Contributions of each row, added up by route and over all.
    let sum = |holds: &dyn Fn(Route) -> bool| {
        let mut sum = vec![0.0; groups.len()];
        for ((_, values), _) in parts.iter().zip(&routes).filter(|(_, r)| holds(**r)) {
            for (sum, value) in sum.iter_mut().zip(values) {
                *sum += value;
            }
        }
        sum
    };
    let kinds: BTreeSet<Route> = routes.iter().copied().collect();
    let by_route: Vec<(Route, Vec<f64>)> = kinds
        .into_iter()
        .map(|kind| (kind, sum(&|route| route == kind)))
        .collect();
    let whole = sum(&|_| true);
    let mut sizes: BTreeMap<&String, usize> = BTreeMap::new();
    for group in groups {
        *sizes.entry(group).or_default() += 1;
    }
    sizes.retain(|_, rows| *rows >= smallest && groups.len() - *rows >= smallest);
    let is_outside = |input: &String| graph.route(sensitive, input) == Route::NotInGraph;
    let unreached = |part: usize| {
        // Of what the graph does not hold it claims nothing.
        routes[part] == Route::None && !common[part] && !parts[part].0.iter().any(is_outside)
    };
    let looks = sizes.len() * (0..parts.len()).filter(|part| unreached(*part)).count();
    let report = |(group, rows): (&String, usize)| {
        let is_mine = |row: usize| groups[row] == *group;
        let mut told: Vec<PathPart> = parts
            .iter()
            .enumerate()
            .map(|(part, (inputs, values))| {
                let found = Apart::of(values, is_mine);
                PathPart {
                    input: inputs.join("|"),
                    route: routes[part],
                    difference: found.difference,
                    interval_95: found.interval_95(),
                    common_cause: common[part],
                    contradicts_graph: unreached(part) && found.p_value() * looks as f64 <= 0.05,
                }
            })
            .collect();
        told.sort_by(|a, b| b.difference.abs().total_cmp(&a.difference.abs()));
        let whole = Apart::of(&whole, is_mine);
        let by_route = by_route.iter().map(|(route, values)| {
            let found = Apart::of(values, is_mine);
            RouteShare {
                route: *route,
                difference: found.difference,
                interval_95: found.interval_95(),
            }
        });
        PathReport {
            group: group.clone(),
            rows,
            difference: whole.difference,
            interval_95: whole.interval_95(),
            by_route: by_route.collect(),
            parts: told,
        }
    };
    sizes.into_iter().map(report).collect()
}

/// Difference of two means with its standard error.
struct Apart {
    difference: f64,
    standard_error: f64,
}

impl Apart {
    fn of(values: &[f64], is_mine: impl Fn(usize) -> bool) -> Self {
        let side = |wanted: bool| {
            let those = values.iter().enumerate();
            let those = those.filter(|(row, _)| is_mine(*row) == wanted);
            let all: Vec<f64> = those.map(|(_, value)| *value).collect();
            let n = all.len() as f64;
            let mean = all.iter().sum::<f64>() / n;
            let squares: f64 = all.iter().map(|value| (value - mean).powi(2)).sum();
            (mean, squares / (n - 1.0) / n)
        };
        let ((first, a), (second, b)) = (side(true), side(false));
        Self {
            difference: first - second,
            standard_error: (a + b).sqrt(),
        }
    }

    fn interval_95(&self) -> Option<Interval> {
        (self.standard_error > 0.0).then_some(Interval {
            low: self.difference - Z_95 * self.standard_error,
            high: self.difference + Z_95 * self.standard_error,
        })
    }

    /// Chance of a difference at least as large if there is none; 1 of constants.
    fn p_value(&self) -> f64 {
        if self.standard_error > 0.0 {
            two_sided_p(self.difference / self.standard_error)
        } else {
            1.0
        }
    }
}

#[cfg(test)]
mod tests;
