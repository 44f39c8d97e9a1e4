//! Accuracy and cost of linking on encodings beside linking on clear text, on files with known truth.
//!
//! `HELDER_REFERENCE_DATA=… cargo run --release -p helder-pprl --example compare` takes the Dutch files of the reference data;
//! `… --example compare -- FOLDER…` the files `a` and `b` of each folder, such as `municipal_records` of helder-record-linkage makes.
#![expect(
    clippy::unwrap_used,
    reason = "an instrument, not a part of the platform"
)]

#[path = "../tests/reference/mod.rs"]
mod reference;
#[path = "../tests/support/mod.rs"]
mod support;

use std::{path::Path, time::Instant};

use helder_pprl::{LinkOptions, link};
use helder_record_linkage::{Table, run, spec::Assignment};
use reference::{Labelled, clear_text_spec, dutch, pair, score};
use support::{Made, cpu_s, key, made, peak_mb};

fn main() {
    let folders: Vec<String> = std::env::args().skip(1).collect();
    for folder in &folders {
        measure(folder, &pair(Path::new(folder)));
    }
    if !folders.is_empty() {
        return;
    }
    for name in ["nl10k", "nl100k_hoog"] {
        if let Some(sides) = dutch(name) {
            measure(name, &sides);
        }
    }
}

fn measure(name: &str, sides: &[Labelled; 2]) {
    println!("{name}");
    let [left, right] = sides;
    // Encodings first: the peak of memory is that of the work so far.
    let key = key("measuring", 3);
    let encoded = |nonce: u8, table: &Table| -> Made {
        timed("encode and read back", || made(&key, nonce, table))
    };
    let (a, b) = (encoded(1, &left.table), encoded(2, &right.table));
    println!(
        "  {} bytes a record, {} and {} tags left out as frequent",
        a.bytes.len() / left.truth.len(),
        a.frequent_tags,
        b.frequent_tags
    );
    let options = LinkOptions {
        assignment: Assignment::OneLeftPerRight,
        ..LinkOptions::default()
    };
    let found = timed("link the encodings", || {
        link(&a.encoding, &b.encoding, options).unwrap()
    });
    println!(
        "  {} pairs compared, {:.0} expected true; peak memory {:.0} MB",
        found.pairs,
        found.expected_matches,
        peak_mb()
    );
    let places = found
        .links
        .iter()
        .map(|link| (a.place_of_token[&link.left], b.place_of_token[&link.right]));
    let hidden = score(sides, places);
    let spec = clear_text_spec();
    let clear = timed("clear text, whole run", || {
        run(&spec, &left.table, &right.table, &()).unwrap()
    });
    let places = clear
        .links
        .iter()
        .map(|link| (link.left as usize, link.right as usize));
    let clear = score(sides, places);
    for (what, [precision, recall, f1]) in [("clear text", clear), ("encodings", hidden)] {
        println!("  {what:<12} precision {precision:.4} recall {recall:.4} F1 {f1:.4}");
    }
    println!("  F1 lost {:.4}", clear[2] - hidden[2]);
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
