//! Raw values are grouped and converted before anything else, and people only see the raw ones.

use helder_model::{
    Actionable, Algorithm, Answer, CategoryGroup, Conversion, Counterfactuals, Direction, Goal,
    InputType, Language, Meaning, Model, Preparation, Reasons, Scorer, TrainingRange, Value,
    WarningKind,
    counterfactual::{Outcome, USUAL_CHANGES},
};

use crate::{
    counterfactual::{actionable, answer_of},
    examples::regression,
};

/// Arrears in euro, cut off at 10,000 of them, and several sorts of homes as one.
pub(crate) fn prepared() -> Model {
    let mut model = regression();
    "homelessness-prepared".clone_into(&mut model.name);
    model.inputs[0].preparation = Some(Preparation::Conversion(Conversion {
        unit: Some("euro".to_owned()),
        scale: 0.01,
        offset: 0.0,
        lowest: None,
        highest: Some(1_000_000.0),
    }));
    model.inputs[0].actionable = Some(Actionable {
        step: Some(5_000.0),
        ..actionable(Direction::Down)
    });
    model.inputs[2].preparation = Some(Preparation::Groups {
        groups: vec![CategoryGroup {
            level: "huur".to_owned(),
            members: vec!["huur sociaal".to_owned(), "huur particulier".to_owned()],
        }],
    });
    model.inputs[2].actionable = Some(Actionable {
        levels: vec!["koop".to_owned()],
        ..actionable(Direction::Either)
    });
    let Algorithm::LogisticRegression(fit) = &mut model.algorithm else {
        unreachable!();
    };
    fit.linear_terms[0].coefficient *= 100.0;
    fit.linear_terms[0].mean /= 100.0;
    model
}

fn row(scorer: &Scorer, arrears: Value<'_>, home: &str) -> helder_model::Row {
    let mut row = scorer.row();
    let values = [
        arrears,
        Value::Boolean(true),
        Value::Text(home),
        Value::Number(2.0),
        Value::Integer(1),
    ];
    for (place, value) in values.into_iter().enumerate() {
        scorer.set(&mut row, place, value).unwrap();
    }
    row
}

#[test]
fn a_raw_value_counts_as_what_it_is_converted_to() {
    let (model, scorer) = (prepared(), Scorer::new(&prepared()).unwrap());
    let plain = Scorer::new(&regression()).unwrap();
    let (a, b) = (
        row(&scorer, Value::Integer(612_345), "huur particulier"),
        row(&plain, Value::Integer(612_345), "huur"),
    );
    let (a, b) = (answer_of(&scorer, &a), answer_of(&plain, &b));
    assert!((a.score - b.score).abs() < 1e-12, "{} {}", a.score, b.score);
    // The name of a group is a raw category too, and whatever lies beyond the end counts as the end.
    let at_end = answer_of(&scorer, &row(&scorer, Value::Integer(1_000_000), "huur"));
    let beyond = answer_of(
        &scorer,
        &row(&scorer, Value::Integer(1_200_000), "huur sociaal"),
    );
    assert_eq!(at_end.score.to_bits(), beyond.score.to_bits());
    let contributions =
        |answer: &Answer| answer.base_score + answer.contributions.iter().sum::<f64>();
    assert!((contributions(&a) - a.score).abs() < 1e-12);
    assert_eq!(Model::from_json(&model.to_json().unwrap()).unwrap(), model);
}

