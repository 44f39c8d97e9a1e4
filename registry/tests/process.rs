//! The service as a process of its own.

use std::process::Command;

#[test]
fn a_process_without_settings_says_what_it_needs() {
    let output = Command::new(env!("CARGO_BIN_EXE_helder-registry"))
        .env_clear()
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("configuration key listen: this key is needed"),
        "{said}"
    );
}
