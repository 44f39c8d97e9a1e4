//! What is expected of provisions: stored, and refused when it is not told whole.

use helder_model::{ExpectedDifference, Meaning, Model, Provision, Provisions};
use helder_types::Digest;
use serde_json::{Value as Json, json};

use crate::{examples::regression, hazards::leaving};

/// A survival model with one provision that the report allows, and one that it does not.
pub(crate) fn told() -> Model {
    let mut model = leaving();
    "benefit-outflow-provisions".clone_into(&mut model.name);
    let blank = |name: &str, meaning: [&str; 2]| Provision {
        name: name.to_owned(),
        meaning: Meaning::new(meaning[0], meaning[1]),
        outcome: Meaning::new("werk", "work"),
        reason: None,
        differences: Vec::new(),
        may: Vec::new(),
        may_not: Vec::new(),
    };
    let difference = |within_months, difference| ExpectedDifference {
        from_months: 6,
        within_months,
        difference,
        lower: difference - 0.0625,
        upper: difference + 0.0625,
    };
    model.provisions = Some(Provisions {
        report: Digest::of(b"analysis"),
        each: vec![
            Provision {
                differences: vec![difference(3, 0.0625), difference(12, 0.125)],
                may: vec![Meaning::new(
                    "Zij stromen sneller uit.",
                    "They leave sooner.",
                )],
                may_not: vec![Meaning::new("Dit is geen bewijs.", "This is no proof.")],
                ..blank("cursus_begin", ["cursus", "course"])
            },
            Provision {
                reason: Some(Meaning::new("Te weinig mensen.", "Too few people.")),
                ..blank("schuldhulp_begin", ["schuldhulp", "debt help"])
            },
        ],
    });
    model
}

#[test]
fn a_provision_is_told_whole_or_with_the_reason_why_not() {
    for (pointer, value, at, code) in [
        (
            "/provisions/each/0/reason",
            json!({"nl": "nee", "en": "no"}),
            "/provisions/each/0",
            "not-allowed",
        ),
        (
            "/provisions/each/0/mayNot",
            json!([]),
            "/provisions/each/0",
            "not-allowed",
        ),
        (
            "/provisions/each/0/differences",
            json!([]),
            "/provisions/each/0",
            "not-allowed",
        ),
        (
            "/provisions/each/0/differences/1/lower",
            json!(0.5),
            "/provisions/each/0/differences/1",
            "out-of-range",
        ),
        (
            "/provisions/each/0/differences/0/withinMonths",
            json!(0),
            "/provisions/each/0/differences/0",
            "out-of-range",
        ),
        (
            "/provisions/each/1/may",
            json!([{"nl": "ja", "en": "yes"}]),
            "/provisions/each/1",
            "not-allowed",
        ),
        (
            "/provisions/each",
            json!([]),
            "/provisions/each",
            "too-many",
        ),
    ] {
        let mut tree: Json = serde_json::to_value(told()).unwrap();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let place = tree.pointer_mut(parent).unwrap();
        match (place, key.parse::<usize>()) {
            (Json::Array(list), Ok(n)) => list[n] = value,
            (Json::Object(map), _) => {
                map.insert(key.to_owned(), value);
            }
            _ => panic!("{pointer}"),
        }
        let error = Model::from_json(&serde_json::to_vec(&tree).unwrap()).unwrap_err();
        let found: Vec<(&str, &str)> = error
            .0
            .iter()
            .map(|fault| (fault.pointer.as_str(), fault.code.as_str()))
            .collect();
        assert_eq!(found, [(at, code)], "{pointer}");
    }
    let mut other = regression();
    other.provisions = told().provisions;
    let faults = other.to_json().unwrap_err();
    assert!(faults.0.iter().any(|fault| fault.pointer == "/provisions"));
}
