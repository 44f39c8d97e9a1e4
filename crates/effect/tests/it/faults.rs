//! What cannot be analysed is said at once, with all faults.

use helder_effect::{EffectError, Grouping, Missing, StudyFault, analyse};

use crate::support::made::WORLD;

#[test]
fn all_faults_of_a_study_are_named_at_once() {
    let mut made = WORLD.make(50, 1);
    made.entry[3] = made.end[3];
    made.age[7] = f64::NAN;
    made.barrier[1] = f64::INFINITY;
    made.provision[2] = Some(f64::NAN);
    made.cause.pop();
    let labels = vec![2; 50];
    let mut study = made.study(true);
    study.groupings.push(Grouping {
        name: "sex".to_owned(),
        levels: vec!["woman".to_owned(), "man".to_owned()],
        labels: &labels,
    });
    study.settings.power = 0.2;
    let EffectError::Study(faults) = analyse(&study).unwrap_err() else {
        unreachable!("other faults come later")
    };
    let is = |fault: &dyn Fn(&StudyFault) -> bool| faults.iter().any(fault);
    assert!(is(&|it| *it == StudyFault::Entry(1)));
    assert!(is(&|it| matches!(it, StudyFault::Missing { rows: 1, .. })));
    assert!(is(
        &|it| matches!(it, StudyFault::NotFinite { what, .. } if what == "barrier")
    ));
    assert!(is(
        &|it| matches!(it, StudyFault::NotFinite { what, .. } if what == "provision")
    ));
    assert!(is(
        &|it| matches!(it, StudyFault::Length { what, .. } if what == "cause")
    ));
    assert!(is(&|it| matches!(it, StudyFault::Label { rows: 50, .. })));
    assert!(is(&|it| matches!(
        it,
        StudyFault::Setting { what: "power", .. }
    )));
    assert_eq!(faults.len(), 7, "{faults:?}");
}

#[test]
fn declared_missing_values_are_a_column_of_their_own() {
    let mut made = WORLD.make(2000, 1);
    for i in (0..2000).step_by(7) {
        made.age[i] = f64::NAN;
    }
    let mut study = made.study(true);
    study.columns[0].missing = Missing::Indicator;
    let effect = analyse(&study).unwrap();
    let adjusted = effect.time_dependent.adjusted.value().unwrap();
    assert!(adjusted.adjusted_for.contains(&"age (missing)".to_owned()));
}
