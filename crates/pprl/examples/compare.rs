//! Accuracy and cost of linking on encodings beside linking on clear text, on files with known truth.
//!
//! `HELDER_REFERENCE_DATA=… cargo run --release -p helder-pprl --example compare`
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "an instrument, not a part of the platform"
)]

#[path = "../../record-linkage/tests/support/mod.rs"]
mod support;

use std::{collections::HashMap, time::Instant};

use helder_pprl::{Columns, Encoded, Encoding, LinkOptions, Options, ProjectKey, encode, link};
use helder_record_linkage::{run, spec::Assignment};
use support::{Labelled, Score, dutch_spec, pairs, read_csv, read_parquet, score};

fn main() {
    let folder =
        std::env::var_os("HELDER_REFERENCE_DATA").expect("HELDER_REFERENCE_DATA names no folder");
    let folder = std::path::PathBuf::from(folder).join("linkage");
    let read = |name: &str| read_csv(&folder.join("nl10k").join(name), "person_id");
    measure("nl10k", &read("a.csv"), &read("b.csv"));
    let read = |name: &str| read_parquet(&folder.join("nl100k_hoog").join(name), "person_id");
    measure("nl100k_hoog", &read("a.parquet"), &read("b.parquet"));
}

fn measure(name: &str, left: &Labelled, right: &Labelled) {
    println!("{name}");
    let mut spec = dutch_spec();
    spec.assignment = Assignment::OneLeftPerRight;
    let clear = timed("clear text, whole run", || {
        run(&spec, &left.table, &right.table, &()).unwrap()
    });
    let clear = score(left, right, pairs(&clear.links));
    show("clear text", clear);
    let key = ProjectKey::new("measuring", std::array::from_fn(|i| (i * 91 + 5) as u8)).unwrap();
    let (a, left_rows) = encoded(&key, 1, left);
    let (b, right_rows) = encoded(&key, 2, right);
    let options = LinkOptions {
        assignment: Assignment::OneLeftPerRight,
        ..LinkOptions::default()
    };
    let found = timed("link encodings", || link(&a, &b, options).unwrap());
    println!(
        "  pairs {} expected {:.0} {:?}",
        found.pairs, found.expected_matches, found.pairs_per_rule
    );
    let links = found
        .links
        .iter()
        .map(|link| (left_rows[&link.left], right_rows[&link.right]));
    let hidden = score(left, right, links);
    show("encodings", hidden);
    println!("  F1 lost {:.4}", clear.f1 - hidden.f1);
}

fn encoded(key: &ProjectKey, nonce: u8, side: &Labelled) -> (Encoding, HashMap<u64, u32>) {
    let columns = Columns::guess(side.table.names());
    let mut bytes = Vec::new();
    let Encoded {
        tokens,
        frequent_tags,
        ..
    } = timed("encode", || {
        encode(
            key,
            [nonce; 16],
            &columns,
            Options::default(),
            &side.table,
            &mut bytes,
        )
        .unwrap()
    });
    println!(
        "  {} bytes a record, {frequent_tags} frequent tags",
        bytes.len() / tokens.len()
    );
    let rows = tokens.into_iter().zip(0..).collect();
    (timed("read", || Encoding::read(bytes).unwrap()), rows)
}

fn show(
    what: &str,
    Score {
        precision,
        recall,
        f1,
    }: Score,
) {
    println!("  {what:<12} precision {precision:.4} recall {recall:.4} F1 {f1:.4}");
}

/// CPU seconds of this process.
fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let ticks = |i: usize| {
        fields
            .get(i)
            .and_then(|text| text.parse::<f64>().ok())
            .unwrap_or(0.0)
    };
    (ticks(11) + ticks(12)) / 100.0
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let (cpu, wall) = (cpu_s(), Instant::now());
    let done = work();
    println!(
        "  {what}: {:.2} s, {:.2} CPU s",
        wall.elapsed().as_secs_f64(),
        cpu_s() - cpu
    );
    done
}
