//! The documents say what is there.

use std::{collections::BTreeSet, fs, path::Path};

use crate::workspace::{files, relative, root};

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    for document in files(&["md"]) {
        let text = fs::read_to_string(&document).unwrap();
        for target in links(&text) {
            let outside =
                target.contains("://") || target.starts_with('#') || target.starts_with("mailto:");
            let file = target.split('#').next().unwrap_or_default();
            let exists = document.parent().unwrap().join(file).exists();
            assert!(
                outside || exists,
                "{} links to {target}",
                relative(&document)
            );
        }
    }
}

#[test]
fn every_command_in_the_documents_exists() {
    for document in ["README.md", "CONTRIBUTING.md", "justfile"] {
        for word in read(document).split(|letter: char| letter.is_whitespace() || letter == '`') {
            let script = word
                .trim_end_matches(['.', ',', ';', ':'])
                .trim_start_matches("./");
            if script.starts_with("scripts/") || script.starts_with(".ci/") {
                assert!(is_executable(script), "{document} names {script}");
            }
        }
    }
}

#[test]
fn the_readme_starts_with_the_two_commands() {
    let readme = read("README.md");
    let blocks: Vec<_> = readme
        .split("```sh\n")
        .skip(1)
        .filter_map(|rest| rest.split("\n```").next())
        .collect();
    assert_eq!(blocks[..2], ["cargo run --release -- demo", "scripts/test"]);
    assert!(
        read(".ci/run").contains("scripts/test"),
        "the pipeline runs the same tests"
    );
}

#[test]
fn every_decision_is_in_the_index() {
    let index = read("docs/adr/README.md");
    for entry in fs::read_dir(root().join("docs/adr")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            name == "README.md" || index.contains(&format!("({name})")),
            "{name} is not in the index"
        );
    }
}

#[test]
fn every_test_that_the_architecture_names_exists() {
    let sources: Vec<_> = files(&["rs"])
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let architecture = read("docs/architecture.md");
    let named: BTreeSet<_> = architecture
        .split('`')
        .filter(|word| {
            word.matches('_').count() >= 3
                && word
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        })
        .collect();
    assert!(named.len() >= 10, "the invariants name their tests");
    for test in named {
        let definition = format!("fn {test}(");
        assert!(
            sources.iter().any(|text| text.contains(&definition)),
            "no test {test}"
        );
    }
}

#[test]
fn every_dutch_semantic_type_is_in_the_glossary() {
    let glossary = read("docs/glossary.md").to_lowercase();
    let source = read("crates/types/src/semantic.rs");
    let body = source
        .split("pub enum SemanticType {")
        .nth(1)
        .unwrap()
        .split("\n}")
        .next()
        .unwrap();
    let english = [
        "Email",
        "Code",
        "GeslachtsnaamPartner",
        "VoorvoegselPartner",
    ];
    for variant in body
        .lines()
        .filter_map(|line| line.trim().strip_suffix(','))
    {
        let known = glossary.contains(&format!("`{}`", variant.to_lowercase()));
        assert!(
            known || english.contains(&variant),
            "{variant} is not in docs/glossary.md"
        );
    }
}

/// Targets of Markdown links outside code blocks.
fn links(text: &str) -> Vec<&str> {
    let prose = text.split("```").step_by(2);
    let after = prose.flat_map(|part| part.split("](").skip(1));
    after
        .filter_map(|rest| rest.split(')').next())
        .map(|target| target.split(' ').next().unwrap_or_default())
        .collect()
}

fn is_executable(path: &str) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(root().join(path))
        .is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}
