//! Lasso, elastic net and ridge beside glmnet (`tests/reference/more.R`).

use helder_survival::{Cox, CoxNet, CoxPath, Design, Penalties, Spells, SurvivalError, TieMethod};
use serde_json::Value;

use crate::{
    made::Made,
    support::{ask, close, floats},
};

const COLUMNS: [&str; 5] = ["age", "debt", "work", "district", "household"];

/// Without entries, with which glmnet's estimates are not the best.
fn spells(made: &Made, weighted: bool) -> Spells {
    let spells = made.without_entry().any();
    if weighted {
        return spells.weighted(&made.data.numbers("weight")).unwrap();
    }
    spells
}

fn net(alpha: f64, lambdas: &Value) -> CoxNet {
    CoxNet::new(alpha)
        .ties(TieMethod::Breslow)
        .penalties(Penalties::Given(floats(lambdas)))
}

fn check(name: &str, path: &CoxPath, expected: &Value) {
    let rows = expected["beta"].as_array().unwrap();
    assert_eq!(path.points.len(), rows.len());
    let mut worst = 16.0_f64;
    for (point, row) in path.points.iter().zip(rows) {
        let zeros = |values: &[f64]| values.iter().filter(|&&b| b == 0.0).count();
        assert_eq!(
            zeros(&point.coefficients),
            zeros(&floats(row)),
            "{name} at {}",
            point.lambda
        );
        if floats(row).iter().any(|&b| b != 0.0) {
            worst = worst.min(close(&point.coefficients, row));
        }
    }
    ask(name, worst, 8.0);
}

#[test]
fn ridge_with_entries_and_strata_is_that_of_coxph() {
    let made = Made::beside("more.json");
    let design = made
        .design(&["age", "debt", "work"])
        .stratified_by(&made.labels("district"));
    for expected in made.expected["ridge"].as_array().unwrap() {
        let path = CoxNet::new(0.0)
            .penalties(Penalties::Given(floats(&serde_json::json!([
                expected["lambda"]
            ]))))
            .fit(&made.spells(), &design)
            .unwrap();
        ask(
            "ridge",
            close(&path.points[0].coefficients, &expected["coef"]),
            9.0,
        );
    }
}

#[test]
fn paths_are_those_of_glmnet() {
    let made = Made::beside("more.json");
    let design = made.design(&COLUMNS);
    for expected in made.expected["net"].as_array().unwrap() {
        let alpha = expected["alpha"].as_f64().unwrap();
        let weighted = expected["weighted"].as_bool().unwrap();
        let spells = spells(&made, weighted);
        let path = net(alpha, &expected["lambda"])
            .fit(&spells, &design)
            .unwrap();
        check(
            &format!("alpha {alpha}, weighted: {weighted}"),
            &path,
            expected,
        );
    }
}

#[test]
fn the_penalty_is_chosen_as_cv_glmnet_does() {
    let made = Made::beside("more.json");
    let folds: Vec<u32> = made
        .labels("household")
        .iter()
        .map(|label| label % 5)
        .collect();
    let lambdas = &made.expected["net"][0]["lambda"];
    let found = net(1.0, lambdas)
        .cross_validate(&spells(&made, false), &made.design(&COLUMNS), &folds)
        .unwrap();
    let expected = &made.expected["net_cross"];
    // Theirs is less a saturated likelihood, the same for all penalties.
    let beside_first = |values: &[f64]| values.iter().map(|v| v - values[0]).collect::<Vec<_>>();
    let deviances: Vec<f64> = found.scores.iter().map(|score| score.deviance).collect();
    let theirs = serde_json::json!(beside_first(&floats(&expected["deviance"])));
    ask("deviances", close(&beside_first(&deviances), &theirs), 6.0);
    let lambda = |place: usize| found.path.points[place].lambda;
    ask(
        "best",
        close(
            &[lambda(found.best)],
            &serde_json::json!([expected["best"]]),
        ),
        9.0,
    );
    assert_eq!(found.chosen().lambda, lambda(found.best));
    assert!(found.sparsest_as_good <= found.best);
}

#[test]
fn a_path_begins_empty_and_ends_at_the_regression_without_a_penalty() {
    let made = Made::beside("more.json");
    let design = made.design(&COLUMNS);
    let path = CoxNet::new(1.0).fit(&made.spells(), &design).unwrap();
    assert_eq!(path.points.len(), 100);
    assert!(path.points[0].coefficients.iter().all(|&b| b == 0.0));
    assert!(path.points[1].coefficients.iter().any(|&b| b != 0.0));
    let rises = path
        .points
        .windows(2)
        .all(|pair| pair[1].log_likelihood >= pair[0].log_likelihood);
    assert!(rises);
    let free = CoxNet::new(0.3)
        .penalties(Penalties::Given(vec![0.0]))
        .fit(&made.spells(), &design)
        .unwrap();
    let fit = Cox::new().fit(&made.spells(), &design).unwrap();
    let expected = serde_json::json!(fit.estimates());
    ask(
        "without a penalty",
        close(&free.points[0].coefficients, &expected),
        10.0,
    );
}

