//! Features that count as a curve: as R fits them, one bar each, and the same bits at prediction.

use helder_model::{Algorithm, Answer, LinearFit, Model, Scorer, SplineBasis, Value};
use helder_platform::body::Check;
use helder_survival::RestrictedCubicSpline;
use serde_json::{Value as Json, json};

use super::frame::{Csv, Frame, clients, faults, learned, parse, parsed, plan};

/// Of `tests/reference/splines.R`.
fn of_r() -> Json {
    serde_json::from_str(include_str!("../../../tests/reference/splines.json")).unwrap()
}

/// Prisoners after release: an open data set from outside the repository.
fn rossi() -> Option<Csv> {
    let Some(folder) = std::env::var_os("HELDER_REFERENCE_DATA") else {
        println!("NOT RUN: HELDER_REFERENCE_DATA is not set");
        return None;
    };
    let file = std::path::PathBuf::from(folder).join("ml/rossi.csv");
    Some(Csv::read(file.to_str().unwrap()))
}

fn numbers(csv: &Csv, name: &str) -> Vec<f64> {
    let number = |text: &str| text.parse().unwrap_or(f64::from(u8::from(text == "yes")));
    csv.column(name).into_iter().map(number).collect()
}

fn frame(csv: &Csv, features: &[&str]) -> Frame {
    let n = csv.column("week").len();
    let mut frame = Frame::default()
        .numbers("week", numbers(csv, "week").into_iter().map(Some))
        .booleans(
            "arrest",
            numbers(csv, "arrest").into_iter().map(|x| x > 0.5),
        )
        .booleans("is_test", (0..n).map(|row| row.is_multiple_of(5)));
    for name in features {
        frame = frame.numbers(name, numbers(csv, name).into_iter().map(Some));
    }
    frame
}

fn curved(algorithm: &str, target: &str, features: &[&str]) -> Json {
    let mut plan = plan(features);
    plan["algorithm"] = json!(algorithm);
    plan["target"] = json!(target);
    for (place, name) in features.iter().enumerate() {
        match *name {
            "age" => plan["features"][place]["spline"] = json!({"knots": 4}),
            "prio" => plan["features"][place]["spline"] = json!({"knotsAt": [0, 2, 9]}),
            _ => {}
        }
    }
    plan
}

/// Estimate and standard error per column in the order of R: curves of the features, then lines.
fn estimates(fit: &LinearFit, with_intercept: bool) -> Vec<(f64, f64)> {
    let start = (
        fit.intercept.coefficient,
        fit.intercept.standard_error.unwrap_or_default(),
    );
    let bends = fit.spline_terms.iter().flat_map(|term| &term.columns);
    let bends = bends.map(|column| (column.coefficient, column.standard_error.unwrap()));
    let lines = fit.linear_terms.iter();
    let lines = lines.map(|term| (term.coefficient, term.standard_error.unwrap()));
    let start = with_intercept.then_some(start);
    start.into_iter().chain(bends).chain(lines).collect()
}

fn far(ours: f64, of_r: &Json) -> f64 {
    (ours / of_r.as_f64().unwrap() - 1.0).abs()
}

fn linear_of(model: &Model) -> LinearFit {
    match &model.algorithm {
        Algorithm::LogisticRegression(fit) => fit.clone(),
        Algorithm::GeneralisedLinear(fit) => fit.linear.clone(),
        Algorithm::CoxRegression(fit) => fit.causes[0].terms.linear(),
        _ => panic!("no regression"),
    }
}

