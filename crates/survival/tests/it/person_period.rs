//! Spells by interval.

use helder_survival::{Intervals, PersonPeriods, Spells, SurvivalError};

fn rows(periods: &PersonPeriods) -> Vec<(u32, u32, f64, Vec<f64>)> {
    (0..periods.len())
        .map(|row| {
            let events = periods.events.iter().map(|events| events[row]).collect();
            (
                periods.origin[row],
                periods.interval[row],
                periods.at_risk[row],
                events,
            )
        })
        .collect()
}

#[test]
fn a_spell_has_a_row_for_each_interval_in_which_it_is_at_risk() {
    let spells = Spells::competing(&[3.0, 2.0, 5.0, 1.0], &[1, 0, 2, 2])
        .unwrap()
        .entered_at(&[0.0, 1.0, 2.0, 0.0])
        .unwrap();
    let unit = Intervals::of_width(1.0, 4).unwrap();
    let found = spells.person_periods(&unit, None, 100).unwrap();
    let none = vec![0.0, 0.0];
    assert_eq!(
        rows(&found),
        [
            (0, 0, 1.0, none.clone()),
            (0, 1, 1.0, none.clone()),
            (0, 2, 1.0, vec![1.0, 0.0]),
            (1, 1, 1.0, none.clone()),
            (2, 2, 1.0, none.clone()),
            (2, 3, 1.0, none),
            (3, 0, 1.0, vec![0.0, 1.0]),
        ]
    );
}

#[test]
fn spells_in_sight_for_part_of_an_interval_count_for_that_part() {
    let spells = Spells::new(&[2.5, 2.5, 4.0], &[false, true, true])
        .unwrap()
        .entered_at(&[-1.0, 1.0, 3.5])
        .unwrap()
        .weighted(&[1.0, 2.0, 1.0])
        .unwrap();
    let found = spells
        .person_periods(&Intervals::at(&[2.0, 4.0]).unwrap(), None, 100)
        .unwrap();
    assert_eq!(
        rows(&found),
        [
            (0, 0, 1.0, vec![0.0]),
            (0, 1, 0.25, vec![0.0]),
            (1, 0, 1.0, vec![0.0]),
            (1, 1, 2.0, vec![2.0]),
            (2, 1, 1.0, vec![1.0]),
        ]
    );
}

#[test]
fn spells_that_are_alike_are_added_up_and_nothing_is_lost() {
    let time: Vec<f64> = (0..500).map(|i| f64::from(1 + i * 7 % 23)).collect();
    let cause: Vec<u32> = (0..500).map(|i| i % 3).collect();
    let pattern: Vec<u32> = (0..500).map(|i| i * 11 % 4).collect();
    let spells = Spells::competing(&time, &cause).unwrap();
    let intervals = Intervals::of_width(2.0, 12).unwrap();
    let single = spells.person_periods(&intervals, None, 100_000).unwrap();
    let alike = spells
        .person_periods(&intervals, Some(&pattern), 48)
        .unwrap();
    assert!(alike.len() <= 48 && single.len() > 1_000);
    let sum = |of: &[f64]| of.iter().sum::<f64>();
    assert!((sum(&alike.at_risk) - sum(&single.at_risk)).abs() < 1e-9);
    for (alike, single) in alike.events.iter().zip(&single.events) {
        assert_eq!(sum(alike), sum(single));
    }
    assert_eq!(
        sum(&alike.events[0]),
        f64::from(cause.iter().filter(|&&c| c == 1).count() as u32)
    );
}

#[test]
fn too_many_rows_are_refused_with_their_number() {
    let spells = Spells::new(&[10.0; 50], &[true; 50]).unwrap();
    let intervals = Intervals::of_width(1.0, 20).unwrap();
    assert_eq!(
        spells.person_periods(&intervals, None, 499),
        Err(SurvivalError::TooManyPersonPeriods {
            needed: 500,
            allowed: 499
        })
    );
    assert!(spells.person_periods(&intervals, None, 500).is_ok());
    assert!(spells.person_periods(&intervals, Some(&[1]), 500).is_err());
    for ends in [&[][..], &[0.0, 1.0], &[2.0, 1.0], &[1.0, f64::NAN]] {
        assert!(Intervals::at(ends).is_err());
    }
    assert!(Intervals::of_width(f64::NAN, 3).is_err());
}
