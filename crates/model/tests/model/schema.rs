//! The published JSON Schema and the reader agree.

use helder_model::Model;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    advice::advised,
    edits::edited,
    formats::stored,
    groups::{mixture, prototypes},
    hazards::leaving,
    hostile::places,
    intervals::leaving_by_quarter,
    prepared::prepared,
    provisions::told,
    trees::tree,
};

fn schema() -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(helder_model::SCHEMA).unwrap();
    assert_eq!(
        schema["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
    jsonschema::validator_for(&schema).unwrap()
}

#[test]
fn every_stored_file_follows_the_schema() {
    let schema = schema();
    for (path, bytes) in stored() {
        let file: Value = serde_json::from_slice(&bytes).unwrap();
        let faults: Vec<_> = schema
            .iter_errors(&file)
            .map(|fault| fault.to_string())
            .collect();
        assert!(faults.is_empty(), "{}: {faults:?}", path.display());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Coherence is more than a schema says, so the other direction holds for form only.
    #[test]
    fn what_the_reader_accepts_follows_the_schema(place in any::<prop::sample::Index>(), edit in 0..6, which in 0..9_usize) {
        let models: [fn() -> Model; 9] = [
            edited, advised, tree, leaving, leaving_by_quarter, told, prepared, prototypes, mixture,
        ];
        let model = models[which]();
        let mut tree = serde_json::to_value(model).unwrap();
        let mut all = Vec::new();
        places(&tree, "", &mut all);
        let pointer = &all[place.index(all.len())];
        let target = tree.pointer_mut(pointer).unwrap();
        match (edit, target) {
            (0, target) => *target = Value::Null,
            (1, target) => *target = json!(1),
            (2, target) => *target = json!("huur"),
            (3, target) => *target = json!([]),
            (4, Value::Object(map)) => { map.insert("extra".to_owned(), json!(1)); }
            (_, Value::Object(map)) => { let key = map.keys().next().unwrap().clone(); map.remove(&key); }
            (_, target) => *target = json!(-0.5),
        }
        let follows = schema().is_valid(&tree);
        match Model::from_json(&serde_json::to_vec(&tree).unwrap()) {
            // What stood there before an edit is held against everything else when it is put back.
            Ok(_) => prop_assert!(follows || pointer.contains("/former/"), "{pointer}"),
            Err(error) => {
                let form = ["missing-field", "unknown-field", "wrong-type", "unknown-choice", "unknown-format"];
                let is_form = error.0.iter().any(|fault| form.contains(&fault.code.as_str()));
                // `missing-field` is also used for the range of a number, which the schema leaves to the reader.
                if is_form && !error.0.iter().any(|f| f.pointer.ends_with("trainingRange")) {
                    prop_assert!(!follows, "{pointer}: {error}");
                }
            }
        }
    }
}
