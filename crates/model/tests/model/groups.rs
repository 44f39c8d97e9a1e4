//! Prototypes and mixtures: answers by hand, gaps that are left out, files that do not hold together.

use helder_model::{
    Algorithm, Answer, Answers, CertaintyStep, Component, InputType, Meaning, MissingRule,
    MixtureFit, Mode, Model, Prototype, PrototypesFit, Scorer, Standardisation, TraitValue, Value,
    WarningKind,
};
use serde_json::{Value as Json, json};

use crate::examples::{groups, input};

fn standard(input: &str, mean: f64, scale: f64) -> Standardisation {
    Standardisation {
        input: input.to_owned(),
        mean,
        scale,
    }
}

fn named(name: &str) -> Meaning {
    Meaning::new(format!("groep {name}"), format!("group {name}"))
}

/// Two prototypes of a number, a boolean and a category.
pub(crate) fn prototypes() -> Model {
    let step = |below: Option<f64>, rows: u64, share: f64| CertaintyStep { below, rows, share };
    let mode = |level: &str, share: Option<f64>, overall: f64| Mode {
        level: level.to_owned(),
        share,
        overall: Some(overall),
    };
    let group = |name: &str, mean: f64, modes: [Mode; 2]| Prototype {
        name: named(name),
        rows: 40,
        stability: 0.81,
        means: vec![mean],
        modes: modes.to_vec(),
        certainty: vec![step(Some(0.25), 12, 0.55), step(None, 28, 0.97)],
    };
    let young = [mode("true", Some(0.75), 0.5), mode("koop", Some(0.6), 0.3)];
    let old = [mode("false", Some(0.75), 0.5), mode("huur", None, 0.5)];
    let inputs = vec![
        input("leeftijd", InputType::Integer, MissingRule::LeftOut),
        input("kinderen", InputType::Boolean, MissingRule::LeftOut),
        input("woonvorm", InputType::Category, MissingRule::LeftOut),
    ];
    Model {
        name: "client-prototypes".to_owned(),
        inputs,
        algorithm: Algorithm::KPrototypes(PrototypesFit {
            standardisation: vec![standard("leeftijd", 40.0, 10.0)],
            gamma: 0.5,
            prototypes: vec![group("jong", -1.0, young), group("oud", 1.0, old)],
            cost: 12.5,
        }),
        ..groups()
    }
}

/// Two normal distributions of two numbers.
pub(crate) fn mixture() -> Model {
    let component = |name: &str, weight: f64, mean: f64, covariance: f64| Component {
        name: named(name),
        rows: 30,
        stability: 0.92,
        weight,
        means: vec![mean, 0.0],
        covariance: vec![vec![1.0], vec![covariance, 1.0]],
    };
    Model {
        name: "client-mixture".to_owned(),
        inputs: vec![
            input(
                "leeftijd",
                InputType::Integer,
                MissingRule::Median { value: 41.0 },
            ),
            input("schuld", InputType::Number, MissingRule::Reject),
        ],
        algorithm: Algorithm::GaussianMixture(MixtureFit {
            standardisation: vec![
                standard("leeftijd", 40.0, 10.0),
                standard("schuld", 2.0, 4.0),
            ],
            components: vec![
                component("een", 0.75, -1.0, 0.0),
                component("twee", 0.25, 1.0, 0.6),
            ],
            log_likelihood: -2.5,
        }),
        ..groups()
    }
}

fn close(found: f64, wanted: f64) {
    assert!((found - wanted).abs() < 1e-12, "{found} {wanted}");
}

