//! Continuous outcomes, weights, offsets and links beside statsmodels (`tests/reference/make_glm.py`).
use crate::support::{digits, fewest_digits, floats, german_credit, reference};
use helder_glm::{Coefficient, Design, Family, Glm, GlmFit, Response, Robust};
use serde_json::Value;

fn credits() -> (Design, Vec<f64>, Vec<f64>) {
    let data = german_credit();
    let names = ["duration", "age", "installment_rate", "existing_credits"];
    let columns = names.map(|name| (name, data.numbers(name)));
    let design = Design::new(1_000, columns).unwrap();
    (design, data.numbers("amount"), data.numbers("bad"))
}

fn thirds() -> Vec<f64> {
    (0..1_000).map(|row| f64::from(1 + row % 3)).collect()
}

fn steps() -> Vec<f64> {
    (0..1_000)
        .map(|row| 0.25 * f64::from(row % 5) - 0.5)
        .collect()
}

/// Coefficients to 10 digits, standard errors to 7; further numbers as `(name, ours)`, to 10.
fn assert_equals(name: &str, fit: &GlmFit, robust: &str, further: &[(&str, f64)]) {
    let expected: &Value = &reference("glm_extra.json")[name];
    let each = |key: &str, ours: Vec<f64>| fewest_digits(ours, &floats(&expected[key]));
    let errors = |of: fn(&Coefficient) -> f64| fit.coefficients.iter().map(of).collect();
    let coefficients = each("coef", fit.estimates());
    let plain = each("se", errors(|c| c.standard_error));
    let sandwich = each(robust, errors(|c| c.robust_standard_error));
    println!("{name}: coefficients {coefficients:.1}, s.e. {plain:.1}, {robust} {sandwich:.1}");
    assert!(coefficients >= 10.0 && plain >= 7.0 && sandwich >= 7.0);
    if !expected["p"].is_null() {
        // Far in the tail the digits of p are those of the statistic squared.
        let p = each("p", errors(|c| c.p_value));
        assert!(p >= 6.0, "{name}: p {p}");
    }
    for (key, ours) in further {
        let found = digits(*ours, expected[*key].as_f64().unwrap());
        println!("{name}: {key}: {found:.1}");
        assert!(found >= 10.0, "{name}: {key}: {found}");
    }
}

#[test]
fn least_squares_equals_statsmodels() {
    let (design, amount, _) = credits();
    let glm = Glm::new(Family::Gaussian);
    let fit = glm.fit(&design, &Response::new(&amount)).unwrap();
    let further = [
        ("loglik", fit.log_likelihood),
        ("deviance", fit.deviance),
        // statsmodels does not count the variance among the parameters; R and we do.
        ("aic_without_variance", fit.aic - 2.0),
    ];
    assert_equals("linear", &fit, "se_hc0", &further);
    let corrected = glm
        .robust(Robust::Hc1)
        .fit(&design, &Response::new(&amount))
        .unwrap();
    assert_equals("linear", &corrected, "se_hc1", &[]);
    let (low, high) = fit.interval_95(&fit.coefficients[1]);
    // t with 995 degrees of freedom: 1.962351...
    let reach = 1.962_351_002_188_1 * fit.coefficients[1].standard_error;
    assert!(digits(high - low, 2.0 * reach) > 7.0);
}

#[test]
fn weights_equal_weighted_least_squares() {
    let (design, amount, _) = credits();
    let weights = thirds();
    let response = Response::new(&amount).weights(&weights);
    let fit = Glm::new(Family::Gaussian).fit(&design, &response).unwrap();
    assert_equals(
        "linear_weighted",
        &fit,
        "se_hc0",
        &[("loglik", fit.log_likelihood)],
    );
}

#[test]
fn a_log_link_for_amounts_equals_statsmodels() {
    let (design, amount, _) = credits();
    let thousands: Vec<f64> = amount.iter().map(|a| a / 1000.0).collect();
    let glm = Glm::new(Family::GaussianLog);
    let fit = glm.fit(&design, &Response::new(&thousands)).unwrap();
    let further = [
        ("deviance", fit.deviance),
        ("null_deviance", fit.null_deviance),
    ];
    assert_equals("linear_log_link", &fit, "se_sandwich", &further);
}

#[test]
fn weights_and_an_offset_in_logistic_regression_equal_statsmodels() {
    let (design, _, bad) = credits();
    let (weights, offset) = (thirds(), steps());
    let response = Response::new(&bad).weights(&weights).offset(&offset);
    let fit = Glm::new(Family::Binomial).fit(&design, &response).unwrap();
    let further = [
        ("loglik", fit.log_likelihood),
        ("deviance", fit.deviance),
        ("null_deviance", fit.null_deviance),
    ];
    assert_equals("logistic_weights_offset", &fit, "se_sandwich", &further);
}

#[test]
fn the_complementary_log_log_link_equals_statsmodels() {
    let (design, _, bad) = credits();
    let offset = steps();
    let response = Response::new(&bad).offset(&offset);
    let fit = Glm::new(Family::BinomialCloglog)
        .fit(&design, &response)
        .unwrap();
    let further = [
        ("loglik", fit.log_likelihood),
        ("deviance", fit.deviance),
        ("null_deviance", fit.null_deviance),
    ];
    assert_equals("cloglog", &fit, "se_sandwich", &further);
}

#[test]
fn a_row_with_weight_two_is_two_rows_and_with_weight_zero_none() {
    let (design, amount, _) = credits();
    let weights: Vec<f64> = (0..1_000).map(|row| f64::from(row % 3)).collect();
    let rows: Vec<usize> = (0..1_000).flat_map(|row| vec![row; row % 3]).collect();
    let columns = (1..design.width()).map(|j| {
        let column: Vec<f64> = rows.iter().map(|&row| design.value(row, j)).collect();
        (design.names()[j].clone(), column)
    });
    let repeated = Design::new(rows.len(), columns).unwrap();
    let counts: Vec<f64> = amount.iter().map(|a| (a / 1000.0).floor()).collect();
    let again: Vec<f64> = rows.iter().map(|&row| counts[row]).collect();
    let glm = Glm::new(Family::Poisson);
    let weighted = glm
        .fit(&design, &Response::new(&counts).weights(&weights))
        .unwrap();
    let plain = glm.fit(&repeated, &Response::new(&again)).unwrap();
    assert!(fewest_digits(weighted.estimates(), &plain.estimates()) > 11.0);
    for (a, b) in weighted.coefficients.iter().zip(&plain.coefficients) {
        assert!(digits(a.standard_error, b.standard_error) > 11.0);
    }
    assert!(digits(weighted.log_likelihood, plain.log_likelihood) > 12.0);
    assert_eq!(
        weighted.n_rows,
        weights.iter().filter(|w| **w > 0.0).count()
    );
}
