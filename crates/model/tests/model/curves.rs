//! Inputs that count as a curve: stored, refused when they do not fit, scored as one bar each.

use helder_model::{
    Actionable, Algorithm, Answer, Direction, Hazard, HazardTerms, InputType, Language, LinearFit,
    MissingRule, Model, Scorer, SplineColumn, SplineTerm, Value,
};

use crate::{counterfactual::actionable, examples::regression, hazards::leaving};

fn spline(input: &str, knots: &[f64], coefficients: &[f64], means: &[f64]) -> SplineTerm {
    let columns = coefficients.iter().zip(means);
    SplineTerm {
        input: input.to_owned(),
        knots: knots.to_vec(),
        columns: columns
            .map(|(coefficient, mean)| SplineColumn {
                coefficient: *coefficient,
                standard_error: Some(0.1),
                mean: *mean,
            })
            .collect(),
    }
}

/// A covariance that can be one: a diagonal, and a little beside it.
fn covariance(parameters: usize) -> Vec<Vec<f64>> {
    (0..parameters)
        .map(|i| (0..=i).map(|j| if i == j { 0.02 } else { 0.001 }).collect())
        .collect()
}

fn fit_of(model: &mut Model) -> &mut LinearFit {
    let Algorithm::LogisticRegression(fit) = &mut model.algorithm else {
        unreachable!();
    };
    fit
}

/// Reports per month bend; arrears too, and they may be missing.
pub(crate) fn curved() -> Model {
    let mut model = regression();
    "homelessness-curved".clone_into(&mut model.name);
    let fit = fit_of(&mut model);
    fit.linear_terms
        .retain(|term| !["meldingen", "huurachterstand"].contains(&&*term.input));
    fit.spline_terms = vec![
        spline(
            "huurachterstand",
            &[0.0, 20_000.0, 60_000.0, 250_000.0],
            &[1e-5, -4e-5, 9e-5],
            &[41_237.625, 3_100.5, 512.25],
        ),
        spline("meldingen", &[0.5, 1.0, 3.0], &[0.6, -0.25], &[0.9, 0.125]),
    ];
    fit.covariance = Some(covariance(fit.parameter_count()));
    model
}

/// How long benefit lasts, by a curve of age.
pub(crate) fn curved_hazard() -> Model {
    let mut model = leaving();
    "benefit-outflow-curved".clone_into(&mut model.name);
    let Algorithm::CoxRegression(fit) = &mut model.algorithm else {
        unreachable!();
    };
    for cause in &mut fit.causes {
        bend(cause);
    }
    model
}

fn bend(
    Hazard {
        terms,
        weighted_means,
        ..
    }: &mut Hazard,
) {
    *terms = HazardTerms {
        linear_terms: terms.linear_terms[1..].to_vec(),
        spline_terms: vec![spline(
            "leeftijd",
            &[23.0, 35.0, 47.0, 61.0],
            &[0.01, -0.08, 0.2],
            &[38.5, 6.25, 1.5],
        )],
        ..terms.clone()
    };
    terms.covariance = Some(covariance(terms.parameter_count()));
    for means in weighted_means {
        let extra = [0.5, 0.25].map(|part| means[0] * part);
        means.extend(extra);
    }
}

fn answered(model: &Model, reports: Value<'_>, arrears: Value<'_>) -> Answer {
    let scorer = Scorer::new(model).unwrap();
    let mut row = scorer.row();
    let values = [
        arrears,
        Value::Boolean(true),
        Value::Text("koop"),
        reports,
        Value::Integer(1),
    ];
    for (place, value) in values.into_iter().enumerate() {
        scorer.set(&mut row, place, value).unwrap();
    }
    let mut answer = Answer::default();
    scorer.score(&row, &mut answer).unwrap();
    answer
}

/// By the formula as the book prints it, without the care for far numbers.
fn by_the_book(knots: &[f64], column: usize, x: f64) -> f64 {
    let Some(j) = column.checked_sub(1) else {
        return x;
    };
    let k = knots.len();
    let (before, last) = (knots[k - 2], knots[k - 1]);
    let cube = |knot: f64| (x - knot).max(0.0).powi(3);
    let bend = cube(knots[j]) - cube(before) * (last - knots[j]) / (last - before)
        + cube(last) * (before - knots[j]) / (last - before);
    bend / (last - knots[0]).powi(2)
}

