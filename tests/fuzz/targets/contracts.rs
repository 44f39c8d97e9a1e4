//! Contracts: what a table must look like.
#![no_main]

use helder_dataset::Contract;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Ok(contract) = serde_json::from_slice::<Contract>(input) else {
        return;
    };
    if contract.faults().is_empty() {
        let written = serde_json::to_vec(&contract).expect("what was read is written");
        let again: Contract = serde_json::from_slice(&written).expect("and read");
        assert_eq!(again, contract);
        let _ = contract.identity_schema();
        let _ = contract.analysis_columns();
    }
});
