//! What a scorer answers.

use helder_model::{
    Algorithm, Answer, Calibration, Interval, Model, Scorer, Value, ValueFault, WarningKind,
    scorer::Incomplete,
};
use proptest::prelude::*;

use crate::examples::{groups, minimal, regression, wide};

fn answer_to(model: &Model, values: &[Value<'_>]) -> Answer {
    let scorer = Scorer::new(model).unwrap();
    let mut row = scorer.row();
    for (input, value) in values.iter().enumerate() {
        scorer.set(&mut row, input, *value).unwrap();
    }
    let mut answer = Answer::default();
    scorer.score(&row, &mut answer).unwrap();
    answer
}

fn close(a: f64, b: f64, tolerance: f64) {
    assert!((a - b).abs() <= tolerance, "{a} and {b}");
}

const FULL: [Value<'static>; 5] = [
    Value::Integer(120_000),
    Value::Boolean(true),
    Value::Text("huur"),
    Value::Number(2.0),
    Value::Integer(1),
];

#[test]
fn a_score_is_the_sum_written_out_by_hand() {
    let answer = answer_to(&regression(), &FULL);
    close(answer.score, -4.2 + 0.4 + 0.8 + 0.6 + 0.7 - 0.05, 1e-12);
    let log_odds = 0.02 + 0.97 * answer.score;
    close(
        answer.probability.unwrap(),
        1.0 / (1.0 + (-log_odds).exp()),
        1e-15,
    );
    close(answer.contributions[1], 0.8 * (1.0 - 0.11), 1e-15);
    close(
        answer.contributions[2],
        0.6 - (0.6 * 0.45 + 0.9 * 0.05),
        1e-15,
    );
    let sizes: Vec<_> = answer
        .order
        .iter()
        .map(|place| answer.contributions[*place].abs())
        .collect();
    assert!(sizes.is_sorted_by(|a, b| a >= b));
}

#[test]
fn missing_and_unknown_follow_the_rules_and_are_flagged() {
    let scorer = Scorer::new(&regression()).unwrap();
    let mut row = scorer.row();
    let values = [
        Value::Null,
        Value::Boolean(false),
        Value::Text("boot"),
        Value::Null,
        Value::Integer(900),
    ];
    for (input, value) in values.into_iter().enumerate() {
        scorer.set(&mut row, input, value).unwrap();
    }
    let mut answer = Answer::default();
    scorer.score(&row, &mut answer).unwrap();
    close(answer.score, -4.2 + 0.2 + 0.9 + 0.35 * 0.5 - 45.0, 1e-12);
    let warnings: Vec<_> = scorer
        .warnings(&row)
        .map(|warning| (warning.input, warning.kind))
        .collect();
    let wanted = [
        (0, WarningKind::Missing),
        (2, WarningKind::UnknownCategory),
        (3, WarningKind::Missing),
        (4, WarningKind::OutsideTraining),
    ];
    assert_eq!(warnings, wanted);
}

#[test]
fn values_of_another_type_are_refused() {
    let scorer = Scorer::new(&regression()).unwrap();
    let cases = [
        (0, Value::Text("12"), ValueFault::WantsInteger),
        (0, Value::Number(1.5), ValueFault::WantsInteger),
        (0, Value::Number(f64::INFINITY), ValueFault::WantsInteger),
        (1, Value::Integer(1), ValueFault::WantsBoolean),
        (1, Value::Null, ValueFault::MissingRefused),
        (2, Value::Boolean(true), ValueFault::WantsText),
        (3, Value::Number(f64::NAN), ValueFault::WantsNumber),
        (9, Value::Integer(1), ValueFault::UnknownInput),
    ];
    let mut row = scorer.row();
    for (input, value, fault) in cases {
        assert_eq!(scorer.set(&mut row, input, value), Err(fault), "{input}");
    }
    assert_eq!(
        scorer.score(&row, &mut Answer::default()),
        Err(Incomplete(vec![0, 1, 2, 3, 4]))
    );
}

#[test]
fn an_unknown_level_may_be_refused() {
    let mut model = regression();
    model.inputs[2].unknown_category = Some(helder_model::UnknownCategory::Reject);
    let scorer = Scorer::new(&model).unwrap();
    assert_eq!(
        scorer.set(&mut scorer.row(), 2, Value::Text("boot")),
        Err(ValueFault::UnknownCategory)
    );
}

/// g' Σ g with the design written out parameter by parameter.
#[test]
fn the_interval_follows_from_the_covariance() {
    let model = regression();
    let Algorithm::LogisticRegression(fit) = &model.algorithm else {
        unreachable!()
    };
    let lower = fit.covariance.clone().unwrap();
    let cases: [([Value<'_>; 5], [f64; 8]); 2] = [
        (FULL, [1.0, 120_000.0, 1.0, 2.0, 1.0, 1.0, 0.0, 0.0]),
        (
            [
                Value::Null,
                Value::Boolean(false),
                Value::Text("overig"),
                Value::Number(0.0),
                Value::Integer(3),
            ],
            [1.0, 0.0, 0.0, 0.0, 3.0, 0.0, 1.0, 1.0],
        ),
    ];
    for (values, design) in cases {
        let answer = answer_to(&model, &values);
        let covariance = |i: usize, j: usize| lower[i.max(j)][i.min(j)];
        let variance: f64 = (0..8)
            .flat_map(|i| (0..8).map(move |j| (i, j)))
            .map(|(i, j)| design[i] * design[j] * covariance(i, j))
            .sum();
        let end = |sign: f64| {
            let score = answer.score + sign * 1.959_963_984_540_054 * variance.sqrt();
            1.0 / (1.0 + (-(0.02 + 0.97 * score)).exp())
        };
        let Interval { lower, upper } = answer.interval.unwrap();
        close(lower, end(-1.0), 1e-10);
        close(upper, end(1.0), 1e-10);
        assert!(lower < answer.probability.unwrap() && answer.probability.unwrap() < upper);
    }
    assert_eq!(answer_to(&minimal(), &[Value::Integer(3)]).interval, None);
}

#[test]
fn far_scores_stay_probabilities() {
    for (value, wanted) in [(1e300, 1.0), (-1e300, 0.0), (0.0, 0.475_020_812_521_06)] {
        let answer = answer_to(&minimal(), &[Value::Number(value)]);
        close(answer.probability.unwrap(), wanted, 1e-14);
    }
}

#[test]
fn a_group_is_the_nearest_centre_and_its_margin_is_explained() {
    let model = groups();
    let answer = answer_to(&model, &[Value::Integer(52), Value::Boolean(true)]);
    // Standardised (1.2, 1.0): 0.04 from the second centre, 8.84 from the first.
    let nearest = answer.nearest.unwrap();
    assert_eq!(nearest.group, 1);
    close(nearest.squared_distance, 0.04, 1e-12);
    close(answer.score, 8.8, 1e-12);
    close(answer.contributions.iter().sum(), answer.score, 1e-12);
    assert_eq!(answer.probability, None);
    assert_eq!(
        Scorer::new(&model).unwrap().group_name(1).unwrap().nl,
        "groep twee"
    );
}

#[test]
fn values_beyond_all_measure_give_numbers_and_no_interval_that_shrinks() {
    let at = |value: f64| {
        let mut values = FULL;
        values[3] = Value::Number(value);
        answer_to(&regression(), &values)
    };
    for sign in [1.0, -1.0] {
        let (far, farther) = (at(sign * 1e50), at(sign * 1e300));
        let (one, other) = (far.interval.unwrap(), farther.interval.unwrap());
        assert!(farther.score.is_finite() && farther.contributions.iter().all(|c| c.is_finite()));
        assert_eq!(far.probability, farther.probability);
        let ends = |interval: Interval| [interval.lower, interval.upper].map(f64::to_bits);
        assert_eq!(ends(one), ends(other));
    }
    let group = answer_to(&groups(), &[Value::Number(1e300), Value::Boolean(true)]);
    assert!(group.score.is_finite() && group.nearest.unwrap().squared_distance.is_finite());
}

proptest! {
    #[test]
    fn contributions_and_base_sum_to_the_score(
        terms in prop::collection::vec((-5.0..5.0_f64, -10.0..10.0_f64, -20.0..20.0_f64), 1..40),
    ) {
        let (coefficients, rest): (Vec<_>, Vec<_>) = terms.iter().map(|(c, m, x)| (*c, (*m, *x))).unzip();
        let (means, values): (Vec<_>, Vec<_>) = rest.into_iter().unzip();
        let values: Vec<_> = values.into_iter().map(Value::Number).collect();
        let answer = answer_to(&wide(&coefficients, &means), &values);
        // In the order a reader adds them up: largest first.
        let sum = answer.order.iter().fold(answer.base_score, |sum, place| sum + answer.contributions[*place]);
        let scale = answer.contributions.iter().fold(1.0_f64, |scale, c| scale.max(c.abs()));
        prop_assert!((sum - answer.score).abs() <= 1e-12 * scale);
        let direct: f64 = terms.iter().map(|(c, _, x)| c * x).sum::<f64>() - 0.1;
        prop_assert!((direct - answer.score).abs() <= 1e-12 * scale * terms.len() as f64);
    }

    #[test]
    fn a_calibrated_probability_rises_with_the_score(a in -30.0..30.0_f64, b in -30.0..30.0_f64) {
        let mut model = minimal();
        model.calibration = Calibration::Logistic { intercept: -0.3, slope: 1.4 };
        let [a, b] = [a, b].map(|x| answer_to(&model, &[Value::Number(x)]));
        prop_assert_eq!(a.score.total_cmp(&b.score), a.probability.unwrap().total_cmp(&b.probability.unwrap()));
    }
}

#[test]
fn an_empty_text_is_a_missing_category_as_it_was_in_training() {
    let model = regression();
    let scorer = Scorer::new(&model).unwrap();
    let home = scorer.position("woonvorm", 0).unwrap();
    let (mut empty, mut missing) = (scorer.row(), scorer.row());
    scorer.set(&mut empty, home, Value::Text("")).unwrap();
    scorer.set(&mut missing, home, Value::Null).unwrap();
    assert_eq!(empty, missing);
}
