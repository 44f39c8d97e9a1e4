//! `docs/faults.md` names a test for every fault, and the tests exist.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use crate::workspace::root;

/// Faults and attacks that must have a row.
const IDS: &str = "
    J1 J2 J3 J4 J5 J6 J7 J8 J9 J10 J11 J12 J13 J14 J15 J16
    G1 G2 G3 G4 G5 G6 G7 G8 G9 G10 G11 G12 G13 G14 G15 G16 G17 G18 G19 G20 G21 G22 G23 G24
    Z1 Z2 Z3 Z4 Z5 Z6 Z7 Z8 Z9 Z10 Z11 Z12
    M1 M2 M3 M4 M5 M6 M7 M8 M9 M10 M11 M12 M13 M14 M15 CSV SQL
    R1 R2 R3 R4 R5 R6 R7 R8 R9 R10 R11 R12 R13 R14 R15 R16 R17 R18 R19 R20 R21 R22 R23 R24 R25 R26 R27 SWEEP RESUME
    P1 P2 P3 P4 P5 P6 P7 P8 P9
    U1 U2 U3 U4
    S1 S2 S3
";

/// Rows of the tables: id to what stands in the last cell.
fn rows() -> BTreeMap<String, String> {
    let page = fs::read_to_string(root().join("docs/faults.md")).unwrap();
    let is_row = |line: &&str| {
        line.starts_with("| ") && !line.starts_with("| id ") && !line.starts_with("| ---")
    };
    let mut rows = BTreeMap::new();
    for line in page.lines().filter(is_row) {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 4, "{line}");
        assert!(cells.iter().all(|cell| !cell.is_empty()), "{line}");
        let former = rows.insert(cells[0].to_owned(), cells[3].to_owned());
        // A second row would hide what the first one names.
        assert!(former.is_none(), "two rows of {}", cells[0]);
    }
    rows
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

/// A drill is a program, and its page says what a run of it gave.
fn assert_drill(place: &str, id: &str) {
    let name = place
        .strip_prefix("tests/drills/")
        .unwrap_or_else(|| panic!("{id}: {place} is neither a test nor a drill"));
    let text = fs::read_to_string(root().join(place)).unwrap_or_default();
    assert!(text.starts_with("#!"), "{id}: {place} cannot be run");
    let page = fs::read_to_string(root().join("tests/drills/README.md")).unwrap();
    assert!(
        page.contains(&format!("## {name}\n")),
        "{id}: no run of {name} is kept"
    );
}

#[test]
fn every_fault_has_a_row() {
    let found: BTreeSet<_> = rows().into_keys().collect();
    let wanted: BTreeSet<_> = IDS.split_whitespace().map(str::to_owned).collect();
    assert_eq!(found, wanted);
}

#[test]
fn every_test_that_the_faults_name_exists() {
    let mut looked = 0;
    for (id, cell) in rows() {
        let named: Vec<_> = cell.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "{id} names no test");
        for place in named {
            let Some((file, function)) = place.split_once("::") else {
                assert_drill(place, &id);
                continue;
            };
            let text = fs::read_to_string(root().join(file))
                .unwrap_or_else(|error| panic!("{id}: {file}: {error}"));
            assert!(
                is_test(&text, function),
                "{id}: {function} is no test in {file}"
            );
            looked += 1;
        }
    }
    assert!(looked >= IDS.split_whitespace().count(), "{looked}");
}

#[test]
fn a_function_that_is_no_test_is_noticed() {
    let text = "#[tokio::test(flavor = \"multi_thread\")]\nasync fn a_test() {}\n#[cfg(unix)]\nfn no_test() {}\nfn plain() {}";
    assert!(is_test(text, "a_test"));
    assert!(!is_test(text, "no_test") && !is_test(text, "plain") && !is_test(text, "absent"));
}
