//! Curves and tables: stored, refused when they do not fit, and read off by hand.

use helder_model::{
    Algorithm, Answer, Curve, InputType, Meaning, MissingRule, Model, PairTable, Reasons, Scorer,
    Side, Term, TermsFit, Value, WarningKind,
};
use serde_json::{Value as Json, json};

use crate::examples::{input, regression};

fn cuts(input: &str, cuts: &[f64]) -> Side {
    Side {
        input: input.to_owned(),
        cuts: Some(cuts.to_vec()),
        levels: None,
    }
}

fn levels(input: &str, levels: &[&[&str]]) -> Side {
    let step = |step: &&[&str]| step.iter().map(|level| (*level).to_owned()).collect();
    Side {
        input: input.to_owned(),
        cuts: None,
        levels: Some(levels.iter().map(step).collect()),
    }
}

fn curve(side: Side, scores: &[f64]) -> Curve {
    Curve {
        side,
        scores: scores.to_vec(),
        standard_errors: vec![0.05; scores.len()],
        deviations: Vec::new(),
    }
}

/// A number with a missing step, a boolean, a category, and a pair of the first and the last.
pub(crate) fn boosted() -> Model {
    let mut model = regression();
    "boosted-homelessness".clone_into(&mut model.name);
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
    model.algorithm = Algorithm::ExplainableBoosting(TermsFit {
        intercept: -2.5,
        bags: None,
        edits: Vec::new(),
        curves: vec![
            curve(
                cuts("huurachterstand", &[0.5, 50_000.0]),
                &[0.1, -0.4, 0.3, 1.1],
            ),
            curve(cuts("bijstand", &[0.5]), &[-0.2, 0.6]),
            curve(
                levels("woonvorm", &[&["huur"], &["koop"], &["overig"]]),
                &[0.25, -0.5, 0.75],
            ),
        ],
        pairs: vec![PairTable {
            first: cuts("huurachterstand", &[50_000.0]),
            second: levels("woonvorm", &[&["huur", "overig"], &["koop"]]),
            scores: vec![vec![0.0, 0.0], vec![-0.05, 0.02], vec![0.4, -0.3]],
            standard_errors: vec![vec![0.1, 0.1]; 3],
            deviations: Vec::new(),
        }],
    });
    model
}

