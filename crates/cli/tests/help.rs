//! The built program says what it can do.
//!
//! That this is an integration test also makes `cargo test --workspace` build the program itself, which the black-box
//! tests start.

use std::process::Command;

#[test]
fn help_names_every_command() {
    let output = Command::new(env!("CARGO_BIN_EXE_helder"))
        .arg("--help")
        .output()
        .unwrap();
    assert!(output.status.success());
    let help = String::from_utf8(output.stdout).unwrap();
    for command in [
        "up", "token", "config", "demo", "dummy", "project", "dataset", "link", "train", "review",
        "activate", "predict", "report", "run", "pprl", "clerical", "encoding", "control",
    ] {
        assert!(
            help.lines()
                .any(|line| line.trim_start().starts_with(command)),
            "{command}:\n{help}"
        );
    }
}

#[test]
fn an_unknown_command_is_an_error_with_a_hint() {
    let output = Command::new(env!("CARGO_BIN_EXE_helder"))
        .arg("predikt")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("predict"), "{said}");
}
