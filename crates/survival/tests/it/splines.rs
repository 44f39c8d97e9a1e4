//! Curves instead of lines, beside R's (`tests/reference/more.R`).

use helder_survival::{Cox, CoxFit, Design, RestrictedCubicSpline, SurvivalError};
use serde_json::{Value, json};

use crate::{
    made::Made,
    support::{ask, close, digits, fewest},
};

const GRID: [f64; 6] = [20.0, 25.5, 33.0, 40.0, 47.2, 60.0];

fn fitted(made: &Made, spline: &RestrictedCubicSpline) -> CoxFit {
    let mut columns = spline.columns("age", &made.data.numbers("age"));
    columns.push(("work".to_owned(), made.data.numbers("work")));
    Cox::new()
        .fit(&made.spells(), &Design::new(columns).unwrap())
        .unwrap()
}

fn check_curve(name: &str, fit: &CoxFit, spline: &RestrictedCubicSpline, expected: &Value) {
    let curve = fit.effect(spline, "age", &GRID, 40.0).unwrap();
    let effect: Vec<f64> = curve.iter().map(|point| point.log_hazard_ratio).collect();
    let error: Vec<f64> = curve.iter().map(|point| point.standard_error).collect();
    ask(
        &format!("{name}: curve"),
        close(&effect, &expected["effect"]),
        9.0,
    );
    ask(
        &format!("{name}: its errors"),
        close(&error, &expected["error"]),
        9.0,
    );
    let likelihood = expected["loglik"].as_f64().unwrap();
    ask(
        &format!("{name}: likelihood"),
        digits(fit.log_likelihood, likelihood),
        12.0,
    );
    assert_eq!((effect[3], error[3]), (0.0, 0.0));
    assert!(
        curve
            .iter()
            .all(|p| p.lower <= p.hazard_ratio && p.hazard_ratio <= p.upper)
    );
}

#[test]
fn knots_basis_curve_and_tests_of_restricted_cubic_splines() {
    let made = Made::beside("more.json");
    let ages = made.data.numbers("age");
    for (n_knots, expected) in (3..=7).zip(made.expected["rcs_knots"].as_array().unwrap()) {
        let spline = RestrictedCubicSpline::at_quantiles(&ages, n_knots).unwrap();
        ask("knots", fewest(spline.knots().to_vec(), expected), 14.0);
    }
    let few = RestrictedCubicSpline::at_quantiles(&ages[..60], 4).unwrap();
    ask(
        "knots of few",
        fewest(few.knots().to_vec(), &made.expected["rcs_knots_few"]),
        14.0,
    );

    let expected = &made.expected["rcs"];
    let spline = RestrictedCubicSpline::at_quantiles(&ages, 4).unwrap();
    for (x, row) in GRID.iter().zip(expected["basis"].as_array().unwrap()) {
        ask("basis", fewest(spline.basis(*x), row), 12.0);
    }
    let fit = fitted(&made, &spline);
    ask(
        "coefficients",
        fewest(fit.estimates(), &expected["coef"]),
        9.0,
    );
    let errors = fit.coefficients.iter().map(|c| c.standard_error);
    ask("errors", fewest(errors, &expected["se"]), 9.0);
    check_curve("rcs", &fit, &spline, expected);
    let names = spline.names("age");
    for (columns, key) in [(&names[..], "wald_curve"), (&names[1..], "wald_bend")] {
        let test = fit.wald(columns).unwrap();
        assert_eq!(test.degrees_of_freedom, columns.len());
        ask(
            key,
            digits(test.chi_squared, expected[key].as_f64().unwrap()),
            9.0,
        );
    }
}

#[test]
fn natural_splines_give_the_curve_of_ns() {
    let made = Made::beside("more.json");
    let expected = &made.expected["ns"];
    let spline = RestrictedCubicSpline::natural(&made.data.numbers("age"), 4).unwrap();
    ask(
        "knots",
        fewest(spline.knots().to_vec(), &expected["knots"]),
        14.0,
    );
    check_curve("ns", &fitted(&made, &spline), &spline, expected);
}

#[test]
fn a_spline_bends_where_the_truth_bends_and_not_where_it_is_straight() {
    // Hazard by a valley in age and a line in debt, by inversion of evenly spread chances.
    let n = 4_000;
    let share = |i: usize, step: f64| (i as f64 * step).fract();
    let age: Vec<f64> = (0..n).map(|i| 20.0 + 45.0 * share(i, 0.618_034)).collect();
    let debt: Vec<f64> = (0..n).map(|i| 10.0 * share(i, 0.414_214)).collect();
    let time: Vec<f64> = (0..n)
        .map(|i| {
            let score = ((age[i] - 42.0) / 15.0).powi(2) - 0.1 * debt[i];
            -share(i, 0.732_051).max(1e-9).ln() * (-score).exp()
        })
        .collect();
    let spells = helder_survival::Spells::new(&time, &vec![true; n]).unwrap();
    let of = |values: &[f64]| RestrictedCubicSpline::at_quantiles(values, 5).unwrap();
    let (of_age, of_debt) = (of(&age), of(&debt));
    let mut columns = of_age.columns("age", &age);
    columns.extend(of_debt.columns("debt", &debt));
    let fit = Cox::new()
        .fit(&spells, &Design::new(columns).unwrap())
        .unwrap();
    assert!(fit.wald(&of_age.names("age")[1..]).unwrap().p_value < 1e-12);
    assert!(fit.wald(&of_debt.names("debt")[1..]).unwrap().p_value > 0.01);
    let curve = fit.effect(&of_age, "age", &[22.0, 62.0], 42.0).unwrap();
    for point in curve {
        let truth = ((point.value - 42.0) / 15.0_f64).powi(2);
        assert!(
            (point.log_hazard_ratio - truth).abs() < 0.2,
            "{point:?}, truth {truth}"
        );
    }
}

#[test]
fn what_cannot_bend_is_refused_with_the_reason() {
    let column = [0.0, 1.0, 0.0, 1.0, 1.0, 0.0];
    for refused in [
        RestrictedCubicSpline::at_quantiles(&column, 4),
        RestrictedCubicSpline::at_quantiles(&column, 2),
        RestrictedCubicSpline::natural(&column, 1),
        RestrictedCubicSpline::natural(&[1.0, f64::NAN], 3),
        RestrictedCubicSpline::natural(&[], 3),
        RestrictedCubicSpline::at(&[1.0, 2.0]),
        RestrictedCubicSpline::at(&[1.0, 3.0, 2.0]),
    ] {
        assert!(matches!(refused, Err(SurvivalError::Setting { .. })));
    }
    let made = Made::beside("more.json");
    let fit = Cox::new()
        .fit(&made.spells(), &made.design(&["age", "work"]))
        .unwrap();
    let spline = RestrictedCubicSpline::at(&[20.0, 30.0, 40.0]).unwrap();
    assert!(fit.effect(&spline, "age", &GRID, 40.0).is_err());
    assert!(fit.wald(&["nobody".to_owned()]).is_err());
    // Far beyond the knots the curve is a line: finite, also at extremes.
    assert!(spline.basis(1e100).iter().all(|value| value.is_finite()));
    ask(
        "line",
        close(
            &[spline.basis(1e6)[1] / spline.basis(2e6)[1]],
            &json!([0.5]),
        ),
        4.0,
    );
}
