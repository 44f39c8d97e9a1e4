//! The data folder: everything an embedded platform keeps.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{ErrorKind, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use helder_platform::{identity::TokenMint, keyring::MasterKeys};

/// A data folder, made on first use and readable by its owner only.
///
/// ```text
/// helder.toml   settings, if any      keys/       signing keys, master key, wrapped data keys
/// stores/       one database each     objects/    byte strings by digest
/// scratch/      temporary files       log/        what the platform says in `demo` and `run`
/// lock          held while running    address     where it listens while running
/// ```
#[derive(Clone, Debug)]
pub(crate) struct DataFolder {
    root: PathBuf,
}

/// Held by the one process that runs on the folder.
#[derive(Debug)]
pub(crate) struct FolderLock {
    address: PathBuf,
    _file: File,
}

impl DataFolder {
    /// The folder at `root`, made if it does not exist.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) fn open(root: &Path) -> Result<Self> {
        let folder = Self {
            root: root.to_owned(),
        };
        for part in ["", "keys", "stores", "objects", "scratch", "log"] {
            let path = root.join(part);
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&path)
                .with_context(|| format!("cannot make the folder {}", path.display()))?;
        }
        Ok(folder)
    }

    /// The folder at `root`, which a platform must have used before.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn existing(root: &Path) -> Result<Self> {
        if !root.join("keys").is_dir() {
            bail!(
                "{} holds no platform; `helder up --data {0}` makes one",
                root.display()
            );
        }
        Ok(Self {
            root: root.to_owned(),
        })
    }

    /// A path inside the folder.
    pub(crate) fn path(&self, part: &str) -> PathBuf {
        self.root.join(part)
    }

    /// Settings of the platform on this folder, if somebody wrote them.
    pub(crate) fn settings_file(&self) -> Option<PathBuf> {
        Some(self.path("helder.toml")).filter(|path| path.is_file())
    }

    /// Takes the folder for this process.
    ///
    /// # Errors
    /// When another platform runs on it.
    pub(crate) fn lock(&self) -> Result<FolderLock> {
        let path = self.path("lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(FolderLock {
                address: self.path("address"),
                _file: file,
            }),
            Err(TryLockError::WouldBlock) => bail!(
                "another platform runs on {}; stop it, or give another folder with --data",
                self.root.display()
            ),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {}", path.display()))
            }
        }
    }

    /// Where the platform on this folder listens now, if one runs.
    pub(crate) fn address(&self) -> Option<String> {
        fs::read_to_string(self.path("address"))
            .ok()
            .map(|text| text.trim().to_owned())
    }

    /// The signing key of `name`, made on first use with mode 0600.
    ///
    /// # Errors
    /// When the key cannot be read or made.
    pub(crate) fn mint(&self, name: &str) -> Result<TokenMint> {
        let path = self.path("keys").join(format!("{name}.key"));
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let made = TokenMint::generate(name)?.to_base64();
                write_secret(&path, &made)?
            }
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        TokenMint::from_base64(name, &text)
            .with_context(|| format!("{} is no signing key of this platform", path.display()))
    }

    /// The master keys, made on first use.
    ///
    /// # Errors
    /// When the file cannot be read or made, or others may read it.
    pub(crate) fn master_keys(&self) -> Result<MasterKeys> {
        let path = self.path("keys").join("master.keys");
        MasterKeys::from_file_or_new(&path).with_context(|| format!("{}", path.display()))
    }
}

impl FolderLock {
    /// Writes down where the platform listens, for commands on the same folder.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn announce(&self, address: &str) -> Result<()> {
        fs::write(&self.address, format!("{address}\n")).context("cannot write the address file")
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // A leftover address only makes a later command say that nobody answers there.
        let _ = fs::remove_file(&self.address);
    }
}

/// Writes a secret that did not exist; gives what lies there, should another process have been first.
fn write_secret(path: &Path, secret: &str) -> Result<String> {
    let opened = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match opened {
        Ok(mut file) => {
            file.write_all(secret.as_bytes())?;
            file.sync_all()?;
            Ok(secret.to_owned())
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            // The other process writes right after creating.
            std::thread::sleep(std::time::Duration::from_millis(50));
            Ok(fs::read_to_string(path)?)
        }
        Err(error) => Err(error).with_context(|| format!("cannot write {}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn keys_are_made_once_and_only_the_owner_reads_them() {
        let root = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(&root.path().join("data")).unwrap();
        let first = folder.mint("gateway").unwrap().public_key();
        assert_eq!(folder.mint("gateway").unwrap().public_key(), first);
        folder.master_keys().unwrap();
        for key in ["gateway.key", "master.keys"] {
            let mode = fs::metadata(folder.path("keys").join(key))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600, "{key}");
        }
    }

    #[test]
    fn one_platform_at_a_time_runs_on_a_folder() {
        let root = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(root.path()).unwrap();
        let lock = folder.lock().unwrap();
        lock.announce("http://127.0.0.1:1").unwrap();
        assert_eq!(folder.address().as_deref(), Some("http://127.0.0.1:1"));
        assert!(
            folder
                .lock()
                .unwrap_err()
                .to_string()
                .contains("another platform")
        );
        drop(lock);
        assert!(folder.address().is_none());
        folder.lock().unwrap();
    }
}
