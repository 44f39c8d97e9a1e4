//! A report from a CSV file and a spec: `cargo run --release -p helder-outflow --example report -- spells.csv spec.json report.html`.
//!
//! Prints processor seconds per part and the peak of memory.

use std::{error::Error, fs};

use helder_outflow::{Column, OutflowSpec, Step, Table, analyse, page};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, spec, out] = arguments.as_slice() else {
        return Err("give the spells, the spec and the page to write".into());
    };
    let spec: OutflowSpec = serde_json::from_slice(&fs::read(spec)?)?;
    let before = processor();
    let table = read(file)?;
    println!("{:<32} {:>8.3} s", "reading", processor() - before);
    let last = std::cell::Cell::new((processor(), "checking"));
    let tell = |name: &'static str| {
        let (since, former) = last.replace((processor(), name));
        println!("{former:<32} {:>8.3} s", processor() - since);
    };
    let analysis = analyse(&table, &spec, file, &|step: Step| {
        if step != Step::Checking {
            tell(step.words());
        }
        false
    })?;
    tell("page");
    let html = page(&analysis).render();
    fs::write(out, &html)?;
    let json = serde_json::to_string_pretty(&analysis)?;
    fs::write(format!("{out}.json"), &json)?;
    tell("done");
    println!(
        "{:<32} {:>8.3} s",
        "all, processor time",
        processor() - before
    );
    println!("{:<32} {:>8.0} MB", "peak of memory", peak_mb());
    println!(
        "{} rows, page {} kB, json {} kB",
        table.rows(),
        html.len() / 1000,
        json.len() / 1000
    );
    Ok(())
}

/// Numbers where all values are, else texts.
fn read(file: &str) -> Result<Table, Box<dyn Error>> {
    let mut reader = csv::Reader::from_path(file)?;
    let names: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
    let mut texts: Vec<Vec<Option<String>>> = vec![Vec::new(); names.len()];
    for record in reader.records() {
        for (column, value) in texts.iter_mut().zip(record?.iter()) {
            column.push((!value.is_empty()).then(|| value.to_owned()));
        }
    }
    let columns = names.into_iter().zip(texts).map(|(name, texts)| {
        let numbers: Result<Vec<Option<f64>>, _> = texts
            .iter()
            .map(|text| text.as_deref().map(str::parse::<f64>).transpose())
            .collect();
        (name, numbers.map_or(Column::Text(texts), Column::Number))
    });
    Ok(Table::new(columns)?)
}

/// Processor seconds of all threads so far.
fn processor() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = after
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|n| n.parse::<u64>().ok())
        .sum();
    ticks as f64 / 100.0
}

fn peak_mb() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    let kb = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    kb.unwrap_or(0.0) / 1024.0
}
