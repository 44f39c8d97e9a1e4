//! What learning is said to take of memory is enough, and not much more: measured on processes of their own.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value as Json, json};

mod others;

use super::frame::{CALM, Frame, origin, parsed, plan};
use crate::learn::{LearnError, Learned, NewTrainingRun, Onlooker, learn_watched};

/// All but k-means, whose choice of a number of groups takes minutes on so many rows.
const FAMILIES: [&str; 7] = [
    "logistic-regression",
    "poisson-regression",
    "explainable-boosting",
    "decision-tree",
    "rule-list",
    "scorecard",
    "cox-regression",
];

/// A line of the process's own status, in bytes.
fn status(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? << 10)
}

/// A frame of so many numbers, of which three matter, and a category of so many levels.
#[derive(Clone, Copy)]
struct Shape {
    rows: i64,
    numbers: u64,
    levels: usize,
}

const SHAPES: [Shape; 3] = [
    Shape {
        rows: 40_000,
        numbers: 12,
        levels: 30,
    },
    Shape {
        rows: 30_000,
        numbers: 40,
        levels: 0,
    },
    Shape {
        rows: 80_000,
        numbers: 3,
        levels: 60,
    },
];

/// Families that take most of features, or of levels: the others are measured on the first shape alone.
const ON_ALL_SHAPES: [&str; 2] = ["logistic-regression", "rule-list"];

impl Shape {
    fn frame(self) -> Frame {
        // SplitMix64, as a share.
        let dice = |row: i64, salt: u64| {
            let mut x = (row as u64 + (salt << 40)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            ((x ^ (x >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
        };
        let score = |row| 2.0 * dice(row, 1) + dice(row, 2) - 2.0 * dice(row, 3) - 1.0;
        let chance = |row| 1.0 / (1.0 + (-score(row)).exp());
        let rows = || 0..self.rows;
        let days = |row| (1.0 + dice(row, 1_002) * 900.0 / (0.3 + chance(row))).floor();
        let mut frame = Frame::default()
            .booleans("yes", rows().map(|row| dice(row, 1_000) < chance(row)))
            .integers(
                "count",
                rows().map(|row| Some((dice(row, 1_001) * 4.0 * chance(row)) as i64)),
            )
            .numbers("days", rows().map(|row| Some(days(row))))
            .booleans("is_test", rows().map(|row| dice(row, 1_003) < 0.2))
            .texts(
                "origin",
                rows().map(|row| Some(if dice(row, 1_004) < 0.5 { "a" } else { "b" })),
            );
        if self.levels > 0 {
            let levels: Vec<String> = (0..self.levels)
                .map(|level| format!("district {level}"))
                .collect();
            let level = |row| (dice(row, 1_005) * self.levels as f64) as usize;
            frame = frame.texts(
                "district",
                rows().map(|row| Some(levels[level(row)].as_str())),
            );
        }
        for salt in 1..=self.numbers {
            let value = |row| (dice(row, salt + 500) > 0.05).then(|| dice(row, salt));
            frame = frame.numbers(&format!("x{salt}"), rows().map(value));
        }
        frame
    }

    fn asked(self, family: &str) -> Json {
        let names: Vec<String> = (1..=self.numbers).map(|n| format!("x{n}")).collect();
        let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
        if self.levels > 0 {
            names.push("district");
        }
        let mut plan = plan(&names);
        plan["algorithm"] = json!(family);
        plan["sensitiveFeatures"] = json!(["origin"]);
        plan["target"] = match family {
            "poisson-regression" => json!("count"),
            "cox-regression" => json!("days"),
            _ => json!("yes"),
        };
        if family == "cox-regression" {
            plan["event"] = json!("yes");
        }
        plan
    }
}

fn learned(file: &Path, plan: &NewTrainingRun, memory: Option<u64>) -> Result<Learned, LearnError> {
    learn_watched(file, plan, &origin(), &Onlooker { memory, ..CALM })
}

/// What is needed when so little is allowed.
fn needed<T>(tried: &Result<T, LearnError>) -> u64 {
    match tried {
        Err(LearnError::Memory { needed, .. }) => *needed,
        _ => 0,
    }
}

/// Whether this system tells how much memory a process had at most.
fn is_told() -> bool {
    let is_told =
        status("VmHWM:").is_some() && std::fs::write("/proc/self/clear_refs", "5").is_ok();
    if !is_told {
        println!("NOT RUN: this system does not tell how much memory a process had at most");
    }
    is_told
}

/// Runs an ignored test of this module in a process of its own, one after the other, so that one does not wait for the other's memory.
/// Says whether it was content.
fn by_itself(test: &str, family: &str, place: usize, file: &Path) -> bool {
    let out = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("learn::tests::memory::{test}")])
        .args(["--ignored", "--nocapture"])
        .env("MALLOC_MMAP_THRESHOLD_", "1048576")
        .env("RAYON_NUM_THREADS", "4")
        .env("HELDER_FAMILY", family)
        .env("HELDER_SHAPE", place.to_string())
        .env("HELDER_FILE", file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stdout);
    println!("{said}{}", String::from_utf8_lossy(&out.stderr));
    out.status.success() && said.contains("said ")
}

/// Tries with hardly any memory, with what reading needs, and with what is then said to be needed, which must be enough and not much more.
fn is_enough<T>(name: &str, attempt: impl Fn(u64) -> Result<T, LearnError>) {
    let to_read = needed(&attempt(1));
    let before = status("VmRSS:").unwrap();
    let needed = needed(&attempt(to_read));
    // What the refused attempts took at most is no part of it.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    assert!(attempt(needed).is_ok(), "{name}");
    let took = status("VmHWM:").unwrap() - before;
    println!(
        "{name}: said {} MiB, took {} MiB, factor {:.2}",
        needed >> 20,
        took >> 20,
        needed as f64 / took as f64
    );
    assert!(to_read < needed, "{to_read} of {needed}");
    assert!(took <= needed, "{took} of {needed}");
    assert!(needed <= 5 * took / 2, "{needed} for {took}");
}

#[test]
fn what_is_said_to_be_needed_is_enough_and_not_much_more() {
    if !is_told() {
        return;
    }
    let mut wrong = Vec::new();
    for (place, shape) in SHAPES.iter().enumerate() {
        let file = shape.frame().file();
        let asked = |family: &&&str| place == 0 || ON_ALL_SHAPES.contains(family);
        for family in FAMILIES.iter().filter(asked) {
            if !by_itself("a_family_by_itself", family, place, file.path()) {
                wrong.push((*family, place));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
#[ignore = "started by the test above, in a process of its own"]
fn a_family_by_itself() {
    let told = |name: &str| std::env::var(name).unwrap();
    let family = told("HELDER_FAMILY");
    let shape = SHAPES[told("HELDER_SHAPE").parse::<usize>().unwrap()];
    let plan = parsed(&shape.asked(&family));
    let file = PathBuf::from(told("HELDER_FILE"));
    is_enough(&family, |allowed| learned(&file, &plan, Some(allowed)));
}
