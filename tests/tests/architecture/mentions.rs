//! Paths, packages and targets that the documents mention.

use std::{collections::BTreeSet, fs, path::Path};

use crate::workspace::{METADATA, files, own_packages, relative, root};

/// Documents and the list of commands, each with its text.
fn documents() -> Vec<(String, String)> {
    let mut paths = files(&["md"]);
    paths.push(root().join("justfile"));
    paths
        .iter()
        .map(|path| (relative(path), fs::read_to_string(path).unwrap()))
        .collect()
}

/// Words of a document that may be a path: no blanks, quotes or brackets inside, no placeholder.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || "`\"'()[]|,;<>=*".contains(c))
        .map(|word| word.trim_end_matches(['.', ':', '/']))
        .filter(|word| !word.contains(['{', '}', '$', '…']))
}

#[test]
fn every_path_in_the_documents_exists() {
    let top: BTreeSet<String> = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "target")
        .collect();
    let mut mentioned = 0;
    for (document, text) in documents() {
        let beside = root().join(Path::new(&document).parent().unwrap());
        for word in words(&text) {
            // A link may go on to a heading, a mention to a test.
            let path = word.split(['#', ':']).next().unwrap_or_default();
            let Some((folder, _)) = path.split_once('/') else {
                continue;
            };
            if top.contains(folder) {
                mentioned += 1;
                assert!(
                    root().join(path).exists() || beside.join(path).exists(),
                    "{document} mentions {path}"
                );
            }
        }
    }
    assert!(mentioned > 50, "paths are found");
}

#[test]
fn every_package_and_target_in_the_documents_exists() {
    let packages = own_packages();
    let targets: BTreeSet<&str> = METADATA
        .workspace_packages()
        .iter()
        .flat_map(|package| &package.targets)
        .map(|target| target.name.as_str())
        .collect();
    let mut mentioned = 0;
    for (document, text) in documents() {
        let words: Vec<&str> = words(&text).collect();
        for pair in words.windows(2) {
            let (known, kind) = match pair[0] {
                "-p" | "--package" => (packages.contains_key(pair[1]), "package"),
                "--bench" | "--test" | "--bin" | "--example" => {
                    (targets.contains(pair[1]), "target")
                }
                _ => continue,
            };
            mentioned += 1;
            assert!(known, "{document} mentions the {kind} {}", pair[1]);
        }
    }
    assert!(mentioned > 4, "packages and targets are found");
}

#[test]
fn every_helder_command_in_the_documents_exists() {
    let source = fs::read_to_string(root().join("crates/cli/src/arguments.rs")).unwrap();
    let commands: BTreeSet<String> = source
        .split("enum Command {")
        .nth(1)
        .unwrap()
        .split("\n}")
        .next()
        .unwrap()
        .lines()
        .filter(|line| line.starts_with("    ") && !line.starts_with("     "))
        .filter_map(|line| line.trim().split([' ', '(', ',', '{']).next())
        .filter(|word| word.starts_with(char::is_uppercase))
        .map(str::to_lowercase)
        .collect();
    assert!(commands.contains("up") && commands.contains("demo"));
    for (document, text) in documents() {
        // Commands stand in code: inline, or in a block.
        for code in text.split('`').skip(1).step_by(2) {
            for line in code.lines() {
                let mut parts = line.split_whitespace();
                let program = parts.next().unwrap_or_default();
                if program != "helder" && !program.ends_with("/helder") {
                    continue;
                }
                if let Some(command) = parts.next().filter(|it| !it.starts_with('-')) {
                    assert!(
                        commands.contains(command),
                        "{document} mentions helder {command}"
                    );
                }
            }
        }
    }
}
