//! Data that teach nothing, little or nonsense: every family gives one clear fault or a model whose every answer is a number.
//!
//! The grid below is the place to look: a row per kind of data, a column per family. `learned` means that the model answers every
//! probe (ordinary, missing, enormous, unseen) with a finite number in its range, and that what is special about a value is told.

use helder_model::{Answer, InputType, Model, Scorer, Value};
use helder_platform::body::Check;
use serde_json::json;

use super::frame::{Frame, learned, parsed, plan};
use crate::learn::LearnError;

const ROWS: i64 = 600;

/// Families with what their outcome is.
const FAMILIES: [(&str, Outcome); 12] = [
    ("logistic-regression", Outcome::YesNo),
    ("explainable-boosting", Outcome::YesNo),
    ("scorecard", Outcome::YesNo),
    ("decision-tree", Outcome::YesNo),
    ("rule-list", Outcome::YesNo),
    ("k-means", Outcome::None),
    ("linear-regression", Outcome::Amount),
    ("poisson-regression", Outcome::Count),
    ("negative-binomial-regression", Outcome::Count),
    ("binomial-regression", Outcome::Share),
    ("k-prototypes", Outcome::None),
    ("gaussian-mixture", Outcome::None),
];

#[derive(Clone, Copy, PartialEq)]
enum Outcome {
    YesNo,
    None,
    Amount,
    Count,
    Share,
}

/// What stands in the frame beside the good column `x`.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Odd {
    OneClass,
    OneRow,
    FewRows,
    OnlyConstant,
    Constant,
    AllMissing,
    Infinite,
    Huge,
    Tiny,
    Levels,
    OneLevel,
    RareLevels,
    Twin,
    TellsAll,
    Noise,
}

fn dice(i: i64, of: i64) -> i64 {
    let mut z = (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 33) as i64 * of / (1 << 31)
}

/// The frame and the features of a plan.
fn frame(odd: Odd, outcome: Outcome) -> (Frame, &'static [&'static str]) {
    let n = match odd {
        Odd::OneRow => 1,
        Odd::FewRows => 12,
        Odd::Levels => 10_000,
        _ => ROWS,
    };
    let x = |i: i64| dice(i, 40) as f64;
    let yes = |i: i64| odd != Odd::OneClass && dice(i * 17 + 3, 60) < x(i) as i64;
    let mut frame = Frame::default()
        .numbers("x", (0..n).map(|i| Some(x(i))))
        .booleans("is_test", (0..n).map(|i| i % 4 == 1))
        .integers("trials", (0..n).map(|_| Some(20)));
    let same = odd == Odd::OneClass;
    frame = match outcome {
        Outcome::YesNo | Outcome::None => frame.booleans("target", (0..n).map(yes)),
        Outcome::Amount => frame.numbers(
            "target",
            (0..n).map(|i| {
                Some(if same {
                    5.0
                } else {
                    x(i) + dice(i * 5, 9) as f64
                })
            }),
        ),
        Outcome::Count | Outcome::Share => frame.integers(
            "target",
            (0..n).map(|i| {
                Some(if same {
                    0
                } else {
                    (x(i) as i64 + dice(i * 5, 30)) / 4
                })
            }),
        ),
    };
    let numbers = |frame: Frame, value: &dyn Fn(i64) -> f64| {
        frame.numbers("odd", (0..n).map(|i| Some(value(i))))
    };
    let text = |frame: Frame, value: &dyn Fn(i64) -> String| {
        let texts: Vec<String> = (0..n).map(value).collect();
        frame.texts("odd", texts.iter().map(|text| Some(text.as_str())))
    };
    let both: &[&str] = &["x", "odd"];
    match odd {
        Odd::OneClass | Odd::OneRow | Odd::FewRows => (frame, &["x"]),
        Odd::OnlyConstant => (numbers(frame, &|_| 7.0), &["odd"]),
        Odd::Constant => (numbers(frame, &|_| 7.0), both),
        Odd::AllMissing => (frame.numbers("odd", (0..n).map(|_| None)), both),
        Odd::Infinite => {
            let value = |i: i64| match i % 5 {
                0 => f64::INFINITY,
                1 => f64::NEG_INFINITY,
                2 => f64::NAN,
                _ => dice(i * 3, 30) as f64,
            };
            (numbers(frame, &value), both)
        }
        Odd::Huge => (
            numbers(frame, &|i| if i % 2 == 0 { 1e300 } else { -1e300 }),
            both,
        ),
        Odd::Tiny => (numbers(frame, &|i| dice(i * 3, 30) as f64 * 1e-300), both),
        Odd::Levels => (text(frame, &|i| format!("level {i}")), both),
        Odd::OneLevel => (text(frame, &|_| "huur".to_owned()), both),
        Odd::RareLevels => {
            let level = |i: i64| {
                if i % 20 == 0 {
                    format!("rare {}", i / 60)
                } else {
                    "huur".to_owned()
                }
            };
            (text(frame, &level), both)
        }
        Odd::Twin => (numbers(frame, &x), both),
        Odd::TellsAll => (numbers(frame, &|i| f64::from(u8::from(yes(i)))), &["odd"]),
        Odd::Noise => (numbers(frame, &|i| dice(i * 977 + 5, 500) as f64), &["odd"]),
    }
}

