//! Links two files whose pairs would not fit in memory: pairs stream by, and of each right record the best left one is remembered.
//!
//! `cargo run --release -p helder-record-linkage --example stream_files -- --left a.parquet --right b.parquet --truth person_id \
//!  --columns voornamen=voornamen,… --blocking "geboortedatum whole|adres placeNumber" [--memory-mb 6000]` prints one JSON document. The
//! truth is used for counting only. Beyond `--memory-mb` the run refuses with the number it needs.
#![expect(clippy::print_stdout, reason = "a program")]

#[path = "../../tests/support/mod.rs"]
mod support;
#[path = "../link_files/usage.rs"]
mod usage;

use std::{error::Error, path::Path, time::Instant};

use helder_record_linkage::{
    Limits, LinkageSpec, probability,
    run::{WeighedPair, stream},
    spec::{Assignment, BlockingRule, KeyFunction},
};
use helder_types::SemanticType;
use serde_json::json;
use support::{Labelled, read_parquet, score, suggested};
use usage::{Clock, cpu_seconds, peak_mb};

/// The value behind `--name`.
fn argument(name: &str) -> Option<String> {
    let mut args = std::env::args().skip_while(|arg| arg.strip_prefix("--") != Some(name));
    args.nth(1)
}

fn needed(name: &str) -> Result<String, String> {
    argument(name).ok_or_else(|| format!("--{name} is needed"))
}

/// `geslachtsnaam anyName+voornamen first|…`.
fn rules(text: &str) -> Result<Vec<BlockingRule>, Box<dyn Error>> {
    let mut rules = Vec::new();
    for rule in text.split('|') {
        let mut keys = Vec::new();
        for key in rule.split('+') {
            let (comparison, key) = key
                .trim()
                .split_once(' ')
                .ok_or("a key is written comparison function")?;
            keys.push((
                comparison,
                serde_json::from_value::<KeyFunction>(json!(key))?,
            ));
        }
        rules.push(BlockingRule::new(&keys));
    }
    Ok(rules)
}

fn spec(columns: &str) -> Result<LinkageSpec, Box<dyn Error>> {
    let mut described: Vec<(&str, Option<SemanticType>)> = Vec::new();
    for column in columns.split(',') {
        let (name, meaning) = column
            .split_once('=')
            .ok_or("a column is written name=meaning")?;
        described.push((name, Some(serde_json::from_value(json!(meaning))?)));
    }
    let mut spec = suggested(&described);
    spec.deterministic.clear();
    spec.assignment = Assignment::OneLeftPerRight;
    spec.blocking_rules = rules(&needed("blocking")?)?;
    spec.pairs_per_record = 0.0;
    Ok(spec)
}

fn main() -> Result<(), Box<dyn Error>> {
    usage::with_returned_buffers();
    let columns = needed("columns")?;
    let spec = spec(&columns)?;
    let wanted: Vec<&str> = columns
        .split(',')
        .filter_map(|column| column.split('=').next())
        .collect();
    let truth = argument("truth").unwrap_or_else(|| "person_id".to_owned());
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let paths = (needed("left")?, needed("right")?);
    let (mut left, mut right) = rayon::join(
        || read_parquet(Path::new(&paths.0), &truth, &wanted),
        || read_parquet(Path::new(&paths.1), &truth, &wanted),
    );
    let reading = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let tables = (
        std::mem::take(&mut left.table),
        std::mem::take(&mut right.table),
    );
    let limits = Limits {
        memory_bytes: argument("memory-mb")
            .map(|mb| mb.parse::<u64>())
            .transpose()?
            .map(|mb| mb << 20),
        pairs: None,
    };
    let mut best: Vec<(u32, f32)> = vec![(u32::MAX, f32::NEG_INFINITY); right.truth.len()];
    let clock = Clock::new();
    let take = |pairs: &[WeighedPair]| {
        for pair in pairs {
            let slot = &mut best[pair.right as usize];
            let weight = pair.match_weight as f32;
            if weight > slot.1 || (weight.to_bits() == slot.1.to_bits() && pair.left < slot.0) {
                *slot = (pair.left, weight);
            }
        }
        Ok(())
    };
    let found = stream(&spec, tables, (spec.threshold.log2(), limits), &clock, take)?;
    let stages = clock.stop();
    let (wall_s, cpu_s, peak_mb) = (
        start.elapsed().as_secs_f64(),
        cpu_seconds() - cpu,
        peak_mb(),
    );
    let chosen = best
        .iter()
        .enumerate()
        .filter_map(|(right, (left, weight))| {
            (probability(f64::from(*weight)) >= spec.threshold).then_some((*left, right as u32))
        });
    let quality = quality(&left, &right, chosen);
    let looked_at: u64 = found.rules.iter().map(|rule| rule.new_pairs).sum();
    let document = json!({
        "tool": "helder, pairs streamed",
        "bestLeftPerRight": quality,
        "pairsScored": looked_at,
        "pairsStreamed": found.pairs,
        "cpuSeconds": cpu_s,
        "wallSeconds": wall_s,
        "coresUsed": cpu_s / wall_s,
        "peakMb": peak_mb,
        "readingWallSeconds": reading.0,
        "readingCpuSeconds": reading.1,
        "stages": stages,
        "rules": found.rules,
    });
    println!("{}", serde_json::to_string_pretty(&document)?);
    Ok(())
}

fn quality(
    left: &Labelled,
    right: &Labelled,
    links: impl Iterator<Item = (u32, u32)>,
) -> serde_json::Value {
    let found = score(left, right, links);
    json!({"precision": found.precision, "recall": found.recall, "f1": found.f1})
}
