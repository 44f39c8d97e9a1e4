//! The elastic net beside scikit-learn, and its own conditions of optimality.
use crate::support::{
    Data, digits, fewest_digits, floats, german_credit, outcome, reference, strings,
};
use helder_glm::{
    Design, ElasticNet, Family, Glm, GlmError, Lambdas, Path, PathPoint, Penalty, Response,
};
use serde_json::Value;

fn german(names: &[String]) -> (Design, Data) {
    let data = german_credit();
    let columns = names.iter().map(|name| (name.clone(), data.numbers(name)));
    (Design::new(1_000, columns).unwrap(), data)
}

fn deviation(design: &Design, column: usize) -> f64 {
    let n = design.n_rows() as f64;
    let mean = design.column(column).sum::<f64>() / n;
    (design
        .column(column)
        .map(|x| (x - mean) * (x - mean))
        .sum::<f64>()
        / n)
        .sqrt()
}

fn standardised(design: &Design, point: &PathPoint) -> Vec<f64> {
    let coefficients = point.coefficients.iter().enumerate();
    coefficients
        .map(|(k, b)| b * deviation(design, k + 1))
        .collect()
}

fn one(path: &Path) -> &PathPoint {
    assert_eq!(path.points.len(), 1);
    &path.points[0]
}

#[test]
fn single_penalties_equal_scikit_learn() {
    let expected = reference("elastic_net.json");
    let (design, data) = german(&strings(&expected["names"]));
    let amount: Vec<f64> = data.numbers("amount").iter().map(|a| a / 1000.0).collect();
    let bad = data.numbers("bad");
    let cases: [(&str, Family, &[f64], f64); 2] = [
        ("gaussian", Family::Gaussian, &amount, 10.0),
        ("logistic", Family::Binomial, &bad, 8.0),
    ];
    for (name, family, y, asked) in cases {
        for case in expected[name].as_array().unwrap() {
            let number = |key: &str| case[key].as_f64().unwrap();
            let path = ElasticNet::new(family, number("alpha"))
                .lambdas(Lambdas::Given(vec![number("lambda")]))
                .fit(&design, &Response::new(y))
                .unwrap();
            let ours = standardised(&design, one(&path));
            let theirs = floats(&case["standardised"]);
            for (a, b) in ours.iter().zip(&theirs) {
                assert_eq!(
                    *a == 0.0,
                    *b == 0.0,
                    "{name}: the same columns are left out"
                );
            }
            let found = fewest_digits(ours, &theirs);
            println!("{name}: alpha {}: {found:.1} digits", number("alpha"));
            assert!(found >= asked, "{name}: {found}");
        }
    }
}

/// The lasso of the classification references (scikit-learn's saga on train rows; C = 0.05 on the sum of the losses).
fn assert_lasso(name: &str, data: &Data, reference: &Value) {
    let expected = &reference["logistic_l1_standardised_C005"];
    let (_, train) = data.split();
    let (numeric, categorical) = (
        strings(&reference["numeric"]),
        strings(&reference["categorical"]),
    );
    let design = data.design(&numeric, &categorical, &train);
    let y = outcome(data, reference["target"].as_str().unwrap(), &train);
    let lambda = 1.0 / (0.05 * y.len() as f64);
    let path = ElasticNet::new(Family::Binomial, 1.0)
        .lambdas(Lambdas::Given(vec![lambda]))
        .fit(&design, &Response::yes_no(&y))
        .unwrap();
    let point = one(&path);
    let kept: Vec<&String> = path
        .columns
        .iter()
        .zip(&point.coefficients)
        .filter(|(_, b)| **b != 0.0)
        .map(|(name, _)| name)
        .collect();
    assert_eq!(
        kept,
        strings(&expected["nonzero"]).iter().collect::<Vec<_>>(),
        "{name}"
    );
    let ours = standardised(&design, point);
    let worst = ours
        .iter()
        .zip(floats(&expected["coef"]))
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max);
    println!("{name}: lasso: largest difference {worst:.1e}");
    assert!(worst < 1e-8, "{name}: {worst}");
}

#[test]
fn the_lasso_of_the_references_keeps_the_same_columns() {
    let data = german_credit();
    assert_lasso("german", &data, &reference("german_credit.json"));
    let Some(folder) = crate::support::reference_data() else {
        return;
    };
    let read = |name: &str| {
        crate::support::json(folder.join(format!("reference/classification_{name}.json")))
    };
    assert_lasso(
        "compas",
        &crate::support::compas().unwrap(),
        &read("compas"),
    );
    let benefits = Data::read(std::fs::File::open(folder.join("ui_benefits.csv")).unwrap());
    assert_lasso("benefits", &benefits, &read("ui_benefits"));
}

