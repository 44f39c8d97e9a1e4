use serde::Deserialize;

use super::*;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Order {
    #[schema(min_length = 1, max_length = 10)]
    name: String,
    #[schema(minimum = 1, maximum = 5)]
    count: u8,
    project_id: uuid::Uuid,
    steps: Vec<Step>,
    #[serde(default)]
    note: Option<Note>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", tag = "kind", deny_unknown_fields)]
enum Step {
    Trim {
        column: String,
    },
    Map {
        column: String,
        codes: std::collections::BTreeMap<String, String>,
    },
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Note {
    #[expect(dead_code, reason = "only its being there matters")]
    text: String,
}

const GOOD: &str = r#"{"name":"x","count":2,"projectId":"0198c0de-0000-7000-8000-000000000000",
    "steps":[{"kind":"trim","column":"a"},{"kind":"map","column":"b","codes":{"1":"one"}}],"note":null}"#;

fn faults(text: &str) -> Vec<(String, String)> {
    let problem = parse::<Order>(text.as_bytes()).unwrap_err();
    problem
        .faults()
        .iter()
        .map(|fault| (fault.pointer.clone(), fault.code.clone()))
        .collect()
}

fn has(faults: &[(String, String)], pointer: &str, code: &str) -> bool {
    faults.contains(&(pointer.to_owned(), code.to_owned()))
}

#[test]
fn a_good_body_is_read() {
    let order: Order = parse(GOOD.as_bytes()).unwrap();
    assert_eq!(
        (order.name.as_str(), order.count, order.steps.len()),
        ("x", 2, 2)
    );
    assert!(order.note.is_none() && !order.project_id.is_nil());
    assert!(matches!(&order.steps[0], Step::Trim { column } if column == "a"));
    assert!(
        matches!(&order.steps[1], Step::Map { column, codes } if column == "b" && codes.len() == 1)
    );
    assert!(parse_fast::<Order>(GOOD.as_bytes()).is_ok());
}

#[test]
fn all_faults_come_at_once_with_their_pointers() {
    let found = faults(
        r#"{"name":"","count":9,"projectId":"no","extra":1,"note":{"text":5},
            "steps":[{"kind":"trim"},{"kind":"map","column":"b","codes":{"1":2}},{"kind":"fly"}]}"#,
    );
    for (pointer, code) in [
        ("/name", "too-short"),
        ("/count", "out-of-range"),
        ("/projectId", "format"),
        ("/extra", "unknown-field"),
        ("/note/text", "wrong-type"),
        ("/steps/0/column", "missing"),
        ("/steps/1/codes/1", "wrong-type"),
    ] {
        assert!(
            has(&found, pointer, code),
            "{pointer} {code} not in {found:?}"
        );
    }
    assert!(
        found
            .iter()
            .any(|(pointer, _)| pointer.starts_with("/steps/2")),
        "{found:?}"
    );
}

#[test]
fn a_fault_never_repeats_the_value() {
    for text in [
        r#"{"name":"249566758-geheim","count":"249566758","projectId":"249566758","steps":249566758,"note":"249566758"}"#,
        r#"{"name":1,"count":249566758,"projectId":["249566758"],"steps":[{"kind":"249566758"}]}"#,
    ] {
        let problem = parse::<Order>(text.as_bytes()).unwrap_err();
        let answer = serde_json::to_string(&problem.details()).unwrap();
        assert!(!answer.contains("249566758"), "{answer}");
        let problem = parse_fast::<Order>(text.as_bytes()).unwrap_err();
        assert!(
            !serde_json::to_string(&problem.details())
                .unwrap()
                .contains("249566758")
        );
    }
}

#[test]
fn a_key_given_twice_is_refused_wherever_it_stands() {
    let twice = r#"{"name":"x","count":2,"projectId":"0198c0de-0000-7000-8000-000000000000",
        "steps":[{"kind":"map","column":"b","codes":{"1":"one","\u0031":"two"}}]}"#;
    assert!(has(&faults(twice), "/steps/0/codes/1", "duplicate-key"));
    let many: Vec<_> = (0..100)
        .map(|i| format!("\"k{i}\":1"))
        .chain(["\"k70\":1".to_owned()])
        .collect();
    let problem = parse::<Order>(format!("{{{}}}", many.join(",")).as_bytes()).unwrap_err();
    assert_eq!(problem.faults()[0].pointer, "/k70");
}

#[test]
fn deep_nesting_and_broken_json_are_refused_without_harm() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(faults(&deep)[0].1, "too-deep");
    let deep = "{\"a\":".repeat(10_000);
    assert_eq!(faults(&deep)[0].1, "too-deep");
    for broken in [
        "",
        "{",
        "{\"name\":NaN}",
        "nul",
        "{} {}",
        "{\"a\":1,}",
        "\u{feff}{}",
        "{\"a\":\"\u{0}\"}",
    ] {
        assert_eq!(faults(broken)[0].1, "broken-json", "{broken}");
    }
}

#[test]
fn a_number_that_does_not_fit_is_a_fault_not_a_panic() {
    let found = faults(&GOOD.replace("\"count\":2", "\"count\":1e400"));
    assert!(!found.is_empty());
    let found = faults(&GOOD.replace("\"count\":2", "\"count\":2.5"));
    assert!(has(&found, "/count", "wrong-type"));
}

#[test]
fn somebodys_number_in_the_place_of_a_name_is_not_repeated() {
    for body in [
        r#"{"249566758":1}"#,
        r#"{"a249566758b":1}"#,
        r#"{"249566758":1,"249566758":2}"#,
    ] {
        let problem = parse::<Order>(body.as_bytes()).unwrap_err();
        assert!(
            problem.faults().iter().any(|fault| fault.pointer == "/…"),
            "{problem:?}"
        );
        assert!(!format!("{:?}", problem.details()).contains("249566758"));
    }
}

#[test]
fn a_bsn_in_any_text_is_refused_beside_the_other_faults() {
    let body = GOOD
        .replace("\"name\":\"x\"", "\"name\":\"249566758\"")
        .replace("\"count\":2", "\"count\":9")
        .replace("{\"1\":\"one\"}", "{\"249 566 758\":\"2495.66.758\"}");
    let found = faults(&body);
    for (pointer, code) in [
        ("/name", "looks-like-bsn"),
        ("/steps/1/codes/…", "looks-like-bsn"),
        ("/count", "out-of-range"),
    ] {
        assert!(has(&found, pointer, code), "{pointer}: {found:?}");
    }
    let problem = parse_fast::<Order>(body.as_bytes()).unwrap_err();
    assert!(!format!("{:?}", problem.details()).contains("758"));
    // Numbers of things are none of somebody.
    assert!(parse::<Order>(GOOD.replace("one", "0.249566758").as_bytes()).is_ok());
    assert_eq!(
        strict(br#"{"a":["249566758"]}"#).unwrap_err().faults()[0].pointer,
        "/a/0"
    );
    assert!(strict(br#"{"a":[249566758]}"#).is_ok());
}
