//! What cannot be analysed is said at once, with all faults.

use helder_effect::{EffectError, Grouping, Missing, StudyFault, analyse};

use serde_json::Value;

use crate::support::made::{Made, WORLD};

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

/// Every answer is a number or a reason, whatever the spells.
#[test]
fn degenerate_studies_have_an_answer_without_a_number_that_is_none() {
    let base = WORLD.make(120, 4);
    let changes: [fn(&mut Made); 12] = [
        |_| {},
        |made| made.provision.fill(None),
        |made| made.provision.fill(Some(0.0)),
        |made| made.provision.fill(Some(1e9)),
        |made| made.provision.fill(Some(-5.0)),
        |made| made.cause.fill(0),
        |made| made.cause.fill(1),
        |made| made.cause.fill(2),
        |made| {
            made.entry.fill(0.0);
            made.end.fill(100.0);
        },
        |made| made.age.fill(3.0),
        |made| made.barrier = made.age.clone(),
        |made| {
            let exposed = made.provision.iter();
            made.age = exposed
                .map(|it| f64::from(u8::from(it.is_some())))
                .collect();
        },
    ];
    for (k, change) in changes.iter().enumerate() {
        for n in [1, 2, 25, 120] {
            for with_columns in [true, false] {
                let mut made = base.clone();
                change(&mut made);
                let labels: Vec<u32> = (0..n as u32).map(|i| i % 2).collect();
                let mut study = made.study(true);
                study.entry = &study.entry[..n];
                study.end = &study.end[..n];
                study.cause = &study.cause[..n];
                study.provision = &study.provision[..n];
                for column in &mut study.columns {
                    column.values = &column.values[..n];
                }
                if !with_columns {
                    study.columns.clear();
                }
                study.groupings.push(Grouping {
                    name: "half".to_owned(),
                    levels: vec!["a".to_owned(), "b".to_owned()],
                    labels: &labels,
                });
                study.settings.smallest_relevant_hazard_ratio = 50.0;
                study.settings.smallest_relevant_difference = 0.99;
                study.settings.landmarks = vec![1.0, 50.0, 1e7];
                let json = serde_json::to_value(analyse(&study).unwrap()).unwrap();
                assert_no_hole(&json, &format!("change {k}, {n} spells"));
            }
        }
    }
}

/// JSON writes NaN and infinity as null; so a null may only stand where something may be absent.
fn assert_no_hole(json: &Value, place: &str) {
    let may_be_absent = [
        "spells",
        "people",
        "seenLate",
        "exposed",
        "outcomes",
        "otherEnds",
        "running",
        "n",
        "nExposed",
        "nEvents",
        "exposedShare",
        "smallestDetectableHazardRatio",
        "eventsNeeded",
        "timesAsMany",
        "everReceived",
        "fromItsBeginning",
        "immortalShare",
        "strongestColumn",
        "varianceRatioBefore",
        "varianceRatioAfter",
    ];
    match json {
        Value::Null => {
            let name = place.rsplit('/').next().unwrap();
            assert!(may_be_absent.contains(&name), "{place}");
        }
        Value::Array(items) => items.iter().for_each(|it| assert_no_hole(it, place)),
        Value::Object(members) => {
            for (name, it) in members {
                assert_no_hole(it, &format!("{place}/{name}"));
            }
        }
        _ => {}
    }
}