#[test]
fn coefficients_errors_and_likelihood_are_those_of_r() {
    let Some(csv) = rossi() else { return };
    let expected = of_r();
    for (key, algorithm, target, features) in [
        ("cox", "cox-regression", "week", &["age", "prio", "fin"][..]),
        (
            "logistic",
            "logistic-regression",
            "arrest",
            &["age", "prio", "fin"],
        ),
        ("poisson", "poisson-regression", "prio", &["age", "fin"]),
        (
            "linear",
            "linear-regression",
            "week",
            &["age", "prio", "fin"],
        ),
    ] {
        let mut plan = curved(algorithm, target, features);
        let with: Vec<&str> = features
            .iter()
            .copied()
            .chain((target == "prio").then_some("prio"))
            .collect();
        let frame = frame(&csv, &with);
        if key == "cox" {
            plan["event"] = json!("arrest");
        }
        let found = learned(frame, &plan).unwrap();
        let model = Model::from_json(&found.model).unwrap();
        let fit = linear_of(&model);
        let expected = &expected[key];
        let ours = estimates(&fit, key != "cox");
        assert_eq!(
            ours.len(),
            expected["coef"].as_array().unwrap().len(),
            "{key}"
        );
        let mut worst = 0.0_f64;
        for (place, (estimate, error)) in ours.iter().enumerate() {
            worst = worst.max(far(*estimate, &expected["coef"][place]));
            worst = worst.max(far(*error, &expected["se"][place]));
        }
        let evaluation = parse(&found.evaluation);
        let likelihood = if key == "cox" {
            &evaluation["survival"]["fit"]["causes"][0]["logLikelihood"]
        } else {
            &evaluation["fit"]["logLikelihood"]
        };
        worst = worst.max(far(likelihood.as_f64().unwrap(), &expected["loglik"]));
        println!("{key}: largest relative difference from R {worst:e}");
        assert!(worst < 1e-9, "{key} {worst:e}");
        let knots = &of_r()["knots"];
        for (place, knot) in fit.spline_terms[0].knots.iter().enumerate() {
            assert!(far(*knot, &knots[place]) < 1e-14);
        }
    }
}

fn answers(model: &Model, names: &[&str], columns: &[Vec<f64>]) -> Vec<Answer> {
    let scorer = Scorer::new(model).unwrap();
    let of_row = |row: usize| {
        let mut values = scorer.row();
        for (name, column) in names.iter().zip(columns) {
            let place = scorer.position(name, 0).unwrap();
            scorer
                .set(&mut values, place, Value::Number(column[row]))
                .unwrap();
        }
        let mut answer = Answer::default();
        scorer.score(&values, &mut answer).unwrap();
        answer
    };
    (0..columns[0].len()).map(of_row).collect()
}

#[test]
fn a_model_answers_raw_values_as_a_frame_with_the_columns_would_be_answered() {
    let Some(csv) = rossi() else { return };
    let names = ["age", "prio", "fin"];
    let columns: Vec<Vec<f64>> = names.iter().map(|name| numbers(&csv, name)).collect();
    let plan = curved("logistic-regression", "arrest", &names);
    let found = learned(frame(&csv, &names), &plan).unwrap();
    let model = Model::from_json(&found.model).unwrap();
    // The same columns made beforehand: other names, the same fit to the bit.
    let fit = linear_of(&model);
    let mut wide = frame(&csv, &["fin"]);
    let mut wide_names = Vec::new();
    let mut wide_columns = Vec::new();
    for (term, column) in fit.spline_terms.iter().zip(&columns) {
        let basis = SplineBasis::new(&term.knots);
        for k in 0..basis.width() {
            let name = format!("{}_{k}", term.input);
            let values: Vec<f64> = column.iter().map(|x| basis.column(k, *x)).collect();
            wide = wide.numbers(&name, values.iter().copied().map(Some));
            wide_names.push(name);
            wide_columns.push(values);
        }
    }
    wide_names.push("fin".to_owned());
    wide_columns.push(columns[2].clone());
    let wide_names: Vec<&str> = wide_names.iter().map(String::as_str).collect();
    let mut wide_plan = plan.clone();
    wide_plan["features"] = super::frame::plan(&wide_names)["features"].clone();
    let made = Model::from_json(&learned(wide, &wide_plan).unwrap().model).unwrap();
    let coefficients = |fit: &LinearFit| {
        let mut all = vec![fit.intercept.coefficient];
        all.extend(
            fit.spline_terms
                .iter()
                .flat_map(|t| &t.columns)
                .map(|c| c.coefficient),
        );
        all.extend(fit.linear_terms.iter().map(|term| term.coefficient));
        all.into_iter().map(f64::to_bits).collect::<Vec<_>>()
    };
    let by_hand = linear_of(&made);
    assert_eq!(coefficients(&fit), coefficients(&by_hand));
    let (curves, lines) = (
        answers(&model, &names, &columns),
        answers(&made, &wide_names, &wide_columns),
    );
    for (own, of_columns) in curves.iter().zip(&lines) {
        assert_eq!(own.contributions.len(), 3, "one bar per input");
        let age: f64 = of_columns.contributions[..3].iter().sum();
        assert_eq!(own.contributions[0].to_bits(), age.to_bits());
        let [a, b] = [own, of_columns].map(|answer| answer.probability.unwrap());
        assert!((a - b).abs() < 1e-14, "{a} {b}");
    }
}

