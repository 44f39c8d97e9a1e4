//! The test cases of the published linter: the same rules are broken at the same places.

use std::{fs, path::PathBuf};

use serde_json::Value;

use super::{rule::Level, standard};

fn folder() -> PathBuf {
    crate::workspace_root().unwrap().join("tests/data/adr")
}

/// Rule and place of each error in the output of the published linter.
///
/// A line is `line:column  error  rule  message  place`, with at least two spaces between.
fn expected(output: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for line in output.lines() {
        let parts: Vec<_> = line
            .split("  ")
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .collect();
        if let [_, "error", rule, _, rest @ ..] = parts.as_slice() {
            let place = rest.first().copied().unwrap_or_default();
            found.push(((*rule).to_owned(), place.to_owned()));
        }
    }
    found.sort();
    found
}

#[test]
fn the_published_cases_break_the_same_rules_at_the_same_places() {
    let (mut cases, mut errors) = (0, 0);
    for entry in fs::read_dir(folder()).unwrap() {
        let case = entry.unwrap().path();
        if !case.is_dir() {
            continue;
        }
        let text = fs::read_to_string(case.join("openapi.json")).unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        let output = fs::read_to_string(case.join("expected-output.txt")).unwrap();
        let expected = expected(&output);
        // The published runs show errors only.
        let mut found: Vec<_> = standard(&document)
            .into_iter()
            .filter(|finding| finding.rule.level == Level::Error)
            .map(|finding| (finding.rule.id.to_owned(), finding.place))
            .collect();
        found.sort();
        assert_eq!(found, expected, "{}", case.display());
        let says_how_many = output.contains(&format!("({} error", expected.len()));
        assert!(says_how_many || expected.is_empty(), "{output}");
        cases += 1;
        errors += expected.len();
    }
    assert_eq!((cases, errors), (26, 59));
}
