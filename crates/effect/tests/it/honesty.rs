//! The naive answer is wrong, ours is right, and too little data gives none.

use helder_effect::{Code, Reason, Shown, Verdict, analyse};

use crate::support::made::{WORLD, World};

/// Share of the seeds in which a condition holds.
fn share(seeds: u64, holds: impl Fn(u64) -> bool) -> f64 {
    (0..seeds).filter(|&seed| holds(seed)).count() as f64 / seeds as f64
}

#[test]
fn counting_from_the_beginning_of_the_provision_is_right_and_ever_received_is_wrong() {
    let covers = share(60, |seed| {
        let made = WORLD.make(1500, seed);
        let effect = analyse(&made.study(true)).unwrap();
        let truth = WORLD.effect.exp();
        let wrong = effect.ever_received.value().unwrap();
        let wrong = wrong.ever_received.as_ref().unwrap();
        assert!(wrong.upper < 1.0, "a provision that helps looks harmful");
        let right = effect.time_dependent.adjusted.value().unwrap();
        right.lower < truth && truth < right.upper
    });
    assert!(covers > 0.88, "{covers}");
}

#[test]
fn without_the_confounder_it_is_wrong_and_says_what_may_explain_it() {
    let made = WORLD.make(4000, 3);
    let effect = analyse(&made.study(false)).unwrap();
    let found = effect.time_dependent.adjusted.value().unwrap();
    assert!(found.lower > WORLD.effect.exp());
    let sensitivity = effect.sensitivity.value().unwrap();
    assert!(
        sensitivity
            .bounds
            .iter()
            .any(|it| it.lower < WORLD.effect.exp())
    );
    assert!(
        effect
            .conclusion
            .may
            .iter()
            .any(|it| it.code == Code::Unmeasured)
    );
}

#[test]
fn without_power_no_estimate_is_shown_but_what_would_be_needed() {
    let made = WORLD.make(250, 5);
    let effect = analyse(&made.study(true)).unwrap();
    assert!(!effect.power.is_enough);
    assert!(effect.power.events_needed.unwrap() > effect.power.n_events.unwrap());
    assert!(matches!(
        effect.time_dependent.adjusted,
        Shown::Withheld {
            reason: Reason::NoPower,
            ..
        }
    ));
    assert_eq!(effect.conclusion.verdict, Verdict::NoStatement);
    assert!(effect.conclusion.may.is_empty());
    let needed: Vec<Code> = effect.conclusion.needed.iter().map(|it| it.code).collect();
    assert_eq!(needed, [Code::SmallestVisible, Code::EventsNeeded]);
    let json = serde_json::to_string(&effect).unwrap();
    assert!(
        !json.contains("hazardRatio\":"),
        "no estimate anywhere: {json}"
    );
}

#[test]
fn fewer_than_ten_people_are_not_shown() {
    let rare = World {
        start: WORLD.start / 200.0,
        ..WORLD
    };
    let made = rare.make(1000, 7);
    let exposed = made.provision.iter().flatten().count();
    assert!((1..10).contains(&exposed), "{exposed}");
    let effect = analyse(&made.study(true)).unwrap();
    assert_eq!(effect.counts.exposed, None);
    assert!(matches!(
        effect.time_dependent.adjusted,
        Shown::Withheld {
            reason: Reason::TooFewPeople,
            ..
        }
    ));
}