#[test]
fn the_basis_of_the_model_is_that_of_the_survival_crate() {
    let knots = [18.5, 23.0, 31.0, 44.0, 61.5];
    let (ours, theirs) = (
        SplineBasis::new(&knots),
        RestrictedCubicSpline::at(&knots).unwrap(),
    );
    for x in (-40..400).map(|x| f64::from(x) / 3.0) {
        for (k, expected) in theirs.basis(x).into_iter().enumerate() {
            let found = ours.column(k, x);
            assert_eq!(found.to_bits(), expected.to_bits(), "{x} {k}");
        }
    }
}

#[test]
fn gaps_and_conversions_go_with_a_curve() {
    let mut plan = plan(&["age", "debt", "town"]);
    plan["features"][1]["spline"] = json!({"knots": 3});
    plan["features"][1]["unit"] = json!("euro");
    plan["features"][1]["conversion"] = json!({"unit": "kiloeuro", "scale": 0.5, "highest": 9.0});
    let found = learned(clients(900), &plan).unwrap();
    let model = Model::from_json(&found.model).unwrap();
    let fit = linear_of(&model);
    assert_eq!(fit.spline_terms[0].input, "debt");
    assert!(fit.spline_terms[0].knots.iter().all(|knot| *knot <= 4.5));
    assert_eq!(fit.missing_terms[0].input, "debt");
    assert_eq!(
        fit.covariance.as_ref().unwrap().len(),
        fit.parameter_count()
    );
    let card = String::from_utf8(found.card).unwrap();
    for part in [
        "restricted cubic spline",
        "debt telt mee als een lijn die buigt",
        "debt&#39;",
    ] {
        assert!(card.contains(part), "{part}");
    }
}

#[test]
fn what_cannot_be_a_curve_is_refused_with_all_reasons() {
    let refused = |change: &dyn Fn(&mut Json)| {
        let mut plan = plan(&["age", "debt", "town"]);
        plan["features"][0]["spline"] = json!({});
        change(&mut plan);
        let faults = parsed(&plan).faults();
        faults
            .into_iter()
            .map(|fault| fault.pointer)
            .collect::<Vec<_>>()
    };
    assert!(refused(&|_| {}).is_empty());
    for spline in [json!({"knots": 2}), json!({"knots": 8})] {
        let found = refused(&|plan| plan["features"][0]["spline"] = spline.clone());
        assert_eq!(found, ["/features/0/spline/knots"]);
    }
    for at in [json!([1, 2]), json!([3, 2, 1]), json!([1, 1, 2])] {
        let found = refused(&|plan| plan["features"][0]["spline"] = json!({"knotsAt": at}));
        assert_eq!(found, ["/features/0/spline/knotsAt"]);
    }
    let both =
        refused(&|plan| plan["features"][0]["spline"] = json!({"knots": 4, "knotsAt": [1, 2, 3]}));
    assert_eq!(both, ["/features/0/spline/knotsAt"]);
    for algorithm in [
        "explainable-boosting",
        "scorecard",
        "decision-tree",
        "rule-list",
    ] {
        let found = refused(&|plan| plan["algorithm"] = json!(algorithm));
        assert_eq!(found, ["/features/0/spline"], "{algorithm}");
    }
    let net = refused(&|plan| plan["hyperparameters"] = json!({"elasticNet": {"alpha": 1.0}}));
    assert_eq!(net, ["/features/0/spline"]);
    let advice = refused(&|plan| plan["features"][0]["actionable"] = json!({"direction": "up"}));
    assert_eq!(advice, ["/features/0/spline"]);
}

#[test]
fn columns_that_cannot_bend_are_refused_by_name() {
    let mut plan = plan(&["age", "debt", "town"]);
    plan["features"][2]["spline"] = json!({});
    let found = faults(clients(300), &plan);
    assert_eq!((found.len(), &*found[0].pointer), (1, "/features/2/spline"));
    let few = Frame::default()
        .booleans("target", (0..300).map(|i| i % 3 == 0))
        .booleans("is_test", (0..300).map(|i| i % 5 == 0))
        .integers("age", (0..300).map(|i| Some(i % 2)));
    let mut plan = super::frame::plan(&["age"]);
    plan["features"][0]["spline"] = json!({"knots": 5});
    let found = faults(few, &plan);
    assert_eq!((found.len(), &*found[0].code), (1, "too-few-values"));
}
