//! Crafted files: each gets its faults, none a panic, none much memory or time.

use helder_model::{
    Model,
    read::{MAX_BYTES, MAX_FAULTS},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::examples::{groups, regression};

/// Codes and pointers of the faults.
fn faults(bytes: &[u8]) -> Vec<(String, String)> {
    let error = Model::from_json(bytes).unwrap_err();
    assert!(!error.0.is_empty() && error.0.len() <= MAX_FAULTS);
    error
        .0
        .into_iter()
        .map(|fault| (fault.code, fault.pointer))
        .collect()
}

fn text() -> String {
    String::from_utf8(regression().to_json().unwrap()).unwrap()
}

fn changed(pointer: &str, value: Value) -> Vec<u8> {
    let mut tree: Value = serde_json::from_str(&text()).unwrap();
    *tree.pointer_mut(pointer).unwrap() = value;
    serde_json::to_vec(&tree).unwrap()
}

#[test]
fn ten_thousand_levels_of_nesting_are_refused_early() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
        assert_eq!(faults(deep.as_bytes())[0].0, "too-deep");
    }
}

#[test]
fn a_file_over_the_limit_is_refused_before_reading() {
    assert_eq!(faults(&vec![b' '; MAX_BYTES + 1])[0].0, "too-large");
}

#[test]
fn a_huge_array_is_refused() {
    let mut huge = b"[0".to_vec();
    huge.extend(b",0".repeat(7_000_000));
    huge.push(b']');
    assert_eq!(faults(&huge)[0].0, "too-many-values");
}

#[test]
fn duplicate_keys_are_all_named() {
    let twice = text().replacen("\"name\":", "\"name\": \"other\",\n  \"name\":", 2);
    let found = faults(twice.as_bytes());
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.contains(&("duplicate-key".to_owned(), "/name".to_owned())));
}

#[test]
fn numbers_without_a_finite_value_are_refused() {
    for bad in [
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        "-1e999",
        "nan",
        "0x10",
        "1_000",
        "+1",
        ".5",
        "01",
    ] {
        let file = text().replacen("-4.2", bad, 1);
        assert_ne!(file, text());
        assert_eq!(faults(file.as_bytes())[0].0, "not-json", "{bad}");
    }
}

#[test]
fn what_is_not_json_is_refused() {
    let cut = text()[..500].to_owned();
    for bad in [
        &b""[..],
        b"\x80\x04\x95",
        b"PK\x03\x04",
        b"{} {}",
        b"\xff\xfe{\x00}\x00",
        b"{'a':1}",
        cut.as_bytes(),
    ] {
        assert_eq!(faults(bad)[0].0, "not-json");
    }
}

#[test]
fn another_format_is_named_as_such() {
    for bad in [
        json!("helder-model/2"),
        json!("pmml"),
        json!(1),
        Value::Null,
    ] {
        assert_eq!(
            faults(&changed("/format", bad)),
            [("unknown-format".to_owned(), "/format".to_owned())]
        );
    }
}

#[test]
fn all_faults_of_form_come_at_once() {
    let mut tree: Value = serde_json::from_str(&text()).unwrap();
    tree["kind"] = json!("oracle");
    tree["inputs"][0]["missing"]["value"] = json!("0");
    tree["inputs"][1]["extra"] = json!(1);
    tree["fitted"]["linearTerms"][2]
        .as_object_mut()
        .unwrap()
        .remove("coefficient");
    tree["training"]["frameDigest"] = json!("sha256:xyz");
    let mut found: Vec<_> = faults(&serde_json::to_vec(&tree).unwrap());
    found.sort();
    let wanted = [
        ("missing-field", "/fitted/linearTerms/2/coefficient"),
        ("unknown-choice", "/kind"),
        ("unknown-field", "/inputs/1/extra"),
        ("wrong-form", "/training/frameDigest"),
        ("wrong-type", "/inputs/0/missing/value"),
    ];
    assert_eq!(
        found,
        wanted.map(|(code, pointer)| (code.to_owned(), pointer.to_owned()))
    );
}

