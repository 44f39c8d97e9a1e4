//! Penalties that choose: the stored model says what the path of the survival crate says, without limits.

use helder_model::{Algorithm, Model, Scorer, Value};
use helder_survival::{CoxNet, Design, Penalties, Spells};
use serde_json::{Value as Json, json};

use super::{
    super::frame::{Csv, learned, parse, parsed},
    Set, causes, outside, spells, survival,
};
use helder_platform::body::Check;

const NUMBERS: [&str; 5] = ["age", "reprate", "disrate", "logwage", "tenure"];

/// Chances of the stored model beside those of the path at this penalty, to the last bits.
fn same_as_the_path(csv: &Csv, alpha: f64, lambda: f64) -> usize {
    let set = Set {
        csv,
        numbers: &NUMBERS,
        unit: 14.0,
    };
    let ended: Vec<u32> = set
        .column("censor1")
        .iter()
        .map(|end| *end as u32)
        .collect();
    let mut plan = survival(&NUMBERS);
    plan["hyperparameters"] = json!({"elasticNet": {"alpha": alpha, "lambda": lambda}});
    let found = learned(set.frame("spell", &ended), &plan).unwrap();
    let model = Model::from_json(&found.model).unwrap();
    let Algorithm::CoxRegression(fit) = &model.algorithm else {
        panic!("no Cox regression")
    };
    assert!(fit.causes[0].terms.covariance.is_none());
    let train: Vec<usize> = (0..ended.len())
        .filter(|row| !row.is_multiple_of(5))
        .collect();
    let days: Vec<f64> = train
        .iter()
        .map(|&row| set.column("spell")[row] * set.unit)
        .collect();
    let own: Vec<u32> = train.iter().map(|&row| ended[row]).collect();
    let spells = Spells::competing(&days, &own).unwrap();
    let mut means = Vec::new();
    let columns = NUMBERS.iter().map(|name| {
        let column = set.column(name);
        let column: Vec<f64> = train.iter().map(|&row| column[row]).collect();
        let mean = column.iter().sum::<f64>() / column.len() as f64;
        means.push(mean);
        (
            (*name).to_owned(),
            column.iter().map(|value| value - mean).collect(),
        )
    });
    let design = Design::new(columns.collect()).unwrap();
    let net = CoxNet::new(alpha).penalties(Penalties::Given(vec![lambda]));
    let path = net.fit(&spells, &design).unwrap();
    let point = &path.points[0];
    let baseline = &net.baselines(&spells, &design, &path, point).unwrap()[0];
    for (term, of) in fit.causes[0]
        .terms
        .linear_terms
        .iter()
        .zip(&point.coefficients)
    {
        assert_eq!(term.coefficient.to_bits(), of.to_bits(), "{}", term.input);
    }
    let scorer = Scorer::new(&model).unwrap();
    let columns: Vec<Vec<f64>> = NUMBERS.iter().map(|name| set.column(name)).collect();
    for at in (0..ended.len()).step_by(11) {
        let mut row = scorer.row();
        for (input, column) in columns.iter().enumerate() {
            scorer
                .set(&mut row, input, Value::Number(column[at]))
                .unwrap();
        }
        let outlook = scorer.outlook(&row, true).unwrap().unwrap();
        let score: f64 = (0..5)
            .map(|j| point.coefficients[j] * (columns[j][at] - means[j]))
            .sum();
        assert!((outlook.causes[0].score - score).abs() < 1e-12);
        let curve = outlook.curve.unwrap();
        assert_eq!(curve.time, baseline.time);
        for (lasting, hazard) in curve.lasting.iter().zip(&baseline.cumulative_hazard) {
            assert!((lasting - (-hazard * score.exp()).exp()).abs() < 1e-13);
        }
        assert!(
            outlook
                .lasting
                .iter()
                .all(|chance| chance.interval.is_none())
        );
        assert!(outlook.median.lower.is_none());
    }
    point
        .coefficients
        .iter()
        .filter(|beta| beta.abs() > 0.0)
        .count()
}

#[test]
fn lasso_ridge_and_in_between_answer_what_the_path_says() {
    let Some(unemployed) = outside("unempdur.csv") else {
        println!("NOT RUN: HELDER_REFERENCE_DATA is not set");
        return;
    };
    let left = [(1.0, 0.02), (0.5, 0.02), (0.0, 0.02)]
        .map(|(alpha, lambda)| same_as_the_path(&unemployed, alpha, lambda));
    println!("columns that count under lasso, in between and ridge: {left:?}");
    assert!(left[0] < 5 && left[2] == 5, "{left:?}");
}

#[test]
fn folds_choose_a_penalty_per_cause_and_pages_say_so() {
    let mut plan = survival(&["age", "debt", "town"]);
    causes(&mut plan, &["work", "moved"]);
    plan["hyperparameters"] = json!({"elasticNet": {"alpha": 1.0}});
    let found = learned(spells(1_200, 1_000.0), &plan).unwrap();
    let evaluation = parse(&found.evaluation);
    let fits = &evaluation["survival"]["fit"]["causes"];
    assert_eq!(fits[0]["elasticNet"]["folds"], 10, "{fits}");
    let age = |cause: usize| -> Json { fits[cause]["coefficients"][0].clone() };
    assert!(age(0)["estimate"].as_f64().unwrap() < -0.01, "{fits}");
    assert!(age(0)["interval95"].is_null(), "{fits}");
    assert!(age(0).get("hazardRatioInterval95").is_none());
    let card = String::from_utf8(found.card).unwrap();
    assert!(card.contains("A penalty on large weights") && !card.contains("NaN"));
    assert_eq!(
        learned(spells(1_200, 1_000.0), &plan).unwrap().model,
        found.model
    );
}

#[test]
fn two_ways_of_shrinking_contradict_each_other() {
    let mut plan = survival(&["age"]);
    plan["hyperparameters"] = json!({"elasticNet": {"alpha": 0.5}, "l2": 1.0});
    let faults = parsed(&plan).faults();
    let found: Vec<(&str, &str)> = faults
        .iter()
        .map(|fault| (fault.pointer.as_str(), fault.code.as_str()))
        .collect();
    assert_eq!(found, [("/hyperparameters", "contradiction")]);
    plan["algorithm"] = json!("hazard-boosting");
    plan["hyperparameters"] = json!({"elasticNet": {"alpha": 0.5}});
    assert_eq!(
        parsed(&plan).faults()[0].pointer,
        "/hyperparameters/elasticNet"
    );
}
