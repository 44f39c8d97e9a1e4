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
pub(crate) struct NewFile {
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
    pub(crate) fn secret(path: &Path) -> Result<Self> {
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

    pub(crate) fn text(&mut self, text: &str) -> Result<()> {
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
    pub(crate) fn keep(mut self) -> Result<()> {
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

/// Columns of links as `helder pprl link` writes them, by the tokens of both sides.
const OF_A_FILE: [&str; 3] = ["left_token", "right_token", "probability"];
/// Columns of links as a platform gives them, by the own tokens with a code that the partner has too.
const OF_A_PLATFORM: [&str; 3] = ["token", "pair", "probability"];

/// Writes the own row, what the other side knows the link by and the probability of every link; returns how many.
pub(super) fn rows_beside_links(links: &Path, rows: &Path, out: &Path) -> Result<u64> {
    let mut own: HashMap<String, String> = HashMap::new();
    for record in read(rows, &[["token", "row"]])?.1 {
        own.insert(record[0].to_owned(), record[1].to_owned());
    }
    let (form, linked) = read(links, &[OF_A_FILE, OF_A_PLATFORM])?;
    let other = if form == OF_A_FILE {
        "other_token"
    } else {
        "pair"
    };
    let mut file = NewFile::secret(out)?;
    let mut found = 0;
    {
        let mut table = csv::Writer::from_writer(&mut file);
        table.write_record(["row", other, "probability"])?;
        for record in linked {
            let mine = own.get(&record[0]).map(|row| (row, &record[1]));
            // Which side is the own one is not said in a file of both.
            let turned = || own.get(&record[1]).map(|row| (row, &record[0]));
            let Some((row, other)) = mine.or_else(turned) else {
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

/// The rows of a table that has the columns of one of `forms`, and which.
fn read<const N: usize>(
    path: &Path,
    forms: &[[&'static str; N]],
) -> Result<([&'static str; N], Vec<csv::StringRecord>)> {
    let shown = path.display();
    let mut reader =
        csv::Reader::from_path(path).with_context(|| format!("cannot read {shown}"))?;
    let header = reader.headers()?;
    let Some(form) = forms
        .iter()
        .find(|form| header.iter().eq(form.iter().copied()))
    else {
        let known: Vec<String> = forms.iter().map(|form| form.join(", ")).collect();
        bail!("{shown} has not the columns {}", known.join(" or "));
    };
    let records = reader
        .records()
        .collect::<Result<_, _>>()
        .with_context(|| format!("{shown} is damaged"))?;
    Ok((*form, records))
}
