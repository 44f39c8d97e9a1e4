//! Changes by an expert: made, judged by what they may not touch, and taken back to the last byte.

use helder_model::{
    Algorithm, Answer, Bags, Change, Curved, Deviations, EditError, LearnedFrom, Model, Scorer,
    Signed, Stretch, TermsFit, Value,
};
use proptest::prelude::*;

use crate::boosting::boosted;

/// People with an amount that may be missing, a boolean and a home.
pub(crate) struct People(pub Vec<(Option<i64>, bool, &'static str)>);

impl LearnedFrom for People {
    fn each(&self, input: &str, each: &mut dyn FnMut(Value<'_>)) -> Result<(), EditError> {
        for (amount, benefit, home) in &self.0 {
            each(match input {
                "huurachterstand" => amount.map_or(Value::Null, Value::Integer),
                "bijstand" => Value::Boolean(*benefit),
                _ => Value::Text(home),
            });
        }
        Ok(())
    }
}

pub(crate) fn people() -> People {
    let homes = ["huur", "koop", "overig", "huur", "huur"];
    let one = |n: u64| {
        let mixed = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
        let amount = (!mixed.is_multiple_of(7)).then_some((mixed % 90_000) as i64);
        (amount, mixed.is_multiple_of(3), homes[(mixed % 5) as usize])
    };
    People((1..400).map(one).collect())
}

fn fit(model: &Model) -> &TermsFit {
    let Algorithm::ExplainableBoosting(fit) = &model.algorithm else {
        unreachable!("the example has curves")
    };
    fit
}

/// The example with five bags, its curves counted from their means over the people.
pub(crate) fn bagged() -> Model {
    let mut model = boosted();
    "edited-homelessness".clone_into(&mut model.name);
    let mut fit = fit(&model).clone();
    let mut next = 0_i64;
    let mut some = || {
        next += 1;
        let one = |bag: i64| ((next * 37 + bag * 101) % 401) as i32 - 200;
        let mut values: Vec<i32> = (0..4).map(one).collect();
        values.push(-values.iter().sum::<i32>());
        Deviations(values)
    };
    for curve in &mut fit.curves {
        curve.deviations = curve.scores.iter().map(|_| some()).collect();
    }
    for pair in &mut fit.pairs {
        let row = |row: &Vec<f64>| row.iter().map(|_| some()).collect();
        pair.deviations = pair.scores.iter().map(row).collect();
    }
    fit.bags = Some(Bags {
        factor: 2.38,
        unit: 1e-3,
        intercept: some(),
    });
    model.algorithm = Algorithm::ExplainableBoosting(fit);
    model
}

fn signed() -> Signed<'static> {
    Signed {
        by: "a.bakker",
        at: "2026-05-04T09:30:00Z",
        reason: "vanaf 20.000 is het verschil ruis; zo besproken met het team",
    }
}

/// A made model with an edit, as it is stored.
pub(crate) fn edited() -> Model {
    let changes = [
        Change::Monotone {
            input: "huurachterstand".to_owned(),
            direction: Curved::Rising,
            from: None,
            to: Some(20_000.0),
        },
        set("huurachterstand", from(60_000.0), 0.9),
        Change::RemovePair {
            first: "woonvorm".to_owned(),
            second: "huurachterstand".to_owned(),
        },
        Change::Remove {
            input: "bijstand".to_owned(),
        },
    ];
    bagged().edited(&changes, signed(), &people()).unwrap()
}

fn from(from: f64) -> Stretch {
    Stretch {
        from: Some(from),
        ..Stretch::default()
    }
}

fn set(input: &str, stretch: Stretch, value: f64) -> Change {
    Change::Set {
        input: input.to_owned(),
        stretch,
        value,
    }
}

/// Score and contributions of somebody; inputs that the model no longer asks are left out.
fn answer(model: &Model, (amount, benefit, home): &(Option<i64>, bool, &str)) -> Answer {
    let scorer = Scorer::new(model).unwrap();
    let (mut row, mut answer) = (scorer.row(), Answer::default());
    for (place, input) in scorer.inputs().iter().enumerate() {
        let value = match input.name.as_str() {
            "huurachterstand" => amount.map_or(Value::Null, Value::Integer),
            "bijstand" => Value::Boolean(*benefit),
            _ => Value::Text(home),
        };
        scorer.set(&mut row, place, value).unwrap();
    }
    scorer.score(&row, &mut answer).unwrap();
    answer
}

#[test]
fn the_missing_step_does_not_move_when_a_curve_is_made_monotone() {
    let (model, people) = (bagged(), people());
    let rising = Change::Monotone {
        input: "huurachterstand".to_owned(),
        direction: Curved::Rising,
        from: None,
        to: None,
    };
    // The example falls from -0.4 to 0.3 to 1.1, so make it fall first.
    let turned = model
        .edited(
            &[set("huurachterstand", from(50_000.0), -1.0)],
            signed(),
            &people,
        )
        .unwrap();
    let after = turned.edited(&[rising], signed(), &people).unwrap();
    let (was, is) = (&fit(&turned).curves[0], &fit(&after).curves[0]);
    assert_eq!(was.scores[0].to_bits(), is.scores[0].to_bits());
    assert_eq!(was.deviations[0], is.deviations[0]);
    let intercepts = [&turned, &after].map(|model| fit(model).intercept.to_bits());
    assert_eq!(intercepts[0], intercepts[1]);
    assert_ne!(was.scores[1..], is.scores[1..]);
    assert!(is.scores[1..].windows(2).all(|pair| pair[0] <= pair[1]));
    for person in people.0.iter().filter(|person| person.0.is_none()) {
        let (before, after) = (answer(&turned, person), answer(&after, person));
        assert_eq!(before.score.to_bits(), after.score.to_bits());
    }
}

#[test]
fn who_is_not_in_a_set_stretch_keeps_score_and_interval_and_the_curve_is_counted_from_its_mean() {
    let (model, people) = (bagged(), people());
    let edit = set("huurachterstand", from(20_000.0), 2.0);
    let after = model.edited(&[edit], signed(), &people).unwrap();
    let mut sum = 0.0;
    for person in &people.0 {
        let (a, b) = (answer(&model, person), answer(&after, person));
        sum += b.contributions[0];
        if person.0.is_none_or(|amount| amount < 20_000) {
            assert!((a.score - b.score).abs() < 1e-12);
            let ([a, b], close) = ([a, b].map(|one| one.interval.unwrap()), 1e-12);
            assert!((a.lower - b.lower).abs() < close && (a.upper - b.upper).abs() < close);
        } else {
            assert!(a.score < b.score);
        }
    }
    assert!((sum / people.0.len() as f64).abs() < 1e-12);
    // Cut where the expert said, not where the data had a cut.
    assert!(
        fit(&after).curves[0]
            .side
            .cuts
            .as_ref()
            .unwrap()
            .contains(&20_000.0)
    );
}

#[test]
fn merged_categories_count_the_same_in_curve_and_table() {
    let (model, people) = (bagged(), people());
    let merge = Change::Merge {
        input: "woonvorm".to_owned(),
        levels: vec!["huur".to_owned(), "koop".to_owned()],
    };
    let after = model.edited(&[merge], signed(), &people).unwrap();
    for (amount, benefit, _) in &people.0 {
        let of = |home| answer(&after, &(*amount, *benefit, home));
        assert_eq!(of("huur").contributions, of("koop").contributions);
    }
    // Means over the people stay: of the curve, and of each row of the table.
    let mean = |model: &Model, term: usize| {
        let each = people
            .0
            .iter()
            .map(|one| answer(model, one).contributions[term]);
        each.sum::<f64>() / people.0.len() as f64
    };
    for term in [2, 3] {
        assert!(
            (mean(&model, term) - mean(&after, term)).abs() < 1e-12,
            "{term}"
        );
    }
    assert_eq!(
        fit(&model).intercept.to_bits(),
        fit(&after).intercept.to_bits()
    );
}

#[test]
fn a_set_level_leaves_the_others_of_its_step_alone() {
    let merge = Change::Merge {
        input: "woonvorm".to_owned(),
        levels: vec!["huur".to_owned(), "koop".to_owned()],
    };
    let only = Stretch {
        levels: vec!["koop".to_owned()],
        ..Stretch::default()
    };
    let edits = [merge.clone(), set("woonvorm", only, -1.5)];
    let people = people();
    let (merged, parted) = (
        bagged().edited(&[merge], signed(), &people).unwrap(),
        bagged().edited(&edits, signed(), &people).unwrap(),
    );
    for person in &people.0 {
        let scores = [&merged, &parted].map(|model| answer(model, person).score);
        assert_eq!((scores[0] - scores[1]).abs() < 1e-12, person.2 != "koop");
    }
}

#[test]
fn a_removed_input_is_no_longer_asked() {
    let model = edited();
    assert_eq!(model.inputs.len(), 2);
    assert_eq!(model.terms().len(), 2);
    assert_eq!(model.edits().len(), 1);
    let said: Vec<String> = model.edits()[0]
        .changes
        .iter()
        .map(|change| change.meaning(&bagged().inputs).nl)
        .collect();
    assert_eq!(
        said[3],
        "bijstand van het huishouden: telt niet meer mee en wordt niet meer gevraagd"
    );
}

#[test]
fn every_fault_of_an_edit_is_named_and_nothing_is_changed() {
    let none = Stretch::default();
    let levels = |levels: &[&str]| Stretch {
        levels: levels.iter().map(|level| (*level).to_owned()).collect(),
        ..Stretch::default()
    };
    let missing = Stretch {
        missing: true,
        ..Stretch::default()
    };
    let both = Stretch {
        from: Some(2.0),
        to: Some(1.0),
        ..Stretch::default()
    };
    let changes = [
        set("leeftijd", none.clone(), 0.0),
        set("huurachterstand", none, 0.0),
        set("huurachterstand", both, 0.0),
        set("huurachterstand", from(f64::NAN), 0.0),
        set("woonvorm", missing, 0.0),
        set("woonvorm", levels(&["boot"]), 0.0),
        set("woonvorm", levels(&["huur"]), f64::INFINITY),
        set("woonvorm", from(1.0), 0.0),
        Change::Monotone {
            input: "woonvorm".to_owned(),
            direction: Curved::Falling,
            from: None,
            to: None,
        },
        Change::Merge {
            input: "bijstand".to_owned(),
            levels: vec!["true".to_owned(), "false".to_owned()],
        },
        Change::Merge {
            input: "woonvorm".to_owned(),
            levels: vec!["huur".to_owned(), "huur".to_owned()],
        },
        Change::RemovePair {
            first: "bijstand".to_owned(),
            second: "woonvorm".to_owned(),
        },
    ];
    let unsigned = Signed {
        reason: " ",
        ..signed()
    };
    let EditError(faults) = bagged().edited(&changes, unsigned, &people()).unwrap_err();
    let found: Vec<String> = faults
        .iter()
        .map(|fault| format!("{} {}", fault.pointer, fault.code))
        .collect();
    let wanted = [
        "/reason empty-text",
        "/0/input unknown-input",
        "/1/stretch wrong-form",
        "/2/stretch/to out-of-range",
        "/3/stretch/from not-finite",
        "/4/stretch wrong-kind",
        "/5/stretch/levels/0 unknown-level",
        "/6/value out-of-range",
        "/7/stretch wrong-kind",
        "/8/input wrong-kind",
        "/9/input wrong-kind",
        "/10/levels same-already",
        "/11/first unknown-pair",
    ];
    assert_eq!(found, wanted);
}

#[test]
fn an_edit_of_a_changed_file_is_not_taken_back() {
    let mut model = edited();
    assert!(model.undone().is_ok());
    model.training.seed += 1;
    assert_eq!(model.undone().unwrap_err().0[0].code, "other-file");
    assert_eq!(bagged().undone().unwrap_err().0[0].code, "no-edit");
}

/// Any change of the example.
fn any_change() -> impl Strategy<Value = Change> {
    let amount = || -20_000.0..120_000.0_f64;
    let level = || prop::sample::select(vec!["huur", "koop", "overig"]).prop_map(str::to_owned);
    let stretch = prop_oneof![
        (amount(), 1.0..50_000.0).prop_map(|(low, wide)| (
            "huurachterstand",
            Stretch {
                from: Some(low),
                to: Some(low + wide),
                ..Stretch::default()
            }
        )),
        amount().prop_map(|low| ("huurachterstand", from(low))),
        Just((
            "huurachterstand",
            Stretch {
                missing: true,
                ..Stretch::default()
            }
        )),
        level().prop_map(|level| (
            "woonvorm",
            Stretch {
                levels: vec![level],
                ..Stretch::default()
            }
        )),
        any::<bool>().prop_map(|value| (
            "bijstand",
            Stretch {
                levels: vec![value.to_string()],
                ..Stretch::default()
            }
        )),
    ];
    prop_oneof![
        4 => (stretch.clone(), -3.0..3.0).prop_map(|((input, stretch), value)| set(input, stretch, value)),
        2 => stretch.prop_map(|(input, stretch)| Change::Flatten { input: input.to_owned(), stretch }),
        2 => (amount(), any::<bool>()).prop_map(|(low, up)| Change::Monotone {
            input: "huurachterstand".to_owned(),
            direction: if up { Curved::Rising } else { Curved::Falling },
            from: (low > 0.0).then_some(low),
            to: None,
        }),
        1 => (level(), level()).prop_map(|(a, b)| Change::Merge { input: "woonvorm".to_owned(), levels: vec![a, b] }),
        1 => prop::sample::select(vec!["huurachterstand", "bijstand", "woonvorm"])
            .prop_map(|input| Change::Remove { input: input.to_owned() }),
        1 => Just(Change::RemovePair { first: "huurachterstand".to_owned(), second: "woonvorm".to_owned() }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Edits are taken back one by one, each to the bytes before it; what stays sums to the score and is stored exactly.
    #[test]
    fn taking_back_gives_the_same_bytes_and_contributions_sum(
        edits in prop::collection::vec(prop::collection::vec(any_change(), 1..4), 1..4),
        with_bags: bool,
    ) {
        let people = people();
        let mut models = vec![if with_bags { bagged() } else { boosted() }];
        for changes in &edits {
            // Changes that no longer fit (an input that is gone) are refused as a whole.
            if let Ok(model) = models.last().unwrap().edited(changes, signed(), &people) {
                models.push(model);
            }
        }
        let mut last = models.last().unwrap().clone();
        let stored = last.to_json().unwrap();
        prop_assert_eq!(&Model::from_json(&stored).unwrap(), &last);
        for person in people.0.iter().take(40) {
            let answer = answer(&last, person);
            let sum = answer.contributions.iter().fold(answer.base_score, |sum, one| sum + one);
            prop_assert_eq!(sum.to_bits(), answer.score.to_bits());
            prop_assert_eq!(answer.interval.is_some(), with_bags);
        }
        for before in models.iter().rev().skip(1) {
            last = last.undone().unwrap();
            prop_assert_eq!(last.to_json().unwrap(), before.to_json().unwrap());
        }
    }
}
