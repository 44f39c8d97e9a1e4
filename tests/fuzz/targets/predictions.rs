//! Bodies of prediction requests.
#![no_main]

use std::sync::LazyLock;

use helder_model::{Answer, Model, Scorer};
use helder_prediction::subjects::read;
use libfuzzer_sys::fuzz_target;

static SCORERS: LazyLock<[Scorer; 2]> = LazyLock::new(|| {
    let files: [&[u8]; 2] = [
        include_bytes!("../../../crates/model/tests/formats/1/economic-homelessness.json"),
        include_bytes!("../../../crates/model/tests/formats/1/client-groups.json"),
    ];
    files.map(|file| Scorer::new(&Model::from_json(file).unwrap()).unwrap())
});

fuzz_target!(|input: &[u8]| {
    let mut answer = Answer::default();
    for scorer in SCORERS.iter() {
        match read(input, scorer) {
            Ok(subjects) => {
                let value: serde_json::Value = serde_json::from_slice(input).expect("it is JSON");
                let told = value["subjects"].as_array().expect("a list").len();
                assert_eq!(told, subjects.len());
                for subject in subjects {
                    assert!(scorer.score(&subject.row, &mut answer).is_ok());
                }
            }
            Err(faults) => assert!(!faults.is_empty(), "a refusal without a reason"),
        }
    }
});
