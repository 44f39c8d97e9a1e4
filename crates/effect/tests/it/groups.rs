//! The effect by declared group.

use helder_effect::{Code, Grouping, Reason, Settings, Shown, analyse};

use crate::support::made::{Made, WORLD, World};

fn levels() -> Vec<String> {
    ["a", "b", "c"].map(str::to_owned).to_vec()
}

/// Two worlds in one file; the second half has another effect.
fn two(effect: f64, n: usize, seed: u64) -> (Made, Vec<u32>) {
    let mut made = WORLD.make(n, seed);
    let other = World { effect, ..WORLD }.make(n, seed + 1);
    made.entry.extend(other.entry);
    made.end.extend(other.end);
    made.cause.extend(other.cause);
    made.provision.extend(other.provision);
    made.age.extend(other.age);
    made.barrier.extend(other.barrier);
    made.employability.extend(other.employability);
    let labels = (0..2 * n).map(|i| u32::from(i >= n)).collect();
    (made, labels)
}

#[test]
fn groups_that_differ_are_found() {
    let (made, labels) = two(1.4, 3000, 5);
    let mut study = made.study(true);
    study.groupings = vec![Grouping {
        name: "region".to_owned(),
        levels: levels(),
        labels: &labels,
    }];
    let effect = analyse(&study).unwrap();
    let grouped = &effect.groups.value().unwrap()[0];
    assert!(grouped.interaction.value().unwrap().adjusted_p_value < 1e-4);
    for (group, truth) in grouped.groups.iter().zip([WORLD.effect, 1.4]) {
        let found = &group.effect.value().unwrap().hazard_ratio;
        assert!((found.estimate - truth).abs() < 3.0 * found.standard_error);
    }
    // The third group is empty.
    assert!(grouped.groups[2].effect.value().is_none());
    assert!(
        effect
            .conclusion
            .may
            .iter()
            .any(|it| it.code == Code::GroupsDiffer)
    );
}

#[test]
fn groups_that_do_not_differ_are_rarely_said_to() {
    let mut said = 0;
    for seed in 0..40 {
        let (made, labels) = two(WORLD.effect, 1000, 100 + 2 * seed);
        let thirds: Vec<u32> = (0..labels.len() as u32).map(|i| i % 3).collect();
        let mut study = made.study(true);
        study.settings = Settings {
            landmarks: Vec::new(),
            smallest_relevant_hazard_ratio: 4.0,
            ..Settings::default()
        };
        study.groupings = [("halves", &labels), ("thirds", &thirds)]
            .map(|(name, labels)| Grouping {
                name: name.to_owned(),
                levels: levels(),
                labels,
            })
            .to_vec();
        let effect = analyse(&study).unwrap();
        said += usize::from(
            effect
                .conclusion
                .may
                .iter()
                .any(|it| it.code == Code::GroupsDiffer),
        );
    }
    // At 5 % for both questions together, 2 of 40 are expected.
    assert!(said <= 6, "{said} of 40");
}

#[test]
fn a_group_under_ten_people_is_not_shown_and_cannot_be_told_from_the_others() {
    let made = WORLD.make(3000, 9);
    let labels: Vec<u32> = (0..3000)
        .map(|i| if i < 7 { 0 } else { 1 + i % 2 })
        .collect();
    let mut study = made.study(true);
    study.groupings = vec![Grouping {
        name: "origin".to_owned(),
        levels: levels(),
        labels: &labels,
    }];
    let effect = analyse(&study).unwrap();
    let groups = &effect.groups.value().unwrap()[0].groups;
    assert!(matches!(
        groups[0].effect,
        Shown::Withheld {
            reason: Reason::TooFewPeople,
            ..
        }
    ));
    let people: Vec<Option<usize>> = groups.iter().map(|group| group.people).collect();
    assert_eq!(
        people.iter().filter(|it| it.is_none()).count(),
        2,
        "{people:?}"
    );
    assert!(groups[1].effect.value().is_some() && groups[2].effect.value().is_some());
}
