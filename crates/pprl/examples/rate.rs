//! Records encoded per second, on an invented population of a million.
//!
//! `cargo run --release -p helder-pprl --example rate -- 1000000`
#![expect(
    clippy::unwrap_used,
    reason = "an instrument, not a part of the platform"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::{hint::black_box, time::Instant};

use helder_pprl::{
    Columns, Options,
    clk::{Filter, FilterMaker, dice},
    encode,
};
use support::{cpu_s, key, peak_mb, population, table};

fn main() {
    let n = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_000_000);
    let table = table(&population(n, 1));
    let columns = Columns::guess(table.names());
    let key = key("rate", 3);
    for _ in 0..3 {
        let (cpu, wall) = (cpu_s(), Instant::now());
        let done = encode(
            &key,
            [1; 16],
            &columns,
            Options::default(),
            &table,
            &mut std::io::sink(),
        )
        .unwrap();
        let (cpu, wall) = (cpu_s() - cpu, wall.elapsed().as_secs_f64());
        println!(
            "encoded {n} records, {:.0} MB: {wall:.2} s wall ({:.0} records/s), {cpu:.2} CPU s ({:.0} records per CPU second), {} threads",
            done.size_bytes as f64 / 1e6,
            n as f64 / wall,
            n as f64 / cpu,
            rayon::current_num_threads()
        );
    }
    classical();
    println!("peak memory {:.0} MB", peak_mb());
}

/// Dice of pairs of classical filters of 1,024 bits, one thread.
fn classical() {
    let maker = FilterMaker::new(&key("rate", 3), 10);
    let filters: Vec<Filter> = population(1_000, 2)
        .iter()
        .map(|p| maker.filter([("name", p.surname.as_str()), ("given", p.given.as_str())]))
        .collect();
    let weights: Vec<u32> = filters.iter().map(Filter::weight).collect();
    let (cpu, mut near, mut pairs) = (cpu_s(), 0_u64, 0_u64);
    while cpu_s() - cpu < 1.0 {
        for (a, weight) in filters.iter().zip(&weights) {
            for (b, other) in filters.iter().zip(&weights) {
                near += u64::from(dice(black_box(a), b, [*weight, *other]) > 0.8);
            }
            pairs += filters.len() as u64;
        }
    }
    let rate = pairs as f64 / (cpu_s() - cpu) / 1e6;
    println!(
        "Dice of classical filters of 1,024 bits: {rate:.0} million a second per core ({near} near)"
    );
}