#[test]
fn reasons_and_warnings_speak_of_the_raw_value() {
    let model = prepared();
    let (scorer, reasons) = (Scorer::new(&model).unwrap(), Reasons::plain(&model));
    let told = row(&scorer, Value::Integer(1_200_050), "huur particulier");
    let answer = answer_of(&scorer, &told);
    let said = |term: usize| reasons.meaning(&told, term, answer.contributions[term]).nl;
    assert!(said(0).contains("€ 12000,50"), "{}", said(0));
    assert!(
        said(2).contains("huur particulier (een huurhuis)"),
        "{}",
        said(2)
    );
    // Within what occurred in training, though beyond the end that is cut off.
    assert_eq!(scorer.warnings(&told).count(), 0);
    let rare = row(&scorer, Value::Integer(1_250_001), "kasteel");
    let warned: Vec<_> = scorer.warnings(&rare).map(|w| (w.input, w.kind)).collect();
    let expected = [
        (0, WarningKind::OutsideTraining),
        (2, WarningKind::UnknownCategory),
    ];
    assert_eq!(warned, expected);
    // What stood in a row before is gone when it is filled again.
    let mut reused = told;
    reused.clear();
    scorer.set(&mut reused, 0, Value::Null).unwrap();
    assert_eq!(reused.raw_number(0), Some(0.0));
    let printed = model.printed(Language::Dutch, false);
    assert!(
        printed.contains("hoger telt als 1000000 eurocent; omgerekend: × 0,01 euro"),
        "{printed}"
    );
    assert!(
        printed.contains("telt samen: huur = huur sociaal, huur particulier"),
        "{printed}"
    );
}

#[test]
fn advice_is_in_raw_values_and_comes_true() {
    let model = prepared();
    let (scorer, reasons) = (Scorer::new(&model).unwrap(), Reasons::plain(&model));
    let before = row(&scorer, Value::Integer(612_345), "huur sociaal");
    let answer = answer_of(&scorer, &before);
    let ready = Counterfactuals::new(&model).unwrap();
    let goal = Goal::AtMost(0.15);
    let found = ready
        .find(&scorer, (&before, &answer), goal, USUAL_CHANGES)
        .unwrap();
    assert!(matches!(found.outcome, Outcome::Change(_)) && found.is_exact);
    let then = found.answer.probability.unwrap();
    assert!(then <= 0.15);
    // A step of € 50 less would not have done.
    let cents = found.row.raw_number(0).unwrap();
    assert!((cents % 5_000.0).abs() == 0.0, "{cents}");
    let home = ["huur sociaal", "koop"][usize::from(found.row.raw_category(2) == Some(1))];
    let again = answer_of(&scorer, &row(&scorer, Value::Number(cents), home));
    assert_eq!(again.probability.unwrap().to_bits(), then.to_bits());
    let short = answer_of(&scorer, &row(&scorer, Value::Number(cents + 5_000.0), home));
    assert!(short.probability.unwrap() > 0.15);
    let Meaning { nl, .. } = found.meaning(&reasons, (&before, &answer), goal);
    assert!(nl.contains("van € 6123,45 naar € "), "{nl}");
    // From where nothing changes at first, no line can be told: the advice says that it did not look at everything.
    let far = row(&scorer, Value::Integer(1_200_000), "huur sociaal");
    let answer = answer_of(&scorer, &far);
    let found = ready
        .find(&scorer, (&far, &answer), goal, USUAL_CHANGES)
        .unwrap();
    assert!(!found.is_exact);
}

#[test]
fn every_fault_of_a_preparation_is_named() {
    let mut model = prepared();
    model.inputs[0].preparation = Some(Preparation::Conversion(Conversion {
        unit: None,
        scale: 0.0,
        offset: f64::NAN,
        lowest: Some(5.0),
        highest: Some(5.0),
    }));
    model.inputs[0].training_range = Some(TrainingRange {
        minimum: 0.0,
        maximum: 1.0,
    });
    let group = |level: &str, members: &[&str]| CategoryGroup {
        level: level.to_owned(),
        members: members.iter().map(|member| (*member).to_owned()).collect(),
    };
    model.inputs[2].preparation = Some(Preparation::Groups {
        groups: vec![
            group("huur", &["kamer", "kamer", "koop"]),
            group("overig", &["kamer", ""]),
            group("koop", &[]),
            group("boot", &["woonboot"]),
        ],
    });
    model.inputs[1].preparation = model.inputs[2].preparation.clone();
    let error = Scorer::new(&model).unwrap_err();
    let found: Vec<&str> = error.0.iter().map(|fault| fault.pointer.as_str()).collect();
    for pointer in [
        "/inputs/0/preparation/scale",
        "/inputs/0/preparation/offset",
        "/inputs/0/preparation/lowest",
        "/inputs/1/preparation/rule",
        "/inputs/2/preparation/groups/0/members/1",
        "/inputs/2/preparation/groups/0/members/2",
        "/inputs/2/preparation/groups/1/members/0",
        "/inputs/2/preparation/groups/1/members/1",
        "/inputs/2/preparation/groups/2/members",
        "/inputs/2/preparation/groups/3/level",
    ] {
        assert!(found.contains(&pointer), "{pointer} {found:?}");
    }
}

