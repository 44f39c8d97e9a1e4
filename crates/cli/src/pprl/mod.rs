//! `helder pprl`: linking the records of two organisations on encodings. Offline: no platform, no network.

mod read;
mod write;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use helder_pprl::{Columns, Encoding, LinkOptions, Options, ProjectKey, encode, link};
use helder_record_linkage::spec::Assignment;
use serde_json::json;

use crate::screen::{Screen, count};
use read::{Source, read_csv};
use write::random;

pub(crate) use write::NewFile;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum PprlCommand {
    /// Make the key of a project; both organisations need the same file, and nobody else
    Key {
        /// Name of the project: lower-case letters, digits and hyphens
        #[arg(long)]
        project: String,
        /// New file for the key
        #[arg(long)]
        out: PathBuf,
    },
    /// Encode a CSV file at home; only the encoding travels
    Encode(Box<EncodeArguments>),
    /// Link two encodings; needs no key
    Link(PairArguments),
    /// At home: put your own row numbers back beside the links
    Rows {
        /// Links of `helder pprl link` or `helder encoding links`
        links: PathBuf,
        /// Rows file that `helder pprl encode` wrote beside your encoding
        #[arg(long)]
        rows: PathBuf,
        /// New CSV file
        #[arg(long)]
        out: PathBuf,
    },
}

/// What to encode.
#[derive(Args, Debug)]
pub(crate) struct EncodeArguments {
    /// CSV file in UTF-8 with a header; comma or semicolon
    file: PathBuf,
    /// Key of the project
    #[arg(long)]
    key: PathBuf,
    /// New file for the encoding: this one travels
    #[arg(long)]
    out: PathBuf,
    /// New file with the token of every row: this one stays at home
    #[arg(long)]
    rows: PathBuf,
    /// Column with your own row number [default: the line in the file]
    #[arg(long)]
    id: Option<String>,
    /// Given names [default: voornamen, voornaam …]
    #[arg(long)]
    given_names: Option<String>,
    /// Surname [default: geslachtsnaam, achternaam …]
    #[arg(long)]
    surname: Option<String>,
    /// Surname of the partner
    #[arg(long)]
    partner_surname: Option<String>,
    /// Birth date, YYYY-MM-DD or YYYYMMDD
    #[arg(long)]
    birth_date: Option<String>,
    /// Postcode
    #[arg(long)]
    postcode: Option<String>,
    /// House number
    #[arg(long)]
    number: Option<String>,
    /// Addition to the house number
    #[arg(long)]
    addition: Option<String>,
    /// Street
    #[arg(long)]
    street: Option<String>,
    /// Town
    #[arg(long)]
    town: Option<String>,
    /// Sex
    #[arg(long)]
    sex: Option<String>,
    /// BSN: only when the project may use it. It leaves as a keyed hash; both sides must choose it
    #[arg(long)]
    bsn: Option<String>,
}

/// What to link.
#[derive(Args, Debug)]
pub(crate) struct PairArguments {
    /// First encoding
    left: PathBuf,
    /// Second encoding
    right: PathBuf,
    /// New CSV file with the tokens of linked rows
    #[arg(long)]
    out: PathBuf,
    /// Least probability of a link, above 0 and below 1
    #[arg(long, default_value_t = 0.5)]
    threshold: f64,
    /// How many partners a row may have
    #[arg(long, value_enum, default_value_t = Partners::OneToOne)]
    partners: Partners,
}

/// How many partners a row may have.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Partners {
    /// At most one on both sides
    OneToOne,
    /// A row of the second file has at most one; for a register first and a file that may hold a person twice second
    OneLeftPerRight,
}

/// Does one step.
///
/// # Errors
/// What is wrong and what to do about it. Never repeats a value.
pub(crate) fn step(command: PprlCommand, screen: Screen) -> Result<()> {
    match command {
        PprlCommand::Key { project, out } => make_key(&project, &out, screen),
        PprlCommand::Encode(wanted) => encode_file(&wanted, screen),
        PprlCommand::Link(wanted) => link_files(&wanted, screen),
        PprlCommand::Rows { links, rows, out } => {
            let found = write::rows_beside_links(&links, &rows, &out)?;
            screen.line(&format!(
                "{} of your rows are linked; {}",
                count(found),
                out.display()
            ));
            screen.result(&json!({"rows": found, "out": out}))
        }
    }
}

