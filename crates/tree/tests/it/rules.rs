//! What a list says, beside what was planted.

use helder_tree::{Condition, Flag, RuleList, RuleSettings, TreeError, Value};

use crate::made::{Draws, columns, numeric, outcomes, people};

fn learned(rows: usize, seed: u64, settings: &RuleSettings) -> RuleList {
    let mut draws = Draws(seed);
    let people = people(rows, &mut draws);
    let outcome = outcomes(&people, &mut draws);
    RuleList::fit(&columns(&people), &outcome, settings).unwrap()
}

#[test]
fn planted_rules_are_found_in_their_order() {
    let mut draws = Draws(1);
    let rows = 6_000;
    let debt: Vec<f64> = (0..rows).map(|_| (draws.share() * 10.0).floor()).collect();
    let age: Vec<f64> = (0..rows)
        .map(|_| 18.0 + (draws.share() * 50.0).floor())
        .collect();
    let truth = |row: usize| match (debt[row], age[row]) {
        (debt, age) if debt > 6.0 && age <= 30.0 => 0.9,
        (debt, _) if debt > 6.0 => 0.5,
        _ => 0.1,
    };
    let outcome: Vec<bool> = (0..rows).map(|row| draws.share() < truth(row)).collect();
    let columns = [numeric("debt", debt.clone()), numeric("age", age.clone())];
    let settings = RuleSettings {
        max_conditions: 2,
        ..RuleSettings::default()
    };
    let list = RuleList::fit(&columns, &outcome, &settings).unwrap();
    let says = |debt, age| {
        let answer = list
            .answer(&[Value::Number(debt), Value::Number(age)])
            .unwrap();
        1.0 / (1.0 + (-answer.score).exp())
    };
    assert!(says(8.0, 25.0) > 0.8, "{list:#?}");
    assert!((0.4..0.6).contains(&says(8.0, 50.0)), "{list:#?}");
    assert!(says(3.0, 25.0) < 0.2 && says(3.0, 50.0) < 0.2);
    assert!(list.rules.len() <= 4);
}

#[test]
fn probabilities_fall_and_shares_add_up() {
    for seed in 0..10 {
        let list = learned(2_000, seed, &RuleSettings::default());
        let here: Vec<_> = list
            .rules
            .iter()
            .map(|rule| rule.here)
            .chain([*list.otherwise()])
            .collect();
        assert!(
            here.windows(2)
                .all(|pair| pair[0].probability >= pair[1].probability)
        );
        assert_eq!(here.iter().map(|counted| counted.rows).sum::<u64>(), 600);
        assert_eq!(list.everybody.rows, 600);
        for rule in &list.rules {
            assert!(rule.here.rows >= 10 && rule.conditions.len() == 1);
        }
    }
}

#[test]
fn contributions_sum_to_the_score_and_say_what_each_rule_did() {
    let list = learned(3_000, 3, &RuleSettings::default());
    for person in people(300, &mut Draws(4)) {
        let answer = list.answer(&person.values()).unwrap();
        let sum = answer
            .contributions
            .iter()
            .fold(answer.base_score, |sum, one| sum + one);
        assert_eq!(sum, answer.score);
        let counted = answer
            .rule
            .map_or(list.otherwise(), |rule| &list.rules[rule].here);
        assert!((1.0 / (1.0 + (-answer.score).exp()) - counted.probability).abs() < 1e-12);
        // The first whose conditions all hold, by hand.
        let first = list.rules.iter().position(|rule| {
            rule.conditions
                .iter()
                .all(|condition| condition.holds(person.values()[condition.input()]))
        });
        assert_eq!(answer.rule, first);
    }
}

#[test]
fn what_is_not_known_fulfils_nothing_but_being_missing() {
    let list = learned(3_000, 5, &RuleSettings::default());
    let answer = list.answer(&[Value::Missing; 4]).unwrap();
    assert!(!answer.flagged.is_empty() && answer.flagged.iter().all(|it| it.flag == Flag::Missing));
    let one_of = Condition::OneOf {
        input: 0,
        levels: vec!["huur".to_owned()],
    };
    assert!(
        one_of.holds(Value::Level("huur"))
            && !one_of.holds(Value::Level("boot"))
            && !one_of.holds(Value::Missing)
    );
    for condition in [
        Condition::AtMost { input: 0, cut: 3.0 },
        Condition::Above { input: 0, cut: 3.0 },
    ] {
        assert!(!condition.holds(Value::Missing) && !condition.holds(Value::Number(f64::NAN)));
    }
    assert!(Condition::Missing { input: 0 }.holds(Value::Number(f64::NAN)));
}

#[test]
fn noise_gives_no_rules_and_threads_do_not_matter() {
    let mut draws = Draws(9);
    let found = (0..12).filter(|seed| {
        let column = numeric("a", (0..1_000).map(|_| draws.share()).collect());
        let outcome: Vec<bool> = (0..1_000).map(|_| draws.share() < 0.3).collect();
        let settings = RuleSettings {
            seed: *seed,
            ..RuleSettings::default()
        };
        match RuleList::fit(&[column], &outcome, &settings) {
            Err(TreeError::NothingFound) => false,
            Ok(_) => true,
            Err(other) => panic!("{other}"),
        }
    });
    let found = found.count();
    assert!(found <= 4, "{found} of 12 lists find rules in pure noise");
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| learned(2_000, 7, &RuleSettings::default()))
    };
    assert_eq!(on(1), on(4));
}