#[test]
fn incoherent_parts_are_refused() {
    let cases = [
        ("/inputs/1/name", json!("huurachterstand"), "duplicate-name"),
        (
            "/inputs/0/trainingRange/minimum",
            json!(1e12),
            "out-of-range",
        ),
        (
            "/inputs/1/missing",
            json!({"rule": "median", "value": 0.5}),
            "out-of-range",
        ),
        (
            "/inputs/1/missing",
            json!({"rule": "level", "level": "huur"}),
            "wrong-kind",
        ),
        ("/inputs/2/missing/level", json!("boot"), "unknown-level"),
        (
            "/inputs/2/categories/1/level",
            json!("huur"),
            "duplicate-name",
        ),
        (
            "/fitted/linearTerms/0/input",
            json!("woonvorm"),
            "unknown-input",
        ),
        (
            "/fitted/linearTerms/0/input",
            json!("bijstand"),
            "duplicate-term",
        ),
        (
            "/fitted/categoryTerms/0/levels/0/mean",
            json!(1.5),
            "out-of-range",
        ),
        (
            "/fitted/categoryTerms/0/levels",
            json!([]),
            "level-without-term",
        ),
        ("/fitted/missingTerms", json!([]), "input-without-term"),
        (
            "/fitted/linearTerms/1/standardError",
            json!(-1),
            "out-of-range",
        ),
        ("/fitted/covariance", json!([[1.0]]), "wrong-size"),
        ("/fitted/covariance/2/0", json!(1e6), "no-covariance"),
        ("/calibration/slope", json!(0), "out-of-range"),
        ("/link", json!("none"), "wrong-kind"),
        ("/training/events", json!(12_001), "out-of-range"),
        (
            "/training/sensitiveFeatures",
            json!(["bijstand"]),
            "sensitive-input",
        ),
        ("/inputs/0/meaning/nl", json!(" "), "empty-text"),
    ];
    for (pointer, value, code) in cases {
        let found = faults(&changed(pointer, value));
        assert!(
            found.iter().any(|(found, _)| found == code),
            "{pointer}: {found:?}"
        );
    }
}

#[test]
fn a_value_never_stands_in_a_fault() {
    let secret = "249566758-Jansen";
    for pointer in [
        "/kind",
        "/inputs/0/type",
        "/inputs/0/missing/rule",
        "/training/frameDigest",
        "/calibration/method",
    ] {
        let error = Model::from_json(&changed(pointer, json!(secret))).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(secret), "{pointer}");
    }
    let broken = text().replacen("-4.2", secret, 1);
    assert!(!format!("{:?}", Model::from_json(broken.as_bytes()).unwrap_err()).contains("Jansen"));
}

#[test]
fn a_model_with_nan_is_not_written() {
    let mut model = groups();
    let helder_model::Algorithm::KMeans(fit) = &mut model.algorithm else {
        unreachable!()
    };
    fit.centres[1].values[0] = f64::NAN;
    assert_eq!(model.to_json().unwrap_err().0[0].code, "not-finite");
}

/// Any JSON value, small.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[a-z]{1,8}", inner, 0..4).prop_map(Value::from_iter),
        ]
    })
}

/// Pointers to every value of a document.
pub(crate) fn places(value: &Value, at: &str, out: &mut Vec<String>) {
    out.push(at.to_owned());
    match value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(i, item)| places(item, &format!("{at}/{i}"), out)),
        Value::Object(map) => map
            .iter()
            .for_each(|(key, item)| places(item, &format!("{at}/{key}"), out)),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_bytes_give_faults_or_a_model_but_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Model::from_json(&bytes);
    }

    #[test]
    fn a_file_with_flipped_bytes_never_panics(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = text().into_bytes();
        for (place, byte) in flips {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Ok(model) = Model::from_json(&bytes) {
            prop_assert!(helder_model::Scorer::new(&model).is_ok());
            prop_assert!(model.to_json().is_ok());
        }
    }

    #[test]
    fn a_file_with_any_value_anywhere_never_panics(place in any::<prop::sample::Index>(), value in any_json()) {
        let mut tree: Value = serde_json::from_str(&text()).unwrap();
        let mut all = Vec::new();
        places(&tree, "", &mut all);
        *tree.pointer_mut(&all[place.index(all.len())]).unwrap() = value;
        if let Ok(model) = Model::from_json(&serde_json::to_vec(&tree).unwrap()) {
            prop_assert!(helder_model::Scorer::new(&model).is_ok());
        }
    }
}
