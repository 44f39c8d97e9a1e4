//! Model files.
#![no_main]

use helder_model::{Model, Scorer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    match Model::from_json(input) {
        Ok(model) => {
            let written = model.to_json().expect("what was read is written");
            let again = Model::from_json(&written).expect("what was written is read");
            assert_eq!(again.to_json().expect("and written again"), written);
            assert!(Scorer::new(&model).is_ok(), "a good model scores");
        }
        Err(faults) => assert!(!faults.0.is_empty(), "a refusal without a reason"),
    }
});
