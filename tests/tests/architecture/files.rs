//! Size and honesty of the source files.

use std::fs;

use crate::workspace::{files, own_packages, relative};

/// Above this a file holds more than one concept.
const LONGEST_FILE_LINES: usize = 500;

#[test]
fn no_source_file_is_longer_than_500_lines() {
    let mut lengths: Vec<_> = files(&["rs"])
        .into_iter()
        .map(|path| {
            (
                fs::read_to_string(&path).unwrap().lines().count(),
                relative(&path),
            )
        })
        .collect();
    lengths.sort_by(|a, b| b.cmp(a));
    let median = lengths[lengths.len() / 2].0;
    println!(
        "{} files, median {median} lines; the longest:",
        lengths.len()
    );
    for (lines, path) in lengths.iter().take(10) {
        println!("{lines:5} {path}");
    }
    let too_long: Vec<_> = lengths
        .iter()
        .filter(|(lines, _)| *lines > LONGEST_FILE_LINES)
        .collect();
    assert!(too_long.is_empty(), "split by concept: {too_long:?}");
}

#[test]
fn every_crate_keeps_the_workspace_lints() {
    for (name, package) in own_packages() {
        let manifest = fs::read_to_string(&package.manifest_path).unwrap();
        let manifest: toml::Value = toml::from_str(&manifest).unwrap();
        let inherits = manifest
            .get("lints")
            .and_then(|lints| lints.get("workspace"));
        assert_eq!(
            inherits,
            Some(&toml::Value::Boolean(true)),
            "{name} has no [lints] workspace = true"
        );
    }
}

#[test]
fn every_crate_has_a_readme_that_is_its_documentation() {
    for (name, package) in own_packages() {
        let folder = package.manifest_path.parent().unwrap();
        let readme = fs::read_to_string(folder.join("README.md")).unwrap_or_default();
        assert!(readme.lines().count() >= 3, "{name} has no README.md");
        assert!(
            readme.lines().count() <= 80,
            "the README of {name} does not fit a screen or two"
        );
        let sources = ["src/lib.rs", "src/main.rs"].map(|file| folder.join(file));
        let includes = sources
            .iter()
            .filter_map(|file| fs::read_to_string(file).ok());
        let mut includes = includes.filter(|text| text.contains(r#"include_str!("../README.md")"#));
        assert!(
            includes.next().is_some(),
            "{name}: the README is not its rustdoc"
        );
    }
}

#[test]
fn lints_are_expected_with_a_reason_and_never_allowed() {
    let attribute = concat!("#[", "allow(");
    let inner = concat!("#![", "allow(");
    // Compiled into several test programs, each of which uses a part: no expectation holds in all of them.
    let shared = [
        "crates/glm/tests/it/support/mod.rs",
        "crates/pprl/tests/reference/mod.rs",
        "crates/pprl/tests/support/mod.rs",
        "crates/record-linkage/tests/support/mod.rs",
        "crates/record-linkage/tests/support/versions.rs",
    ];
    for path in files(&["rs"]) {
        let text = fs::read_to_string(&path).unwrap();
        let is_shared = shared.contains(&relative(&path).as_str());
        let found = !is_shared && (text.contains(attribute) || text.contains(inner));
        assert!(
            !found,
            "{}: use #[expect(.., reason = ..)]",
            relative(&path)
        );
    }
}
