//! Coefficients, standard errors and likelihoods equal those of the reference tools.
use crate::support::{Data, digits, fewest_digits, floats, outcome, strings};
use helder_glm::{LogisticFit, LogisticRegression, Penalty};
use serde_json::Value;

fn fit(data: &Data, reference: &Value, penalty: Penalty) -> LogisticFit {
    let (_, train) = data.split();
    let design = data.design(
        &strings(&reference["numeric"]),
        &strings(&reference["categorical"]),
        &train,
    );
    let y = outcome(data, reference["target"].as_str().unwrap(), &train);
    LogisticRegression::new()
        .penalty(penalty)
        .fit(&design, &y)
        .unwrap()
}

fn assert_unpenalised(name: &str, data: &Data, reference: &Value) {
    let expected = &reference["logistic_unregularised_train"];
    let fit = fit(data, reference, Penalty::None);
    let names: Vec<&str> = fit.coefficients.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, strings(&expected["names"]));
    let dropped: Vec<&str> = fit.dropped.iter().map(|d| d.name.as_str()).collect();
    let expected_dropped = reference
        .get("dropped")
        .or_else(|| reference.get("design_columns_dropped_as_dependent"));
    assert_eq!(dropped, strings(expected_dropped.unwrap()));

    let each = |key: &str, value: fn(&helder_glm::Coefficient) -> f64| {
        fewest_digits(fit.coefficients.iter().map(value), &floats(&expected[key]))
    };
    let one = |key: &str, value: f64| digits(value, expected[key].as_f64().unwrap());
    let measured = [
        ("coefficients", each("coef", |c| c.estimate), 10.0),
        ("standard errors", each("se", |c| c.standard_error), 8.0),
        (
            "robust standard errors",
            each("se_robust_hc0", |c| c.robust_standard_error),
            8.0,
        ),
        ("z", each("z", |c| c.z), 8.0),
        // Far in the tail the digits of p are those of z squared.
        ("p", each("p", |c| c.p_value), 6.0),
        ("log-likelihood", one("loglik", fit.log_likelihood), 12.0),
        (
            // The peer fits the null model by iteration; ours is the closed form.
            "null log-likelihood",
            one("loglik_null", fit.null_log_likelihood),
            9.0,
        ),
        ("AIC", one("aic", fit.aic), 12.0),
        ("BIC", one("bic", fit.bic), 12.0),
        ("deviance", one("deviance", fit.deviance), 12.0),
    ];
    for (what, found, _) in measured {
        println!("{name}: {what}: {found:.1} digits");
    }
    println!(
        "{name}: {} steps, largest gradient {:e}",
        fit.iterations, fit.max_abs_gradient
    );
    for (what, found, asked) in measured {
        assert!(
            found >= asked,
            "{name}: {what}: {found} digits, asked {asked}"
        );
    }
}

#[test]
fn german_credit_equals_statsmodels() {
    assert_unpenalised(
        "german credit",
        &crate::support::german_credit(),
        &crate::support::reference("german_credit.json"),
    );
}

#[test]
fn adult_equals_statsmodels_and_drops_the_same_column() {
    assert_unpenalised(
        "adult",
        &crate::support::adult(false),
        &crate::support::reference("adult.json"),
    );
}

#[test]
fn compas_equals_statsmodels() {
    let Some(data) = crate::support::compas() else {
        return;
    };
    let folder = crate::support::reference_data().unwrap();
    let reference = crate::support::json(folder.join("reference/classification_compas.json"));
    assert_unpenalised("compas", &data, &reference);
}

/// A data set that may not be copied, with its reference.
fn assert_elsewhere(name: &str, file: &str) {
    let Some(folder) = crate::support::reference_data() else {
        return;
    };
    let data = Data::read(std::fs::File::open(folder.join(format!("{file}.csv"))).unwrap());
    let path = folder.join(format!("reference/classification_{file}.json"));
    assert_unpenalised(name, &data, &crate::support::json(path));
}

#[test]
fn take_up_of_benefits_equals_statsmodels() {
    assert_elsewhere("benefits", "ui_benefits");
}

#[test]
fn a_rare_outcome_equals_statsmodels() {
    assert_elsewhere("homeless", "synth_dev_homeless");
}

#[test]
fn shrinkage_equals_scikit_learn() {
    let data = crate::support::german_credit();
    let reference = crate::support::reference("german_credit.json");
    for (c, expected) in reference["logistic_l2_raw_columns"]["by_C"]
        .as_object()
        .unwrap()
    {
        let strength = 1.0 / c.parse::<f64>().unwrap();
        let fit = fit(&data, &reference, Penalty::L2Unscaled { strength });
        let found = fewest_digits(
            fit.estimates().into_iter().skip(1),
            &floats(&expected["coef"]),
        );
        println!("german credit: L2 with C = {c}: {found:.1} digits");
        assert!(found >= 8.0, "{found}");
        assert!(digits(fit.intercept(), expected["intercept"].as_f64().unwrap()) >= 8.0);
    }
}

#[test]
fn shrinkage_on_standardised_columns_equals_scikit_learn() {
    let data = crate::support::german_credit();
    let reference = crate::support::reference("german_credit.json");
    let expected = floats(&reference["logistic_l2_standardised_C1"]["coef"]);
    let fit = fit(&data, &reference, Penalty::L2 { strength: 1.0 });
    let (_, train) = data.split();
    let design = data.design(
        &strings(&reference["numeric"]),
        &strings(&reference["categorical"]),
        &train,
    );
    let scaled = (1..design.width()).map(|j| {
        let column: Vec<f64> = (0..design.n_rows()).map(|row| design.row(row)[j]).collect();
        let mean = column.iter().sum::<f64>() / column.len() as f64;
        let variance = column.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / column.len() as f64;
        fit.coefficients[j].estimate * variance.sqrt()
    });
    let found = fewest_digits(scaled, &expected);
    println!("german credit: standardised L2: {found:.1} digits");
    assert!(found >= 8.0, "{found}");
}
