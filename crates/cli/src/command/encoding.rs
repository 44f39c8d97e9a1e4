//! `helder encoding`: two organisations on one platform link on encodings that each made at home.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Subcommand;
use helder_client::Client;
use helder_types::{OrganisationId, Role, job::Job};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    pprl::NewFile,
    screen::{Screen, count},
    session::Access,
};

/// `helder encoding`
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum EncodingCommand {
    /// Offer an encoding of `helder pprl encode` to one other organisation, for 30 days
    Offer {
        /// The encoding; never the key and never the rows file
        file: PathBuf,
        /// Project whose purpose covers the linkage
        #[arg(long)]
        project: Uuid,
        /// The one organisation it may be linked with
        #[arg(long)]
        partner: OrganisationId,
    },
    /// List the encodings that were offered
    List,
    /// Take an encoding back; its bytes are removed
    Withdraw {
        /// The encoding
        encoding: Uuid,
    },
    /// Link an encoding with the one that the partner offered to you, and wait for it
    Link {
        /// Your encoding
        encoding: Uuid,
    },
    /// Write the own rows that the partner knows too; `helder pprl rows` puts the own numbers beside them
    Links {
        /// Your encoding, once linked by either side
        encoding: Uuid,
        /// New CSV file
        #[arg(long)]
        out: PathBuf,
    },
}

const ENCODINGS: &str = "/linkage/v1/encodings";

/// Does one step of a linkage on encodings.
///
/// # Errors
/// When the platform refuses, or the file cannot be read or made.
pub(super) async fn step(access: &Access, command: EncodingCommand, screen: Screen) -> Result<()> {
    let client = access.session()?.acting_as(Role::DataSteward)?;
    match command {
        EncodingCommand::Offer {
            file,
            project,
            partner,
        } => {
            let path = format!("{ENCODINGS}?projectId={project}&partner={partner}");
            let offered = offer(&client, &path, &file, screen).await?;
            show(screen, std::slice::from_ref(&offered));
            screen.result(&offered)
        }
        EncodingCommand::List => {
            let offered: Vec<Value> = client.list(&format!("{ENCODINGS}?limit=200")).await?;
            show(screen, &offered);
            screen.result(&offered)
        }
        EncodingCommand::Withdraw { encoding } => {
            let path = format!("{ENCODINGS}/{encoding}/_withdraw");
            let withdrawn: Value = client.act(&path).await?.body;
            show(screen, std::slice::from_ref(&withdrawn));
            screen.result(&withdrawn)
        }
        EncodingCommand::Link { encoding } => {
            let bar = screen.bar("linking");
            let accepted = client
                .act::<Job>(&format!("{ENCODINGS}/{encoding}/_link"))
                .await?;
            let job = accepted
                .location
                .unwrap_or_else(|| format!("/linkage/v1/jobs/{}", accepted.body.id));
            client.wait(&job, |job| bar.job(job)).await?;
            drop(bar);
            let linked: Value = client.get(&format!("{ENCODINGS}/{encoding}")).await?.body;
            show(screen, std::slice::from_ref(&linked));
            screen.result(&linked)
        }
        EncodingCommand::Links { encoding, out } => {
            let path = format!("{ENCODINGS}/{encoding}/links");
            let table = client.get_text(&path, "text/csv").await?;
            let mut file = NewFile::secret(&out)?;
            file.text(&table)?;
            file.keep()?;
            let rows = table.lines().count().saturating_sub(1);
            screen.line(&format!(
                "{} own rows that the partner knows too, in {}. At home: helder pprl rows {} --rows … --out …",
                count(rows as u64),
                out.display(),
                out.display()
            ));
            screen.result(&json!({"links": rows, "out": out}))
        }
    }
}

async fn offer(client: &Client, path: &str, file: &Path, screen: Screen) -> Result<Value> {
    // A key or a rows file sent by mistake would undo what encodings are for: looked at before a byte leaves.
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let size = bytes.len() as u64;
    helder_pprl::Encoding::read(bytes)
        .with_context(|| format!("{} was not sent", file.display()))?;
    let bar = screen.bar("sending");
    let shown = bar.handle();
    let sent = move |done| shown.at(done, size, "");
    Ok(client.upload(path, file, sent).await?.body)
}

fn show(screen: Screen, encodings: &[Value]) {
    let cell = |value: &Value| match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let members = [
        "id",
        "partner",
        "state",
        "rows",
        "links",
        "keyCheck",
        "expiresAt",
    ];
    let rows: Vec<Vec<String>> = encodings
        .iter()
        .map(|encoding| members.map(|member| cell(&encoding[member])).to_vec())
        .collect();
    let header = [
        "encoding", "partner", "state", "rows", "links", "key", "until",
    ];
    screen.table(&header, &rows);
}
