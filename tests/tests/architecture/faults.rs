//! `docs/faults.md` names a test for every fault, and the tests exist.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use crate::workspace::root;

/// Faults and attacks that must have a row.
const IDS: [&str; 65] = [
    "J1", "J2", "J3", "J4", "J5", "J6", "J7", "J8", "J9", "J10", "J11", "J12", "J13", "J14", "J15",
    "J16", "G5", "G13", "G14", "G15", "G16", "G17", "G19", "Z1", "Z2", "Z5", "Z6", "Z7", "Z8",
    "Z9", "M1", "M2", "M4", "M5", "M6", "M7", "M8", "M9", "CSV", "SQL", "R1", "R2", "R3", "R4",
    "R5", "R6", "R7", "R8", "R9", "R11", "R12", "R13", "R14", "R15", "R16", "R22", "R23", "R25",
    "R26", "R27", "P1", "P4", "P8", "P9", "U1",
];

/// Rows of the tables: id to what stands in the last cell.
fn rows() -> BTreeMap<String, String> {
    let page = fs::read_to_string(root().join("docs/faults.md")).unwrap();
    let is_row = |line: &&str| {
        line.starts_with("| ") && !line.starts_with("| id ") && !line.starts_with("| ---")
    };
    let rows = page.lines().filter(is_row);
    rows.map(|line| {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 4, "{line}");
        assert!(cells.iter().all(|cell| !cell.is_empty()), "{line}");
        (cells[0].to_owned(), cells[3].to_owned())
    })
    .collect()
}

/// Whether `function` is a test in `text`: its definition follows an attribute that ends in `test`.
fn is_test(text: &str, function: &str) -> bool {
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let definition = format!("fn {function}(");
    lines.iter().enumerate().any(|(at, line)| {
        let before = lines[at.saturating_sub(4)..at].iter().rev();
        let mut attributes = before.take_while(|it| it.starts_with("#["));
        line.contains(&definition)
            && attributes.any(|it| {
                it.trim_start_matches("#[")
                    .split(['(', ']'])
                    .next()
                    .is_some_and(|name| name.ends_with("test"))
            })
    })
}

#[test]
fn every_fault_has_a_row() {
    let found: BTreeSet<_> = rows().into_keys().collect();
    let wanted: BTreeSet<_> = IDS.into_iter().map(str::to_owned).collect();
    assert_eq!(found, wanted);
}

#[test]
fn every_test_that_the_faults_name_exists() {
    let mut looked = 0;
    for (id, cell) in rows() {
        let named: Vec<_> = cell.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "{id} names no test");
        for place in named {
            let (file, function) = place
                .split_once("::")
                .unwrap_or_else(|| panic!("{id}: {place}"));
            let text = fs::read_to_string(root().join(file))
                .unwrap_or_else(|error| panic!("{id}: {file}: {error}"));
            assert!(
                is_test(&text, function),
                "{id}: {function} is no test in {file}"
            );
            looked += 1;
        }
    }
    assert!(looked >= IDS.len(), "{looked}");
}

#[test]
fn a_function_that_is_no_test_is_noticed() {
    let text = "#[tokio::test(flavor = \"multi_thread\")]\nasync fn a_test() {}\n#[cfg(unix)]\nfn no_test() {}\nfn plain() {}";
    assert!(is_test(text, "a_test"));
    assert!(!is_test(text, "no_test") && !is_test(text, "plain") && !is_test(text, "absent"));
}