#[test]
fn the_ridge_is_the_l2_penalty() {
    let names = ["duration", "amount", "age"].map(String::from);
    let (design, data) = german(&names);
    let bad = data.numbers("bad");
    let response = Response::new(&bad);
    let strength = 25.0;
    let ridge = Glm::new(Family::Binomial)
        .penalty(Penalty::L2 { strength })
        .fit(&design, &response)
        .unwrap();
    let path = ElasticNet::new(Family::Binomial, 0.0)
        .lambdas(Lambdas::Given(vec![strength / 1_000.0]))
        .fit(&design, &response)
        .unwrap();
    assert!(fewest_digits(one(&path).coefficients.clone(), &ridge.estimates()[1..]) > 10.0);
    assert!(digits(one(&path).intercept, ridge.intercept()) > 10.0);
    assert!(digits(one(&path).deviance, ridge.deviance) > 12.0);
}

#[test]
fn every_point_of_a_path_is_optimal_and_the_first_has_no_coefficients() {
    let names = [
        "duration",
        "age",
        "installment_rate",
        "existing_credits",
        "amount",
    ]
    .map(String::from);
    let (design, data) = german(&names);
    let bad = data.numbers("bad");
    let counts: Vec<f64> = data
        .numbers("existing_credits")
        .iter()
        .zip(&bad)
        .map(|(a, b)| a + b)
        .collect();
    let weights: Vec<f64> = (0..1_000).map(|row| f64::from(row % 4)).collect();
    let years: Vec<f64> = data.numbers("duration").iter().map(|d| d / 12.0).collect();
    let size: f64 = weights.iter().sum();
    for (family, y) in [
        (Family::Binomial, &bad),
        (Family::Poisson, &counts),
        (Family::NegativeBinomial { theta: 3.0 }, &counts),
    ] {
        let mut response = Response::new(y).weights(&weights);
        if family.is_count() {
            response = response.exposure(&years);
        }
        let alpha = 0.7;
        let path = ElasticNet::new(family, alpha)
            .lambdas(Lambdas::Auto {
                count: 12,
                smallest: 1e-3,
            })
            .fit(&design, &response)
            .unwrap();
        assert!(path.points[0].coefficients.iter().all(|b| *b == 0.0));
        assert!(path.points[1].coefficients.iter().any(|b| *b != 0.0));
        for point in &path.points {
            // Mean score per column against what the penalty asks.
            let mut score = vec![0.0; design.width()];
            for row in 0..1_000 {
                let cells = design.row(row);
                let eta = point.intercept
                    + cells[1..]
                        .iter()
                        .zip(&point.coefficients)
                        .map(|(x, b)| x * b)
                        .sum::<f64>()
                    + if family.is_count() {
                        years[row].ln()
                    } else {
                        0.0
                    };
                let mean = family.mean(eta);
                let rest = match family {
                    Family::NegativeBinomial { theta } => (y[row] - mean) * theta / (mean + theta),
                    _ => y[row] - mean,
                };
                for (sum, x) in score.iter_mut().zip(&cells) {
                    *sum += weights[row] * rest * x / size;
                }
            }
            assert!(
                score[0].abs() < 1e-10,
                "the intercept is free: {:e}",
                score[0]
            );
            for (k, b) in point.coefficients.iter().enumerate() {
                let spread = weighted_deviation(&design, k + 1, &weights);
                let pull = score[k + 1] / spread - point.lambda * (1.0 - alpha) * b * spread;
                if *b == 0.0 {
                    assert!(pull.abs() <= point.lambda * alpha * (1.0 + 1e-9));
                } else {
                    assert!(
                        (pull - point.lambda * alpha * b.signum()).abs()
                            < 1e-9 * (1.0 + point.lambda)
                    );
                }
            }
        }
        let ratios: Vec<f64> = path.points.iter().map(|p| p.deviance_ratio).collect();
        assert!(
            ratios.windows(2).all(|pair| pair[0] <= pair[1] + 1e-12),
            "smaller penalties fit better"
        );
    }
}