fn asked(algorithm: &str, outcome: Outcome, features: &[&str]) -> serde_json::Value {
    let mut plan = plan(features);
    plan["algorithm"] = json!(algorithm);
    match outcome {
        Outcome::None => {
            plan.as_object_mut().unwrap().remove("target");
            plan["split"] = json!({"rule": "none"});
        }
        Outcome::Share => plan["trials"] = json!("trials"),
        _ => {}
    }
    plan
}

/// Asks the model odd things; every answer is a number, and what is special is told.
fn probe(name: &str, model: &Model) -> bool {
    let scorer = Scorer::new(model).unwrap();
    let (mut row, mut answer) = (scorer.row(), Answer::default());
    let numbers = [
        Value::Null,
        Value::Integer(1),
        Value::Number(1.0),
        Value::Number(1e300),
        Value::Number(-1e300),
        Value::Number(-0.0),
    ];
    let texts = [
        Value::Null,
        Value::Text("huur"),
        Value::Text("nergens gezien"),
        Value::Text("1"),
        Value::Text("1.0"),
        Value::Text(""),
    ];
    let mut differs = false;
    let mut first = None;
    for (number, text) in numbers.iter().zip(texts) {
        row.clear();
        for (place, input) in model.inputs.iter().enumerate() {
            let value = match input.kind {
                InputType::Category => text,
                InputType::Boolean => Value::Boolean(true),
                _ => *number,
            };
            scorer.set(&mut row, place, value).unwrap();
            if input.kind == InputType::Category {
                let wrong = scorer.set(&mut scorer.row(), place, Value::Integer(1));
                assert!(
                    wrong.is_err(),
                    "{name}: a number for a category is refused, not the intercept"
                );
            }
        }
        scorer.score(&row, &mut answer).unwrap();
        let told = answer.probability.or(answer.value);
        let found = told
            .or(answer.nearest.map(|nearest| nearest.squared_distance))
            .unwrap();
        assert!(found.is_finite(), "{name}: {found}");
        assert!(
            answer
                .interval
                .is_none_or(|interval| interval.lower <= found
                    && found <= interval.upper
                    && (interval.upper - interval.lower).is_finite()),
            "{name}: {:?}",
            answer.interval
        );
        assert!(
            answer.probability.is_none_or(|p| (0.0..=1.0).contains(&p)),
            "{name}"
        );
        assert!(
            answer.contributions.iter().all(|part| part.is_finite()),
            "{name}: {:?}",
            answer.contributions
        );
        for (place, input) in model.inputs.iter().enumerate() {
            let special = match input.kind {
                InputType::Category => !input
                    .categories
                    .iter()
                    .any(|c| text == Value::Text(&c.level)),
                InputType::Boolean => false,
                _ => {
                    let range = input.training_range.unwrap();
                    match number {
                        Value::Integer(whole) => {
                            !(range.minimum..=range.maximum).contains(&(*whole as f64))
                        }
                        Value::Number(value) => !(range.minimum..=range.maximum).contains(value),
                        _ => true,
                    }
                }
            };
            let is_told = scorer.warnings(&row).any(|warning| warning.input == place);
            assert_eq!(
                special, is_told,
                "{name}: input {} at {number:?} {text:?}",
                input.name
            );
        }
        let bits = found.to_bits();
        differs |= *first.get_or_insert(bits) != bits;
    }
    one_number(name, model);
    differs
}

/// 1 and 1.0 are one number.
fn one_number(name: &str, model: &Model) {
    let scorer = Scorer::new(model).unwrap();
    let (mut row, mut answer) = (scorer.row(), Answer::default());
    let mut score = |value: Value<'_>| {
        for (place, input) in model.inputs.iter().enumerate() {
            let value = match input.kind {
                InputType::Category => Value::Null,
                InputType::Boolean => Value::Boolean(true),
                _ => value,
            };
            scorer.set(&mut row, place, value).unwrap();
        }
        scorer.score(&row, &mut answer).unwrap();
        answer.score.to_bits()
    };
    assert_eq!(
        score(Value::Integer(1)),
        score(Value::Number(1.0)),
        "{name}"
    );
}

