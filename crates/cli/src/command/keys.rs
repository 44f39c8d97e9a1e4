//! `helder keys`: from one master key to the next, while everything runs.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use helder_platform::keyring::{Change, KeyRing, MasterKeys, change_masters};
use serde_json::json;

use crate::{arguments::KeysCommand, backup::Places, screen::Screen};

/// Does one step.
///
/// # Errors
/// When the file or the shelf cannot be used, or a key that is still needed would go.
pub(super) async fn step(data: &Path, command: KeysCommand, screen: Screen) -> Result<()> {
    let (change, files) = match command {
        KeysCommand::Add { name, files } => (Some(Change::Add(name)), files),
        KeysCommand::Use { name, files } => (Some(Change::Use(name)), files),
        KeysCommand::Drop { name, files } => (Some(Change::Drop(name)), files),
        KeysCommand::Rewrap { files } => (None, files),
    };
    let places = Places::read(data, &files, None)?;
    let path = master_file(&places)?;
    let ring = || -> Result<KeyRing> {
        let masters = MasterKeys::from_file(&path)?;
        Ok(KeyRing::open_with(masters, &places.shelf, &places.bucket)?)
    };
    match &change {
        None => {
            let done = ring()?.rewrap().await?;
            screen.line(&format!(
                "{} data keys rewrapped, {} were already, {} notes of destroyed keys",
                done.rewrapped, done.already, done.destroyed
            ));
            return screen.result(&done);
        }
        Some(Change::Drop(name)) => {
            let count = ring()?.wrapped_by(name).await?;
            if count > 0 {
                bail!(
                    "{count} data keys are still wrapped by {name}; run `helder keys rewrap` first"
                );
            }
        }
        Some(_) => {}
    }
    if let Some(change) = &change {
        change_masters(&path, change)?;
    }
    let masters = MasterKeys::from_file(&path)?;
    let names = masters.names();
    screen.line(&format!(
        "{} holds {}; {} wraps. Restart every service before the next step.",
        path.display(),
        names.join(", "),
        names.first().unwrap_or(&"nothing")
    ));
    screen.result(&json!({"file": path, "names": names}))
}

fn master_file(places: &Places) -> Result<PathBuf> {
    let found = places.keys.iter().find(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("master")
    });
    found.cloned().context(
        "the settings name no file with master keys; where they come from the environment, change them there, in the same order",
    )
}
