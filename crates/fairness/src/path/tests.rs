//! Ways that are planted are found.

use super::*;

fn graph(edges: &[(&str, &str)], resolving: &[&str]) -> Result<CausalGraph, Vec<GraphError>> {
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
    let edges = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")];
    let all = graph(&edges, &["b", "z", "d", "y"]).unwrap_err();
    let wanted = [
        GraphError::Circle(0),
        GraphError::Circle(1),
        GraphError::Circle(2),
        GraphError::Unknown(1),
        GraphError::Unknown(3),
    ];
    assert_eq!(all, wanted);
    let itself = graph(&[("a", "a")], &[]).unwrap_err();
    assert_eq!(itself, [GraphError::Circle(0)]);
}

#[test]
fn a_common_cause_is_seen_and_a_way_through_the_feature_itself_is_none() {
    let edges = [
        ("region", "origin"),
        ("region", "rent"),
        ("origin", "school"),
        ("rent", "debt"),
        ("age", "debt"),
    ];
    let graph = graph(&edges, &[]).unwrap();
    for (to, common) in [
        ("rent", true),
        ("debt", true),
        ("region", true),
        ("school", false),
        ("age", false),
        ("shoe_size", false),
    ] {
        assert_eq!(graph.common_cause("origin", to), common, "{to}");
    }
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
    let sum: f64 = found.by_route.iter().map(|part| part.difference).sum();
    assert!((sum - found.difference).abs() < 1e-12);
    // A graph that says the group does not reach the district is at odds with these rows.
    let other = [("origin", "debt"), ("age", "district")];
    let other = self::graph(&other, &[]).unwrap();
    let at_odds = path_reports(&other, "origin", &groups, &parts, 10);
    let found = at_odds[0].parts.iter().find(|p| p.input == "district");
    assert!(found.unwrap().contradicts_graph, "{at_odds:?}");
    // Few rows of a group say nothing and are not shown.
    assert!(path_reports(&graph, "origin", &groups, &parts, 3_000).is_empty());
}

#[test]
fn a_graph_that_agrees_with_the_rows_is_seldom_called_at_odds_with_them() {
    let graph = graph(&[("origin", "district"), ("age", "debt")], &[]).unwrap();
    let (n, files) = (400, 1_000);
    let at_odds = (0..files).filter(|seed| {
        let mut random = crate::random::Random::new(*seed);
        let groups: Vec<String> = (0..n)
            .map(|_| if random.uniform() < 0.3 { "a" } else { "b" }.to_owned())
            .collect();
        let mut noise = || (0..n).map(|_| random.uniform()).collect::<Vec<f64>>();
        let parts = [
            (vec!["debt".to_owned()], noise()),
            (vec!["age".to_owned()], noise()),
        ];
        let reports = path_reports(&graph, "origin", &groups, &parts, 10);
        let mut all = reports.iter().flat_map(|report| &report.parts);
        all.any(|part| part.contradicts_graph)
    });
    // Two groups mirror each other, so that Bonferroni counts twice what is looked at once: about 2.5 %.
    let share = at_odds.count() as f64 / files as f64;
    assert!((0.005..0.05).contains(&share), "{share}");
}

#[test]
fn limits_hold_the_effects_of_a_made_structure_as_often_as_they_promise() {
    let edges = [
        ("origin", "income"),
        ("origin", "district"),
        ("age", "debt"),
    ];
    let graph = graph(&edges, &["income"]).unwrap();
    let (n, files) = (600, 1_000_usize);
    // Log odds: -0.8 per unit of income, which group a has 1.0 less of; 0.6 per unit of district, of which it has 0.8 more.
    let truth = [
        (Route::None, 0.0),
        (Route::Resolved, 0.8),
        (Route::Unresolved, 0.48),
    ];
    let mut held = [0; 4];
    for seed in 0..files {
        let mut random = crate::random::Random::new(seed as u64);
        let mut draw = || 2.0 * random.uniform() - 1.0;
        let groups: Vec<String> = (0..n)
            .map(|_| if draw() < -0.4 { "a" } else { "b" }.to_owned())
            .collect();
        let mut node = |weight: f64, effect: f64| -> Vec<f64> {
            let of = |group: &String| if group == "a" { effect } else { 0.0 };
            groups
                .iter()
                .map(|group| weight * (of(group) + draw()))
                .collect()
        };
        let parts = [
            (vec!["income".to_owned()], node(-0.8, -1.0)),
            (vec!["district".to_owned()], node(0.6, 0.8)),
            (vec!["debt".to_owned()], node(0.5, 0.0)),
        ];
        let found = &path_reports(&graph, "origin", &groups, &parts, 10)[0];
        let holds = |limits: Option<Interval>, truth: f64| {
            usize::from(limits.is_some_and(|l| l.low <= truth && truth <= l.high))
        };
        for ((share, (route, truth)), held) in found.by_route.iter().zip(truth).zip(&mut held) {
            assert_eq!(share.route, route);
            *held += holds(share.interval_95, truth);
        }
        held[3] += holds(found.interval_95, 1.28);
    }
    // 95 % of 1,000, give or take three standard errors.
    assert!(
        held.iter().all(|held| (929..=971).contains(held)),
        "{held:?}"
    );
}