#[test]
fn a_block_keeps_the_raw_values_too() {
    let model = prepared();
    let scorer = Scorer::new(&model).unwrap();
    let told = row(&scorer, Value::Integer(612_345), "huur sociaal");
    let mut block = scorer.block();
    scorer.push(&mut block, &told).unwrap();
    let mut back = scorer.row();
    block.copy_row(0, &mut back);
    assert_eq!(back, told);
    assert_eq!(back.raw_number(0), Some(612_345.0));
    block.clear();
    let homes = ["huur particulier", "koop"].map(Value::Text);
    scorer.set_column(&mut block, 2, homes).unwrap();
    scorer
        .set_column(&mut block, 0, [Value::Number(50.0), Value::Null])
        .unwrap();
    block.copy_row(0, &mut back);
    let category = back
        .raw_category(2)
        .and_then(|at| model.inputs[2].raw_categories().nth(at));
    assert_eq!(category, Some(("huur particulier", 0)));
    assert_eq!(
        (back.raw_number(0), back.number(0)),
        (Some(50.0), Some(0.5))
    );
}

#[test]
fn advice_of_a_tree_is_in_raw_values_and_comes_true() {
    let mut model = crate::trees::tree();
    let asked = model
        .inputs
        .iter()
        .position(|input| matches!(input.kind, InputType::Number | InputType::Integer));
    let asked = asked.unwrap();
    model.inputs[asked].preparation = Some(Preparation::Conversion(Conversion {
        unit: None,
        scale: 0.01,
        offset: -0.3,
        lowest: None,
        highest: None,
    }));
    let raw = |worked: f64| (worked + 0.3) * 100.0;
    model.inputs[asked].kind = InputType::Number;
    model.inputs[asked].training_range = Some(TrainingRange {
        minimum: raw(0.0),
        maximum: raw(100_000.0),
    });
    for input in &mut model.inputs {
        input.actionable = None;
    }
    model.inputs[asked].actionable = Some(actionable(Direction::Either));
    let (scorer, ready) = (
        Scorer::new(&model).unwrap(),
        Counterfactuals::new(&model).unwrap(),
    );
    let mut advised = 0;
    for place in 0..=60 {
        let mut row = scorer.row();
        for (at, input) in model.inputs.iter().enumerate() {
            let value = match input.kind {
                InputType::Boolean => Value::Boolean(true),
                InputType::Category => Value::Text(&input.categories[0].level),
                _ if at == asked => {
                    let range = input.training_range.unwrap();
                    let share = f64::from(place) / 60.0;
                    Value::Number(range.minimum + share * (range.maximum - range.minimum))
                }
                _ => Value::Number(input.training_range.unwrap().minimum),
            };
            scorer.set(&mut row, at, value).unwrap();
        }
        let answer = answer_of(&scorer, &row);
        let now = answer.probability.unwrap();
        for goal in [Goal::AtMost(now - 1e-6), Goal::AtLeast(now + 1e-6)] {
            let Ok(found) = ready.find(&scorer, (&row, &answer), goal, 1) else {
                continue;
            };
            if let Outcome::Change(changes) = &found.outcome {
                advised += 1;
                let to = found.row.raw_number(asked).unwrap();
                assert_eq!(changes[0].input, asked);
                assert!(
                    goal.is_met(found.answer.probability.unwrap()),
                    "{goal:?} {to}"
                );
            }
        }
    }
    assert!(advised > 10, "{advised}");
}
