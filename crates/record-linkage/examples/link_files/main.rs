//! Links two files, or one with itself when `--right` is left out, and tells how well and at what cost: the measuring instrument. `scripts/bench-linkage` runs it beside Splink.
//!
//! `cargo run --release -p helder-record-linkage --example link_files -- --left a.csv --right b.csv --truth person_id \
//!  --columns voornamen=voornamen,geslachtsnaam=geslachtsnaam,geboortedatum=geboortedatum` prints one JSON document.
//! The truth is used for counting only; the threshold of a link stays the engine's own.
#![expect(clippy::print_stdout, reason = "a program")]

#[path = "../../tests/support/mod.rs"]
mod support;
mod truth;
mod usage;

use std::{error::Error, path::Path, time::Instant};

use helder_record_linkage::{
    Bound, Link, LinkageSpec, RunResult, Table, dedupe,
    groups::Group,
    probability, run,
    spec::{
        Assignment, BlockingRule, ColumnPair, KeyFunction,
        suggest::{Described, suggest},
    },
};
use helder_types::SemanticType;
use serde_json::json;
use support::{Labelled, pairs, read_csv, read_parquet};
use truth::{Ranked, pairs_within, true_pairs};
use usage::{Clock, cpu_seconds, peak_mb};

#[derive(Default)]
struct Arguments {
    left: String,
    right: String,
    truth: String,
    columns: String,
    blocking: String,
    assignment: String,
    pairs: String,
    teaching: String,
    deterministic: String,
}

impl Arguments {
    /// The columns to read, identifiers among them.
    fn wanted(&self) -> String {
        let identifiers = [self.teaching.as_str(), self.deterministic.as_str()];
        let named = identifiers.into_iter().filter(|name| !name.is_empty());
        named.fold(self.columns.clone(), |all, name| format!("{all},{name}"))
    }
}

fn arguments() -> Result<Arguments, Box<dyn Error>> {
    let mut found = Arguments {
        truth: "person_id".into(),
        ..Arguments::default()
    };
    let mut args = std::env::args().skip(1);
    while let Some(name) = args.next() {
        let value = args.next().ok_or_else(|| format!("{name} needs a value"))?;
        let slot = match name.as_str() {
            "--left" => &mut found.left,
            "--right" => &mut found.right,
            "--truth" => &mut found.truth,
            "--columns" => &mut found.columns,
            "--blocking" => &mut found.blocking,
            "--assignment" => &mut found.assignment,
            "--pairs" => &mut found.pairs,
            "--teaching" => &mut found.teaching,
            "--deterministic" => &mut found.deterministic,
            _ => return Err(format!("{name} is not known").into()),
        };
        *slot = value;
    }
    Ok(found)
}

/// The suggested spec for `name=meaning,…`; `text` means text without a declared meaning, `auto` what the values look like.
fn spec(arguments: &Arguments, left: &Table, right: &Table) -> Result<LinkageSpec, Box<dyn Error>> {
    let (mut described, mut others) = (Vec::new(), Vec::new());
    for column in arguments.columns.split(',') {
        let (name, meaning) = column
            .split_once('=')
            .ok_or("a column is written name=meaning")?;
        let semantic_type: Option<SemanticType> = match meaning {
            "text" | "auto" => None,
            _ => Some(serde_json::from_value(json!(meaning))?),
        };
        for (side, table) in [(&mut described, left), (&mut others, right)] {
            let column = Described {
                semantic_type,
                ..Described::text(name)
            };
            let values = table.column(name).filter(|_| meaning == "auto");
            side.push(match values {
                Some(values) => column.by_values(values),
                None => column,
            });
        }
    }
    let mut spec = suggest(&described, &others);
    let identifier = |name: &String| {
        let pair = (!name.is_empty()).then(|| ColumnPair::same(name));
        pair.into_iter().collect()
    };
    spec.deterministic = identifier(&arguments.deterministic);
    spec.teaching = identifier(&arguments.teaching);
    if !arguments.assignment.is_empty() {
        spec.assignment = serde_json::from_value::<Assignment>(json!(arguments.assignment))?;
    }
    if !arguments.blocking.is_empty() {
        spec.pairs_per_record = 0.0;
        spec.blocking_rules = arguments
            .blocking
            .split('|')
            .map(rule)
            .collect::<Result<_, _>>()?;
    }
    Ok(spec)
}

