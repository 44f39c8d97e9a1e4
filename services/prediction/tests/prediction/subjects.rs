//! Reading requests: all faults, no values.

use helder_prediction::subjects::{MAX_SUBJECTS, read};
use proptest::prelude::*;

use crate::support::{VALUES, scorer};

/// Codes and pointers of the faults, sorted.
fn faults(body: &str) -> Vec<(String, String)> {
    let mut faults: Vec<_> = read(body.as_bytes(), &scorer())
        .unwrap_err()
        .into_iter()
        .map(|fault| (fault.pointer, fault.code))
        .collect();
    faults.sort();
    faults
}

fn pairs(wanted: &[(&str, &str)]) -> Vec<(String, String)> {
    wanted
        .iter()
        .map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned()))
        .collect()
}

#[test]
fn one_and_many_subjects_are_read() {
    let body = format!(r#"{{"subjects":[{{"id":"a","values":{VALUES}}},{{"values":{VALUES}}}]}}"#);
    let subjects = read(body.as_bytes(), &scorer()).unwrap();
    assert_eq!(subjects.len(), 2);
    assert_eq!(subjects[0].id.as_deref(), Some("a"));
    assert_eq!(subjects[1].id, None);
    assert_eq!(subjects[0].row, subjects[1].row);
    assert_eq!(subjects[0].row.number(0), Some(120_000.0));
    assert_eq!(subjects[0].row.level(2), Some(0));
}

#[test]
fn inputs_may_come_in_any_order_and_with_escapes() {
    let body = r#"{"subjects":[{"values":{"kinderen":1,"meldingen":2.5,"woon\u0076orm":"h\u0075ur","bijstand":true,"huurachterstand":120000},"id":"\u0061"}]}"#;
    let ordered = format!(r#"{{"subjects":[{{"id":"a","values":{VALUES}}}]}}"#);
    let scorer = scorer();
    let [found, wanted] = [body, &ordered].map(|body| read(body.as_bytes(), &scorer).unwrap());
    assert_eq!(found[0].row, wanted[0].row);
    assert_eq!(found[0].id, wanted[0].id);
}

#[test]
fn all_faults_of_all_subjects_come_at_once() {
    let body = r#"{"subjects":[
        {"id":"a","values":{"huurachterstand":"veel","bijstand":1,"woonvorm":[["x"]],"meldingen":{"a":1},"kinderen":1.5}},
        {"id":7,"values":{"huurachterstand":1,"bijstand":null,"woonvorm":"huur","meldingen":1,"schoenmaat":43}},
        "x",
        {"id":"b","extra":1}
    ],"more":1}"#;
    let wanted = [
        ("/more", "unknown-field"),
        ("/subjects/0/values/bijstand", "wrong-type"),
        ("/subjects/0/values/huurachterstand", "wrong-type"),
        ("/subjects/0/values/kinderen", "wrong-type"),
        ("/subjects/0/values/meldingen", "wrong-type"),
        ("/subjects/0/values/woonvorm", "wrong-type"),
        ("/subjects/1/id", "wrong-type"),
        ("/subjects/1/values/bijstand", "missing-refused"),
        ("/subjects/1/values/kinderen", "missing-input"),
        ("/subjects/1/values/schoenmaat", "unknown-input"),
        ("/subjects/2", "wrong-type"),
        ("/subjects/3/extra", "unknown-field"),
        ("/subjects/3/values", "missing-field"),
    ];
    assert_eq!(faults(body), pairs(&wanted));
}

#[test]
fn duplicate_keys_are_refused_wherever_they_stand() {
    let twice = VALUES.replacen('{', r#"{"kinderen":9,"#, 1);
    let body = format!(
        r#"{{"subjects":[{{"id":"a","id":"b","values":{twice},"values":{{}}}}],"subjects":[]}}"#
    );
    let wanted = [
        ("/subjects", "duplicate-key"),
        ("/subjects/0/id", "duplicate-key"),
        ("/subjects/0/values", "duplicate-key"),
        ("/subjects/0/values/kinderen", "duplicate-key"),
    ];
    assert_eq!(faults(&body), pairs(&wanted));
}

#[test]
fn what_is_not_json_is_one_fault() {
    let deep = format!(
        r#"{{"subjects":{}1{}}}"#,
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    let deeper = format!(
        r#"{{"subjects":[{{"values":{{"kinderen":{}1{}}}}}]}}"#,
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    let nan = VALUES.replace("2.5", "NaN");
    let nan = format!(r#"{{"subjects":[{{"values":{nan}}}]}}"#);
    for bad in ["", "{", "[]x", "{\"subjects\":[1e999]}", &nan, "\u{feff}{}"] {
        assert_eq!(faults(bad), pairs(&[("", "not-json")]), "{bad}");
    }
    for deep in [deep, deeper] {
        assert!(!faults(&deep).is_empty());
    }
    for (bad, pointer) in [("[]", ""), ("null", ""), ("{\"subjects\":1}", "/subjects")] {
        assert_eq!(
            faults(bad)[0],
            (pointer.to_owned(), "wrong-type".to_owned()),
            "{bad}"
        );
    }
    assert_eq!(faults("{}"), pairs(&[("/subjects", "missing-field")]));
    assert_eq!(
        faults("{\"subjects\":[]}"),
        pairs(&[("/subjects", "empty-list")])
    );
}

#[test]
fn more_subjects_than_allowed_are_refused() {
    let one = format!(r#"{{"values":{VALUES}}}"#);
    let list = |n: usize| format!(r#"{{"subjects":[{}]}}"#, vec![one.as_str(); n].join(","));
    assert_eq!(
        read(list(MAX_SUBJECTS).as_bytes(), &scorer())
            .unwrap()
            .len(),
        MAX_SUBJECTS
    );
    assert_eq!(
        faults(&list(MAX_SUBJECTS + 1)),
        pairs(&[("/subjects", "too-many")])
    );
}

#[test]
fn a_value_never_stands_in_a_fault() {
    let secret = "249566758";
    let bodies = [
        format!(
            r#"{{"subjects":[{{"id":{secret},"values":{{"huurachterstand":"{secret}","bijstand":{secret},"woonvorm":{secret}}}}}]}}"#
        ),
        format!(r#"{{"subjects":["{secret}"]}}"#),
        format!(r#"{{"subjects":[{{"values":{{"kinderen": {secret}x}}}}]}}"#),
        format!(r#"{{"subjects":{secret}}}"#),
    ];
    for body in bodies {
        let faults = read(body.as_bytes(), &scorer()).unwrap_err();
        assert!(!format!("{faults:?}").contains(secret), "{faults:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_bytes_give_faults_or_subjects_but_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&bytes, &scorer());
    }

    #[test]
    fn a_body_with_flipped_bytes_never_panics(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5)) {
        let mut body = format!(r#"{{"subjects":[{{"id":"a","values":{VALUES}}}]}}"#).into_bytes();
        for (place, byte) in flips {
            let place = place.index(body.len());
            body[place] = byte;
        }
        let scorer = scorer();
        if let Ok(subjects) = read(&body, &scorer) {
            for subject in subjects {
                prop_assert!(scorer.score(&subject.row, &mut helder_model::Answer::default()).is_ok());
            }
        }
    }
}
