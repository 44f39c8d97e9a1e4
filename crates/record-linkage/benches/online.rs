//! One record against many: time per question, memory per record.
//!
//! `cargo bench -p helder-record-linkage --bench online -- --rows 10000000` (default 1,000,000). Invented people as in
//! `examples/municipal_records`; one household in 200 lives at one of 20 shelters, so that some keys are very common, and one question in
//! ten is about such a person or about one born on 1 January.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program")]

#[path = "../examples/municipal_records/dirt.rs"]
mod dirt;
#[expect(dead_code, reason = "usual dirt only")]
#[path = "../examples/municipal_records/kinds.rs"]
mod kinds;
#[path = "../examples/municipal_records/names.rs"]
mod names;
#[expect(dead_code, reason = "here a household moves as it is made")]
#[path = "../examples/municipal_records/people.rs"]
mod people;
#[path = "../tests/support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use dirt::{FIELDS, Row, case_row, register};
use helder_record_linkage::{
    ColumnBuilder, Table,
    online::{Index, Limits},
    run,
};
use people::{Home, Person, home, household};
use rand::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;

const QUESTIONS: usize = 4_000;
const SAMPLE: usize = 200_000;

struct Sheet([ColumnBuilder; 11], usize);

impl Sheet {
    fn new() -> Self {
        Self(std::array::from_fn(|_| ColumnBuilder::default()), 0)
    }

    fn push(&mut self, (row, town): &(Row, String)) {
        let fields = row.fields.iter().chain([town]);
        for (builder, text) in self.0.iter_mut().zip(fields) {
            builder.push(Some(text));
        }
        self.1 += 1;
    }

    fn table(self) -> Table {
        let mut table = Table::new(self.1);
        for (name, builder) in FIELDS.into_iter().chain(["woonplaats"]).zip(self.0) {
            table.insert(name, builder.finish()).unwrap();
        }
        table
    }
}

/// A figure of this process from the kernel, in MB.
fn megabytes(what: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(what));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.and_then(|n| n.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

/// Seconds of processor time of this process, of all its threads.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name, in hundredths: the 12th and 13th field, user and system.
    let fields = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace();
    let ticks = fields
        .skip(11)
        .take(2)
        .filter_map(|n| n.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let after = args.iter().skip_while(|arg| *arg != "--rows").nth(1);
    let rows: usize = after.map_or(1_000_000, |text| text.parse().unwrap());
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(11);
    let dirt = kinds::Dirt {
        level: 1.0,
        heavy: Vec::new(),
    };
    let shelters: Vec<Home> = (0..20).map(|_| home(&mut rng, None)).collect();
    let (mut left, mut small, mut right) = (Sheet::new(), Sheet::new(), Sheet::new());
    let mut questions: Vec<(Table, u32)> = Vec::new();
    let (mut family, mut id): (Vec<Person>, u32) = (Vec::new(), 0);
    let started = Instant::now();
    while left.1 < rows {
        family.clear();
        household(&mut rng, id, &dirt, &mut family);
        id += 1;
        if rng.gen_ratio(1, 200) {
            let shelter = &shelters[rng.gen_range(0..20)];
            for person in &mut family {
                person.home = shelter.clone();
            }
        }
        for person in &family {
            let row = left.1 as u32;
            let known = register(person);
            left.push(&known);
            if small.1 < SAMPLE {
                small.push(&known);
                if rng.gen_ratio(1, 4) {
                    right.push(&case_row(&mut rng, person, &dirt, None));
                }
            }
            let shelter = shelters.iter().any(|s| s.postcode == person.home.postcode);
            let common = shelter || person.born[1..] == [1, 1];
            let chance = QUESTIONS as f64 / rows as f64;
            if rng.gen_bool(if common { chance * 15.0 } else { chance * 0.9 }.min(1.0)) {
                let moved = rng.gen_bool(0.08).then(|| home(&mut rng, None));
                let mut one = Sheet::new();
                one.push(&case_row(&mut rng, person, &dirt, moved.as_ref()));
                questions.push((one.table(), row));
            }
        }
    }
    let (left, small, right) = (left.table(), small.table(), right.table());
    println!(
        "{} records made in {:.0?}",
        left.n_rows(),
        started.elapsed()
    );
    let spec = support::dutch_spec();
    let mut model = run(&spec, &small, &right, &()).unwrap().model.unwrap();
    // The odds beforehand fall with the number of records that may be the one.
    model.prior_weight -= (rows as f64 / SAMPLE as f64).max(1.0).log2();
    drop(small);
    let started = Instant::now();
    let mut index = Index::new(&spec, &model, &left, &right);
    drop(left);
    println!(
        "index of {} records in {:.0?}: {:.0} MB resident, {:.0} bytes a record, of which {:.0} for rows by key; peak {:.0} MB",
        index.n_rows(),
        started.elapsed(),
        megabytes("VmRSS"),
        megabytes("VmRSS") * 1024.0 * 1024.0 / rows as f64,
        index.posting_bytes_per_record(),
        megabytes("VmHWM"),
    );
    ask(&mut index, &questions);
}

fn ask(index: &mut Index, questions: &[(Table, u32)]) {
    let limits = Limits::default();
    for (record, _) in questions.iter().take(200) {
        index.find(record, limits);
    }
    // Three rounds: the first as it comes, and per question the least of the three, which leaves out when others had the processor. Between
    // two rounds the memory of the processor has forgotten a question.
    let before = processor_seconds();
    let mut rounds: Vec<Vec<Duration>> = Vec::new();
    let (mut first, mut compared, mut left_out) = (0, 0, 0);
    for _ in 0..3 {
        let mut times = Vec::with_capacity(questions.len());
        (first, compared, left_out) = (0, 0, 0);
        for (record, row) in questions {
            let started = Instant::now();
            let answer = index.find(record, limits);
            times.push(started.elapsed());
            first += usize::from(answer.candidates.first().is_some_and(|c| c.row == *row));
            compared += answer.compared;
            left_out += usize::from(!answer.not_compared.is_empty());
        }
        rounds.push(times);
    }
    let n = questions.len();
    println!(
        "processor time per question: {:.3} ms on average",
        1000.0 * (processor_seconds() - before) / (3 * n) as f64
    );
    let least = (0..n).map(|i| {
        rounds
            .iter()
            .map(|times| times[i])
            .fold(rounds[0][i], Duration::min)
    });
    let least: Vec<Duration> = least.collect();
    println!(
        "{n} questions, {} candidates with waterfall at most, {} records compared at most",
        limits.candidates, limits.compared
    );
    for (what, mut times) in [
        ("first round", rounds.swap_remove(0)),
        ("least of three rounds", least),
    ] {
        times.sort_unstable();
        let at = |share: f64| times[((n as f64 * share) as usize).min(n - 1)];
        println!(
            "{what}: p50 {:.0?}, p95 {:.0?}, p99 {:.0?}, p99.9 {:.0?}, most {:.0?}",
            at(0.5),
            at(0.95),
            at(0.99),
            at(0.999),
            times[n - 1],
        );
    }
    println!(
        "the right record came first in {:.2} %; {:.0} records compared on average; some key left out in {:.1} %",
        100.0 * first as f64 / n as f64,
        compared as f64 / n as f64,
        100.0 * left_out as f64 / n as f64,
    );
}