#[test]
fn columns_that_say_nothing_are_left_out_and_those_that_do_are_found() {
    // Forty columns of which two count; more columns that follow from others do no harm.
    let n = 600;
    let mut state = 1_u64;
    let mut uniform = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut columns: Vec<(String, Vec<f64>)> = (0..40)
        .map(|j| (format!("x{j}"), (0..n).map(|_| uniform() - 0.5).collect()))
        .collect();
    let time: Vec<f64> = (0..n)
        .map(|i| {
            -uniform().max(1e-12).ln() * (-3.0 * columns[3].1[i] + 2.0 * columns[7].1[i]).exp()
        })
        .collect();
    columns.push((
        "twice".to_owned(),
        columns[3].1.iter().map(|x| 2.0 * x).collect(),
    ));
    columns.push(("one".to_owned(), vec![1.0; n]));
    let spells = Spells::new(&time, &vec![true; n]).unwrap();
    let design = Design::new(columns).unwrap();
    let folds: Vec<u32> = (0..n as u32).map(|i| i % 5).collect();
    let found = CoxNet::new(1.0)
        .cross_validate(&spells, &design, &folds)
        .unwrap();
    assert_eq!(found.path.dropped, ["one"]);
    let sparse = &found.path.points[found.sparsest_as_good];
    let named: Vec<&str> = (0..found.path.columns.len())
        .filter(|&j| sparse.coefficients[j].abs() > 0.1)
        .map(|j| found.path.columns[j].as_str())
        .collect();
    assert!(named.contains(&"x7") && (named.contains(&"x3") || named.contains(&"twice")));
    assert!(sparse.coefficients.iter().filter(|&&b| b != 0.0).count() < 15);
}

#[test]
fn settings_outside_their_range_are_refused() {
    let made = Made::beside("more.json");
    let (spells, design) = (made.spells(), made.design(&COLUMNS));
    let given = |lambdas: Vec<f64>| CoxNet::new(1.0).penalties(Penalties::Given(lambdas));
    let auto = |count, smallest| CoxNet::new(1.0).penalties(Penalties::Auto { count, smallest });
    for net in [
        CoxNet::new(1.5),
        CoxNet::new(f64::NAN),
        CoxNet::new(1.0).ties(TieMethod::Exact),
        given(vec![]),
        given(vec![-1.0]),
        given(vec![f64::INFINITY]),
        auto(0, 0.1),
        auto(10, 1.0),
    ] {
        assert!(matches!(
            net.fit(&spells, &design),
            Err(SurvivalError::Setting { .. })
        ));
    }
    let net = CoxNet::new(1.0);
    let one_fold = vec![1; spells.len()];
    assert!(net.cross_validate(&spells, &design, &one_fold).is_err());
    assert!(net.cross_validate(&spells, &design, &[1, 2]).is_err());
}

#[test]
fn the_baseline_of_a_point_without_a_penalty_is_that_of_the_regression() {
    let made = Made::beside("more.json");
    let spells = made.spells();
    let plain = made.design(&["age", "work"]);
    let by_stratum = plain.clone().stratified_by(&made.labels("district"));
    let net = CoxNet::new(1.0).penalties(Penalties::Given(vec![0.02, 0.0]));
    for design in [plain, by_stratum] {
        let path = net.fit(&spells, &design).unwrap();
        let found = net
            .baselines(&spells, &design, &path, &path.points[1])
            .unwrap();
        let fit = Cox::new().fit(&spells, &design).unwrap();
        assert_eq!(found.len(), fit.baselines.len());
        for (found, expected) in found.iter().zip(&fit.baselines) {
            assert_eq!(
                (found.stratum, &found.time),
                (expected.stratum, &expected.time)
            );
            let hazards = serde_json::json!(expected.cumulative_hazard);
            ask("baseline", close(&found.cumulative_hazard, &hazards), 9.0);
        }
        let shrunk = net
            .baselines(&spells, &design, &path, &path.points[0])
            .unwrap();
        assert_ne!(shrunk, found);
        let other = made.design(&["debt"]);
        assert!(
            net.baselines(&spells, &other, &path, &path.points[0])
                .is_err()
        );
    }
}
