//! What a run says it needs of memory is enough, and not much more than that: measured on a process of its own.
#![expect(clippy::unwrap_used, reason = "a test")]

mod support;

use std::fmt::Write as _;

use helder_record_linkage::{
    Column, Limits, LinkageSpec, RunError, Table,
    run::{run_within, stream},
    spec::Assignment,
};
use support::dutch_spec;

const ROWS: usize = 150_000;

/// A line of the process's own status, in bytes.
fn status(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? << 10)
}

/// A name per number.
fn name(mut number: usize) -> String {
    let mut out = String::new();
    for _ in 0..5 {
        let [consonant, vowel] = [b"bdfgjklmnprstvz"[number % 15], b"aeiou"[number / 15 % 5]];
        out.extend([char::from(consonant), char::from(vowel)]);
        number /= 75;
    }
    out
}

/// People of whom few share a name or an address: the dearest kind. Every tenth is of the other file only.
fn people(salt: usize) -> Table {
    let mut table = Table::new(ROWS);
    let mut add = |column: &str, of: &dyn Fn(usize, &mut String)| {
        let texts: Vec<String> = (0..ROWS)
            .map(|row| {
                let mut text = String::new();
                let is_other = row % 10 == salt;
                of(if is_other { row + ROWS * salt } else { row }, &mut text);
                text
            })
            .collect();
        let texts = texts.iter().map(|text| Some(text.as_str()));
        table.insert(column, Column::from_texts(texts)).unwrap();
    };
    add("voornamen", &|i, out| {
        let names = [name(i * 7 % 40_009), name(i % 3_001 + 90_000)];
        out.push_str(&names.join(" "));
    });
    add("geslachtsnaam", &|i, out| out.push_str(&name(i / 2 * 13)));
    add("geslachtsnaam_partner", &|i, out| {
        if i % 3 == 0 {
            out.push_str(&name(i * 17 + 5));
        }
    });
    add("geboortedatum", &|i, out| {
        let parts = (i / 336 % 100, i / 28 % 12 + 1, i % 28 + 1);
        write!(out, "19{:02}-{:02}-{:02}", parts.0, parts.1, parts.2).unwrap();
    });
    add("geslacht", &|i, out| out.push_str(["M", "V"][i % 2]));
    add("postcode", &|i, out| {
        let letter = |n: usize| char::from(b'A' + (n % 26) as u8);
        write!(out, "{} {}{}", 1000 + i % 8999, letter(i), letter(i / 26)).unwrap();
    });
    add("huisnummer", &|i, out| {
        write!(out, "{}", i % 297 + 1).unwrap();
    });
    add("woonplaats", &|i, out| out.push_str(&name(i % 500)));
    table
}

fn spec() -> LinkageSpec {
    let mut spec = dutch_spec();
    spec.random_pairs = 100_000;
    spec.deterministic.clear();
    spec.assignment = Assignment::OneLeftPerRight;
    spec
}

/// Runs within what the run says it needs, and holds that against what the process took for tables and run; `ready_for` are bytes that it
/// must be ready for whatever the tables hold.
fn check(
    ready_for: u64,
    run: impl Fn(&LinkageSpec, (Table, Table), Limits) -> Result<usize, RunError>,
) {
    let before = status("VmRSS:").unwrap();
    let tables = (people(1), people(2));
    let within = |bytes| Limits {
        memory_bytes: Some(bytes),
        pairs: None,
    };
    let refused = run(&spec(), tables.clone(), within(1)).unwrap_err();
    let needed = match refused {
        RunError::Memory { needed, .. } => needed,
        _ => 0,
    };
    // What making and copying the tables took at most is no part of it.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let found = run(&spec(), tables, within(needed)).unwrap();
    assert!(found > ROWS / 2, "{found}");
    let took = status("VmHWM:").unwrap() - before;
    println!("said {} MiB, took {} MiB", needed >> 20, took >> 20);
    assert!(took <= needed, "{took} of {needed}");
    assert!(needed - ready_for <= 2 * took, "{needed} for {took}");
}

/// Runs a test of this file in a process of its own; one after the other, so that one does not wait for the other's memory.
fn alone(test: &str) {
    if status("VmHWM:").is_none() || std::fs::write("/proc/self/clear_refs", "5").is_err() {
        println!("NOT RUN: this system does not tell how much memory a process had at most");
        return;
    }
    let out = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env("MALLOC_MMAP_THRESHOLD_", "1048576")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stdout);
    println!("{said}{}", String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success() && said.contains("said "), "{test}");
}

#[test]
fn what_is_said_to_be_needed_is_enough_and_not_much_more() {
    alone("a_run_that_keeps_its_pairs");
    alone("a_run_that_hands_them_over");
}

#[test]
#[ignore = "started by the test above, in a process of its own"]
fn a_run_that_keeps_its_pairs() {
    check(0, |spec, (left, right), limits| {
        let found = run_within(spec, &left, &right, limits, &())?;
        Ok(found.links.len())
    });
}

#[test]
#[ignore = "started by the test above, in a process of its own"]
fn a_run_that_hands_them_over() {
    // 128 tasks of 65,536 pairs, every one of which may have to be handed over.
    check(128 * 65_536 * 40, |spec, tables, limits| {
        let mut n = 0;
        stream(spec, tables, (0.0, limits), &(), |pairs| {
            n += pairs.len();
            Ok(())
        })?;
        Ok(n)
    });
}
