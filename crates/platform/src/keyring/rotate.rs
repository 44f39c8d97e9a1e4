//! Going from one master key to the next. Data keys stay what they are, so nothing sealed or pseudonymous changes.

use std::{
    fs::{self, File, OpenOptions},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use aws_lc_rs::rand;
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{KeyRing, KeyRingError, MasterKeys};
use crate::problem::Result;

/// How often a key that changes under our hands is looked at again.
const TRIES: u32 = 5;

/// What rewrapping did.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Rewrapped {
    /// Data keys now wrapped by the first master key that were not before.
    pub rewrapped: usize,
    /// Those that were already.
    pub already: usize,
    /// Notes of keys that were destroyed; they stay.
    pub destroyed: usize,
}

impl KeyRing {
    /// Wraps every data key on the shelf with the first master key.
    ///
    /// # Errors
    /// 500 when a data key was wrapped by a master key that is not given, 503 when the shelf is away.
    pub async fn rewrap(&self) -> Result<Rewrapped> {
        let mut done = Rewrapped::default();
        for (organisation, purpose) in self.shelf.list().await? {
            for _ in 0..TRIES {
                let Some(lying) = self.shelf.get(&organisation, &purpose).await? else {
                    break;
                };
                if lying.starts_with(b"destroyed ") {
                    done.destroyed += 1;
                    break;
                }
                if self.masters.is_first(&lying) {
                    done.already += 1;
                    break;
                }
                let key = self.masters.unwrap(&lying, &organisation, &purpose)?;
                let wrapped = self.masters.wrap(&key, &organisation, &purpose)?;
                // Destroyed at this very moment, it stays destroyed.
                let exchanged = self
                    .shelf
                    .exchange(&organisation, &purpose, &lying, wrapped);
                if exchanged.await? {
                    done.rewrapped += 1;
                    break;
                }
            }
        }
        Ok(done)
    }

    /// How many data keys are wrapped by the master key of this name.
    ///
    /// # Errors
    /// 503 when the shelf is away.
    pub async fn wrapped_by(&self, name: &str) -> Result<usize> {
        let mut count = 0;
        for (organisation, purpose) in self.shelf.list().await? {
            let lying = self.shelf.get(&organisation, &purpose).await?;
            let by = |key: &[u8]| key.starts_with(format!("{name}:").as_bytes());
            count += usize::from(lying.is_some_and(|key| by(&key)));
        }
        Ok(count)
    }
}

impl MasterKeys {
    /// Names, the one that wraps first.
    pub fn names(&self) -> Vec<&str> {
        self.keys.iter().map(|(name, _)| name.as_str()).collect()
    }

    fn is_first(&self, wrapped: &[u8]) -> bool {
        let first = self.keys.first();
        first.is_some_and(|(name, _)| wrapped.starts_with(format!("{name}:").as_bytes()))
    }
}

/// Changes the order of a file with master keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A new key of this name at the end: it opens, and does not wrap yet.
    Add(String),
    /// This key first: it wraps from the next start on.
    Use(String),
    /// This key away.
    Drop(String),
}

/// Changes a file with master keys, whole or not at all.
///
/// # Errors
/// [`KeyRingError`] when the file cannot be used, a name is taken or unknown, or no key would be left.
pub fn change_masters(path: &Path, change: &Change) -> std::result::Result<(), KeyRingError> {
    MasterKeys::from_file(path)?;
    let text = fs::read_to_string(path).map_err(KeyRingError::File)?;
    let mut lines: Vec<String> = text
        .split(['\n', ','])
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect();
    let at = |lines: &[String], name: &str| {
        lines
            .iter()
            .position(|line| line.split(':').next() == Some(name))
            .ok_or(KeyRingError::Name)
    };
    match change {
        Change::Add(name) => {
            let good = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric());
            if !good || at(&lines, name).is_ok() {
                return Err(KeyRingError::Name);
            }
            let mut bytes = [0; 32];
            rand::fill(&mut bytes).map_err(|_| KeyRingError::Master)?;
            lines.push(format!("{name}:{}", STANDARD.encode(bytes)));
        }
        Change::Use(name) => {
            let line = lines.remove(at(&lines, name)?);
            lines.insert(0, line);
        }
        Change::Drop(name) => {
            lines.remove(at(&lines, name)?);
        }
    }
    let text = lines.join("\n") + "\n";
    MasterKeys::from_text(&text)?;
    write(path, &text).map_err(KeyRingError::File)
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let part = path.with_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&part)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(part, path)?;
    File::open(folder)?.sync_all()
}
