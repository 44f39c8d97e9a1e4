//! What cannot be learned from, and plans that do not hold together.

use helder_model::{Algorithm, Model};
use serde_json::{Value as Json, json};

use super::{
    super::frame::{Frame, faults, learned, parse, parsed, plan},
    causes, spells, survival,
};

fn fault_of(frame: Frame, plan: &Json) -> Vec<(String, String)> {
    faults(frame, plan)
        .into_iter()
        .map(|fault| (fault.pointer, fault.code))
        .collect()
}

#[test]
fn what_cannot_be_learned_from_has_one_clear_fault_each() {
    let is = |frame: Frame, plan: &Json, pointer: &str, code: &str| {
        assert_eq!(
            fault_of(frame, plan),
            [(pointer.to_owned(), code.to_owned())]
        );
    };
    let usual = survival(&["age", "town"]);
    let made =
        |days: fn(i64) -> Option<f64>, ended: fn(i64) -> Option<bool>, age: fn(i64) -> i64| {
            Frame::default()
                .numbers("days", (0..60).map(days))
                .maybe("ended", (0..60).map(ended))
                .booleans("is_test", (0..60).map(|i| i % 3 == 0))
                .integers("age", (0..60).map(|i| Some(age(i))))
                .integers("seen", (0..60).map(|i| Some(i % 5)))
                .texts(
                    "town",
                    (0..60).map(|i| Some(["Best", "Son"][(i % 2) as usize])),
                )
        };
    let days = |i: i64| Some((i * 7 % 23 + 6) as f64);
    let ended = |i: i64| Some(i % 2 == 0 || i % 5 == 0);
    let age = |i: i64| i * 13 % 31;
    // No ends, no durations, durations before 0, ends that are not known.
    is(
        made(days, |_| Some(false), age),
        &usual,
        "/event",
        "no-events",
    );
    is(
        made(|_| None, ended, age),
        &usual,
        "/target",
        "missing-value",
    );
    is(
        made(|i| Some((i - 3) as f64), ended, age),
        &usual,
        "/target",
        "out-of-range",
    );
    is(
        made(days, |i| (i != 4).then_some(true), age),
        &usual,
        "/event",
        "missing-value",
    );
    // Nothing that differs.
    is(
        made(days, ended, |_| 40),
        &survival(&["age"]),
        "/features",
        "nothing-told",
    );
    let same = made(days, ended, age).texts("same", (0..60).map(|_| Some("x")));
    is(same, &survival(&["same"]), "/features", "nothing-told");
    // An end that a column tells without error.
    is(
        made(
            |i| Some(f64::from(u8::from(i % 2 != 0)) * 100.0 + 1.0 + (i % 7) as f64),
            |i| Some(i % 2 == 0),
            age,
        ),
        &survival(&["town"]),
        "/features",
        "separation",
    );
    // Seen from its end on.
    let mut entered = survival(&["age"]);
    entered["entry"] = json!("days_seen");
    let late = made(days, ended, age).numbers("days_seen", (0..60).map(days));
    is(late, &entered, "/entry", "out-of-range");
    entered["entry"] = json!("seen");
    assert!(learned(made(days, ended, age), &entered).is_ok());
    // Causes that are not named, or never come.
    let mut two = survival(&["age", "town"]);
    causes(&mut two, &["work"]);
    is(spells(300, 500.0), &two, "/event", "unknown-cause");
    causes(&mut two, &["work", "moved", "prison"]);
    is(spells(300, 500.0), &two, "/causes/2/value", "no-events");
    // A date or a number with decimals says not how it ended.
    let mut dated = survival(&["age"]);
    dated["event"] = json!("on");
    let frame = || made(|i| Some((i + 1) as f64), |_| Some(true), |i| i).dates("on", 0..60);
    is(frame(), &dated, "/event", "wrong-kind");
    dated["event"] = json!("days");
    dated["target"] = json!("seen");
    is(frame(), &dated, "/event", "wrong-kind");
}

#[test]
fn one_row_a_few_rows_and_rows_without_ends_among_those_kept_apart_end_well() {
    let one = Frame::default()
        .numbers("days", [Some(3.0)])
        .booleans("ended", [true])
        .booleans("is_test", [false])
        .integers("age", [Some(3)]);
    let mut alone = survival(&["age"]);
    alone["split"] = json!({"rule": "none"});
    assert!(!faults(one, &alone).is_empty());
    // Eight rows: a model without classes, and an evaluation that says what it cannot.
    let few = || {
        Frame::default()
            .numbers("days", (1..=8).map(|i| Some(f64::from(i * 40))))
            .booleans("ended", (1..=8).map(|i| i != 5))
            .booleans("is_test", (1..=8).map(|i| i % 2 == 0))
            .integers("age", (1..=8).map(|i| Some(i * 5 % 7)))
    };
    let found = learned(few(), &alone).unwrap();
    let Algorithm::CoxRegression(fit) = Model::from_json(&found.model).unwrap().algorithm else {
        panic!("no Cox regression")
    };
    assert!(fit.risk_classes.is_empty());
    let evaluation = parse(&found.evaluation);
    let said = evaluation["survival"]["notJudged"].as_array().unwrap();
    let codes: Vec<&str> = said
        .iter()
        .map(|entry| entry["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["follow-up", "few-events"]);
    assert!(evaluation["survival"]["causes"][0]["events"].is_null());
    assert!(!String::from_utf8(found.card).unwrap().contains("NaN"));
}

#[test]
fn a_plan_that_does_not_hold_together_names_all_its_faults() {
    use helder_platform::body::Check as _;
    let of = |plan: &Json| -> Vec<String> {
        let faults = parsed(plan).faults();
        faults
            .into_iter()
            .map(|fault| format!("{} {}", fault.pointer, fault.code))
            .collect()
    };
    assert!(of(&survival(&["age"])).is_empty());
    let mut wrong = survival(&["age"]);
    wrong["event"] = json!("age");
    wrong["entry"] = json!("days");
    wrong["capacity"] = json!(10);
    wrong["model"]["horizon"] = json!("P12M");
    wrong["weights"] = json!("w");
    wrong["features"][0]["actionable"] = json!({"direction": "up"});
    wrong["hyperparameters"] = json!({"robust": true, "l2": -1.0, "groups": 3});
    causes(&mut wrong, &["a", "a", ""]);
    let mut found = of(&wrong);
    found.sort();
    let expected = [
        "/capacity wrong-kind",
        "/causes/1/value repeated",
        "/causes/2/meaning/en length",
        "/causes/2/meaning/nl length",
        "/causes/2/value length",
        "/entry repeated",
        "/event repeated",
        "/features/0/actionable wrong-kind",
        "/hyperparameters/groups wrong-kind",
        "/hyperparameters/l2 out-of-range",
        "/hyperparameters/robust wrong-kind",
        "/model/horizon wrong-kind",
        "/weights wrong-kind",
    ];
    assert_eq!(found, expected);
    let mut other = plan(&["age"]);
    other["event"] = json!("ended");
    other["causes"] = wrong["causes"].clone();
    other["hyperparameters"] = json!({"ties": "breslow"});
    let found = of(&other);
    assert!(
        [
            "/event wrong-kind",
            "/causes wrong-kind",
            "/hyperparameters/ties wrong-kind"
        ]
        .iter()
        .all(|fault| found.iter().any(|f| f == fault)),
        "{found:?}"
    );
    let mut none = survival(&["age"]);
    let _ = none.as_object_mut().unwrap().remove("event");
    assert_eq!(of(&none), ["/event missing"]);
}
