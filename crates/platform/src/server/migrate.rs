//! `helder-<service> migrate`: the tables of one service, by its own program. Needs of the configuration only `[store]`.

use std::{ffi::OsString, path::PathBuf};

use serde::Deserialize;

use super::main::AnyError;
use crate::{
    config::{self, StoreSettings},
    store::{self, Migrations},
};

/// The one section that is read; a job that only migrates has no keys.
#[derive(Deserialize)]
struct Settings {
    store: StoreSettings,
}

/// What is asked.
#[derive(Debug, PartialEq, Eq)]
enum Wish {
    Up,
    Down(usize),
    Check,
}

/// Does what the words after `migrate` ask.
///
/// # Errors
/// Words that mean nothing, settings, the database; with `--check`, when there is work to do.
pub(super) fn run(
    arguments: impl Iterator<Item = OsString>,
    migrations: Migrations,
) -> Result<(), AnyError> {
    let (wish, file) = read(arguments)?;
    let file = file.or_else(|| std::env::var_os("HELDER_CONFIG").map(PathBuf::from));
    let settings: Settings = config::load(file.as_deref())?;
    let url = settings.store.migrate_url.unwrap_or(settings.store.url);
    let migrations = [migrations];
    match wish {
        Wish::Up => println!("ran: {}", list(&store::up(&url, &migrations)?)),
        Wish::Down(count) => {
            println!(
                "taken back: {}",
                list(&store::down(&url, &migrations, count)?)
            );
        }
        Wish::Check => {
            let status = store::status(&url, &migrations)?;
            println!(
                "to run: {}; of a newer version: {}; without row-level security: {}",
                list(&status.pending),
                list(&status.newer),
                list(&status.unguarded)
            );
            if !(status.pending.is_empty() && status.unguarded.is_empty()) {
                return Err("there is work to do".into());
            }
        }
    }
    Ok(())
}

fn read(
    mut arguments: impl Iterator<Item = OsString>,
) -> Result<(Wish, Option<PathBuf>), AnyError> {
    const USAGE: &str = "usage: migrate [--check | --down <count>] [settings file]";
    let (mut wish, mut file) = (Wish::Up, None);
    while let Some(word) = arguments.next() {
        match word.to_str() {
            Some("--check") if wish == Wish::Up => wish = Wish::Check,
            Some("--down") if wish == Wish::Up => {
                let count = arguments.next().and_then(|count| count.into_string().ok());
                wish = Wish::Down(count.and_then(|count| count.parse().ok()).ok_or(USAGE)?);
            }
            Some(other) if other.starts_with('-') => return Err(USAGE.into()),
            _ if file.is_none() => file = Some(PathBuf::from(word)),
            _ => return Err(USAGE.into()),
        }
    }
    Ok((wish, file))
}

fn list(versions: &[String]) -> String {
    if versions.is_empty() {
        "nothing".to_owned()
    } else {
        versions.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(words: &str) -> Option<(Wish, Option<PathBuf>)> {
        read(words.split_whitespace().map(OsString::from)).ok()
    }

    #[test]
    fn what_is_asked_is_understood_or_refused() {
        let file = || Some(PathBuf::from("registry.toml"));
        assert_eq!(asked(""), Some((Wish::Up, None)));
        assert_eq!(asked("registry.toml"), Some((Wish::Up, file())));
        assert_eq!(asked("--check registry.toml"), Some((Wish::Check, file())));
        assert_eq!(
            asked("registry.toml --down 2"),
            Some((Wish::Down(2), file()))
        );
        for wrong in [
            "--down",
            "--down x",
            "--check --down 1",
            "--up",
            "a b",
            "--down -1",
        ] {
            assert_eq!(asked(wrong), None, "{wrong}");
        }
    }
}