fn make_key(project: &str, out: &Path, screen: Screen) -> Result<()> {
    let key = ProjectKey::new(project, random()?)?;
    let mut file = NewFile::secret(out)?;
    file.text(&key.to_text())?;
    file.keep()?;
    screen.line(&format!(
        "{} holds the key of {project}. Bring it to the other organisation by hand or by a safe channel, never to whoever links, \
         and destroy it when the project ends.",
        out.display()
    ));
    screen.result(&json!({"project": project, "out": out}))
}

fn encode_file(wanted: &EncodeArguments, screen: Screen) -> Result<()> {
    let key = read::key(&wanted.key)?;
    let bar = screen.bar("reading");
    let Source {
        table,
        ids,
        columns,
    } = read_csv(&wanted.file, wanted.id.as_deref())?;
    let guessed = Columns::guess(columns.iter().map(String::as_str));
    let named = |given: &Option<String>, guess: Option<String>| given.clone().or(guess);
    let columns = Columns {
        given_names: named(&wanted.given_names, guessed.given_names),
        surname: named(&wanted.surname, guessed.surname),
        partner_surname: named(&wanted.partner_surname, guessed.partner_surname),
        birth_date: named(&wanted.birth_date, guessed.birth_date),
        postcode: named(&wanted.postcode, guessed.postcode),
        number: named(&wanted.number, guessed.number),
        addition: named(&wanted.addition, guessed.addition),
        street: named(&wanted.street, guessed.street),
        town: named(&wanted.town, guessed.town),
        sex: named(&wanted.sex, guessed.sex),
        bsn: wanted.bsn.clone(),
    };
    let (mut out, mut rows) = (NewFile::open(&wanted.out)?, NewFile::secret(&wanted.rows)?);
    let done = encode(
        &key,
        random()?,
        &columns,
        Options::default(),
        &table,
        &mut out,
    )?;
    rows.rows(&done.tokens, &ids)?;
    out.keep()?;
    rows.keep()?;
    drop(bar);
    let used: Vec<&str> = columns.named().collect();
    screen.line(&format!(
        "{} rows encoded in {} ({} bytes), from the columns {}.",
        count(done.tokens.len() as u64),
        wanted.out.display(),
        count(done.size_bytes),
        used.join(", ")
    ));
    screen.line(&format!(
        "Send {}; keep {} and the key at home.",
        wanted.out.display(),
        wanted.rows.display()
    ));
    screen.result(&json!({
        "rows": done.tokens.len(),
        "columns": used,
        "bsn": columns.bsn.is_some(),
        "frequentTags": done.frequent_tags,
        "sizeBytes": done.size_bytes,
        "out": wanted.out,
        "rowsFile": wanted.rows,
    }))
}

fn read_encoding(path: &Path) -> Result<Encoding> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Encoding::read(bytes).with_context(|| path.display().to_string())
}

fn link_files(wanted: &PairArguments, screen: Screen) -> Result<()> {
    let (left, right) = (read_encoding(&wanted.left)?, read_encoding(&wanted.right)?);
    let options = LinkOptions {
        assignment: match wanted.partners {
            Partners::OneToOne => Assignment::OneToOne,
            Partners::OneLeftPerRight => Assignment::OneLeftPerRight,
        },
        threshold: wanted.threshold,
        ..LinkOptions::default()
    };
    let mut out = NewFile::open(&wanted.out)?;
    let bar = screen.bar("linking");
    let found = link(&left, &right, options)?;
    drop(bar);
    if !found.convergence.converged {
        bail!(
            "learning did not come to rest after {} rounds; nothing is written",
            found.convergence.iterations
        );
    }
    out.links(&found.links)?;
    out.keep()?;
    screen.line(&format!(
        "{} links between {} and {} rows in {}; about {:.0} of them are expected to be right, of {:.0} true pairs compared.",
        count(found.links.len() as u64),
        count(found.n_left as u64),
        count(found.n_right as u64),
        wanted.out.display(),
        found.expected_right,
        found.expected_matches
    ));
    screen.result(&json!({
        "links": found.links.len(),
        "left": found.n_left,
        "right": found.n_right,
        "pairs": found.pairs,
        "pairsPerRule": found.pairs_per_rule,
        "skippedPairs": found.skipped_pairs,
        "expectedMatches": found.expected_matches,
        "expectedRight": found.expected_right,
        "out": wanted.out,
    }))
}
