//! New files: never over an old one, gone again when the work fails.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use helder_pprl::TokenLink;

/// Random bytes of the operating system.
pub(super) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .ok()
        .context("the operating system gives no random numbers")?;
    Ok(bytes)
}

/// A file that is being written; taken away again unless it is kept.
pub(super) struct NewFile {
    path: PathBuf,
    out: BufWriter<File>,
    kept: bool,
}

impl NewFile {
    /// A file that others may read.
    pub(super) fn open(path: &Path) -> Result<Self> {
        Self::with_mode(path, 0o644)
    }

    /// A file for its owner only.
    pub(super) fn secret(path: &Path) -> Result<Self> {
        Self::with_mode(path, 0o600)
    }

    fn with_mode(path: &Path, mode: u32) -> Result<Self> {
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(path)
            .with_context(|| {
                format!(
                    "cannot make {}; an existing file is never written over",
                    path.display()
                )
            })?;
        Ok(Self {
            path: path.to_owned(),
            out: BufWriter::with_capacity(1 << 20, file),
            kept: false,
        })
    }

    pub(super) fn text(&mut self, text: &str) -> Result<()> {
        Ok(self.out.write_all(text.as_bytes())?)
    }

    /// Which token stands for which row.
    pub(super) fn rows(&mut self, tokens: &[u64], ids: &[String]) -> Result<()> {
        let mut table = csv::Writer::from_writer(&mut self.out);
        table.write_record(["token", "row"])?;
        for (token, id) in tokens.iter().zip(ids) {
            table.write_record([format!("{token:016x}").as_str(), id])?;
        }
        Ok(table.flush()?)
    }

    /// The links, by token.
    pub(super) fn links(&mut self, links: &[TokenLink]) -> Result<()> {
        let mut table = csv::Writer::from_writer(&mut self.out);
        table.write_record(["left_token", "right_token", "probability"])?;
        for link in links {
            table.write_record([
                format!("{:016x}", link.left),
                format!("{:016x}", link.right),
                format!("{:.6}", link.probability),
            ])?;
        }
        Ok(table.flush()?)
    }

    /// Writes what is left and keeps the file.
    pub(super) fn keep(mut self) -> Result<()> {
        self.out.flush()?;
        self.out.get_ref().sync_all()?;
        self.kept = true;
        Ok(())
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.kept {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Writes the own row, the other's token and the probability of every link; returns how many.
pub(super) fn rows_beside_links(links: &Path, rows: &Path, out: &Path) -> Result<u64> {
    let mut own: HashMap<String, String> = HashMap::new();
    for record in read(rows, &["token", "row"])? {
        own.insert(record[0].to_owned(), record[1].to_owned());
    }
    let mut file = NewFile::secret(out)?;
    let mut found = 0;
    {
        let mut table = csv::Writer::from_writer(&mut file);
        table.write_record(["row", "other_token", "probability"])?;
        for record in read(links, &["left_token", "right_token", "probability"])? {
            let mine = own.get(&record[0]).map(|row| (row, &record[1]));
            let mine = mine.or_else(|| own.get(&record[1]).map(|row| (row, &record[0])));
            let Some((row, other)) = mine else {
                bail!(
                    "{} holds tokens that {} does not know; do they belong together?",
                    links.display(),
                    rows.display()
                );
            };
            table.write_record([row, other, &record[2]])?;
            found += 1;
        }
        table.flush()?;
    }
    file.keep()?;
    Ok(found)
}

fn read(path: &Path, header: &[&str]) -> Result<Vec<csv::StringRecord>> {
    let shown = path.display();
    let mut reader =
        csv::Reader::from_path(path).with_context(|| format!("cannot read {shown}"))?;
    if reader.headers()?.iter().ne(header.iter().copied()) {
        bail!("{shown} has not the columns {}", header.join(", "));
    }
    reader
        .records()
        .collect::<Result<_, _>>()
        .with_context(|| format!("{shown} is damaged"))
}