fn scored(values: [Value<'_>; 3]) -> (Answer, Vec<Meaning>) {
    let model = boosted();
    let (scorer, reasons) = (Scorer::new(&model).unwrap(), Reasons::plain(&model));
    let (mut row, mut answer) = (scorer.row(), Answer::default());
    for (place, value) in values.into_iter().enumerate() {
        scorer.set(&mut row, place, value).unwrap();
    }
    scorer.score(&row, &mut answer).unwrap();
    let texts = answer.contributions.iter().enumerate();
    let texts = texts.map(|(term, contribution)| reasons.meaning(&row, term, *contribution));
    (answer.clone(), texts.collect())
}

#[test]
fn terms_are_read_off_and_sum_to_the_score() {
    let rent = Value::Text("huur");
    let known = [Value::Integer(50_000), Value::Boolean(true), rent];
    let (answer, texts) = scored(known);
    assert_eq!(answer.contributions, [1.1, 0.6, 0.25, 0.4]);
    assert_eq!(answer.order, [0, 1, 3, 2]);
    let sum = answer
        .contributions
        .iter()
        .fold(answer.base_score, |sum, c| sum + c);
    assert_eq!(sum.to_bits(), answer.score.to_bits());
    assert_eq!(
        texts[3].nl,
        "Huurachterstand van het huishouden: € 500,00, samen met: Woonvorm van het huishouden: huur. Dit verhoogt de kans."
    );
    assert!(texts[3].en.contains(", together with: "), "{}", texts[3].en);

    let (answer, texts) = scored([Value::Null, Value::Boolean(false), Value::Text("boot")]);
    assert_eq!(answer.contributions, [0.1, -0.2, 0.75, 0.0]);
    assert!(texts[0].nl.contains("niet bekend"), "{}", texts[0].nl);

    let (answer, _) = scored([
        Value::Integer(0),
        Value::Boolean(false),
        Value::Text("koop"),
    ]);
    assert_eq!(answer.contributions, [-0.4, -0.2, -0.5, 0.02]);
}

#[test]
fn a_missing_value_with_an_effect_of_its_own_is_told_and_shows_no_value() {
    let model = boosted();
    let scorer = Scorer::new(&model).unwrap();
    let mut row = scorer.row();
    scorer.set(&mut row, 0, Value::Null).unwrap();
    assert_eq!(row.number(0), None);
    assert!(row.is_substituted(0));
    let told = scorer.warnings(&row).next().unwrap().kind;
    assert_eq!((told, told.code()), (WarningKind::MissingCounts, "missing"));
    assert!(!told.texts().1.contains("substitute"));
    let pair = Term {
        input: 0,
        other: Some(2),
    };
    assert_eq!(scorer.terms()[3], pair);
    assert_eq!(scorer.terms().len(), 4);
}

#[test]
fn a_table_whose_steps_are_not_those_of_the_curve_is_read_off_too() {
    let mut model = boosted();
    let Algorithm::ExplainableBoosting(fit) = &mut model.algorithm else {
        unreachable!()
    };
    fit.pairs[0].first = cuts("huurachterstand", &[40_000.0]);
    let scorer = Scorer::new(&model).unwrap();
    let (mut row, mut answer) = (scorer.row(), Answer::default());
    let cases = [(39_999, -0.05), (40_000, 0.4), (49_999, 0.4), (50_000, 0.4)];
    for (arrears, wanted) in cases {
        let values = [
            Value::Integer(arrears),
            Value::Boolean(true),
            Value::Text("huur"),
        ];
        for (place, value) in values.into_iter().enumerate() {
            scorer.set(&mut row, place, value).unwrap();
        }
        scorer.score(&row, &mut answer).unwrap();
        assert_eq!(
            answer.contributions[3].to_bits(),
            f64::to_bits(wanted),
            "{arrears}"
        );
    }
    scorer.set(&mut row, 0, Value::Null).unwrap();
    scorer.score(&row, &mut answer).unwrap();
    assert_eq!(answer.contributions[3].to_bits(), 0.0_f64.to_bits());
}

#[test]
fn what_does_not_fit_is_named() {
    let cases: [(&str, Json, &str); 12] = [
        ("/fitted/curves/0/cuts", json!([2.0, 1.0]), "out-of-range"),
        ("/fitted/curves/0/scores", json!([1.0]), "wrong-size"),
        (
            "/fitted/curves/0/standardErrors",
            json!([0.1, 0.1, -0.1, 0.1]),
            "out-of-range",
        ),
        ("/fitted/curves/0/input", json!("bijstand"), "unknown-input"),
        (
            "/fitted/curves/2/levels",
            json!([["huur"], ["huur"], ["overig"]]),
            "unknown-level",
        ),
        (
            "/fitted/curves/1",
            json!({"input": "bijstand", "levels": [], "scores": [], "standardErrors": []}),
            "wrong-kind",
        ),
        (
            "/fitted/pairs/0/first/input",
            json!("niets"),
            "unknown-input",
        ),
        (
            "/fitted/pairs/0/second/levels",
            json!([["huur"], ["koop"]]),
            "unknown-level",
        ),
        ("/fitted/pairs/0/scores", json!([[0.0, 0.0]]), "wrong-size"),
        ("/fitted/pairs/0/scores/1", json!([0.0]), "wrong-size"),
        ("/kind", json!("clustering"), "wrong-kind"),
        (
            "/inputs/2/missing",
            json!({"rule": "own_effect"}),
            "wrong-kind",
        ),
    ];
    for (pointer, value, code) in cases {
        let mut tree = serde_json::to_value(boosted()).unwrap();
        *tree.pointer_mut(pointer).unwrap() = value;
        let error = Model::from_json(&serde_json::to_vec(&tree).unwrap()).unwrap_err();
        let codes: Vec<&str> = error.0.iter().map(|fault| fault.code.as_str()).collect();
        assert!(codes.contains(&code), "{pointer}: {error:?}");
    }
    let mut linear = regression();
    linear.inputs[1].missing = MissingRule::OwnEffect;
    let error = linear.to_json().unwrap_err();
    assert_eq!(error.0[0].pointer, "/inputs/1/missing/rule");
}
