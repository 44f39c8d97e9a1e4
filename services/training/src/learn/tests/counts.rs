//! Amounts, counts and shares through the same door.

use helder_glm::{Design, Family, Glm, Response};
use helder_model::{Algorithm, Answer, Model, Scorer, Value};
use serde_json::{Value as Json, json};

use super::frame::{Csv, Frame, clients, faults, learned, parse, plan};

/// The open data set of emergency departments: months, breaches, attendances.
pub(super) fn emergency() -> (Frame, Vec<f64>, Vec<f64>, Vec<f64>) {
    let csv = Csv::read("tests/data/ae_attendances/ae_attendances.csv.gz");
    let (kind, period) = (csv.column("type"), csv.column("period"));
    let (breaches, attendances) = (csv.column("breaches"), csv.column("attendances"));
    let rows: Vec<usize> = (0..kind.len())
        .filter(|&row| kind[row] == "1" && attendances[row] != "0")
        .collect();
    let whole = |text: &str| text.parse::<i64>().unwrap();
    let month =
        |row: &usize| (whole(&period[*row][..4]) - 2016) * 12 + whole(&period[*row][5..7]) - 4;
    let season = |row: &usize| match whole(&period[*row][5..7]) {
        12 | 1 | 2 => "winter",
        _ => "other",
    };
    let numbers = |column: &[&str]| -> Vec<f64> {
        rows.iter().map(|&row| whole(column[row]) as f64).collect()
    };
    let months: Vec<f64> = rows.iter().map(|row| month(row) as f64).collect();
    let frame = Frame::default()
        .integers(
            "breaches",
            rows.iter().map(|&row| Some(whole(breaches[row]))),
        )
        .integers(
            "attendances",
            rows.iter().map(|&row| Some(whole(attendances[row]))),
        )
        .integers("months", rows.iter().map(|row| Some(month(row))))
        .texts("season", rows.iter().map(|row| Some(season(row))))
        .numbers(
            "known",
            rows.iter().map(|row| Some(0.01 * month(row) as f64)),
        )
        .texts(
            "region",
            rows.iter()
                .map(|row| Some(if row % 3 == 0 { "a" } else { "b" })),
        )
        .booleans("is_test", rows.iter().map(|row| row % 5 == 0));
    (frame, months, numbers(&breaches), numbers(&attendances))
}

fn counting(algorithm: &str) -> Json {
    let mut plan = plan(&["months", "season"]);
    plan["algorithm"] = json!(algorithm);
    plan["target"] = json!("breaches");
    plan["exposure"] = json!("attendances");
    plan["sensitiveFeatures"] = json!(["region"]);
    plan["split"] = json!({"rule": "none"});
    plan
}

