//! Advice in words, and what may not be advised.

use helder_model::{
    Actionable, Counterfactual, Counterfactuals, Direction, Goal, GoalFault, Model, Reasons,
    Scorer, Value,
    counterfactual::{Outcome, USUAL_CHANGES},
};

use crate::{
    cases::counts,
    counterfactual::{actionable, answer_of},
    examples::{groups, regression, visits},
};

/// Arrears can only fall, a benefit can end, and a home is no advice.
pub(crate) fn advised() -> Model {
    let mut model = regression();
    "homelessness-with-advice".clone_into(&mut model.name);
    model.similar_cases = Some(counts());
    model.inputs[0].actionable = Some(Actionable {
        maximum: Some(1_000_000.0),
        step: Some(5_000.0),
        ..actionable(Direction::Down)
    });
    model.inputs[1].actionable = Some(Actionable {
        effort: Some(2.5),
        ..actionable(Direction::Down)
    });
    model.inputs[2].actionable = Some(Actionable {
        levels: vec!["huur".to_owned(), "koop".to_owned()],
        effort: Some(4.0),
        ..actionable(Direction::Either)
    });
    model.inputs[3].actionable = Some(Actionable {
        minimum: Some(0.0),
        largest_step: Some(1.0),
        effort: Some(30.0),
        ..actionable(Direction::Down)
    });
    model
}

fn asked(model: &Model, arrears: Value<'_>, goal: Goal) -> (Counterfactual, String, String) {
    let (scorer, reasons) = (Scorer::new(model).unwrap(), Reasons::plain(model));
    let mut row = scorer.row();
    let values = [
        arrears,
        Value::Boolean(true),
        Value::Text("overig"),
        Value::Number(2.0),
        Value::Integer(1),
    ];
    for (place, value) in values.into_iter().enumerate() {
        scorer.set(&mut row, place, value).unwrap();
    }
    let answer = answer_of(&scorer, &row);
    let ready = Counterfactuals::new(model).unwrap();
    let found = ready
        .find(&scorer, (&row, &answer), goal, USUAL_CHANGES)
        .unwrap();
    let text = found.meaning(&reasons, (&row, &answer), goal);
    (found, text.nl, text.en)
}

#[test]
fn a_change_is_told_in_plain_words() {
    let (found, nl, en) = asked(&advised(), Value::Integer(612_345), Goal::AtMost(0.15));
    assert!(matches!(&found.outcome, Outcome::Change(changes) if changes.len() == 1));
    assert_eq!(
        nl,
        "De kans is nu 55,1%. Dat wordt 14,9% als dit verandert: Huurachterstand van het huishouden: van € 6123,45 naar € 100,00. \
         Dit is wat het model uitrekent. Het belooft niet dat het in het echt zo gaat."
    );
    assert!(
        en.starts_with("The probability is 55.1% now. It becomes 14.9% if this changes: "),
        "{en}"
    );
}

#[test]
fn nobody_is_told_the_impossible() {
    // Far below what any change that is allowed can reach.
    let (found, nl, _) = asked(&advised(), Value::Integer(612_345), Goal::AtMost(0.001));
    assert_eq!((found.outcome, found.is_exact), (Outcome::None, true));
    assert_eq!(
        nl,
        "De kans is nu 55,1%. Met wat iemand zelf kan veranderen, wordt dat niet 0,1% of lager."
    );
    let (found, nl, _) = asked(&advised(), Value::Integer(612_345), Goal::AtMost(0.6));
    assert_eq!(found.outcome, Outcome::Reached);
    assert!(
        nl.ends_with("Dat is al 60% of lager. Er hoeft niets te veranderen."),
        "{nl}"
    );
    // From arrears that are not known nobody can be told how far to go.
    let (found, ..) = asked(&advised(), Value::Null, Goal::AtMost(0.02));
    match found.outcome {
        Outcome::Change(changes) => assert!(changes.iter().all(|change| change.input != 0)),
        other => assert_eq!(other, Outcome::None),
    }
    // Nothing is declared, so nothing is advised.
    let (found, nl, _) = asked(&regression(), Value::Integer(612_345), Goal::AtMost(0.1));
    assert_eq!(found.outcome, Outcome::NothingActionable);
    assert!(
        nl.contains("staat niet wat iemand zelf kan veranderen"),
        "{nl}"
    );
}