fn asked(model: &Model, values: &[Value<'_>]) -> (Answer, Vec<WarningKind>) {
    let scorer = Scorer::new(model).unwrap();
    let mut row = scorer.row();
    for (place, value) in values.iter().enumerate() {
        scorer.set(&mut row, place, *value).unwrap();
    }
    let mut answer = Answer::default();
    scorer.score(&row, &mut answer).unwrap();
    let warnings = scorer.warnings(&row).map(|warning| warning.kind);
    (answer, warnings.collect())
}

#[test]
fn the_nearest_prototype_comes_with_what_speaks_for_it_and_how_certain_it_is() {
    let values = [
        Value::Integer(35),
        Value::Boolean(true),
        Value::Text("huur"),
    ];
    let (answer, _) = asked(&prototypes(), &values);
    // z = -0.5: 0.25 and a wrong home to the first, 2.25 and wrong children to the second.
    let nearest = answer.nearest.unwrap();
    assert_eq!(nearest.group, 0);
    close(nearest.squared_distance, 0.75);
    let wanted = [2.0, 0.5, -0.5];
    for (found, wanted) in answer.contributions.iter().zip(wanted) {
        close(*found, wanted);
    }
    close(answer.score, 2.0);
    // 1 - 0.75 / 2.75 lies beyond the first step.
    assert_eq!(nearest.certainty, Some(0.97));
    let border = [
        Value::Integer(39),
        Value::Boolean(true),
        Value::Text("huur"),
    ];
    let (answer, _) = asked(&prototypes(), &border);
    assert_eq!(answer.nearest.unwrap().certainty, Some(0.55));
}

#[test]
fn what_is_not_known_counts_neither_for_nor_against_a_prototype() {
    let values = [Value::Null, Value::Null, Value::Text("huur")];
    let (answer, warnings) = asked(&prototypes(), &values);
    assert_eq!(answer.nearest.unwrap().group, 1);
    assert_eq!(answer.contributions, [0.0, 0.0, 0.5]);
    assert_eq!(warnings, [WarningKind::MissingLeftOut; 2]);
    let (nothing, _) = asked(&prototypes(), &[Value::Null, Value::Null, Value::Text("")]);
    assert_eq!(nothing.score.to_bits(), 0.0_f64.to_bits());
    assert_eq!(nothing.nearest.unwrap().certainty, Some(0.55));
}

#[test]
fn the_probability_of_a_mixture_is_that_of_its_densities_and_contributions_sum_to_the_log_odds() {
    let (answer, _) = asked(&mixture(), &[Value::Integer(48), Value::Number(4.0)]);
    // z = (0.8, 0.5). First: 3.24 + 0.25. Second: (0.04 + 0.25 - 1.2 * -0.2 * 0.5) / 0.64.
    let (first, second) = (3.49, (0.04 + 0.25 + 1.2 * 0.2 * 0.5) / 0.64);
    let log_odds = (0.25_f64 / 0.8).ln() - 0.75_f64.ln() + 0.5 * (first - second);
    let nearest = answer.nearest.unwrap();
    assert_eq!(nearest.group, 1);
    close(nearest.squared_distance, second);
    close(answer.score, log_odds);
    close(answer.base_score, (0.25_f64 / 0.8).ln() - 0.75_f64.ln());
    close(
        answer.base_score + answer.contributions.iter().sum::<f64>(),
        answer.score,
    );
    close(nearest.certainty.unwrap(), 1.0 / (1.0 + (-log_odds).exp()));
}

#[test]
fn values_beyond_all_measure_still_get_a_group_and_numbers() {
    for value in [1e300, -1e300] {
        let values = [
            Value::Number(value),
            Value::Boolean(true),
            Value::Text("huur"),
        ];
        for (model, values) in [
            (prototypes(), &values[..]),
            (mixture(), &[Value::Number(value), Value::Number(-value)]),
        ] {
            let (answer, _) = asked(&model, values);
            let nearest = answer.nearest.unwrap();
            assert!(answer.score.is_finite() && nearest.squared_distance.is_finite());
            assert!(answer.contributions.iter().all(|part| part.is_finite()));
            assert!((0.0..=1.0).contains(&nearest.certainty.unwrap()));
        }
    }
}

#[test]
fn a_card_names_what_differs_most_first_and_hides_what_few_have() {
    let cards = prototypes().group_cards();
    let told: Vec<(usize, TraitValue)> = cards[1]
        .traits
        .iter()
        .map(|one| (one.input, one.group.clone()))
        .collect();
    // The share of the home is withheld.
    assert_eq!(
        told,
        [
            (0, TraitValue::Mean(50.0)),
            (1, TraitValue::Level("false".to_owned(), 0.75))
        ]
    );
    close(cards[0].traits[1].difference, 0.3 / 0.21_f64.sqrt());
    assert_eq!(mixture().group_cards()[1].stability, Some(0.92));
    assert_eq!(groups().group_cards()[0].stability, None);
}

#[test]
fn what_does_not_hold_together_is_named() {
    let of_prototypes = [
        ("/kind", json!("regression"), "/algorithm", "wrong-kind"),
        ("/fitted/gamma", json!(0), "/fitted/gamma", "out-of-range"),
        ("/fitted/cost", json!(-1), "/fitted/cost", "out-of-range"),
        (
            "/fitted/standardisation/0/input",
            json!("kinderen"),
            "/fitted/standardisation",
            "unknown-input",
        ),
        (
            "/fitted/prototypes/0/means",
            json!([1, 2]),
            "/fitted/prototypes/0/means",
            "wrong-size",
        ),
        (
            "/fitted/prototypes/0/means/0",
            json!(1e200),
            "/fitted/prototypes/0/means",
            "out-of-range",
        ),
        (
            "/fitted/prototypes/0/modes/0/level",
            json!("ja"),
            "/fitted/prototypes/0/modes/0/level",
            "unknown-level",
        ),
        (
            "/fitted/prototypes/1/certainty/1/share",
            json!(0.1),
            "/fitted/prototypes/1/certainty",
            "not-rising",
        ),
        (
            "/fitted/prototypes/1/certainty/0/rows",
            json!(9),
            "/fitted/prototypes/1/certainty/0/rows",
            "out-of-range",
        ),
        (
            "/fitted/prototypes/1/certainty",
            json!([]),
            "/fitted/prototypes/1/certainty",
            "too-many",
        ),
        (
            "/inputs/0/missing",
            json!({"rule": "median", "value": 1}),
            "/inputs/0/missing/rule",
            "wrong-kind",
        ),
    ];
    let of_mixture = [
        (
            "/fitted/components/0/weight",
            json!(0.5),
            "/fitted/components",
            "out-of-range",
        ),
        (
            "/fitted/components/0/covariance/1/0",
            json!(2),
            "/fitted/components/0/covariance",
            "out-of-range",
        ),
        (
            "/fitted/components/0/covariance/1",
            json!([1]),
            "/fitted/components/0/covariance",
            "wrong-size",
        ),
        (
            "/inputs/1/missing",
            json!({"rule": "left_out"}),
            "/inputs/1/missing/rule",
            "wrong-kind",
        ),
    ];
    let all = of_prototypes
        .map(|case| (prototypes(), case))
        .into_iter()
        .chain(of_mixture.map(|case| (mixture(), case)));
    for (model, (pointer, value, at, code)) in all {
        let mut tree: Json = serde_json::to_value(model).unwrap();
        *tree.pointer_mut(pointer).unwrap() = value;
        let error = Model::from_json(&serde_json::to_vec(&tree).unwrap()).unwrap_err();
        let is_named = error.0.iter().any(|f| f.pointer == at && f.code == code);
        assert!(is_named, "{pointer}: {error:?}");
    }
    let mut other = groups();
    other.inputs[0].missing = MissingRule::LeftOut;
    let error = other.to_json().unwrap_err();
    assert!(error.0.iter().any(|f| f.code == "wrong-kind"), "{error:?}");
}

#[test]
fn rows_of_a_block_get_the_answers_they_get_alone() {
    let scorer = Scorer::new(&mixture()).unwrap();
    let (mut block, mut row, mut answers) = (scorer.block(), scorer.row(), Answers::default());
    // Of other groups, so that their scores begin elsewhere.
    let given = [(20, -3.0), (48, 4.0), (70, 9.0)];
    for (age, debt) in given {
        scorer.set(&mut row, 0, Value::Integer(age)).unwrap();
        scorer.set(&mut row, 1, Value::Number(debt)).unwrap();
        scorer.push(&mut block, &row).unwrap();
    }
    scorer.score_block(&block, &mut answers).unwrap();
    let mut bases = Vec::new();
    for (place, (age, debt)) in given.into_iter().enumerate() {
        let (alone, _) = asked(&mixture(), &[Value::Integer(age), Value::Number(debt)]);
        let mut found = Answer::default();
        answers.copy(place, &mut found);
        assert_eq!(found.nearest, alone.nearest);
        assert_eq!(
            (found.score, found.base_score, found.contributions),
            (alone.score, alone.base_score, alone.contributions)
        );
        bases.push(alone.base_score);
    }
    assert!((bases[0] - bases[1]).abs() > 1.0, "{bases:?}");
}