fn weighted_deviation(design: &Design, column: usize, weights: &[f64]) -> f64 {
    let size: f64 = weights.iter().sum();
    let mean = design
        .column(column)
        .zip(weights)
        .map(|(x, w)| x * w)
        .sum::<f64>()
        / size;
    (design
        .column(column)
        .zip(weights)
        .map(|(x, w)| w * (x - mean) * (x - mean))
        .sum::<f64>()
        / size)
        .sqrt()
}

#[test]
fn columns_that_say_the_same_share_and_wrong_settings_are_refused() {
    let x: Vec<f64> = (0..60).map(|row| f64::from(row * 7 % 11)).collect();
    let y: Vec<f64> = x
        .iter()
        .enumerate()
        .map(|(row, x)| x + f64::from(row as u32 % 3))
        .collect();
    let design = Design::new(60, [("a", x.clone()), ("b", x), ("flat", vec![2.0; 60])]).unwrap();
    let net = ElasticNet::new(Family::Gaussian, 0.5);
    let path = net.fit(&design, &Response::new(&y)).unwrap();
    assert_eq!(
        (path.columns.len(), path.dropped[0].name.as_str()),
        (2, "flat")
    );
    let last = path.points.last().unwrap();
    assert!(
        (last.coefficients[0] - last.coefficients[1]).abs() < 1e-6,
        "{:?}",
        last.coefficients
    );
    for (alpha, lambdas) in [
        (1.5, Lambdas::Given(vec![1.0])),
        (f64::NAN, Lambdas::Given(vec![1.0])),
        (1.0, Lambdas::Given(vec![])),
        (1.0, Lambdas::Given(vec![-1.0])),
        (1.0, Lambdas::Given(vec![f64::INFINITY])),
        (
            1.0,
            Lambdas::Auto {
                count: 0,
                smallest: 0.1,
            },
        ),
        (
            1.0,
            Lambdas::Auto {
                count: 5,
                smallest: 1.0,
            },
        ),
    ] {
        let refused = ElasticNet::new(Family::Gaussian, alpha)
            .lambdas(lambdas)
            .fit(&design, &Response::new(&y));
        assert!(
            matches!(refused, Err(GlmError::Setting { .. })),
            "{refused:?}"
        );
    }
}

#[test]
fn cross_validation_leaves_out_what_is_noise_and_keeps_what_counts() {
    let n = 1_200_usize;
    let column = |step: usize| -> Vec<f64> {
        (0..n)
            .map(|row| ((row * step) % 997) as f64 / 500.0 - 1.0)
            .collect()
    };
    let (a, b) = (column(337), column(611));
    let noise: Vec<(String, Vec<f64>)> = (0..8)
        .map(|k| (format!("noise{k}"), column(101 + 37 * k)))
        .collect();
    let y: Vec<f64> = (0..n)
        .map(|row| {
            let mean = (0.8 + 0.7 * a[row] - 0.5 * b[row]).exp();
            // A spread that no column explains.
            (mean + 0.9 * mean.sqrt() * (((row * row * 7 + row * 13) % 211) as f64 / 105.0 - 1.0))
                .round()
                .max(0.0)
        })
        .collect();
    let mut columns = vec![("a".to_owned(), a), ("b".to_owned(), b)];
    columns.extend(noise);
    let design = Design::new(n, columns).unwrap();
    let folds: Vec<usize> = (0..n).map(|row| row * 7 % 10).collect();
    let net = ElasticNet::new(Family::Poisson, 1.0).lambdas(Lambdas::Auto {
        count: 40,
        smallest: 1e-4,
    });
    let found = net
        .cross_validate(&design, &Response::new(&y), &folds)
        .unwrap();
    assert_eq!((found.folds, found.deviances.len()), (10, 40));
    assert!(found.simplest <= found.best && found.deviances[found.best] < 0.9 * found.deviances[0]);
    let chosen = &found.path.points[found.simplest].coefficients;
    assert!(chosen[0] > 0.4 && chosen[1] < -0.2, "{chosen:?}");
    let left: usize = chosen[2..].iter().filter(|b| **b != 0.0).count();
    assert!(left <= 3, "{chosen:?}");
    assert!(matches!(
        net.cross_validate(&design, &Response::new(&y), &vec![0; n]),
        Err(GlmError::Setting { .. })
    ));
    assert!(matches!(
        net.cross_validate(&design, &Response::new(&y), &[0, 1]),
        Err(GlmError::LengthMismatch { .. })
    ));
}
