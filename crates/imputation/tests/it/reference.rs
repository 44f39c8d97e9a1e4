//! Equal to R mice 3.15.0 (`tests/reference/make.R`).

use helder_glm::{Design, Family, Glm, Response};
use helder_imputation::{Estimate, Settings, Table, Values, impute, little, pool, pool_joint};
use serde_json::Value;

use super::{number, table};

fn reference() -> Value {
    serde_json::from_str(include_str!("../reference/mice.json")).expect("json")
}

fn gaps() -> Table {
    let text = include_str!("../reference/gaps.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().expect("header").clone();
    let mut columns = vec![Vec::new(); names.len()];
    for row in reader.records() {
        for (column, cell) in columns.iter_mut().zip(row.expect("row").iter()) {
            column.push(if cell.is_empty() {
                f64::NAN
            } else {
                cell.parse().expect("a number")
            });
        }
    }
    table(
        names
            .iter()
            .zip(columns)
            .map(|(name, values)| number(name, values))
            .collect(),
    )
}

fn numbers(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .expect("a list")
        .iter()
        .map(|v| v.as_f64().expect("a number"))
        .collect()
}

fn near(ours: f64, theirs: &Value, digits: f64) {
    let theirs = theirs.as_f64().expect("a number");
    let apart = (ours - theirs).abs() / theirs.abs().max(1e-300);
    assert!(apart < digits, "{ours} beside {theirs}");
}

#[test]
fn pooled_numbers_equal_mice() {
    for one in reference()["scalar"].as_array().expect("terms") {
        let estimates: Vec<Estimate> = numbers(&one["estimates"])
            .into_iter()
            .zip(numbers(&one["variances"]))
            .map(|(estimate, variance)| Estimate {
                estimate,
                standard_error: variance.sqrt(),
            })
            .collect();
        for (df, theirs) in [(396.0, &one["finite"]), (f64::INFINITY, &one["large"])] {
            let ours = pool(&estimates, df).expect("pooled");
            near(ours.estimate, &theirs["qbar"], 1e-12);
            near(ours.within, &theirs["ubar"], 1e-12);
            near(ours.between, &theirs["b"], 1e-12);
            near(ours.standard_error.powi(2), &theirs["t"], 1e-12);
            near(ours.degrees_of_freedom, &theirs["df"], 1e-11);
            near(ours.relative_increase, &theirs["r"], 1e-12);
            near(ours.fraction_missing_information, &theirs["fmi"], 1e-12);
        }
    }
}

#[test]
fn parameters_tested_together_equal_mice() {
    let joint = &reference()["joint"];
    let list = |name: &str| -> Vec<Vec<f64>> {
        joint[name]
            .as_array()
            .expect("tables")
            .iter()
            .map(numbers)
            .collect()
    };
    let ours = pool_joint(&list("estimates"), &list("covariances"), 396.0).expect("a test");
    near(ours.statistic, &joint["statistic"], 1e-9);
    near(ours.numerator_df, &joint["df1"], 1e-12);
    near(ours.denominator_df, &joint["df2"], 1e-9);
    near(ours.p_value, &joint["p"], 1e-8);
    near(ours.relative_increase, &joint["riv"], 1e-9);
}

#[test]
fn littles_test_equals_direct_maximisation() {
    let ours = little(&gaps()).expect("a test");
    let theirs = &reference()["little"];
    near(ours.statistic, &theirs["statistic"], 1e-6);
    assert_eq!(Some(ours.degrees_of_freedom as u64), theirs["df"].as_u64());
    near(ours.p_value, &theirs["p"], 1e-5);
    assert_eq!(Some(ours.patterns as u64), theirs["patterns"].as_u64());
}

/// Draws are chance: the mean over seeds is held beside that of mice over seeds, in their standard errors.
#[test]
fn completed_tables_give_what_those_of_mice_give() {
    let table = gaps();
    let theirs = &reference()["mice"];
    let (means, sds) = (numbers(&theirs["means"]), numbers(&theirs["sds"]));
    let runs = 12;
    let mut sums = vec![0.0; means.len()];
    for seed in 0..runs {
        let settings = Settings {
            seed,
            ..Settings::default()
        };
        let done = impute(&table, &settings).expect("tables");
        for column in &done.convergence {
            let settled = column.potential_scale_reduction.expect("it varies");
            println!("{} {settled:.3}", column.column);
            assert!(settled < 1.3);
        }
        let fits: Vec<Vec<Estimate>> = done.tables.iter().map(regression).collect();
        for term in 0..4 {
            let list: Vec<Estimate> = fits.iter().map(|fit| fit[term]).collect();
            let pooled = pool(&list, 396.0).expect("pooled");
            sums[term] += pooled.estimate / runs as f64;
            sums[term + 4] += pooled.standard_error / runs as f64;
        }
    }
    for ((ours, theirs), sd) in sums.iter().zip(&means).zip(&sds) {
        let error = sd * (1.0 / runs as f64 + 1.0 / 40.0).sqrt();
        println!(
            "{ours:.5} mice {theirs:.5} ({:+.2} standard errors)",
            (ours - theirs) / error
        );
        assert!(
            (ours - theirs).abs() < 4.0 * error,
            "{ours} beside {theirs}, {error}"
        );
    }
}

fn regression(table: &Table) -> Vec<Estimate> {
    let values = |name: &str| match &table.column(name).expect("a column").values {
        Values::Number(values) => values.clone(),
        Values::Category { .. } => unreachable!("numbers only"),
    };
    let columns = ["x", "z", "w"].map(|name| (name, values(name)));
    let design = Design::new(table.rows(), columns).expect("a design");
    let y = values("y");
    let fit = Glm::new(Family::Gaussian)
        .fit(&design, &Response::new(&y))
        .expect("a fit");
    fit.coefficients
        .iter()
        .map(|c| Estimate {
            estimate: c.estimate,
            standard_error: c.standard_error,
        })
        .collect()
}