#[test]
fn a_goal_that_no_model_answers_is_refused() {
    let model = advised();
    let ready = Counterfactuals::new(&model).unwrap();
    for goal in [0.0, 1.0, -0.2, 3.0] {
        assert_eq!(
            ready.check(Goal::AtMost(goal)),
            Err(GoalFault::NoProbability)
        );
    }
    assert_eq!(
        ready.check(Goal::AtLeast(f64::NAN)),
        Err(GoalFault::NotFinite)
    );
    assert_eq!(ready.check(Goal::AtLeast(0.3)), Ok(()));
    let counts = Counterfactuals::new(&visits()).unwrap();
    assert_eq!(counts.check(Goal::AtMost(0.0)), Err(GoalFault::NotPositive));
    assert_eq!(counts.check(Goal::AtMost(12.0)), Ok(()));
    assert!(Counterfactuals::new(&groups()).is_none());
}

#[test]
fn a_count_is_moved_too() {
    let mut model = visits();
    model.inputs[0].actionable = Some(actionable(Direction::Either));
    let (scorer, reasons) = (Scorer::new(&model).unwrap(), Reasons::plain(&model));
    let mut row = scorer.row();
    scorer.set(&mut row, 0, Value::Number(50.0)).unwrap();
    let answer = answer_of(&scorer, &row);
    let now = answer.value.unwrap();
    let ready = Counterfactuals::new(&model).unwrap();
    for goal in [Goal::AtMost(now * 0.8), Goal::AtLeast(now * 1.2)] {
        let found = ready.find(&scorer, (&row, &answer), goal, 1).unwrap();
        assert!(matches!(found.outcome, Outcome::Change(_)), "{found:?}");
        assert!(goal.is_met(found.answer.value.unwrap()));
        let text = found.meaning(&reasons, (&row, &answer), goal);
        assert!(text.nl.starts_with("De schatting is nu "), "{}", text.nl);
    }
}

/// Where the fault is, its code, and what makes it.
type Wrong<'a> = (&'a str, &'a str, &'a dyn Fn(&mut Model));

#[test]
fn what_is_declared_must_fit_the_input_and_be_nothing_sensitive() {
    let faults = |change: &dyn Fn(&mut Model)| {
        let mut model = advised();
        change(&mut model);
        let error = model.to_json().unwrap_err();
        let each = error.0.into_iter();
        each.map(|fault| (fault.pointer, fault.code))
            .collect::<Vec<_>>()
    };
    let how = |model: &mut Model, input: usize, change: &dyn Fn(&mut Actionable)| {
        change(model.inputs[input].actionable.as_mut().unwrap());
    };
    let cases: [Wrong<'_>; 8] = [
        ("/inputs/0/actionable/step", "out-of-range", &|m| {
            how(m, 0, &|a| a.step = Some(0.5));
        }),
        ("/inputs/0/actionable/minimum", "out-of-range", &|m| {
            how(m, 0, &|a| a.minimum = Some(2e6));
        }),
        ("/inputs/1/actionable/effort", "out-of-range", &|m| {
            how(m, 1, &|a| a.effort = Some(0.0));
        }),
        ("/inputs/1/actionable/maximum", "wrong-kind", &|m| {
            how(m, 1, &|a| a.maximum = Some(1.0));
        }),
        ("/inputs/2/actionable/levels/0", "unknown-level", &|m| {
            how(m, 2, &|a| a.levels = vec!["boot".to_owned()]);
        }),
        ("/inputs/2/actionable/levels", "wrong-kind", &|m| {
            how(m, 2, &|a| a.levels.clear());
        }),
        ("/inputs/2/actionable/direction", "wrong-kind", &|m| {
            how(m, 2, &|a| a.direction = Direction::Up);
        }),
        ("/inputs/3/actionable", "sensitive", &|m| {
            m.training.sensitive_features.push("meldingen".to_owned());
        }),
    ];
    for (pointer, code, change) in cases {
        let found = faults(change);
        let wanted = (pointer.to_owned(), code.to_owned());
        assert!(found.contains(&wanted), "{wanted:?}: {found:?}");
    }
}

#[test]
fn both_languages_say_the_same_change() {
    let model = advised();
    let (found, ..) = asked(&model, Value::Integer(612_345), Goal::AtMost(0.15));
    let (scorer, reasons) = (Scorer::new(&model).unwrap(), Reasons::plain(&model));
    let mut before = scorer.row();
    scorer.set(&mut before, 0, Value::Integer(612_345)).unwrap();
    let texts = found.changes(&reasons, &before);
    assert_eq!(
        texts[0].en,
        "Huurachterstand of the household: from € 6123.45 to € 100.00"
    );
    assert_eq!(texts.len(), 1);
}
