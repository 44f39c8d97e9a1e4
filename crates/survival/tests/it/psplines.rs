//! Penalised curves beside R's (`tests/reference/pspline.R`).

use helder_survival::{
    Cox, Design, PSpline, SmoothFit, SmoothTerm, Smoothing, Spells, SurvivalError, TieMethod,
};
use serde_json::Value;

use crate::{
    made::Made,
    support::{ask, close, digits, fewest, floats},
};

const GRID: [f64; 6] = [20.0, 25.5, 33.0, 40.0, 47.2, 60.0];

fn term(made: &Made, name: &str, stretches: usize, smoothing: Smoothing) -> SmoothTerm {
    let values = made.data.numbers(name);
    SmoothTerm {
        name: name.to_owned(),
        spline: PSpline::over(&values, stretches).unwrap(),
        values,
        smoothing,
    }
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

/// Everything R says of a fit; `asked` digits that R's own search for the top allows.
fn check(name: &str, fit: &SmoothFit, expected: &Value, asked: f64) {
    let root =
        |of: &Vec<Vec<f64>>| -> Vec<f64> { (0..of.len()).map(|j| of[j][j].sqrt()).collect() };
    let df: Vec<f64> = fit
        .curves
        .iter()
        .map(|curve| curve.degrees_of_freedom)
        .chain(fit.degrees_of_freedom.iter().copied())
        .collect();
    for (what, found, key) in [
        ("coefficients", fit.estimates.clone(), "coef"),
        ("errors", root(&fit.covariance), "se"),
        (
            "errors from sample to sample",
            root(&fit.sampling_covariance),
            "se2",
        ),
        ("degrees of freedom", df, "df"),
    ] {
        let expected = match &expected[key] {
            one @ Value::Number(_) => Value::Array(vec![one.clone()]),
            many => many.clone(),
        };
        ask(&format!("{name}: {what}"), fewest(found, &expected), asked);
    }
    for (what, found, key) in [
        ("likelihood", fit.log_likelihood, "loglik"),
        ("penalty", fit.penalty, "penalty"),
    ] {
        ask(
            &format!("{name}: {what}"),
            digits(found, number(&expected[key])),
            asked,
        );
    }
}

#[test]
fn columns_of_a_penalised_spline_are_those_of_r_beyond_the_range_too() {
    let made = Made::beside("pspline.json");
    let spline = PSpline::over(&made.data.numbers("age"), 10).unwrap();
    let rows = made.expected["basis"].as_array().unwrap();
    for (x, row) in floats(&made.expected["at"]).into_iter().zip(rows) {
        ask("basis", close(&spline.basis(x), row), 13.0);
    }
}

#[test]
fn a_smoothing_that_is_given_leaves_the_estimates_of_r() {
    let made = Made::beside("pspline.json");
    for expected in made.expected["fixed"].as_array().unwrap() {
        let theta = number(&expected["theta"]);
        let curves = [term(&made, "age", 10, Smoothing::Theta(theta))];
        let fit = Cox::new()
            .fit_smooth(&made.spells(), &made.design(&["work"]), &curves)
            .unwrap();
        check(&format!("theta {theta}"), &fit, expected, 9.0);
        assert!((fit.curves[0].theta - theta).abs() < 1e-15);
        if (theta - 0.7).abs() < 1e-12 {
            let curve = fit.effect("age", &GRID, 40.0).unwrap();
            let effect: Vec<f64> = curve.iter().map(|point| point.log_hazard_ratio).collect();
            let errors: Vec<f64> = curve.iter().map(|point| point.standard_error).collect();
            let expected = &made.expected["curve"];
            ask("curve", close(&effect, &expected["effect"]), 9.0);
            ask("its errors", close(&errors, &expected["error"]), 9.0);
        }
    }
}

#[test]
fn two_curves_with_weights_and_strata_and_ties_of_breslow() {
    let made = Made::beside("pspline.json");
    let curves = [
        term(&made, "age", 8, Smoothing::Theta(0.8)),
        term(&made, "debt", 6, Smoothing::Theta(0.5)),
    ];
    let design = made
        .design(&["work"])
        .stratified_by(&made.labels("district"));
    let fit = Cox::new()
        .fit_smooth(&made.spells(), &design, &curves)
        .unwrap();
    check("two", &fit, &made.expected["two"], 9.0);
    let one = [term(&made, "age", 8, Smoothing::Theta(0.8))];
    let at_once = made
        .without_entry()
        .weighted(&made.data.numbers("weight"))
        .unwrap();
    let work = made.design(&["work"]);
    let fit = Cox::new().fit_smooth(&at_once, &work, &one).unwrap();
    check("weighted", &fit, &made.expected["weighted"], 9.0);
    let fit = Cox::new()
        .ties(TieMethod::Breslow)
        .fit_smooth(&made.weighted(), &work, &one)
        .unwrap();
    check(
        "weighted, Breslow",
        &fit,
        &made.expected["weighted_breslow"],
        9.0,
    );
    let alone = [term(&made, "age", 10, Smoothing::Theta(0.6))];
    let nothing = Design::new(Vec::new()).unwrap();
    let fit = Cox::new()
        .ties(TieMethod::Breslow)
        .fit_smooth(&made.spells(), &nothing, &alone)
        .unwrap();
    check("breslow", &fit, &made.expected["breslow"], 9.0);
}

#[test]
fn degrees_of_freedom_that_are_asked_are_found() {
    let made = Made::beside("pspline.json");
    for expected in made.expected["df"].as_array().unwrap() {
        let asked = number(&expected["asked"]);
        // R's number of stretches, halves to the even side.
        let stretches = (2.5 * asked).round_ties_even() as usize;
        let smoothing = Smoothing::DegreesOfFreedom(asked);
        let curves = [term(&made, "age", stretches, smoothing)];
        let fit = Cox::new()
            .fit_smooth(&made.spells(), &made.design(&["work"]), &curves)
            .unwrap();
        // R stops within a billionth of what was asked.
        check(&format!("{asked} degrees"), &fit, expected, 7.5);
        assert!((fit.curves[0].degrees_of_freedom - asked).abs() <= 1e-10);
        ask(
            "theta",
            digits(fit.curves[0].theta, number(&expected["theta"])),
            8.0,
        );
    }
}

#[test]
fn two_curves_each_get_the_degrees_they_are_asked() {
    let made = Made::beside("pspline.json");
    let curves = [
        term(&made, "age", 10, Smoothing::DegreesOfFreedom(3.0)),
        term(&made, "debt", 8, Smoothing::DegreesOfFreedom(2.0)),
    ];
    let fit = Cox::new()
        .fit_smooth(&made.spells(), &made.design(&["work"]), &curves)
        .unwrap();
    for (curve, asked) in fit.curves.iter().zip([3.0, 2.0]) {
        assert!(
            (curve.degrees_of_freedom - asked).abs() <= 1e-10,
            "{curve:?}"
        );
    }
}

#[test]
fn more_penalty_bends_less_until_a_line_is_left() {
    let made = Made::beside("pspline.json");
    let of = |theta: f64| {
        let curves = [term(&made, "age", 10, Smoothing::Theta(theta))];
        Cox::new()
            .fit_smooth(&made.spells(), &made.design(&["work"]), &curves)
            .unwrap()
    };
    let df: Vec<f64> = [0.01, 0.5, 0.9, 0.999, 0.999_999_9]
        .into_iter()
        .map(|theta| of(theta).curves[0].degrees_of_freedom)
        .collect();
    assert!(df.windows(2).all(|pair| pair[0] > pair[1]), "{df:?}");
    let line = of(0.999_999_9);
    let plain = Cox::new()
        .fit(&made.spells(), &made.design(&["age", "work"]))
        .unwrap();
    let curve = line.effect("age", &[30.0, 50.0], 40.0).unwrap();
    let slope = (curve[1].log_hazard_ratio - curve[0].log_hazard_ratio) / 20.0;
    assert!((slope - plain.coefficients[0].estimate).abs() < 1e-5);
}

#[test]
fn what_cannot_be_smoothed_is_refused_with_the_reason() {
    let made = Made::beside("pspline.json");
    let refused = |smoothing: Smoothing, design: &Design| {
        let curves = [term(&made, "age", 10, smoothing)];
        Cox::new().fit_smooth(&made.spells(), design, &curves)
    };
    let work = made.design(&["work"]);
    for smoothing in [
        Smoothing::Theta(0.0),
        Smoothing::Theta(1.0),
        Smoothing::Theta(f64::NAN),
        Smoothing::DegreesOfFreedom(1.0),
        Smoothing::DegreesOfFreedom(10.5),
    ] {
        let found = refused(smoothing, &work);
        assert!(
            matches!(found, Err(SurvivalError::Setting { .. })),
            "{smoothing:?}"
        );
    }
    let n = made.data.numbers("age").len();
    let flat = Design::new(vec![("flat".to_owned(), vec![1.0; n])]).unwrap();
    let found = refused(Smoothing::Theta(0.5), &flat);
    assert_eq!(found, Err(SurvivalError::NothingVaries));
    let short = Design::new(vec![("short".to_owned(), vec![1.0, 2.0])]).unwrap();
    assert!(refused(Smoothing::Theta(0.5), &short).is_err());
    let exact = Cox::new().ties(TieMethod::Exact);
    let curves = [term(&made, "age", 10, Smoothing::Theta(0.5))];
    assert!(exact.fit_smooth(&made.spells(), &work, &curves).is_err());
    let never = Spells::new(&[1.0, 2.0], &[false, false]).unwrap();
    let nothing = Design::new(Vec::new()).unwrap();
    let two = [SmoothTerm {
        values: vec![20.0, 30.0],
        ..curves[0].clone()
    }];
    let found = Cox::new().fit_smooth(&never, &nothing, &two);
    assert!(matches!(found, Err(SurvivalError::NoEvents { .. })));
    for ends in [(1.0, 1.0), (2.0, 1.0), (0.0, f64::INFINITY)] {
        assert!(PSpline::between(ends.0, ends.1, 10).is_err());
    }
    assert!(PSpline::between(0.0, 1.0, 2).is_err());
}
