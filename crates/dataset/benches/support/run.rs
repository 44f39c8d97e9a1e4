//! One measured run: digest of the source, all parts, pseudonyms, quality report.

use std::{
    error::Error,
    fs::{self, File},
    io::{self, BufWriter, Read, Write},
    path::Path,
    time::Instant,
};

use super::{contract::contract, pseudonym::Pseudonymiser};
use aws_lc_rs::digest::{Context, SHA256};
use helder_dataset::{
    Limits, detect, quality,
    read::{csv::CsvSource, decode::Utf8Reader},
    write::{Options, Sinks, ingest},
};

/// 2026-01-01.
const TODAY: i32 = 20_454;

/// Counts SHA-256 over what passes.
struct Digesting<T> {
    inner: T,
    sha256: Context,
}

impl<T> Digesting<T> {
    fn new(inner: T) -> Self {
        Self {
            inner,
            sha256: Context::new(&SHA256),
        }
    }

    fn digest(self) -> String {
        hex::encode(self.sha256.finish())
    }
}

impl<R: Read> Read for Digesting<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        self.sha256.update(&out[..count]);
        Ok(count)
    }
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.sha256.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// User and system time of this process in seconds, and its largest resident size in KiB.
fn used() -> io::Result<(f64, u64)> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit_once(')').map_or("", |parts| parts.1);
    let ticks: u64 = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| {
        line.strip_prefix("VmHWM:")?
            .split_whitespace()
            .next()?
            .parse()
            .ok()
    });
    Ok((ticks as f64 / 100.0, peak.unwrap_or(0)))
}

/// Ingests `path` into `folder`; gives the figures as JSON.
pub(crate) fn measured(path: &Path, folder: &Path) -> Result<serde_json::Value, Box<dyn Error>> {
    let begin = Instant::now();
    let limits = Limits::default();
    fs::create_dir_all(folder)?;
    let mut start = Vec::new();
    File::open(path)?
        .take(limits.sample_bytes as u64)
        .read_to_end(&mut start)?;
    let mut scan = detect::EncodingScan::default();
    scan.update(&start);
    let found = detect::csv(&start, &scan, &[], &limits)?;
    let contract = contract()?;
    let mut file = Digesting::new(File::open(path)?);
    let reader = Utf8Reader::new(
        &mut file,
        found.detected.encoding.unwrap_or(detect::Encoding::Utf8),
    );
    let mut source = CsvSource::new(
        reader,
        found.sample.header,
        &found.dialect,
        false,
        limits.clone(),
    );
    let sink = |name: &str| {
        let file = File::create(folder.join(name))?;
        Ok::<_, io::Error>(Digesting::new(BufWriter::with_capacity(256 << 10, file)))
    };
    let sinks = Sinks {
        analysis: sink("analysis.parquet")?,
        identity: Some(sink("identity.parquet")?),
        quarantine: sink("quarantine.parquet")?,
        raw: sink("raw.jsonl")?,
    };
    let pseudonymiser = Pseudonymiser::new(b"bench key, 32 bytes, no secret  ");
    let options = Options {
        today: TODAY,
        limits,
    };
    let made = ingest(
        &mut source,
        &contract,
        &found.detected,
        &|bsn| pseudonymiser.bsn(bsn),
        sinks,
        &options,
        &mut |_| Ok(()),
    )?;
    drop(source);
    let report = quality::report(
        &made.profiles,
        &contract,
        made.ignored_columns.clone(),
        None,
    );
    serde_json::to_writer(File::create(folder.join("quality.json"))?, &report)?;
    let (source_digest, analysis_digest) = (file.digest(), made.sinks.analysis.digest());
    let (cpu_s, peak_kib) = used()?;
    Ok(serde_json::json!({
        "tool": "helder",
        "rows": made.rows_in,
        "goodRows": made.rows_accepted,
        "quarantined": made.rows_quarantined,
        "cpuSeconds": cpu_s,
        "wallSeconds": begin.elapsed().as_secs_f64(),
        "rowsPerCpuSecond": made.rows_in as f64 / cpu_s,
        "peakMiB": peak_kib as f64 / 1024.0,
        "sourceDigest": source_digest,
        "analysisDigest": analysis_digest,
    }))
}