/// `geslachtsnaam anyName+voornamen first`.
fn rule(text: &str) -> Result<BlockingRule, Box<dyn Error>> {
    let mut keys = Vec::new();
    for key in text.split('+') {
        let (comparison, key) = key
            .trim()
            .split_once(' ')
            .ok_or("a key is written comparison function")?;
        keys.push((
            comparison,
            serde_json::from_value::<KeyFunction>(json!(key))?,
        ));
    }
    Ok(BlockingRule::new(&keys))
}

fn read(path: &str, truth: &str, wanted: &str) -> Labelled {
    let wanted: Vec<&str> = wanted
        .split(',')
        .filter_map(|column| column.split('=').next())
        .collect();
    let path = Path::new(path);
    if path.extension().is_some_and(|e| e == "parquet") {
        read_parquet(path, truth, &wanted)
    } else {
        read_csv(path, truth, &wanted)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    usage::with_returned_buffers();
    let arguments = arguments()?;
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let wanted = arguments.wanted();
    let within = arguments.right.is_empty();
    let file = |path: &str| read(path, &arguments.truth, &wanted);
    let (left, right) = rayon::join(
        || file(&arguments.left),
        || (!within).then(|| file(&arguments.right)),
    );
    let reading = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let other = &right.as_ref().unwrap_or(&left).table;
    let mut spec = spec(&arguments, &left.table, other)?;
    let threshold = spec.threshold;
    // Links below the engine's threshold are needed to find the best one; those above it are the same.
    spec.threshold = 1e-4;
    let clock = Clock::new();
    let (result, clusters) = if let Some(right) = &right {
        (run(&spec, &left.table, &right.table, &clock)?, None)
    } else {
        // Groups are made from the links above the engine's own threshold.
        spec.threshold = threshold;
        let found = dedupe(&spec, &left.table, &clock)?;
        (found.run, Some(found.clusters))
    };
    let stages = clock.stop();
    let (wall_s, cpu_s) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let peak_mb = peak_mb();
    let right = right.as_ref().unwrap_or(&left);
    let groups = if within {
        Vec::new()
    } else {
        by_group(&spec, &result, &left, right, threshold)
    };
    let is_true = |l: u32, r: u32| left.truth[l as usize] == right.truth[r as usize];
    let all = true_pairs(&left.truth, (!within).then_some(right.truth.as_slice()));
    let links = result
        .links
        .iter()
        .map(|link| (link.match_probability, is_true(link.left, link.right)));
    let one = Ranked::new(links.collect(), all);
    let scored = result.scored.iter().map(|pair| {
        (
            // Within one file what the other records say belongs to the score of a pair; between two it is the competition.
            probability(if within {
                pair.match_weight
            } else {
                pair.match_weight - pair.rival_bar
            }),
            is_true(pair.left, pair.right),
        )
    });
    let pairs = Ranked::new(scored.collect(), all);
    let clusters = clusters.map(|clusters| {
        let (right, found) = pairs_within(&clusters.cluster_of, &left.truth);
        json!({"default": truth::At::new(threshold, right, found, all), "groups": clusters.n_clusters,
            "components": clusters.n_components, "conflicts": clusters.conflicts.len()})
    });
    if !arguments.pairs.is_empty() {
        write_missed(&arguments.pairs, &result, &left, right)?;
    }
    let scored: u64 = result.rules.iter().map(|rule| rule.new_pairs).sum();
    let scoring = stages
        .iter()
        .find(|stage| stage.name == "weighing pairs")
        .map_or(0.0, |stage| stage.cpu_s);
    println!(
        "{}",
        serde_json::to_string_pretty(&json!({
            "tool": "helder",
            "truePairs": all,
            "oneToOne": {"default": one.at(threshold), "best": one.best()},
            "clusters": clusters,
            "pairwise": {"default": pairs.at(threshold), "at95": pairs.at(0.95), "best": pairs.best()},
            "bands": if within { pairs.bands() } else { one.bands() },
            "pairsScored": scored,
            "pairsPerCpuSecond": scored as f64 / scoring.max(1e-9),
            "cpuSeconds": cpu_s,
            "wallSeconds": wall_s,
            "coresUsed": cpu_s / wall_s,
            "peakMb": peak_mb,
            "foretold": foretold(&result, threshold),
            "quality": result.quality,
            "groups": groups,
            "readingWallSeconds": reading.0,
            "readingCpuSeconds": reading.1,
            "stages": stages,
            "rules": result.rules,
            "em": result.model.as_ref().map(|model| json!({
                "iterations": model.convergence.iterations,
                "converged": model.convergence.converged,
                "largestChange": model.convergence.largest_change,
                "logLikelihood": model.convergence.log_likelihood,
                "blocks": model.convergence.blocks,
                "expectedMatches": model.expected_matches,
                "priorWeight": model.prior_weight,
            })),
            "model": result.model.as_ref().map(|model| &model.comparisons),
            "duplicateShare": result.duplicate_share,
        }))?
    );
    Ok(())
}

/// What the engine foretells without labels at its own threshold.
fn foretold(result: &RunResult, threshold: f64) -> serde_json::Value {
    let mut known = result.quality.thresholds.iter();
    let at = known.find(|at| (at.threshold - threshold).abs() < 1e-9);
    json!(at.map(|at| json!({"precision": at.precision, "recall": at.recall, "links": at.links})))
}

/// Recall of the links in every group, by the truth.
fn by_group(
    spec: &LinkageSpec,
    result: &RunResult,
    left: &Labelled,
    right: &Labelled,
    threshold: f64,
) -> Vec<serde_json::Value> {
    use std::collections::{BTreeMap, HashMap, HashSet};
    let bound = Bound::new(spec, &left.table, &right.table);
    let above = |link: &&Link| link.match_probability >= threshold;
    let linked: HashSet<(u32, u32)> = pairs(result.links.iter().filter(above)).collect();
    let mut by_label: HashMap<u64, Vec<u32>> = HashMap::new();
    for (row, label) in left.truth.iter().enumerate() {
        by_label.entry(*label).or_default().push(row as u32);
    }
    let mut counts: BTreeMap<Group, [u64; 2]> = BTreeMap::new();
    for (r, label) in right.truth.iter().enumerate() {
        for l in by_label.get(label).into_iter().flatten() {
            for group in bound.groups_of(*l as usize, r) {
                let [all, found] = counts.entry(group).or_default();
                *all += 1;
                *found += u64::from(linked.contains(&(*l, r as u32)));
            }
        }
    }
    counts
        .into_iter()
        .map(|(group, [all, found])| {
            json!({"group": group, "truePairs": all, "recall": found as f64 / all as f64})
        })
        .collect()
}

/// True pairs without a link and wrong links, as row places with their weight: for looking at on one's own test data.
fn write_missed(
    path: &str,
    result: &RunResult,
    left: &Labelled,
    right: &Labelled,
) -> Result<(), Box<dyn Error>> {
    use std::{collections::HashMap, fmt::Write as _};
    let scored: HashMap<(u32, u32), (f64, f64)> = result
        .scored
        .iter()
        .map(|pair| ((pair.left, pair.right), (pair.match_weight, pair.rival_bar)))
        .collect();
    let mut by_label: HashMap<u64, Vec<u32>> = HashMap::new();
    for (row, label) in left.truth.iter().enumerate() {
        by_label.entry(*label).or_default().push(row as u32);
    }
    let linked: std::collections::HashSet<(u32, u32)> = result
        .links
        .iter()
        .filter(|link| link.match_probability >= 0.5)
        .map(|link| (link.left, link.right))
        .collect();
    let mut out = String::from("kind,left,right,weight,rivals\n");
    for (row, label) in right.truth.iter().enumerate() {
        for l in by_label
            .get(label)
            .into_iter()
            .flatten()
            .filter(|l| !linked.contains(&(**l, row as u32)))
        {
            let (weight, rivals) = scored
                .get(&(*l, row as u32))
                .copied()
                .unwrap_or((f64::NAN, f64::NAN));
            writeln!(out, "missed,{l},{row},{weight:.2},{rivals:.2}")?;
        }
    }
    for (l, r) in linked
        .iter()
        .filter(|(l, r)| left.truth[*l as usize] != right.truth[*r as usize])
    {
        let (weight, rivals) = scored.get(&(*l, *r)).copied().unwrap_or_default();
        writeln!(out, "wrong,{l},{r},{weight:.2},{rivals:.2}")?;
    }
    std::fs::write(path, out)?;
    Ok(())
}
