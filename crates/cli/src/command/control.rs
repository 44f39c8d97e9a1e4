//! `helder control`: a blind work list of the highest scores and a random sample, what is found of them, and what that says.

mod findings;

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use clap::Subcommand;
use helder_client::Client;
use helder_types::{Role, job::Job};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{screen::Screen, session::Access};
use findings::Findings;

const BATCHES: &str = "/prediction/v1/batches";

/// `helder control`
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ControlCommand {
    /// Score a dataset version and draw whom to look at: the highest scores and a random sample, mixed without mark
    Start {
        /// Name of the model
        model: String,
        /// Dataset version
        dataset_version: Uuid,
        /// How many of the highest scores
        #[arg(long)]
        picked: u32,
        /// How many drawn at random from everybody
        #[arg(long)]
        sample: u32,
        /// Columns of the dataset version by whose groups the result is told too, comma between; they cannot be named later
        #[arg(long, value_delimiter = ',')]
        groups: Vec<String>,
    },
    /// Write whom to look at as CSV; says who is which only after `reveal`
    List {
        /// Batch
        batch: Uuid,
        /// File to write
        #[arg(long)]
        out: PathBuf,
    },
    /// Write down what was found: from CSV files with the columns number and outcome, or one at a time
    Findings {
        /// Batch
        batch: Uuid,
        /// Files; rows without an outcome are left for later
        files: Vec<PathBuf>,
        /// One number on the list
        #[arg(long, requires = "outcome")]
        number: Option<u32>,
        /// What was found of it: found, not-found or undetermined
        #[arg(long, requires = "number")]
        outcome: Option<String>,
        /// Why something changes that was written down before, or comes after `reveal`; no names
        #[arg(long)]
        reason: Option<String>,
    },
    /// Show what an open list came to: how often the model was right, and what it missed
    Result {
        /// Batch
        batch: Uuid,
        /// Also write it as a page
        #[arg(long)]
        page: Option<PathBuf>,
    },
    /// Open the list when it has been worked through: who was picked, who was drawn, and with which seed
    Reveal {
        /// Batch
        batch: Uuid,
    },
}

/// Does one step.
///
/// # Errors
/// When the platform refuses, or the file cannot be written.
pub(super) async fn step(access: &Access, command: ControlCommand, screen: Screen) -> Result<()> {
    let client = access.session()?.acting_as(Role::Analyst)?;
    match command {
        ControlCommand::Start {
            model,
            dataset_version,
            picked,
            sample,
            groups,
        } => {
            let body = json!({
                "model": model, "datasetVersionId": dataset_version,
                "control": {"picked": picked, "sample": sample, "sensitiveFeatures": groups},
            });
            let bar = screen.bar("scoring");
            let accepted = client.post::<_, Job>(BATCHES, &body).await?;
            let job = accepted
                .location
                .unwrap_or_else(|| format!("/prediction/v1/jobs/{}", accepted.body.id));
            let result = client.wait(&job, |job| bar.job(job)).await?;
            let batch: Value = client.get(&result).await?.body;
            screen.line(&format!(
                "batch {}: {} to look at; the seed was drawn before anything was scored, its digest is {}",
                text(&batch["id"]),
                batch["outcome"]["rowsListed"],
                text(&batch["control"]["commitment"]),
            ));
            screen.result(&batch)
        }
        ControlCommand::List { batch, out } => {
            let items = items(&client, batch).await?;
            write_csv(&out, &items).with_context(|| format!("cannot write {}", out.display()))?;
            screen.line(&format!("{} rows in {}", items.len(), out.display()));
            screen.result(&json!({"rows": items.len(), "file": out}))
        }
        ControlCommand::Findings {
            batch,
            files,
            number,
            outcome,
            reason,
        } => {
            let client = access.session()?.acting_as(Role::Consumer)?;
            let one = number.zip(outcome);
            let asked = Findings { files, one, reason };
            findings::send(&client, batch, asked, screen).await
        }
        ControlCommand::Result { batch, page } => {
            findings::show(&client, batch, page, screen).await
        }
        ControlCommand::Reveal { batch } => {
            let open: Value = client
                .act(&format!("{BATCHES}/{batch}/_reveal"))
                .await?
                .body;
            screen.line(&format!(
                "batch {batch} is open; its seed is {}",
                text(&open["control"]["seed"])
            ));
            screen.result(&open)
        }
    }
}

/// The whole list, page by page.
async fn items(client: &Client, batch: Uuid) -> Result<Vec<Value>> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("{BATCHES}/{batch}/work-list?limit=200{cursor}");
        let mut page: Value = client.get(&path).await?.body;
        if let Some(found) = page["items"].as_array_mut() {
            items.append(found);
        }
        let Some(next) = page["next"].as_str() else {
            return Ok(items);
        };
        cursor = format!("&cursor={next}");
    }
}

/// Numbers, hexadecimal digits, true and false: nothing that needs quotes.
fn write_csv(out: &Path, items: &[Value]) -> std::io::Result<()> {
    const COLUMNS: [&str; 5] = ["number", "row", "pseudonym", "picked", "sampled"];
    let is_open = items
        .first()
        .is_some_and(|item| item.get("picked").is_some());
    let columns = &COLUMNS[..if is_open { 5 } else { 3 }];
    let mut file = std::io::BufWriter::new(std::fs::File::create(out)?);
    writeln!(file, "{}", columns.join(","))?;
    for item in items {
        let cells: Vec<_> = columns
            .iter()
            .map(|column| item.get(column).map(text).unwrap_or_default())
            .collect();
        writeln!(file, "{}", cells.join(","))?;
    }
    file.flush()
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