/// `learned`, or the codes of the faults.
fn outcome(algorithm: &str, kind: Outcome, odd: Odd) -> String {
    let (frame, features) = frame(odd, kind);
    let name = format!("{algorithm}, {odd:?}");
    let mut plan = asked(algorithm, kind, features);
    if kind == Outcome::None && !matches!(odd, Odd::OneRow | Odd::FewRows) {
        // Draws without groups are divided when asked only.
        plan["hyperparameters"] = json!({"groups": 2});
    }
    match learned(frame, &plan) {
        Ok(learned) => {
            let model = Model::from_json(&learned.model).unwrap();
            for document in [&learned.evaluation, &learned.fairness, &learned.provenance] {
                let text = std::str::from_utf8(document).unwrap();
                assert!(!text.contains("NaN") && !text.contains("inf,"), "{name}");
            }
            let card = String::from_utf8(learned.card).unwrap();
            assert!(!card.contains("NaN"), "{name}");
            if probe(&name, &model) {
                "learned".to_owned()
            } else {
                "learned, the same for everybody".to_owned()
            }
        }
        Err(LearnError::Invalid(faults)) => {
            assert!(
                faults.iter().all(|fault| !fault.detail.is_empty()),
                "{name}"
            );
            let codes: Vec<&str> = faults.iter().map(|fault| fault.code.as_str()).collect();
            codes.join(" ")
        }
        Err(other) => format!("our fault: {other:?}"),
    }
}

/// What the families say, in the order of [`FAMILIES`].
const GRID: [(Odd, [&str; 12]); 15] = [
    (
        Odd::OneClass,
        [
            "one-class",
            "one-class",
            "one-class",
            "one-class",
            "one-class",
            "learned",
            "no-variation",
            "no-variation",
            "no-variation",
            "one-class",
            "learned",
            "learned",
        ],
    ),
    (
        Odd::OneRow,
        [
            ONE,
            ONE,
            ONE,
            ONE,
            ONE,
            "constant-column",
            ONE,
            ONE,
            ONE,
            ONE,
            "constant-column",
            "constant-column",
        ],
    ),
    (
        Odd::FewRows,
        [
            "one-class",
            NOTHING,
            NOTHING,
            "too-few-rows",
            "too-few-rows",
            "no-groups",
            L,
            L,
            L,
            L,
            "no-groups",
            "no-groups",
        ],
    ),
    (
        Odd::OnlyConstant,
        [
            NOTHING,
            NOTHING,
            NOTHING,
            NOTHING,
            NOTHING,
            "constant-column",
            NOTHING,
            NOTHING,
            NOTHING,
            NOTHING,
            "constant-column",
            "constant-column",
        ],
    ),
    (
        Odd::Constant,
        [
            L,
            L,
            L,
            L,
            L,
            "constant-column",
            L,
            L,
            L,
            L,
            "constant-column",
            "constant-column",
        ],
    ),
    (Odd::AllMissing, ["empty-column"; 12]),
    (Odd::Infinite, [L; 12]),
    (
        Odd::Huge,
        [FAR, L, L, L, L, FAR, FAR, FAR, FAR, FAR, FAR, FAR],
    ),
    (
        Odd::Tiny,
        [
            FAR,
            L,
            L,
            L,
            L,
            "constant-column",
            FAR,
            FAR,
            FAR,
            FAR,
            "constant-column",
            "constant-column",
        ],
    ),
    (
        Odd::Levels,
        [
            MANY, MANY, MANY, MANY, MANY, TEXT, MANY, MANY, MANY, MANY, MANY, TEXT,
        ],
    ),
    (
        Odd::OneLevel,
        [L, L, L, L, L, TEXT, L, L, L, L, "constant-column", TEXT],
    ),
    (
        Odd::RareLevels,
        ["separation", L, L, L, L, TEXT, L, L, L, L, L, TEXT],
    ),
    (
        Odd::Twin,
        [L, L, L, L, L, L, L, L, L, L, L, "follows-from-others"],
    ),
    (
        Odd::TellsAll,
        ["separation", L, NOTHING, L, L, L, L, L, L, L, L, FLAT],
    ),
    (
        Odd::Noise,
        [L, L, NOTHING, NOTHING, NOTHING, L, L, L, L, L, L, L],
    ),
];
const L: &str = "learned";
const ONE: &str = "one-sided-split";
const NOTHING: &str = "nothing-told";
const FAR: &str = "out-of-range";
const MANY: &str = "too-many-levels";
const FLAT: &str = "no-spread";
const TEXT: &str = "category-in-groups";

#[test]
fn every_family_learns_or_says_why_not_and_answers_with_numbers() {
    let mut wrong = Vec::new();
    for (odd, expected) in GRID {
        for ((algorithm, kind), expected) in FAMILIES.into_iter().zip(expected) {
            let found = outcome(algorithm, kind, odd);
            if found != expected {
                wrong.push(format!(
                    "{odd:?}, {algorithm}: {found}, expected {expected}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn one_column_is_named_once_whatever_the_family() {
    for (algorithm, kind) in FAMILIES {
        let plan = asked(algorithm, kind, &["x", "x"]);
        let codes: Vec<String> = parsed(&plan)
            .faults()
            .into_iter()
            .map(|fault| fault.code)
            .collect();
        assert_eq!(codes, ["repeated"], "{algorithm}");
    }
}
