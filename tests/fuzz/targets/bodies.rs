//! JSON bodies as operations read them.
#![no_main]

use helder_dataset::Contract;
use helder_platform::body::{parse, parse_fast, strict};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let is_strict = strict(input).is_ok();
    if is_strict {
        serde_json::from_slice::<serde_json::Value>(input).expect("it is JSON");
    }
    let slow = parse::<Contract>(input);
    let fast = parse_fast::<Contract>(input);
    assert!(slow.is_err() || is_strict, "read, and not strict");
    if let Ok(slow) = &slow {
        assert_eq!(fast.as_ref().ok(), Some(slow), "two readings");
    }
});