#[test]
fn a_curve_is_one_contribution_by_the_formula_of_the_book() {
    let model = curved();
    for x in [-3.0, 0.5, 0.7, 1.0, 2.2, 3.0, 3.5, 80.0] {
        let answer = answered(&model, Value::Number(x), Value::Integer(30_000));
        assert_eq!(answer.contributions.len(), model.inputs.len());
        let Algorithm::LogisticRegression(fit) = &model.algorithm else {
            unreachable!();
        };
        let term = &fit.spline_terms[1];
        let columns = term.columns.iter().enumerate();
        let expected: f64 = columns
            .map(|(k, c)| c.coefficient * (by_the_book(&term.knots, k, x) - c.mean))
            .sum();
        let found = answer.contributions[3];
        assert!(
            (found - expected).abs() < 1e-9 * (1.0 + expected.abs()),
            "{x}: {found} {expected}"
        );
        let sum: f64 = answer.contributions.iter().sum();
        assert!((answer.base_score + sum - answer.score).abs() < 1e-12);
        assert!(answer.interval.is_some());
    }
}

#[test]
fn what_the_curve_tells_is_what_it_adds() {
    let model = curved();
    let Algorithm::LogisticRegression(fit) = &model.algorithm else {
        unreachable!();
    };
    for x in [0.1, 0.9, 2.0, 7.0] {
        let point = fit.curve("meldingen", &[x])[0];
        let answer = answered(&model, Value::Number(x), Value::Integer(0));
        assert!((point.effect - answer.contributions[3]).abs() < 1e-12);
        assert!(point.standard_error.is_some_and(|error| error > 0.0));
    }
    assert!(fit.curve("kinderen", &[1.0]).is_empty());
}

#[test]
fn beyond_the_knots_a_curve_is_a_line_however_far() {
    let model = curved();
    let at = |x: f64| answered(&model, Value::Number(x), Value::Integer(0)).contributions[3];
    for from in [3.0, 100.0, 1e6, -1e6, -50.0] {
        let slopes = [0.5, 2.0, 64.0_f64]
            .map(|step: f64| (at(from + step.copysign(from)) - at(from)) / step);
        for slope in slopes {
            assert!(
                (slope - slopes[0]).abs() < 1e-7 * slopes[0].abs(),
                "{slopes:?}"
            );
        }
    }
    for far in [1e99, -1e99, 1e308, f64::MAX, f64::MIN] {
        let answer = answered(&model, Value::Number(far), Value::Integer(0));
        assert!(answer.score.is_finite() && answer.probability.is_some_and(f64::is_finite));
    }
}

#[test]
fn a_missing_value_counts_by_its_substitute_and_its_indicator() {
    let model = curved();
    let MissingRule::MedianAndIndicator { value } = model.inputs[0].missing else {
        unreachable!();
    };
    let missing = answered(&model, Value::Number(1.0), Value::Null).contributions[0];
    let known = answered(&model, Value::Number(1.0), Value::Integer(value as i64)).contributions[0];
    assert!((missing - known - 0.2).abs() < 1e-12, "{missing} {known}");
}

#[test]
fn the_printed_form_shows_a_curve_at_its_knots_with_its_band() {
    let said = curved().printed(Language::Dutch, false);
    for part in [
        "Lijn van meldingen",
        "meldingen'",
        "Telt mee",
        "restricted cubic spline",
        "250000",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    let said = curved_hazard().printed(Language::English, false);
    assert!(said.contains("Curve of leeftijd"), "{said}");
}

#[test]
fn what_is_no_curve_is_refused_by_place() {
    let faults = |change: &dyn Fn(&mut Model)| {
        let mut model = curved();
        change(&mut model);
        let faults = model.to_json().unwrap_err().0;
        faults
            .into_iter()
            .map(|fault| fault.pointer)
            .collect::<Vec<_>>()
    };
    for knots in [
        vec![1.0, 2.0],
        vec![1.0, 3.0, 2.0],
        vec![1.0, 1.0, 2.0],
        vec![1.0, 2.0, f64::NAN],
        vec![0.0, 1e-320, 2e-320],
        vec![0.0, 1.0, 1.0 + 1e-12],
        vec![-1e300, 0.0, 1e300],
    ] {
        let found = faults(&|model| fit_of(model).spline_terms[1].knots.clone_from(&knots));
        assert!(
            found.contains(&"/fitted/splineTerms/1/knots".to_owned()),
            "{knots:?} {found:?}"
        );
    }
    let found = faults(&|model| {
        fit_of(model).spline_terms[1].columns.pop();
    });
    assert!(
        found.contains(&"/fitted/splineTerms/1/columns".to_owned()),
        "{found:?}"
    );
    let found = faults(&|model| "woonvorm".clone_into(&mut fit_of(model).spline_terms[1].input));
    assert!(
        found.contains(&"/fitted/splineTerms/1/input".to_owned()),
        "{found:?}"
    );
    let found = faults(&|model| {
        model.inputs[3].kind = InputType::Number;
        model.inputs[3].actionable = Some(Actionable {
            step: Some(1.0),
            ..actionable(Direction::Down)
        });
    });
    assert_eq!(found, ["/fitted/splineTerms/1/input"]);
}
