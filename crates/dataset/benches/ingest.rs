//! Speed and memory of the way in: `generate` writes the file, `run` ingests it and prints figures as JSON.
//!
//! `cargo bench -p helder-dataset --bench ingest -- generate 4000000 /tmp/extract.csv`
//! `cargo bench -p helder-dataset --bench ingest -- run /tmp/extract.csv /tmp/parts`
//! `benches/peers/compare.py` does both, beside polars and `DuckDB`.

mod support;

use std::{fs::File, io::BufWriter, path::PathBuf};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["generate", rows, path] => {
            let (bytes, good) = support::generate::extract(
                BufWriter::with_capacity(1 << 20, File::create(path)?),
                rows.parse()?,
            )?;
            println!(r#"{{"rows":{rows},"bytes":{bytes},"goodRows":{good}}}"#);
        }
        ["run", path, folder] => println!(
            "{}",
            support::run::measured(&PathBuf::from(path), &PathBuf::from(folder))?
        ),
        // `cargo bench` without arguments: a short run that shows that all works.
        [] => {
            let folder = tempfile::tempdir()?;
            let path = folder.path().join("extract.csv");
            let (_, good) =
                support::generate::extract(BufWriter::new(File::create(&path)?), 200_000)?;
            println!("{}", support::run::measured(&path, folder.path())?);
            println!("good rows expected: {good}");
        }
        _ => return Err("arguments: generate ROWS FILE | run FILE FOLDER".into()),
    }
    Ok(())
}