fn answer(model: &Model, values: &[Value<'_>]) -> Answer {
    let scorer = Scorer::new(model).unwrap();
    let (mut row, mut answer) = (scorer.row(), Answer::default());
    for (place, value) in values.iter().enumerate() {
        scorer.set(&mut row, place, *value).unwrap();
    }
    scorer.score(&row, &mut answer).unwrap();
    answer
}

#[test]
fn a_rate_of_counts_is_that_of_the_regression_and_answers_per_one_of_the_exposure() {
    let (frame, months, breaches, attendances) = emergency();
    let found = learned(frame, &counting("negative-binomial-regression")).unwrap();
    let model = Model::from_json(&found.model).unwrap();
    let Algorithm::GeneralisedLinear(fit) = &model.algorithm else {
        panic!("another algorithm")
    };
    assert_eq!(fit.per.as_deref(), Some("attendances"));

    // The same by hand: winter is a column of 0 and 1 beside its other level.
    let evaluation = parse(&found.evaluation);
    let n = months.len();
    let winter: Vec<f64> = (0..n)
        .map(|row| {
            f64::from(u8::from(matches!(
                (months[row] as i64 + 3) % 12 + 1,
                12 | 1 | 2
            )))
        })
        .collect();
    let design = Design::new(n, [("months", &months), ("season=winter", &winter)]).unwrap();
    let direct = Glm::negative_binomial()
        .fit(&design, &Response::new(&breaches).exposure(&attendances))
        .unwrap();
    assert_eq!(fit.theta, direct.theta.as_ref().unwrap().estimate);
    let coefficients = evaluation["fit"]["coefficients"].as_array().unwrap();
    for (said, direct) in coefficients.iter().zip(&direct.coefficients) {
        assert_eq!(said["name"], direct.name.as_str());
        let bits = |key: &str| said[key].as_f64().unwrap().to_bits();
        assert_eq!(bits("estimate"), direct.estimate.to_bits());
        assert_eq!(bits("standardError"), direct.standard_error.to_bits());
    }
    assert!(evaluation["fit"]["theta"]["alpha"].as_f64().unwrap() > 0.0);

    let answer = answer(&model, &[Value::Integer(12), Value::Text("winter")]);
    let eta = direct.intercept()
        + 12.0 * direct.coefficients[1].estimate
        + direct.coefficients[2].estimate;
    assert!((answer.value.unwrap() / eta.exp() - 1.0).abs() < 1e-12);
    assert_eq!(answer.probability, None);
    let interval = answer.interval.unwrap();
    assert!(interval.lower < answer.value.unwrap() && answer.value.unwrap() < interval.upper);
    let sum: f64 = answer.contributions.iter().sum();
    assert!((answer.base_score + sum - answer.score).abs() < 1e-12);

    let estimates = &evaluation["estimates"];
    assert_eq!(estimates["rows"], n);
    assert_eq!(estimates["tenths"].as_array().unwrap().len(), 10);
    assert!(estimates["devianceExplained"].as_f64().unwrap() > 0.0);
    let fairness = parse(&found.fairness);
    assert_eq!(fairness["verdict"], "notEnoughData");
    let groups = fairness["means"][0]["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 2);
    assert!(groups[0]["observed"].as_f64().unwrap() > 0.0);
    let card = String::from_utf8(found.card).unwrap();
    assert!(card.contains("negatief-binomiale regressie") && card.contains("Tienden"));
}

#[test]
fn poisson_says_that_its_intervals_are_too_narrow_and_robust_ones_are_wider() {
    let plain = learned(emergency().0, &counting("poisson-regression")).unwrap();
    assert!(String::from_utf8(plain.card).unwrap().contains("te smal"));
    let mut asked = counting("poisson-regression");
    asked["hyperparameters"] = json!({"robust": true});
    let robust = learned(emergency().0, &asked).unwrap();
    let error = |files: &[u8]| {
        let Algorithm::GeneralisedLinear(fit) = Model::from_json(files).unwrap().algorithm else {
            panic!("another algorithm")
        };
        (
            fit.linear.covariance.unwrap()[0][0],
            fit.linear.intercept.coefficient,
        )
    };
    let ((narrow, a), (wide, b)) = (error(&plain.model), error(&robust.model));
    assert_eq!(a.to_bits(), b.to_bits());
    assert!(wide > 20.0 * narrow, "{wide:e} {narrow:e}");
    assert_eq!(parse(&robust.evaluation)["fit"]["intervals"], "robust");
}

#[test]
fn shares_amounts_and_offsets_are_learned() {
    let mut share = counting("binomial-regression");
    share["exposure"] = Json::Null;
    share["trials"] = json!("attendances");
    share["offset"] =
        json!({"name": "known", "meaning": {"nl": "k", "en": "k"}, "justification": "test"});
    let found = learned(emergency().0, &share).unwrap();
    let model = Model::from_json(&found.model).unwrap();
    assert_eq!(model.inputs.last().unwrap().name, "known");
    let values = |known| {
        [
            Value::Integer(3),
            Value::Text("other"),
            Value::Number(known),
        ]
    };
    let (low, high) = (answer(&model, &values(0.0)), answer(&model, &values(0.5)));
    assert!(
        (high.score - low.score - 0.5).abs() < 1e-12,
        "an offset counts with weight 1"
    );
    let answered = high.value.unwrap();
    assert!((0.0..=1.0).contains(&answered));

    let mut amount = counting("linear-regression");
    amount["exposure"] = Json::Null;
    amount["target"] = json!("attendances");
    let found = learned(emergency().0, &amount).unwrap();
    let (_, months, _, attendances) = emergency();
    let mean = attendances.iter().sum::<f64>() / months.len() as f64;
    let evaluation = parse(&found.evaluation);
    assert!((evaluation["estimates"]["meanEstimated"].as_f64().unwrap() / mean - 1.0).abs() < 1e-9);
    let Algorithm::GeneralisedLinear(fit) = Model::from_json(&found.model).unwrap().algorithm
    else {
        panic!("another algorithm")
    };
    assert!(fit.critical > 1.96 && fit.residual_variance.unwrap() > 0.0);
}

#[test]
fn firth_answers_where_columns_separate_and_the_net_chooses_its_penalty() {
    let separated = |n: i64| {
        clients(n).booleans(
            "sure",
            (0..n).map(|i| {
                (20 + (i * 37) % 50 - 45
                    + (((i * 53) % 97) as f64 / 10.0 * 6.0) as i64 * i64::from(i % 7 != 0)
                    + 18 * i64::from(i % 7 == 0)
                    + (i * 71) % 41
                    - 20)
                    > 30
            }),
        )
    };
    let mut asked = plan(&["age", "sure"]);
    let refused = faults(separated(600), &asked);
    assert_eq!(
        (refused[0].pointer.as_str(), refused[0].code.as_str()),
        ("/features", "separation")
    );
    asked["hyperparameters"] = json!({"firth": true});
    let found = learned(separated(600), &asked).unwrap();
    let fit = &parse(&found.evaluation)["fit"];
    assert_eq!(fit["intervals"], "firth");
    assert!(
        fit["coefficients"]
            .as_array()
            .unwrap()
            .iter()
            .all(|c| c["estimate"].is_f64() && c["interval95"][1].is_f64())
    );

    let mut net = plan(&["age", "debt", "town"]);
    net["hyperparameters"] = json!({"elasticNet": {"alpha": 1.0}});
    let found = learned(clients(2_000), &net).unwrap();
    let fit = &parse(&found.evaluation)["fit"];
    assert_eq!(fit["elasticNet"]["folds"], 10);
    assert!(fit["elasticNet"]["lambda"].as_f64().unwrap() > 0.0);
    assert!(fit["coefficients"][1]["standardError"].is_null());
    let model = Model::from_json(&found.model).unwrap();
    let Algorithm::LogisticRegression(linear) = &model.algorithm else {
        panic!("another algorithm")
    };
    assert!(linear.covariance.is_none());
    assert_eq!(
        found.model,
        learned(clients(2_000), &net).unwrap().model,
        "the folds are drawn by the seed"
    );
}

#[test]
fn what_does_not_fit_is_named() {
    use helder_platform::body::Check;
    let wrong = |change: &dyn Fn(&mut Json)| -> Vec<String> {
        let mut plan = counting("poisson-regression");
        change(&mut plan);
        super::frame::parsed(&plan)
            .faults()
            .into_iter()
            .map(|fault| fault.pointer)
            .collect()
    };
    assert!(wrong(&|_| {}).is_empty());
    assert_eq!(wrong(&|p| p["trials"] = json!("attendances")), ["/trials"]);
    assert_eq!(wrong(&|p| p["exposure"] = json!("breaches")), ["/exposure"]);
    assert_eq!(
        wrong(&|p| p["hyperparameters"] = json!({"firth": true})),
        ["/hyperparameters/firth"]
    );
    assert_eq!(
        wrong(&|p| p["hyperparameters"] = json!({"l2": 1, "elasticNet": {"alpha": 2}})),
        ["/hyperparameters/elasticNet/alpha", "/hyperparameters"]
    );
    assert_eq!(wrong(&|p| p["capacity"] = json!(5)), ["/capacity"]);
    assert_eq!(
        wrong(&|p| p["algorithm"] = json!("binomial-regression")),
        ["/exposure", "/trials"]
    );
    assert_eq!(wrong(&|p| p["target"] = Json::Null), ["/target"]);

    let faults = |change: &dyn Fn(&mut Json)| {
        let mut plan = counting("poisson-regression");
        change(&mut plan);
        let found = faults(emergency().0, &plan);
        (found[0].pointer.clone(), found[0].code.clone())
    };
    let fault = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    assert_eq!(
        faults(&|p| p["target"] = json!("known")),
        fault("/target", "out-of-range")
    );
    assert_eq!(
        faults(&|p| p["exposure"] = json!("known")),
        fault("/exposure", "out-of-range")
    );
    assert_eq!(
        faults(&|p| p["weights"] = json!("region2")),
        fault("/weights", "unknown-column")
    );
    assert_eq!(
        faults(&|p| p["exposure"] = json!("season2")),
        fault("/exposure", "unknown-column")
    );
}

#[test]
fn the_family_in_the_model_is_the_family_of_the_core() {
    // Both sides of the format agree on what a score means.
    for (ours, core) in [
        (helder_model::Link::Log, Family::Poisson),
        (helder_model::Link::Logit, Family::Binomial),
        (helder_model::Link::Identity, Family::Gaussian),
    ] {
        let expected = core.mean(0.3);
        let by_link = match ours {
            helder_model::Link::Log => 0.3_f64.exp(),
            helder_model::Link::Logit => 1.0 / (1.0 + (-0.3_f64).exp()),
            _ => 0.3,
        };
        assert!((expected - by_link).abs() < 1e-15);
    }
}
