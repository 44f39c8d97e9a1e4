//! Scorecards: stored, refused when they do not fit, and added up by hand.

use helder_model::{
    Algorithm, Answer, Calibration, InputPoints, InputType, MissingRule, Model, PointsFit, Reasons,
    Scorer, Side, Value,
};
use serde_json::{Value as Json, json};

use crate::examples::{input, regression};

/// A number with points for a missing value, a boolean and a category.
pub(crate) fn card() -> Model {
    let mut model = regression();
    "homelessness-card".clone_into(&mut model.name);
    model.calibration = Calibration::None;
    let mut arrears = input(
        "huurachterstand",
        InputType::Integer,
        MissingRule::OwnEffect,
    );
    arrears.unit = Some("eurocent".to_owned());
    let home = input(
        "woonvorm",
        InputType::Category,
        MissingRule::Level {
            level: "overig".to_owned(),
        },
    );
    model.inputs = vec![
        arrears,
        input("bijstand", InputType::Boolean, MissingRule::Reject),
        home,
    ];
    let part = |input: &str, cuts: &[f64], points: &[u32], mean| InputPoints {
        side: Side {
            input: input.to_owned(),
            cuts: Some(cuts.to_vec()),
            levels: None,
        },
        points: points.to_vec(),
        mean,
    };
    model.algorithm = Algorithm::Scorecard(PointsFit {
        intercept: -4.1,
        per_point: 0.13,
        inputs: vec![
            part("huurachterstand", &[0.5, 50_000.0], &[4, 0, 9, 20], 5.3),
            part("bijstand", &[0.5], &[0, 7], 1.4),
            InputPoints {
                side: Side {
                    input: "woonvorm".to_owned(),
                    cuts: None,
                    levels: Some(
                        [&["koop"][..], &["huur", "overig"][..]]
                            .map(|step| step.iter().map(|level| (*level).to_owned()).collect())
                            .to_vec(),
                    ),
                },
                points: vec![0, 3],
                mean: 2.1,
            },
        ],
    });
    model
}

fn scored(model: &Model, values: [Value<'_>; 3]) -> Answer {
    let scorer = Scorer::new(model).unwrap();
    let (mut row, mut answer) = (scorer.row(), Answer::default());
    for (place, value) in values.into_iter().enumerate() {
        scorer.set(&mut row, place, value).unwrap();
    }
    scorer.score(&row, &mut answer).unwrap();
    answer
}

#[test]
fn points_add_up_to_the_total_that_the_score_is_made_of() {
    let model = card();
    let cases = [
        (Value::Integer(50_000), true, "huur", [20, 7, 3]),
        (Value::Integer(49_999), true, "koop", [9, 7, 0]),
        (Value::Integer(0), false, "koop", [0, 0, 0]),
        (Value::Number(-0.0), false, "overig", [0, 0, 3]),
        (Value::Null, false, "boot", [4, 0, 3]),
    ];
    for (arrears, benefit, home, points) in cases {
        let answer = scored(
            &model,
            [arrears, Value::Boolean(benefit), Value::Text(home)],
        );
        assert_eq!(answer.points, points);
        let total: u32 = points.iter().sum();
        let score = -4.1 + 0.13 * f64::from(total);
        assert_eq!(answer.score.to_bits(), score.to_bits());
        let probability = 1.0 / (1.0 + (-score).exp());
        assert!((answer.probability.unwrap() - probability).abs() < 1e-15);
        let sum = answer.base_score + answer.contributions.iter().sum::<f64>();
        assert!((sum - score).abs() < 1e-12);
    }
    // Other ways to the same total: the same answer, to the bit.
    let ways = [
        [Value::Integer(0), Value::Boolean(true), Value::Text("koop")],
        [Value::Null, Value::Boolean(false), Value::Text("huur")],
    ];
    let [one, other] = ways.map(|way| scored(&model, way));
    assert_eq!(one.points.iter().sum::<u32>(), 7);
    assert_eq!(one.score.to_bits(), other.score.to_bits());
    assert_eq!(one.probability, other.probability);
}

#[test]
fn reasons_count_from_the_average_and_other_models_have_no_points() {
    let model = card();
    let (scorer, reasons) = (Scorer::new(&model).unwrap(), Reasons::plain(&model));
    let (mut row, mut answer) = (scorer.row(), Answer::default());
    let values = [Value::Null, Value::Boolean(true), Value::Text("koop")];
    for (place, value) in values.into_iter().enumerate() {
        scorer.set(&mut row, place, value).unwrap();
    }
    scorer.score(&row, &mut answer).unwrap();
    assert_eq!(answer.order, [1, 2, 0]);
    let text = |term: usize| reasons.meaning(&row, term, answer.contributions[term]).nl;
    assert!(text(0).contains("niet bekend"), "{}", text(0));
    assert!(
        text(1).ends_with("ja. Dit verhoogt de kans."),
        "{}",
        text(1)
    );
    assert!(text(2).ends_with("Dit verlaagt de kans."), "{}", text(2));

    // The answer is used again for another model.
    let other = crate::boosting::boosted();
    let scorer = Scorer::new(&other).unwrap();
    let mut row = scorer.row();
    for (place, value) in values.into_iter().enumerate() {
        scorer.set(&mut row, place, value).unwrap();
    }
    scorer.score(&row, &mut answer).unwrap();
    assert!(answer.points.is_empty());
}

#[test]
fn a_calibration_corrects_the_probability_and_not_the_points() {
    let mut model = card();
    let values = [Value::Integer(1), Value::Boolean(true), Value::Text("huur")];
    let before = scored(&model, values);
    model.calibration = Calibration::Logistic {
        intercept: 0.5,
        slope: 0.8,
    };
    let after = scored(&model, values);
    assert_eq!(before.points, after.points);
    assert_eq!(before.score.to_bits(), after.score.to_bits());
    let expected = 1.0 / (1.0 + (-(0.5 + 0.8 * before.score)).exp());
    assert!((after.probability.unwrap() - expected).abs() < 1e-15);
}

#[test]
fn what_does_not_fit_is_named() {
    let cases: [(&str, Json, &str); 11] = [
        ("/fitted/perPoint", json!(0.0), "out-of-range"),
        ("/fitted/perPoint", json!(-0.1), "out-of-range"),
        ("/fitted/inputs/0/cuts", json!([2.0, 1.0]), "out-of-range"),
        ("/fitted/inputs/0/points", json!([1]), "wrong-size"),
        (
            "/fitted/inputs/0/points",
            json!([0, 1, 2, 100_001]),
            "out-of-range",
        ),
        (
            "/fitted/inputs/0/points",
            json!([0, 1, 2.5, 3]),
            "wrong-type",
        ),
        (
            "/fitted/inputs/0/points",
            json!([0, 1, -2, 3]),
            "wrong-type",
        ),
        ("/fitted/inputs/0/mean", json!(20.5), "out-of-range"),
        ("/fitted/inputs/1/input", json!("woonvorm"), "unknown-input"),
        (
            "/fitted/inputs/2/levels",
            json!([["huur"], ["huur", "overig"]]),
            "unknown-level",
        ),
        ("/kind", json!("clustering"), "wrong-kind"),
    ];
    for (pointer, value, code) in cases {
        let mut tree = serde_json::to_value(card()).unwrap();
        *tree.pointer_mut(pointer).unwrap() = value;
        let error = Model::from_json(&serde_json::to_vec(&tree).unwrap()).unwrap_err();
        let codes: Vec<&str> = error.0.iter().map(|fault| fault.code.as_str()).collect();
        assert!(codes.contains(&code), "{pointer}: {error:?}");
    }
}
