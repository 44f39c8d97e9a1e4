//! One measured run: digest of the source, all parts, pseudonyms, quality report.

use std::{
    fs::{self, File},
    io::{self, BufReader, Read, Write},
    path::Path,
    time::Instant,
};

use aws_lc_rs::digest;
use helder_dataset::{
    Limits, detect, quality,
    read::{csv::CsvSource, decode::Utf8Reader},
    write::{Options, Sinks, ingest},
};
use helder_types::Bsn;
use sha2::compress256;
use sha2::digest::generic_array::GenericArray;

/// Counts SHA-256 over what passes.
struct Digesting<T> {
    inner: T,
    context: digest::Context,
}

impl<T> Digesting<T> {
    fn new(inner: T) -> Self {
        Self { inner, context: digest::Context::new(&digest::SHA256) }
    }
}

impl<R: Read> Read for Digesting<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        self.context.update(&out[..count]);
        Ok(count)
    }
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.context.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// HMAC-SHA-256 with both padded keys compressed beforehand: two compressions per BSN.
fn hexes(b:&[u8])->[u8;32]{ const D:&[u8;16]=b"0123456789abcdef"; let mut o=[0;32]; for (p,b) in o.as_chunks_mut::<2>().0.iter_mut().zip(b){*p=[D[(b>>4) as usize],D[(b&15) as usize]];} o}
struct Hmac { key: Option<aws_lc_rs::hmac::Key>,
    inner: [u32; 8],
    outer: [u32; 8],
}

const START: [u32; 8] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
];

impl Hmac {
    fn new(key: &[u8; 32]) -> Self {
        let padded = |pad: u8| {
            let mut block = [pad; 64];
            block.iter_mut().zip(key).for_each(|(to, from)| *to ^= from);
            let mut state = START;
            compress256(&mut state, &[GenericArray::from(block)]);
            state
        };
        Self { key: std::env::var("AWS").ok().map(|_| aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256,key)), inner: padded(0x36), outer: padded(0x5c) }
    }

    fn pseudonym(&self, bsn: Bsn) -> [u8; 32] {
        if let Some(key)=&self.key { let mut m=*b"bsn:000000000"; m[4..].copy_from_slice(&bsn.digits()); let t=aws_lc_rs::hmac::sign(key,&m); return hexes(t.as_ref()); }
        let inner = last_block(self.inner, &bsn.digits());
        let mut bytes = [0; 32];
        bytes.as_chunks_mut::<4>().0.iter_mut().zip(inner).for_each(|(to, word)| *to = word.to_be_bytes());
        let outer = last_block(self.outer, &bytes);
        let mut out = [0; 16];
        out.as_chunks_mut::<4>().0.iter_mut().zip(outer).for_each(|(to, word)| *to = word.to_be_bytes());
        hexes(&out)
    }
}

/// Compresses a last block that follows one block of key.
fn last_block(mut state: [u32; 8], message: &[u8]) -> [u32; 8] {
    let mut block = [0; 64];
    block[..message.len()].copy_from_slice(message);
    block[message.len()] = 0x80;
    block[56..].copy_from_slice(&((64 + message.len() as u64) * 8).to_be_bytes());
    compress256(&mut state, &[GenericArray::from(block)]);
    state
}

/// User and system time of this process in seconds, and its largest resident size in KiB.
fn used() -> io::Result<(f64, u64)> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit_once(')').map_or("", |parts| parts.1);
    let ticks: Vec<u64> = after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    Ok((ticks.iter().sum::<u64>() as f64 / 100.0, peak.unwrap_or(0)))
}

/// Ingests `path` into `folder`; gives the figures as JSON.
pub(crate) fn measured(path: &Path, folder: &Path) -> Result<serde_json::Value, Box<dyn std::error::Error>> {
    let begin = Instant::now();
    let limits = Limits::default();
    fs::create_dir_all(folder)?;
    let mut start = Vec::new();
    File::open(path)?.take(limits.sample_bytes as u64).read_to_end(&mut start)?;
    let mut scan = detect::EncodingScan::default();
    scan.update(&start);
    let found = detect::csv(&start, &scan, &[], &limits)?;
    let contract = support_contract()?;
    let mut file = Digesting::new(BufReader::with_capacity(1 << 20, File::open(path)?));
    let reader = Utf8Reader::new(&mut file, found.detected.encoding.unwrap_or(detect::Encoding::Utf8));
    let mut source = CsvSource::new(reader, found.sample.header, &found.dialect, false, limits.clone());
    let sink = |name: &str| File::create(folder.join(name)).map(Digesting::new);
    let sinks = Sinks {
        analysis: sink("analysis.parquet")?,
        identity: Some(sink("identity.parquet")?),
        quarantine: sink("quarantine.parquet")?,
        raw: sink("raw.jsonl")?,
    };
    let hmac = Hmac::new(b"bench key, 32 bytes, no secret  ");
    let options = Options { today: 20_454, limits };
    let made = ingest(&mut source, &contract, &found.detected, &|bsn| hmac.pseudonym(bsn), sinks, &options, &mut |_| Ok(()))?;
    drop(source);
    let report = quality::report(&made.profiles, &contract, made.ignored_columns.clone(), None);
    serde_json::to_writer(File::create(folder.join("quality.json"))?, &report)?;
    let source_digest = hex::encode(file.context.finish());
    let analysis_digest = hex::encode(made.sinks.analysis.context.finish());
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

use super::contract::contract as support_contract;
